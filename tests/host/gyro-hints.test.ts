import { describe, expect, it } from 'vitest';
import { exp, inverse, type Pose } from '../../src/geometry/se3.js';
import { GyroHints } from '../../src/host/gyro-hints.js';
import { scanResult } from '../ros/helpers.js';

const T_body_imu = exp([1, 2, 3, 0.4, -0.8, 0.3]);
const mount = exp([0, 0, 1, -0.2, 0.5, 1.1]);
/** rad/s in the body frame. */
const turning = [0.1, -0.3, 0.7];

/** R·v, or Rᵀ·v for the inverse. */
const rotate = (T: Pose, v: readonly number[]): number[] =>
  [0, 4, 8].map((r) => T[r]! * v[0]! + T[r + 1]! * v[1]! + T[r + 2]! * v[2]!);

function batch(fromMs: number, toMs: number) {
  const stampsNs = BigInt64Array.from(
    { length: (toMs - fromMs) / 5 },
    (_, i) => BigInt(fromMs + 5 * i) * 1_000_000n,
  );
  const measured = rotate(inverse(T_body_imu), turning);
  return {
    stampsNs,
    rates: Float64Array.from({ length: 3 * stampsNs.length }, (_, i) => measured[i % 3]!),
    T_body_imu,
  };
}

const scan = (ms: number) => ({
  stampNs: BigInt(ms) * 1_000_000n,
  frameId: 'lidar',
  count: 1,
  positions: new Float32Array(3),
  timing: 'none' as const,
  mount,
});

describe('GyroHints', () => {
  it('turns what an IMU anywhere on the body measures into turn rates of the sensor', () => {
    const hints = new GyroHints();
    expect(hints.hint(scan(0))).toBeUndefined();
    const own = rotate(inverse(mount), turning);
    const twist = Float64Array.of(0, 0, 0, ...own);
    hints.learn(scanResult({ stampNs: 0n, twist }), mount);
    for (let ms = 0; ms < 500; ms += 100) {
      hints.add(batch(ms, ms + 100));
      const hint = hints.hint(scan(ms + 100))!;
      for (const rate of [hint.since, hint.during])
        Array.from(rate).forEach((v, i) => expect(v).toBeCloseTo(own[i]!, 9));
      hints.learn(scanResult({ stampNs: scan(ms + 100).stampNs, twist }), mount);
    }
  });
});
