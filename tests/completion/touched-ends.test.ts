import { describe, expect, it } from 'vitest';
import { completeShape } from '../../src/completion/complete.js';
import { gatherEvidence, type EvidencePart } from '../../src/completion/evidence.js';
import { DEFAULT_COMPLETION } from '../../src/completion/options.js';
import { cornerCount } from '../../src/completion/prior-grid.js';
import { touchedEnds } from '../../src/completion/touched-ends.js';
import { priorFrom } from '../../src/completion/training/fit-prior.js';
import { principalComponents } from '../../src/completion/training/principal-components.js';
import { sampleShape } from '../../src/completion/training/shape-samples.js';
import { Random } from '../../src/geometry/random.js';
import { GRID, TRUNCATION } from './helpers.js';

const { ends } = DEFAULT_COMPLETION;
const RADIUS = 0.035;

/** A patch of a post's side, 10 mm wide, from one height to another. */
function side(azimuth: number, low: number, high: number): EvidencePart {
  const [points, normals] = [[] as number[], [] as number[]];
  for (const turn of [-0.15, 0, 0.15])
    for (const z of [low, (low + high) / 2, high]) {
      const [c, s] = [Math.cos(azimuth + turn), Math.sin(azimuth + turn)];
      points.push(RADIUS * c, RADIUS * s, z);
      normals.push(c, s, 0);
    }
  return { points, normals, sigma: 0.0005, touched: true };
}

/** Around a post: four patches up to its top, four at its foot. */
function around(top: number): EvidencePart[] {
  const azimuths = [0, 1.57, 3.14, 4.71];
  return [...azimuths.map((a) => side(a, top - 0.02, top)), ...azimuths.map((a) => side(a + 0.78, 0.004, 0.02))];
} // prettier-ignore

const above = ({ points }: { points: Float32Array }, height: number): number[] =>
  Array.from({ length: points.length / 3 }, (_, i) => [...points.subarray(3 * i, 3 * i + 3)] as const)
    .filter(([x, y, z]) => Math.hypot(x!, y!) < RADIUS && z! > height)
    .map(([, , z]) => z!);

describe('touchedEnds', () => {
  it('are where three touches reach equally far, and the base beyond', () => {
    const top = 0.06;
    const free = touchedEnds(gatherEvidence(around(top)), ends)!;
    const heights = above(free, 0);
    expect(heights.length).toBeGreaterThan(20);
    free.clearances.forEach((clearance) => expect(clearance).toBeCloseTo(0.01, 7));
    // Balls that begin 5 mm above the rim, and no farther away than one layer of them.
    expect(Math.min(...heights) - 0.01).toBeGreaterThanOrEqual(top + ends.base - 1e-6);
    expect(Math.max(...heights) - 0.01).toBeLessThan(top + ends.base + 0.01);
  });

  it('are farther where the outermost touches reach unlike far', () => {
    const parts = around(0.06);
    const taller = [side(0, 0.05, 0.07), ...parts.slice(1)];
    const heights = above(touchedEnds(gatherEvidence(taller), ends)!, 0);
    expect(Math.min(...heights) - 0.01).toBeGreaterThanOrEqual(0.07 + ends.base + 0.01 * ends.share - 1e-6);
  });

  it('are not told by a ring of touches, by one place, by what faces away, by few touches or by what was seen', () => {
    const azimuths = Array.from({ length: 8 }, (_, i) => 0.785 * i);
    const ring = touchedEnds(gatherEvidence(azimuths.map((a) => side(a, 0.04, 0.055))), ends);
    expect(ring ? above(ring, 0.05) : []).toEqual([]);
    // All at one side: beyond it the object may go on, and behind that side it does.
    const patch = azimuths.map((_, i) => side(0.01 * i, 0.004 * i, 0.004 * i + 0.015));
    expect(touchedEnds(gatherEvidence(patch), ends)).toBeUndefined();
    expect(touchedEnds(gatherEvidence(around(0.06).slice(1)), ends)).toBeUndefined();
    const seen = { ...side(0, 0.04, 0.06), touched: false };
    expect(touchedEnds(gatherEvidence([...around(0.06), seen]), ends)).toBeUndefined();
    const under = around(0.06).map((part) => ({
      ...part,
      normals: Array.from(part.normals!, (v, i) => (i % 3 === 2 ? -0.6 : 0.8 * v)),
    }));
    const free = touchedEnds(gatherEvidence(under), ends);
    expect(free ? above(free, 0.06) : []).toEqual([]);
  });

  it('end a completion that a prior would let go on', () => {
    const random = new Random('posts');
    const [rows, columns] = [80, cornerCount(GRID)];
    const table = { rows, columns, values: new Int16Array(rows * columns) };
    for (let i = 0; i < rows; i++) {
      const height = random.range(0.06, 0.11);
      const post = (x: number, y: number, z: number): number => {
        const [across, up] = [Math.hypot(x, y) - RADIUS, Math.abs(z - height / 2) - height / 2];
        return Math.hypot(Math.max(across, 0), Math.max(up, 0)) + Math.min(0, Math.max(across, up));
      };
      const out = table.values.subarray(i * columns, (i + 1) * columns);
      sampleShape(post, GRID, { yaw: 0, dx: 0, dy: 0 }, TRUNCATION, out);
    }
    const prior = priorFrom(table, principalComponents(table, 12, random), GRID, TRUNCATION, 2e-5);
    const evidence = gatherEvidence(around(0.06));
    const height = (fewest: number): number => {
      const shape = completeShape(prior, evidence, { ends: { ...ends, fewest } });
      let z = 0.03;
      while (shape.distance(0, 0, z) < 0) z += 0.001;
      return z;
    };
    expect(height(Infinity)).toBeGreaterThan(0.075);
    expect(height(ends.fewest)).toBeLessThan(0.07);
  });
});
