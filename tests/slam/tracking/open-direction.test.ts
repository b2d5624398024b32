import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import type { GeometricTerm } from '../../../src/field/terms/geometric.js';
import { exp, type Pose } from '../../../src/geometry/se3.js';
import { AS_MAPPED } from '../../../src/slam/tracking/exposure.js';
import { OpenDirection } from '../../../src/slam/tracking/open-direction.js';
import {
  all,
  cameraField,
  pinholeOf,
  planeOf,
  samplesOf,
  sphereOf,
  viewOf,
  type Shape,
  type Vec,
} from '../../field/views.js';

// A wall 0.8 m away, bare or with a ball before it, that a camera looks at squarely.
const CAMERA = pinholeOf(128, 96);
const PHOTOMETRIC = { metresPerLevel: 5e-4, kernel: 20, reach: 0.03, hold: 10 };
const WALL = planeOf([0, 0, -1], -0.8);
/** A ball that stands out of the wall by 6 cm and fills two hundredths of the image. */
const WITH_BALL = all([WALL, sphereOf([0.1, 0.05, 0.8], 0.06)]);
const grey = (v: number): Vec => [v, v, v];
const PLAIN = (): Vec => grey(120);
const PAINTED = ([x, y]: Vec): Vec =>
  grey(128 + 50 * Math.sin(9 * x + 1 + 4 * x * x) + 40 * Math.cos(8 * y - 3 * x));
const STRIPES = ([x]: Vec): Vec => grey(128 + 60 * Math.sin((2 * Math.PI * x) / 0.18));

let pool: KernelPool;
beforeAll(async () => (pool = await KernelPool.create({ threads: 1, memoryMiB: 768 })));
afterAll(() => pool.close());

/** How far along x the camera may be, by what is seen from the middle of the map. */
function farthest(scene: Shape, color: (p: Vec) => Vec): number {
  const { backend, field } = cameraField(pool);
  for (const x of [-0.3, 0, 0.3]) {
    const pose = exp([x, 0, 0, 0, 0, 0]);
    backend.gathering.fuse(field, viewOf(pool.memory, CAMERA, scene, pose, { color }), pose, { scan: 0 });
  }
  const there: Pose = exp([0, 0, 0, 0, 0, 0]);
  const surface = samplesOf(pool.memory, viewOf(pool.memory, CAMERA, scene, there, { color }), 3);
  const term: GeometricTerm = {
    kind: 'geometric',
    field,
    surface,
    kernels: [0.02, 0.08],
    levelWeights: [1, 0.25],
    gradientScale: 0.3,
    minWeight: 0.05,
    groundWeight: 1,
  };
  return new OpenDirection(backend, field, PHOTOMETRIC).farthest(term, there, [1, 0, 0], 0.3, AS_MAPPED);
}

describe('a direction that a registration hardly tells', () => {
  it('is open to the end of the search before a bare wall, as there is nothing to tell it', () => {
    expect(farthest(WALL, PLAIN)).toBeGreaterThanOrEqual(0.3);
  });

  it('is closed by a ball before the wall, though it fills hardly any of the image', () => {
    expect(farthest(WITH_BALL, PLAIN)).toBeLessThan(0.1);
  });

  it('is closed by colours that are alike nowhere else', () => {
    expect(farthest(WALL, PAINTED)).toBeLessThan(0.1);
  });

  it('is open at the next stripes of a pattern that repeats', () => {
    const away = farthest(WALL, STRIPES);
    expect(Math.abs(away - 0.18)).toBeLessThan(0.05);
  });
});
