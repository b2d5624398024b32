import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../src/compute/pool.js';
import { configSchema } from '../../src/config/schema.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { exp } from '../../src/geometry/se3.js';
import { CAMERA_ON_BODY } from '../../src/sensors/camera/frame.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { makeFrontEnd } from '../../src/slam/front-ends.js';
import { depthOf, frameOf, pinhole, plane } from '../sensors/camera/scene.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
});
afterAll(() => pool.close());

const config = (kind: 'lidar' | 'rgbd', rgbd: object = {}) => configSchema.parse({ sensor: { kind }, rgbd });
const camera = pinhole(64, 48);
const frame = frameOf(camera, depthOf(camera, plane([0.1, 0.2, 1], 1.5)));
const scan: LidarScan = {
  stampNs: 5n,
  frameId: 'velodyne',
  count: 2000,
  positions: Float32Array.from({ length: 6000 }, (_, i) => 5 + Math.sin(i)),
  timing: 'none',
};
/** The message of what is thrown; it must be one sentence of bad input. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FeltmapError);
    expect((error as FeltmapError).code).toBe('bad-input');
    const { message } = error as FeltmapError;
    expect(message.match(/[.!?](\s|$)/g)).toHaveLength(1);
    return message;
  }
  return expect.fail('was not refused');
}

describe('makeFrontEnd', () => {
  it('refuses what another sensor measured, and goes on with its own', () => {
    const lidars = makeFrontEnd(config('lidar'), pool);
    expect(refusal(() => lidars.observe(frame))).toMatch(
      /depth image of 'camera'.*made with LiDAR.*sensor\.kind/,
    );
    const cameras = makeFrontEnd(config('rgbd'), pool);
    expect(refusal(() => cameras.observe(scan))).toMatch(
      /LiDAR scan of 'velodyne'.*a depth camera.*sensor\.kind/,
    );
    const swept = lidars.observe(scan);
    expect(swept.grid).toBeUndefined();
    swept.release();
    const seen = cameras.observe(frame);
    expect(seen.grid).toBeDefined();
    expect(seen.surface.information).toBeDefined();
    seen.release();
  });

  it('gives LiDARs room to be read into, cameras none', () => {
    expect(makeFrontEnd(config('lidar'), pool).storage).toBeDefined();
    expect(makeFrontEnd(config('rgbd'), pool).storage).toBeUndefined();
  });

  it('takes a camera that nobody placed for the body, and another where it is said to be', () => {
    const cameras = makeFrontEnd(config('rgbd'), pool);
    const first = cameras.observe(frame);
    expect([...first.T_body_sensor]).toEqual([...CAMERA_ON_BODY]);
    first.release();
    const mount = exp([0.1, 0.2, 0.3, 0.1, 0, 0.2]);
    const second = cameras.observe({ ...frame, frameId: 'left', mount });
    expect([...second.T_body_sensor]).toEqual([...mount]);
    second.release();
  });

  it('goes by the ranges, the noise and the number of points of the configuration', () => {
    const near = makeFrontEnd(config('rgbd', { maxRange: 1, noiseFloor: 0.002, trackPoints: 200 }), pool);
    const seen = near.observe(frame);
    expect(seen.counts.valid).toBeLessThan(64 * 48);
    const sigma = (z: number): number => 0.002 + 0.0019 * (z - 0.4) ** 2;
    const { z, information } = seen.grid!;
    const at = z.findIndex((v) => v > 0);
    if (at >= 0) expect(information[at]).toBeCloseTo((sigma(1) / sigma(z[at]!)) ** 2, 3);
    expect(seen.surface.keypoints.length).toBeLessThanOrEqual(200);
    seen.release();
    const far = makeFrontEnd(config('rgbd', { trackPoints: 200 }), pool).observe(frame);
    expect(far.counts.valid).toBe(64 * 48);
    expect(far.surface.keypoints.length).toBeGreaterThan(100);
    far.release();
  });
});
