import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { exp } from '../../src/geometry/se3.js';
import { ball, roundedBox } from '../../src/sim/objects/shapes.js';
import { PrimitiveSet } from '../../src/sim/primitive-set.js';
import { sampleSurface } from '../../src/sim/samples.js';
import { direction, type Vector } from './helpers.js';

const pose = exp([0.4, -0.3, 0.2, 0.5, -1.1, 0.7]);
/** The same shapes as primitives with closed forms and as marched solids. */
const SET = new PrimitiveSet([
  { kind: 'sphere', radius: 0.08, pose, reflectivity: 0.5 },
  { kind: 'solid', half: [0.08, 0.08, 0.08], solid: ball(0, 0, 0, 0.08), pose, reflectivity: 0.5 },
  { kind: 'box', half: [0.05, 0.09, 0.03], pose, reflectivity: 0.5 },
  {
    kind: 'solid',
    half: [0.05, 0.09, 0.03],
    solid: roundedBox([0.05, 0.09, 0.03], 0),
    pose,
    reflectivity: 0.5,
  },
]);

describe.each([
  [1, 0],
  [3, 2],
] as const)('a marched solid, primitive %i', (i, twin) => {
  const random = new Random(`march ${i}`);
  const near = (): Vector => [0, 1, 2].map((k) => pose[4 * k + 3]! + random.range(-0.2, 0.2)) as Vector;

  it('has the distance, the gradient and the bounds of its closed form', () => {
    const [g, h] = [new Float64Array(3), new Float64Array(3)];
    for (let n = 0; n < 300; n++) {
      const p = near();
      expect(SET.distance(i, ...p)).toBeCloseTo(SET.distance(twin, ...p), 12);
      SET.gradient(i, ...p, g);
      SET.gradient(twin, ...p, h);
      if (SET.distance(i, ...p) > 0.001) g.forEach((value, k) => expect(value).toBeCloseTo(h[k]!, 3));
    }
    expect([...SET.bounds.subarray(6 * i, 6 * i + 6)].every((v, k) => (k < 3 ? v <= SET.bounds[6 * twin + k]! + 1e-12 : v >= SET.bounds[6 * twin + k]! - 1e-12))).toBe(true); // prettier-ignore
  });

  it('is hit by rays where its closed form is', () => {
    let hits = 0;
    for (let n = 0; n < 1500; n++) {
      const [o, d] = [near(), direction(random)];
      if (SET.distance(twin, ...o) < 0.001) continue;
      const [t, truth] = [SET.intersect(i, ...o, ...d, 1), SET.intersect(twin, ...o, ...d, 1)];
      if (Number.isFinite(truth)) hits++;
      // A ray that grazes within the marching's tolerance may be taken for a hit.
      if (Number.isFinite(t) && !Number.isFinite(truth))
        expect(SET.distance(twin, o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2])).toBeLessThan(2e-6); // prettier-ignore
      else if (Number.isFinite(truth)) expect(Math.abs(t - truth)).toBeLessThan(2e-4);
    }
    expect(hits).toBeGreaterThan(50);
    expect(SET.intersect(i, pose[3]!, pose[7]!, pose[11]!, 1, 0, 0, 1)).toBe(0); // from inside
  });

  it('is sampled all over its surface', () => {
    const points: number[][] = [];
    sampleSurface(SET.primitives[i]!, 0.005, random, () => true, (...sample) => points.push(sample)); // prettier-ignore
    const area = i === 1 ? 4 * Math.PI * 0.08 ** 2 : 8 * (0.05 * 0.09 + 0.09 * 0.03 + 0.03 * 0.05);
    expect(points.length).toBeGreaterThan((0.95 * area) / 0.005 ** 2);
    expect(points.length).toBeLessThan((1.05 * area) / 0.005 ** 2);
    for (const [x, y, z] of points) expect(Math.abs(SET.distance(twin, x!, y!, z!))).toBeLessThan(0.0015);
  });
});
