import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { solveCholesky } from '../../../src/geometry/linear.js';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, type Pose } from '../../../src/geometry/se3.js';
import { touchFromDepth } from '../../../src/sensors/tactile/depth-image.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { surfaceOf } from '../../../src/sensors/tactile/contacts.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { createSlam } from '../../../src/slam/create.js';
import { ballAround, comparePatches, pairRows } from '../../../src/slam/touch/pair-rows.js';
import { above, ball, bumpy, feel, lookingAt, wrong } from './felt.js';

/** Of a ball that gels are wider than: each overlaps many others, and at its rim it touches nothing (m). */
const RADIUS = 0.015;
const NOISE = 2e-5;

/** A gel that looks at the ball from somewhere above its equator, pressed in by so much (m); less than nothing: near to it. */
function gelAt(pressed: number, random: Random): Pose {
  const elevation = Math.asin(random.range(-0.2, 0.95));
  const towards = lookingAt([0, 0, 0], RADIUS - pressed, random.range(-Math.PI, Math.PI), elevation);
  const tilt = [random.range(-0.05, 0.05), random.range(-0.05, 0.05), random.range(-3, 3)];
  return compose(towards, exp([0, 0, 0, ...tilt]));
}

/** What a driver publishes: depths everywhere, with noise. What of it is contact is told by the depths. */
function published(k: number, truth: Pose, random: Random): TouchMeasurement {
  const { depth, ...felt } = feel(ball(RADIUS), truth);
  const data = depth.map((d) => d + NOISE * random.normal());
  const stampNs = BigInt(k + 1) * 100_000_000n;
  return { ...touchFromDepth({ ...felt, data, sigma: NOISE, stampNs }), mount: wrong(truth, random) };
}

/** Distances (m) of points, x y z each, from a ball of that radius which fits them best: where it lies is the arm's to know. */
function offBall(points: ArrayLike<number>): { readonly mean: number; readonly rms: number } {
  const centre = [0, 0, 0];
  const count = points.length / 3;
  let [sum, squares] = [0, 0];
  for (let round = 0; round < 20; round++) {
    const A = new Float64Array(9);
    const b = new Float64Array(3);
    sum = squares = 0;
    for (let i = 0; i < points.length; i += 3) {
      const d = centre.map((c, k) => points[i + k]! - c);
      const norm = Math.hypot(...d);
      const off = norm - RADIUS;
      sum += off;
      squares += off * off;
      for (let r = 0; r < 3; r++) {
        b[r]! += (d[r]! / norm) * off;
        for (let c = 0; c < 3; c++) A[3 * r + c]! += (d[r]! * d[c]!) / (norm * norm);
      }
    }
    solveCholesky(A, b, 3);
    b.forEach((v, k) => (centre[k]! += v));
  }
  return { mean: sum / count, rms: Math.sqrt(squares / count) };
}

// Rows that tell what lies too deep in a gel that touched nothing only push outward. What a gel barely touches is no contact
// to it, and all that lay a little inside of others' rims once pushed this ball out by 0.8 mm in the mean.
it('touches all over a small ball lie on it, whatever gels touched nothing beside them', async () => {
  const random = new Random('outward');
  const slam = await createSlam(
    await loadConfig({ set: ['engine=wasm', 'threads=1', 'map.memoryMiB=900', 'sensor.kind=touch'] }),
  );
  try {
    // Every tenth gel stops before it touches.
    for (let k = 0; k < 66; k++) {
      const pressed = k % 11 === 10 ? -random.range(3e-4, 1e-3) : random.range(6e-4, 1.2e-3);
      slam.process(published(k, gelAt(pressed, random), random));
    }
    const live = offBall(slam.mesh().positions);
    expect(slam.settle!()).toHaveLength(60);
    const found = offBall(slam.mesh().positions);
    expect(Math.abs(found.mean)).toBeLessThan(2e-4);
    expect(found.rms).toBeLessThan(3e-4);
    expect(live.rms).toBeGreaterThan(found.rms);
  } finally {
    await slam.close();
  }
}, 120_000);

it('leaves out pairs that lie beside each other, and no row of any other', () => {
  const random = new Random('beside');
  const small = (x: number, y: number, z: number): number => Math.hypot(x - 0.003, y, z + 0.002) - 0.0025;
  const a = patchOf(feel(small, above(0, 0, 0)));
  const samples = { patch: a, ...surfaceOf(a, 80) };
  const { radius, ...middle } = ballAround(samples.points);
  const b = patchOf(feel(bumpy, above(0, 0, 0)));
  const [plain, quick] = [pairRows(80), pairRows(80)];
  let [some, none] = [0, 0];
  for (let k = 0; k < 400; k++) {
    const shift = [random.range(-0.02, 0.02), random.range(-0.02, 0.02), random.range(-1e-3, 1e-3)];
    const T = compose(
      exp([...shift, 0, 0, 0]),
      compose(above(0, 0, 0), exp([0, 0, 0, 0, 0, random.range(-3, 3)])),
    );
    comparePatches(samples, T, b, above(0, 0, 0), 0.005, plain);
    // In a ball that holds nothing, nothing would be compared: the ball is looked at.
    const told = k % 2 === 0 ? { ...middle, radius } : { ...middle, x: 1, radius };
    comparePatches({ ...samples, ball: told }, T, b, above(0, 0, 0), 0.005, quick);
    expect(quick.count).toBe(k % 2 === 0 ? plain.count : 0);
    if (k % 2 === 0)
      expect(quick.values.slice(0, 7 * quick.count)).toEqual(plain.values.slice(0, 7 * plain.count));
    if (plain.count > 0) some++;
    else none++;
  }
  expect(Math.min(some, none)).toBeGreaterThan(50);
});
