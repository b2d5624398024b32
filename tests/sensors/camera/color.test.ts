import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { exp, identity, inverse, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { CameraFrontEnd } from '../../../src/sensors/camera/front-end.js';
import type { CameraIntrinsics, FrameColor } from '../../../src/sensors/camera/frame.js';
import { distort, lensOf } from '../../../src/sensors/camera/lens.js';
import { occlusionSearch } from '../../../src/sensors/camera/occlusion.js';
import { depthOf, frameOf, pinhole, plane, texture, undistort } from './scene.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 256 });
});
afterAll(() => pool.close());

const DEPTH = pinhole(640, 480);
const NORMAL = [0.2, -0.1, 1] as const;
const WALL = plane(NORMAL, 1.5);

/** What a camera sees of the wall, which is textured. */
function photograph(camera: CameraIntrinsics, T_depth_color: Pose): FrameColor {
  const { width, height, fx, fy, cx, cy } = camera;
  const data = new Uint8Array(3 * width * height);
  const lens = lensOf(camera);
  const [ox, oy, oz] = transformPoint(T_depth_color, 0, 0, 0);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [a, b] = undistort((u, v) => distort(lens, u, v), (x - cx) / fx, (y - cy) / fy);
      const [ex, ey, ez] = transformPoint(T_depth_color, a, b, 1);
      const [dx, dy, dz] = [ex - ox, ey - oy, ez - oz];
      const t =
        (1.5 - NORMAL[0] * ox - NORMAL[1] * oy - NORMAL[2] * oz) /
        (NORMAL[0] * dx + NORMAL[1] * dy + NORMAL[2] * dz);
      for (const value of texture(ox + t * dx, oy + t * dy, oz + t * dz)) data[i++] = Math.round(value);
    }
  return { image: { width, height, data }, camera, T_depth_color, delay: 0 };
}

const beside = exp([0.05, -0.02, 0.01, 0.02, -0.03, 0.01]);
const lens = (camera: CameraIntrinsics, distortion: CameraIntrinsics['distortion'], ...k: number[]) => ({
  ...camera,
  distortion,
  coefficients: k,
});
const CASES: [string, CameraIntrinsics, Pose][] = [
  ['registered to depth', DEPTH, identity()],
  ['from beside, another size', pinhole(512, 400, 430), beside],
  ['from a large image', pinhole(1280, 720, 900), beside],
  ['through plumb_bob', lens(pinhole(640, 480, 500), 'plumb_bob', 0.1, -0.2, 0.002, -0.001, 0.05), beside],
  [
    'through rational_polynomial',
    lens(pinhole(640, 480, 500), 'rational_polynomial', 0.5, 0.1, 0.001, 0.001, 0.02, 0.8, 0.2, 0.01),
    beside,
  ],
  ['through equidistant', lens(pinhole(640, 480, 330), 'equidistant', 0.05, -0.02, 0.003, -0.001), beside],
];

