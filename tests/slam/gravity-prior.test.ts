import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { exp, inverse, type Pose } from '../../src/geometry/se3.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
/** All beams point half a degree higher than they say: the track leans by a little more with every scan. */
const street = simulate({
  world: 'street',
  beams: 16,
  columns: 512,
  seed: 2,
  length: 50,
  elevationOffset: 0.5,
});
const scans = [...street.scans()];

/** Poses with an IMU that only turns against the body, or without; and with a gap in the scans. */
async function run(imu: boolean): Promise<readonly Pose[]> {
  const slam = await createSlam(
    await loadConfig({ set: ['engine=wasm', 'threads=2', 'map.memoryMiB=1024'] }),
  );
  const mount = exp([0, 0, 0, 0.4, -1.1, 2]);
  const back = inverse(mount);
  const turned = (v: ArrayLike<number>): number[] =>
    [0, 4, 8].map((r) => back[r]! * v[0]! + back[r + 1]! * v[1]! + back[r + 2]! * v[2]!);
  const readings = street.imu();
  let next = readings.next();
  const poses = scans.map((scan) => {
    const seen = [];
    for (; !next.done && next.value.stampNs <= scan.stampNs + ns(0.1); next = readings.next())
      seen.push(next.value);
    if (imu && seen.length > 0)
      slam.imu({
        stampsNs: BigInt64Array.from(seen, (s) => s.stampNs),
        rates: Float64Array.from(seen.flatMap((s) => turned(s.gyro))),
        accelerations: Float64Array.from(seen.flatMap((s) => turned(s.accel))),
        T_body_imu: mount,
      });
    return slam.process(scan).pose;
  });
  expect(slam.warnings).toEqual([]);
  await slam.close();
  return poses;
}

/** Error of up in the frame of the sensor, degrees. */
function tilt(pose: Pose, k: number): number {
  const T = street.odomFromWorld();
  const up = (P: Pose): number[] =>
    [0, 1, 2].map((c) => P[c]! * T[2]! + P[4 + c]! * T[6]! + P[8 + c]! * T[10]!);
  const [a, b] = [up(pose), up(street.odomPose(k))];
  return (Math.asin(Math.hypot(...a.map((v, i) => v - b[i]!)) / 2) * 360) / Math.PI;
}

describe('an IMU with an accelerometer', () => {
  it('holds roll and pitch where the elevations of the beams are off', async () => {
    const last = scans.length - 1;
    const without = tilt((await run(false))[last]!, last);
    expect(without).toBeGreaterThan(0.5);
    expect(tilt((await run(true))[last]!, last)).toBeLessThan(0.4 * without);
  }, 120_000);
});
