import { afterAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { exp, inverse, transformPoint } from '../../../src/geometry/se3.js';
import { MovingColumns } from '../../../src/slam/mapping/moving-columns.js';
import { place } from '../../field/helpers.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 256 });
afterAll(() => pool.close());

/** Somewhere on the way, turned and a little tilted. */
const POSE = exp([40, -12, 1, 0.02, -0.03, 2]);

type Point = readonly [x: number, y: number, z: number, what: 'moves' | 'stands' | 'ground'];

/** Points by where they are from the sensor in the axes of the map. */
function surfaceOf(points: readonly Point[]) {
  const here = inverse(POSE);
  const own = points.map(([x, y, z]) => [
    ...transformPoint(here, POSE[3]! + x, POSE[7]! + y, POSE[11]! + z),
  ]) as [number, number, number][];
  const { points: surface } = place(pool.memory, {
    points: own,
    normals: points.map(() => [0, 0, 1] as [number, number, number]),
    qualities: points.map(([, , , what]) => (what === 'moves' ? -1 : 0.8)),
    taus: points.map(() => 0),
    ground: points.map(([, , , what]) => what === 'ground'),
  });
  return surface;
}

/** In the column from 6 to 7.2 m ahead and 0 to 1.2 m aside: what is seen of a car above its bumper, and below it. */
const hood: Point[] = [0.1, 0.4, 0.7, 1].map((y) => [6.5, y, -1, 'moves']);
const bumper: Point[] = [0.2, 0.5, 0.8].map((y) => [6.2, y, -1.4, 'stands']);
const road: Point[] = [0.3, 0.6].map((y) => [6.3, y, -1.7, 'ground']);
const markedIn = (points: readonly Point[]): number[] => {
  const surface = surfaceOf(points);
  new MovingColumns(0.15).mark(surface, POSE);
  return Array.from(surface.quality.subarray(0, points.length), (q, i) => (q < 0 ? i : -1)).filter(
    (i) => i >= 0,
  );
};

describe('columns of what moves', () => {
  it('take the bumper along with the hood, but not the road', () => {
    const points = [...hood, ...bumper, ...road];
    const surface = surfaceOf(points);
    expect(new MovingColumns(0.15).mark(surface, POSE)).toBe(bumper.length);
    expect(markedIn(points)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (let i = 7; i < 9; i++) expect(surface.quality[i]).toBeCloseTo(0.8, 6);
  });

  it('leave alone what stands beside it, and what hardly moves', () => {
    const post: Point[] = [0, 0.5, 1].map((z) => [8.5, 0.5, z - 1.7, 'stands']);
    expect(markedIn([...hood, ...post])).toEqual([0, 1, 2, 3]);
    // A thin post of which some points seem to move is no car.
    const pole: Point[] = [0, 0.1, 0.2, 0.3].map((y) => [6.5, y + 0.4, -1, 'moves']);
    expect(markedIn([...pole, ...bumper])).toEqual([0, 1, 2, 3]);
    // Two points that move may be wrong, and a hedge of which a few seem to move stands.
    expect(markedIn([...hood.slice(0, 2), ...bumper])).toEqual([0, 1]);
    const hedge: Point[] = Array.from({ length: 12 }, (_, k) => [6.4, 0.08 * k + 0.1, -1.2, 'stands']);
    expect(markedIn([...hood, ...hedge])).toEqual([0, 1, 2, 3]);
  });

  it('tell nothing far away, and nothing of the scan before', () => {
    const columns = new MovingColumns(0.15);
    const far = [...hood, ...bumper].map(([x, y, z, what]) => [x + 60, y, z, what] as const);
    expect(columns.mark(surfaceOf(far), POSE)).toBe(0);
    expect(columns.mark(surfaceOf([...hood, ...bumper]), POSE)).toBe(3);
    expect(columns.mark(surfaceOf(bumper), POSE)).toBe(0);
  });
});