describe('colours of a grid', () => {
  it.each(CASES)('%s are those of the surface', (_, camera, T_depth_color) => {
    const cameras = new CameraFrontEnd(pool);
    const frame = { ...frameOf(DEPTH, depthOf(DEPTH, WALL)), color: photograph(camera, T_depth_color) };
    const observation = cameras.observe(frame);
    observation.complete();
    const { grid, surface } = observation;
    const T_color_depth = inverse(T_depth_color);
    const model = lensOf(camera);
    let [worst, known, wrong] = [0, 0, 0];
    for (let i = 0; i < grid!.z.length; i++) {
      const z = grid!.z[i]!;
      const x = (((i % grid!.width) - grid!.cx) / grid!.fx) * z;
      const y = ((Math.floor(i / grid!.width) - grid!.cy) / grid!.fy) * z;
      const p = transformPoint(T_color_depth, x, y, z);
      const [a, b] = distort(model, p[0] / p[2], p[1] / p[2]);
      const [u, v] = [a * camera.fx + camera.cx, b * camera.fy + camera.cy];
      // Half a pixel of doubt at the border.
      const outside = Math.max(-1 - u, -1 - v, u - camera.width, v - camera.height) > 1;
      const inside = Math.min(u, v, camera.width - 1 - u, camera.height - 1 - v) > 1;
      const seen = grid!.color![4 * i + 3] === 255;
      if ((seen && outside) || (!seen && inside)) wrong++;
      if (!seen || !inside) continue;
      known++;
      texture(x, y, z).forEach((value, c) => {
        worst = Math.max(worst, Math.abs(value - grid!.color![4 * i + c]!));
      });
    }
    expect(wrong).toBe(0);
    expect(known).toBeGreaterThan(40_000);
    expect(worst).toBeLessThan(3);
    let worstGrey = 0;
    for (let i = 0; i < surface.count; i++) {
      const grey = surface.grey![i]!;
      if (Number.isNaN(grey)) continue;
      const [r, g, b] = texture(surface.x[i]!, surface.y[i]!, surface.z[i]!);
      worstGrey = Math.max(worstGrey, Math.abs(grey - (0.299 * r + 0.587 * g + 0.114 * b)));
    }
    expect(worstGrey).toBeLessThan(4); // blurred, and flat at the border
    observation.release();
  });

  it.each([
    ['black', 3],
    ['white', 255],
  ])('are unknown in an image that is all %s, which is told once', (_, level) => {
    const cameras = new CameraFrontEnd(pool);
    const color = photograph(DEPTH, identity());
    color.image.data.fill(level);
    for (let k = 0; k < 2; k++) {
      const observation = cameras.observe({ ...frameOf(DEPTH, depthOf(DEPTH, WALL)), color });
      observation.complete();
      expect(observation.grid!.color).toBeUndefined();
      expect(observation.surface.grey).toBeUndefined();
      expect(observation.surface.count).toBe(19_200);
      observation.release();
    }
    expect(cameras.notices).toEqual([expect.stringContaining('nearly black or white')]);
  });

  it('are unknown in an image of which half is overexposed, and known where a fifth is', () => {
    for (const [share, known] of [
      [0.5, false],
      [0.2, true],
    ] as const) {
      const cameras = new CameraFrontEnd(pool);
      const color = photograph(DEPTH, identity());
      const { data } = color.image;
      data.forEach((v, i) => (data[i] = Math.max(60, v)));
      data.fill(255, 0, 3 * Math.round((share * data.length) / 3));
      const observation = cameras.observe({ ...frameOf(DEPTH, depthOf(DEPTH, WALL)), color });
      observation.complete();
      expect(observation.grid!.color !== undefined).toBe(known);
      expect(cameras.notices).toEqual(
        known
          ? []
          : [expect.stringMatching(/of which more than 40 % of the pixels are overexposed are not used/)],
      );
      observation.release();
    }
  });

  it('of a wall of one pure colour are no overexposure', () => {
    const cameras = new CameraFrontEnd(pool);
    const color = photograph(DEPTH, identity());
    color.image.data.forEach((_, i) => (color.image.data[i] = i % 3 === 1 ? 255 : 20));
    const observation = cameras.observe({ ...frameOf(DEPTH, depthOf(DEPTH, WALL)), color });
    observation.complete();
    expect(observation.grid!.color).toBeDefined();
    expect(cameras.notices).toEqual([]);
    observation.release();
  });
});

