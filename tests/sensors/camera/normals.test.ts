import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
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
  observation.complete();
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

  it('never mix both sides of a step, nor its edge', () => {
    // A board at 1 m in front of a wall at 1.5 m that is turned by 45°; between them a column of flying pixels.
    const wall = plane([-0.7, 0, 0.7], 1.05);
    const edge = Math.round(CAMERA.cx);
    const grid = gridOf(wall, (z, x) => (x < edge ? 1 : x === edge ? 1.25 : z));
    let [board, behind, worst] = [0, 0, 0];
    for (let i = 0; i < grid.z.length; i++) {
      if (grid.nz[i] === 0) continue;
      const onBoard = grid.z[i]! < 1.001;
      if (onBoard) board++;
      else behind++;
      worst = Math.max(worst, angleTo(grid, i, onBoard ? [0, 0, -1] : [1, 0, -1]));
    }
    expect([board > 30_000, behind > 30_000]).toEqual([true, true]);
    expect(worst).toBeLessThan(1);
  });

  it('are absent from a single line and from what is seen edge on', () => {
    const line = gridOf(plane([0, 0, 1], 1), (z, x) => (x === 200 ? z : 0));
    expect(line.z.filter((z) => z > 0).length).toBe(240);
    expect(line.nz.every((v) => v === 0)).toBe(true);
    const glancing = gridOf(plane([0, 1, 0.05], 0.4), (z) => (z > 0 && z < 8 ? z : 0));
    const low = glancing.nz.filter((_, i) => {
      const [u, v] = ray(glancing, i);
      return (v + 0.05) / Math.hypot(1, 0.05) / Math.hypot(u, v, 1) < 0.15;
    });
    expect(low.length).toBeGreaterThan(10_000);
    expect(low.every((v) => v === 0)).toBe(true);
  });

  it('scatter under noise as least squares does', () => {
    const random = new Random(3);
    const sigma = 0.0012 + 0.0019 * 1.6 ** 2;
    const grid = gridOf(plane([0, 0, 1], 2), (z) => z + sigma * random.normal());
    let [sum, n, bias] = [0, 0, 0];
    for (let y = 4; y < grid.height - 4; y++)
      for (let x = 4; x < grid.width - 4; x++) {
        const i = y * grid.width + x;
        const angle = angleTo(grid, i, [0, 0, -1]) * (Math.PI / 180);
        sum += angle * angle;
        bias += grid.z[i]! - 2;
        n++;
      }
    // Slope of a line through 7×7 values of noise σ/2: var = (σ/2)²/(196·pitch²) an axis.
    const expected = (Math.SQRT2 * (sigma / 2)) / (14 * (2 / grid.fx));
    expect(Math.sqrt(sum / n) / expected).toBeGreaterThan(0.9);
    expect(Math.sqrt(sum / n) / expected).toBeLessThan(1.1);
    expect(Math.abs(bias / n)).toBeLessThan(0.1 * sigma);
  });

  it('survive depth with every fourth row and column empty', () => {
    const n = unit([0.3, -0.2, 1]);
    const scene = plane(n, 1.2);
    const grid = gridOf(scene, (z, x, y) => (x % 4 === 3 || y % 4 === 3 ? 0 : z));
    let [worst, worstDepth, known] = [0, 0, 0];
    for (let i = 0; i < grid.z.length; i++) {
      if (grid.nz[i] === 0) continue;
      known++;
      worst = Math.max(worst, angleTo(grid, i, [-n[0], -n[1], -n[2]]));
      worstDepth = Math.max(worstDepth, Math.abs(grid.z[i]! - scene(...ray(grid, i))));
    }
    expect(known).toBe(grid.z.length);
    expect(worst).toBeLessThan(1.5);
    expect(worstDepth).toBeLessThan(0.001); // a quarter of a pixel beside the centre
  });
});
