import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { CameraFrontEnd } from '../../../src/sensors/camera/front-end.js';
import type { RangeGrid } from '../../../src/sensors/observation.js';
import { angleTo, ball, depthOf, frameOf, pinhole, plane, type Scene } from './scene.js';

let pool: KernelPool;
let cameras: CameraFrontEnd;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
  cameras = new CameraFrontEnd(pool);
});
afterAll(() => pool.close());

const CAMERA = pinhole(640, 480);

/** The grid of a frame; it stays valid until the next one is made. */
function gridOf(scene: Scene, change?: (z: number, x: number, y: number) => number): RangeGrid {
  const observation = cameras.observe(frameOf(CAMERA, depthOf(CAMERA, scene, change)));
  observation.release();
  return observation.grid!;
}

const ray = ({ fx, fy, cx, cy, width }: RangeGrid, i: number): [number, number] => [
  ((i % width) - cx) / fx,
  (Math.floor(i / width) - cy) / fy,
];
const unit = ([x, y, z]: readonly number[]): [number, number, number] => {
  const length = Math.hypot(x!, y!, z!);
  return [x! / length, y! / length, z! / length];
};

describe('normals of a grid', () => {
  it.each([
    [[0, 0, 1], 2],
    [[0.5, -0.3, 0.8], 1.5],
    [[-0.9, 0.1, 0.5], 1],
    [[0.2, 0.95, 0.3], 0.7],
  ] as const)('are those of a plane with normal %j at %f m', (direction, distance) => {
    const n = unit(direction);
    const scene = plane(n, distance);
    const grid = gridOf(scene, (z) => (z > 0 && z < 8 ? z : 0));
    let [seen, worstDepth, worstAngle] = [0, 0, 0];
    for (let i = 0; i < grid.z.length; i++) {
      const [u, v] = ray(grid, i);
      const z = grid.z[i]!;
      if (z === 0) continue;
      const cosine = (n[0] * u + n[1] * v + n[2]) / Math.hypot(u, v, 1);
      const [x, y] = [i % grid.width, Math.floor(i / grid.width)];
      if (cosine < 0.3 || z > 7 || x < 1 || y < 1 || x > grid.width - 2 || y > grid.height - 2) continue;
      seen++;
      worstDepth = Math.max(worstDepth, Math.abs(z / scene(u, v) - 1));
      worstAngle = Math.max(worstAngle, angleTo(grid, i, [-n[0], -n[1], -n[2]]));
    }
    expect(worstDepth).toBeLessThan(1e-4);
    expect(worstAngle).toBeLessThan(1);
    expect(seen).toBeGreaterThan(10_000);
  });

  it('are those of a ball', () => {
    const centre = [0.1, -0.05, 1.5];
    const grid = gridOf(ball(centre, 0.5));
    let [seen, worst] = [0, 0];
    for (let i = 0; i < grid.z.length; i++) {
      const [u, v] = ray(grid, i);
      const z = grid.z[i]!;
      const out = unit([u * z - centre[0]!, v * z - centre[1]!, z - centre[2]!]);
      if (z === 0 || -(out[0] * u + out[1] * v + out[2]) / Math.hypot(u, v, 1) < 0.5) continue;
      seen++;
      worst = Math.max(worst, angleTo(grid, i, out));
    }
    expect(seen).toBeGreaterThan(15_000);
    expect(worst).toBeLessThan(1);
  });
});