describe('what stands before the surface', () => {
  it('does not colour it', () => {
    // A red board at 0.8 m, 20 cm wide, before a green wall at 2 m; the colour camera is 5 cm to the right.
    const isBoard = (x: number) => Math.abs(x) < 0.1;
    const data = depthOf(DEPTH, (u) => (isBoard(0.8 * u) ? 0.8 : 2));
    const color = photograph(DEPTH, Float64Array.of(1, 0, 0, 0.05, 0, 1, 0, 0, 0, 0, 1, 0));
    for (let i = 0; i < DEPTH.width * DEPTH.height; i++) {
      const u = ((i % DEPTH.width) - DEPTH.cx) / DEPTH.fx;
      color.image.data.set(isBoard(0.8 * u + 0.05) ? [255, 0, 0] : [0, 255, 0], 3 * i);
    }
    const cameras = new CameraFrontEnd(pool);
    const observation = cameras.observe({ ...frameOf(DEPTH, data), color });
    observation.complete();
    const { z, color: found, width, fx, cx } = observation.grid!;
    const tally = { hidden: 0, rejected: 0, wall: 0, red: 0 };
    for (let i = 0; i < z.length; i++) {
      if (z[i]! < 1.9) continue;
      tally.wall++;
      // Where the way from the wall to the colour camera crosses the plane of the board.
      const x = (((i % width) - cx) / fx) * 2;
      if (isBoard(0.05 + (x - 0.05) * 0.4)) tally.hidden++;
      if (found![4 * i + 3] === 0) tally.rejected++;
      else if (found![4 * i]! > 0) tally.red++;
    }
    expect(tally.hidden).toBeGreaterThan(1500);
    expect(tally.red).toBe(0);
    // A pixel of doubt, and what is out of the picture.
    expect(tally.rejected).toBeLessThan(tally.hidden + 3 * 240 + (0.05 / 2) * fx * 240 + 240);
    observation.release();
  });

  it('is not looked for where colours are registered, or seen from behind', () => {
    expect(occlusionSearch(DEPTH, identity(), 0.1)).toBeUndefined();
    const down = occlusionSearch(DEPTH, Float64Array.of(1, 0, 0, 0, 0, 1, 0, -0.02, 0, 0, 1, 0), 0.5)!;
    expect(down.pixels).toBe(Math.ceil((0.02 * DEPTH.fy) / 0.5));
    expect(down.step[0]).toBeCloseTo(0, 12);
    expect(down.step[1]).toBe(-1);
    const behind = Float64Array.of(1, 0, 0, 0.05, 0, 1, 0, 0, 0, 0, 1, -0.2);
    expect(occlusionSearch(DEPTH, behind, 0.1)).toBeUndefined();
    expect(down.step[2]).toBeCloseTo(1 / (0.02 * DEPTH.fy), 12);
  });
});

describe('depth through a lens', () => {
  it.each([
    ['plumb_bob', [-0.25, 0.08, 0.001, -0.0005, -0.01]],
    ['equidistant', [-0.02, 0.005, -0.001, 0]],
  ] as const)('of kind %s: a plane stays a plane', (distortion, coefficients) => {
    const camera: CameraIntrinsics = { ...pinhole(640, 480, 480), distortion, coefficients };
    const model = lensOf(camera);
    const bent = (u: number, v: number) => WALL(...undistort((x, y) => distort(model, x, y), u, v));
    const cameras = new CameraFrontEnd(pool);
    const observation = cameras.observe(frameOf(camera, depthOf(camera, bent)));
    observation.complete();
    const { grid } = observation;
    let [sum, known, turned] = [0, 0, 0];
    for (let y = 4, n = grid!.height - 4; y < n; y++)
      for (let x = 4; x < grid!.width - 4; x++) {
        const i = y * grid!.width + x;
        if (grid!.nz[i] === 0) continue;
        const truth = WALL((x - grid!.cx) / grid!.fx, (y - grid!.cy) / grid!.fy);
        sum += (grid!.z[i]! - truth) ** 2;
        const [a, b, c] = [grid!.nx[i]!, grid!.ny[i]!, grid!.nz[i]!];
        const cosine = -(NORMAL[0] * a + NORMAL[1] * b + NORMAL[2] * c) / Math.hypot(...NORMAL);
        turned += 2 * (1 - Math.min(1, cosine));
        known++;
      }
    expect(known).toBeGreaterThan(60_000);
    expect(Math.sqrt(sum / known)).toBeLessThan(0.0005);
    expect((Math.sqrt(turned / known) * 180) / Math.PI).toBeLessThan(0.5);
  });
});
