import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openScanSource, type ScanSourceOptions } from '../../src/bags/source.js';
import { exp } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { isImuBatch, type Measurement } from '../../src/sensors/measurement.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-imu-'));
const path = join(folder, 'two.mcap');
const MS = 1_000_000n;
const T_lidar_imu = exp([1, 2, 3, 0, 0, 0.5]);
const cov = (first: number) => Float64Array.of(first, 0, 0, 0, 0, 0, 0, 0, 0);

const reading = (ms: number, frameId: string, rates = true) => ({
  stampNs: BigInt(ms) * MS,
  frameId,
  orientation: Float64Array.of(0, 0, 0, 1),
  orientationCovariance: cov(-1),
  angularVelocity: Float64Array.of(ms, 0, 1),
  angularVelocityCovariance: cov(rates ? 0 : -1),
  linearAcceleration: new Float64Array(3),
  linearAccelerationCovariance: cov(0),
});

beforeAll(async () => {
  const writer = await McapBagWriter.create(path);
  for (let ms = 0; ms <= 300; ms += 20) {
    await writer.writeImu('/imu', reading(ms, 'imu'));
    await writer.writeImu('/other', reading(ms, 'nowhere'));
    await writer.writeImu('/still', reading(ms, 'imu', false));
    if (ms % 100 === 0)
      await writer.writeScan('/points', {
        stampNs: BigInt(ms) * MS,
        frameId: 'lidar',
        count: 1,
        positions: Float32Array.of(1, 2, 3),
        times: new Float32Array(1),
        timing: 'field',
      });
  }
  // Late in the recording, and still known from its start.
  await writer.writeTransforms(
    [{ stampNs: 290n * MS, frameId: 'lidar', childFrameId: 'imu', transform: T_lidar_imu }],
    true,
  );
  await writer.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(options: ScanSourceOptions = {}, startS?: number) {
  const source = await openScanSource(path, options);
  const all: Measurement[] = [];
  for await (const one of source.measurements(startS === undefined ? {} : { startS })) all.push(one);
  await source.close();
  const warnings = source.warnings.filter((w) => w.includes('imu'));
  return { all, warnings, batches: all.filter(isImuBatch) };
}

describe('the IMU of a bag', () => {
  it('comes before each scan with what was recorded since the one before, on the body', async () => {
    const { all, warnings, batches } = await read();
    expect(
      all.map((m) => (isImuBatch(m) ? m.stampsNs.length : `at ${(m as LidarScan).stampNs / MS}`)),
    ).toEqual([1, 'at 0', 5, 'at 100', 5, 'at 200', 5, 'at 300']);
    expect([...batches[1]!.stampsNs].map((ns) => Number(ns / MS))).toEqual([20, 40, 60, 80, 100]);
    expect([...batches[1]!.rates.subarray(0, 3)]).toEqual([20, 0, 1]);
    batches[1]!.T_body_imu.forEach((v, i) => expect(v).toBeCloseTo(T_lidar_imu[i]!, 12));
    expect(warnings).toEqual([]);
  });

  it('is not read before the part that is asked for', async () => {
    const { all } = await read({}, 0.15);
    expect(all.filter((m) => !isImuBatch(m)).length).toBe(2);
    expect(all[0]).toSatisfy(isImuBatch);
  });

  it('is left out when asked for, and chosen by name', async () => {
    expect((await read({ imu: 'none' })).batches).toEqual([]);
    await expect(read({ imu: '/points' })).rejects.toThrow(
      /no IMU topic \/points; IMU topics: \/imu, \/other/,
    );
  });

  it('is not used without a transform or turn rates, which is said once', async () => {
    const other = await read({ imu: '/other' });
    expect(other.batches).toEqual([]);
    expect(other.warnings).toEqual([
      expect.stringMatching(/^\/other: imu is not used: .*'lidar' to 'nowhere'/),
    ]);
    const still = await read({ imu: '/still' });
    expect(still.batches).toEqual([]);
    expect(still.warnings).toEqual([expect.stringMatching(/^\/still: .*carry no turn rates/)]);
  });
});
