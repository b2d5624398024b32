import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { AS_MAPPED } from '../../../src/slam/tracking/exposure.js';
import { ColourSearch, isUnique, type ColourFit } from '../../../src/slam/tracking/colour-search.js';
import { cameraField, pinholeOf, planeOf, samplesOf, viewOf, type Vec } from '../../field/views.js';

// A bare wall 0.8 m away: nothing but its colours tells where along it a camera is.
const CAMERA = pinholeOf(128, 96);
const WALL = planeOf([0, 0, -1], -0.8);
const PHOTOMETRIC = { metresPerLevel: 5e-4, kernel: 20, reach: 0.03, hold: 10 };
const grey = (v: number): Vec => [v, v, v];
/** Different everywhere, alike every 18 cm, the same everywhere. */
const PAINTED = ([x, y]: Vec): Vec =>
  grey(128 + 50 * Math.sin(9 * x + 1 + 4 * x * x) + 40 * Math.cos(8 * y - 3 * x));
const STRIPES = ([x]: Vec): Vec => grey(128 + 60 * Math.sin((2 * Math.PI * x) / 0.18));
const PLAIN = (): Vec => grey(120);

let pool: KernelPool;
beforeAll(async () => (pool = await KernelPool.create({ threads: 1, memoryMiB: 384 })));
afterAll(() => pool.close());

const maps = new Map<(p: Vec) => Vec, ReturnType<typeof cameraField>>();
/** A map of the wall as it is painted. */
function mapOf(paint: (p: Vec) => Vec): ReturnType<typeof cameraField> {
  const known = maps.get(paint);
  if (known) return known;
  const made = cameraField(pool);
  const { backend, field } = made;
  for (const x of [-0.3, 0, 0.3]) {
    const pose = exp([x, 0, 0, 0, 0, 0]);
    backend.gathering.fuse(field, viewOf(pool.memory, CAMERA, WALL, pose, { color: paint }), pose, {
      scan: 0,
    });
  }
  maps.set(paint, made);
  return made;
}

/** Seen from `away` metres to the right of where the map expects it. */
function fit(paint: (p: Vec) => Vec, away: number, reach: number): ColourFit | undefined {
  const { backend, field } = mapOf(paint);
  const there: Pose = exp([away, 0, 0, 0, 0, 0]);
  const surface = samplesOf(pool.memory, viewOf(pool.memory, CAMERA, WALL, there, { color: paint }), 3);
  const found = new ColourSearch(backend, field, PHOTOMETRIC).along(
    surface,
    identity(),
    [1, 0, 0],
    reach,
    AS_MAPPED,
  );
  return found;
}

describe('a search along what surfaces leave open', () => {
  it.each([0.21, -0.15, 0])('finds the one place where the colours fit: %d m away', (away) => {
    const found = fit(PAINTED, away, 0.4)!;
    expect(Math.abs(found.offset - away)).toBeLessThan(0.01);
    expect(isUnique(found)).toBe(true);
  });

  it('is not sure on a pattern that repeats, unless its other places are out of reach', () => {
    const found = fit(STRIPES, 0.06, 0.4)!;
    expect(isUnique(found)).toBe(false);
    const near = fit(STRIPES, 0.03, 0.1)!;
    expect(Math.abs(near.offset - 0.03)).toBeLessThan(0.01);
    expect(isUnique(near)).toBe(true);
  });

  it('is not sure where all is alike, nor where the best place is at the end of its reach', () => {
    const plain = fit(PLAIN, 0.1, 0.4);
    expect(plain && isUnique(plain)).toBe(false);
    const beyond = fit(PAINTED, 0.3, 0.15);
    expect(beyond && Math.abs(beyond.offset - 0.3) < 0.02 && isUnique(beyond)).toBe(false);
  });
});
