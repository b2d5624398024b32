import { describe, expect, it } from 'vitest';
import { lookOf, type GelLook } from '../../../src/sensors/tactile/gel-look.js';
import { deviationOf, isTouched } from '../../../src/sensors/tactile/gel-touched.js';
import { DEFAULT_LOOK, GelRenderer } from '../../../src/sim/touch/gel-light.js';
import { gelModel } from '../../../src/sim/touch/gel.js';

const model = gelModel();
const { width, height } = model;

/** A simulated gel with dots and noise, a ball of 3 mm radius pressed in by so many metres; lamps turned by degrees. */
function gel(
  seed: string,
  { depth = 0, gain = [1, 1, 1] as [number, number, number], turned = 0 } = {},
): GelLook {
  const [c, s] = [Math.cos((turned * Math.PI) / 180), Math.sin((turned * Math.PI) / 180)];
  const lights = DEFAULT_LOOK.lights.map((light) => {
    const [x, y, z] = light.position;
    return { ...light, position: [c * x - s * y, s * x + c * y, z] as const };
  });
  const heights = Float32Array.from({ length: width * height }, (_, i) => {
    const r = Math.hypot((i % width) - 0.6 * width, Math.floor(i / width) - 0.4 * height) * model.pitch;
    return Math.max(0, depth - (r * r) / 0.006);
  });
  const renderer = new GelRenderer(model, { ...DEFAULT_LOOK, lights }, 'one gel');
  return lookOf(renderer.render(heights, { gain, shear: [0, 0], seed }), width, height);
}

const known = gel('calibrated');

describe('a gel that should be untouched', () => {
  it('is so in other light, brighter, and with lamps a little elsewhere', () => {
    for (const seen of [
      gel('again'),
      gel('dim', { gain: [0.6, 0.6, 0.6] }),
      gel('warm', { gain: [1.25, 1, 0.8] }),
      gel('other', { turned: 10 }),
    ])
      expect(isTouched(deviationOf(seen, known))).toBe(false);
  });

  it('is not where a ball is pressed in, however bright it is', () => {
    for (const seen of [gel('a', { depth: 0.0008 }), gel('b', { depth: 0.0008, gain: [0.8, 0.9, 1.1] })])
      expect(isTouched(deviationOf(seen, known))).toBe(true);
  });

  it('deviates by what its cells do, the brightness of each colour apart', () => {
    const untouched = new Float32Array(known.length).fill(99);
    const seen = untouched.map((v) => 2 * (v + 1) - 1);
    for (let cell = 0; cell < 8; cell++) seen[3 * cell + 1]! += 40;
    const { largest, usual } = deviationOf(seen, untouched);
    expect(usual).toBeCloseTo(1, 5); // the ratio of levels plus one is 2, 199 is 1 beside 2 × 99
    expect(largest).toBeCloseTo(41, 5);
  });
});
