import { expect, it } from 'vitest';
import { jointSource, noJointBody } from '../../src/bags/joint-source.js';
import type { ScanSource } from '../../src/bags/scan-source.js';
import { exp } from '../../src/geometry/se3.js';
import { isFrame, isImuBatch, isScan, type Measurement } from '../../src/sensors/measurement.js';

const LIDAR = exp([0.1, 0, 0.4, 0, 0, 0.3]);
const CAMERA = exp([0.2, 0, 0.2, -1.5, 0, -1.5]);

const source = (
  sensor: ScanSource['sensor'],
  list: readonly Measurement[],
  warnings: string[],
): ScanSource => ({
  sensor,
  description: sensor,
  sensorFrame: sensor,
  scanCount: list.length,
  warnings,
  async *scans() {},
  async *measurements() {
    yield* list;
  },
  close: () => Promise.resolve(),
});
const scan = (ms: number): Measurement => ({
  stampNs: BigInt(ms) * 1_000_000n,
  frameId: 'lidar',
  count: 0,
  positions: new Float32Array(0),
  timing: 'none',
  mount: LIDAR,
});
const frame = (ms: number): Measurement => ({
  kind: 'rgbd',
  stampNs: BigInt(ms) * 1_000_000n,
  frameId: 'camera',
  depth: { width: 1, height: 1, data: Float32Array.of(1), scale: 1 },
  camera: { width: 1, height: 1, fx: 1, fy: 1, cx: 0, cy: 0, distortion: 'none', coefficients: [] },
  mount: CAMERA,
});
const imu: Measurement = {
  T_body_imu: exp([0, 0, 0.1, 0, 0, 0]),
  stampsNs: BigInt64Array.of(1n),
  rates: new Float64Array(3),
} as unknown as Measurement;

it('merges both by stamp, frames first, readings before their scan; all on one body', async () => {
  const lidar = {
    ...source('lidar', [scan(0), imu, scan(100), scan(200)], ['a', 'b']),
    bodyFrame: 'base_link',
  };
  const camera = source('rgbd', [frame(0), frame(90), frame(100), frame(300)], ['b', 'c']);
  const joint = jointSource('lidar+rgbd', lidar, [
    { source: camera, counted: true },
    { source: lidar, counted: true },
  ]);
  const all: string[] = [];
  for await (const one of joint.measurements()) {
    if (isScan(one)) expect(one.mount).toEqual(LIDAR);
    else if (isFrame(one)) expect(one.mount).toEqual(CAMERA);
    all.push(isImuBatch(one) ? 'imu' : isScan(one) ? `s${one.stampNs / 1_000_000n}` : `f${(one as { stampNs: bigint }).stampNs / 1_000_000n}`); // prettier-ignore
  }
  expect(all).toEqual(['f0', 's0', 'imu', 'f90', 'f100', 's100', 's200', 'f300']);
  expect([joint.sensor, joint.scanCount, joint.warnings]).toEqual(['lidar+rgbd', 8, ['a', 'b', 'c']]);
  expect(joint.bodyFrame).toBe('base_link');
});

it('refuses by name where nothing connects them', () => {
  expect(noJointBody('x.mcap', 'lidar', 'camera').message).toMatch(/x\.mcap.*'lidar'.*'camera'.*tf_static/);
});
