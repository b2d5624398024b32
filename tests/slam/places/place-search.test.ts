import { afterAll, beforeAll, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import type { FieldBackend } from '../../../src/field/backend.js';
import type { LinearSystem, Unknowns } from '../../../src/field/linear-system.js';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import { PlaceSearch } from '../../../src/slam/places/place-search.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';
import { cameraField, insideOf, pinholeOf, samplesOf, viewOf } from '../../field/views.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
});
afterAll(() => pool.close());

it('measures a fit between 0 and 1 by the information of what has a value, best where the frame was taken', () => {
  const { backend, field } = cameraField(pool);
  const camera = pinholeOf(96, 72);
  const world = insideOf(0.6, 0.4, 1.2);
  // Near samples have a hundred times the information of far ones.
  const view = viewOf(pool.memory, camera, world, identity(), { information: (z) => z ** -6 });
  backend.gathering.fuse(field, view, identity(), { scan: 0 });
  const search = new PlaceSearch(backend, field, { gradientScale: 0.5, minWeight: 0 });
  const surface = samplesOf(pool.memory, view, 3);
  const measure = (pose: Pose) => search.measure(surface, { pose } as Track);
  const right = measure(identity());
  expect(right.fit).toBeGreaterThan(0.99);
  expect(right.fit).toBeLessThanOrEqual(1 + 1e-6);
  expect(right.valued).toBeGreaterThan(0.9);
  // Ahead by 40 cm the near samples alone lie in the map: their fit must not count as more than a perfect one.
  for (const ahead of [-0.4, -0.2, 0.2, 0.4]) {
    const { fit, valued } = measure(exp([0, 0, ahead, 0, 0, 0]));
    expect(fit).toBeLessThanOrEqual(1 + 1e-6);
    expect(valued).toBeLessThan(right.valued);
  }
  const guesses = [-0.3, 0.2, 0, 0.4].map((x) => exp([x, 0, 0, 0, 0, 0]));
  expect(search.rank(surface, guesses, 1)).toEqual([guesses[2]]);
  // What free space has something against does not count, however well it fits.
  const best = (isOpen?: (track: Track) => boolean) =>
    search.best(surface, guesses, (pose) => ({ pose }) as Track, isOpen)?.track.pose;
  expect(best()).toBe(guesses[2]);
  expect(best((track) => track.pose !== guesses[2])).toBe(guesses[1]);
  expect(best(() => false)).toBeUndefined();
});

it('ranks by what is not on the ground, however well that fits', () => {
  const { field } = cameraField(pool);
  // Ten points in a hundred are not on the ground: they fit at x = 0, the ground at x = 2.
  const weightAt = (x: number, best: number): number => Math.exp(-Math.abs(x - best));
  const backend = {
    linearise: (_: unknown, at: readonly Unknowns[], out: readonly LinearSystem[]) =>
      at.forEach(({ pose }, k) => {
        const [other, ground] = out[k]!.sums;
        Object.assign(other, { points: 10, weight: 10 * weightAt(pose[3]!, 0) });
        Object.assign(ground, { points: 90, weight: 90 * weightAt(pose[3]!, 2) });
      }),
  } as unknown as FieldBackend;
  const search = new PlaceSearch(backend, field, { gradientScale: 0.5, minWeight: 0 });
  const guesses = [2, 1, 0.5, -3].map((x) => exp([x, 0, 0, 0, 0, 0]));
  const order = [2, 1, 0, 3].map((k) => guesses[k]);
  expect(search.rank({ keypoints: new Uint32Array(0) } as SurfaceSamples, guesses, 4)).toEqual(order);
});

it('takes a registration for settled that goes on and stays where it was, and no other', () => {
  const { backend, field } = cameraField(pool);
  const search = new PlaceSearch(backend, field, { gradientScale: 0.5, minWeight: 0 });
  const voxel = field.levels[0]!.voxel;
  const view = viewOf(pool.memory, pinholeOf(96, 72), insideOf(0.6, 0.4, 1.2), identity());
  const surface = samplesOf(pool.memory, view, 3);
  const at = (x: number): Track => ({ pose: exp([x, 0, 0, 0, 0, 0]), converged: false }) as Track;
  const settle = (step: number) =>
    search.settle(surface, { track: at(0), fit: 0.8, valued: 0.5 }, (pose) => at(pose[3]! + step)).track;
  expect(settle(0.1 * voxel).converged).toBe(true);
  expect(settle(0.1 * voxel).pose[3]).toBeCloseTo(0.1 * voxel);
  expect(settle(0.5 * voxel).converged).toBe(false);
  expect(settle(0.5 * voxel).pose[3]).toBeCloseTo(1.5 * voxel); // three times
});
