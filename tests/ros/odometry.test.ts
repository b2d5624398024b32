import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, log, transformTwist, type Pose } from '../../src/geometry/se3.js';
import { odometryOf, transformCovariance, twistCovariance } from '../../src/ros/odometry.js';
import { scanResult } from './helpers.js';

const random = new Random('odometry');
const any = (scale = 1): Pose => exp(Array.from({ length: 6 }, () => scale * random.normal()));

/** A random covariance, Σ = A·Aᵀ, and its factor. */
function covariance(scale: number): { S: Float64Array; A: number[][] } {
  const A = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => scale * random.normal()));
  const S = Float64Array.from({ length: 36 }, (_, k) => {
    const [r, c] = [Math.floor(k / 6), k % 6];
    return A[r]!.reduce((sum, v, i) => sum + v * A[c]![i]!, 0);
  });
  return { S, A };
}

const base = (over: object) => ({
  mount: identity(),
  mountTwist: new Float64Array(6),
  origin: identity(),
  odomFrame: 'odom',
  baseFrame: 'base_link',
  ...over,
});

describe('odometry of the base', () => {
  it('starts at the origin and follows the sensor through its mount', () => {
    const mount = any();
    const first = odometryOf(
      scanResult({ pose: identity() }),
      new Float64Array(36),
      base({ mount, origin: mount }),
    );
    identity().forEach((v, i) => expect(first.pose[i]).toBeCloseTo(v, 12));
    // The base moves by M: the sensor moves by mount⁻¹·M·mount in the map's frame.
    const M = any();
    const pose = compose(compose(inverse(mount), M), mount);
    const later = odometryOf(scanResult({ pose }), new Float64Array(36), base({ mount, origin: mount }));
    M.forEach((v, i) => expect(later.pose[i]).toBeCloseTo(v, 10));
    expect([later.frameId, later.childFrameId]).toEqual(['odom', 'base_link']);
  });

  it('gives the twist of the base: that of poses a moment apart', () => {
    const mount = any();
    const twist = Float64Array.from({ length: 6 }, () => random.normal());
    const T0 = any();
    const { twist: told } = odometryOf(
      scanResult({ pose: T0, twist }),
      new Float64Array(36),
      base({ mount }),
    );
    const dt = 1e-6;
    const T1 = compose(T0, exp(twist.map((v) => v * dt)));
    const [B0, B1] = [T0, T1].map((T) => compose(T, inverse(mount)));
    log(compose(inverse(B0!), B1!)).forEach((v, i) => expect(told[i]).toBeCloseTo(v / dt, 4));
  });

  it('a sensor that turns on a robot standing still gives no twist', () => {
    const mount = any();
    const mountTwist = Float64Array.of(0.1, 0, 0, 0, 0, 2);
    const { twist } = odometryOf(
      scanResult({ twist: mountTwist.slice() }),
      new Float64Array(36),
      base({ mount, mountTwist }),
    );
    for (const v of twist) expect(v).toBeCloseTo(0, 12);
  });

  it('moves the covariance as a sample of poses moves (Monte Carlo)', () => {
    const [mount, origin, pose] = [any(), any(), any()];
    const { S, A } = covariance(2e-3);
    const told = odometryOf(
      scanResult({ pose, covariance: S }),
      new Float64Array(36),
      base({ mount, origin }),
    );
    const T = told.pose;
    const n = 20_000;
    const sum = new Float64Array(36);
    for (let k = 0; k < n; k++) {
      const z = Array.from({ length: 6 }, () => random.normal());
      const d = A.map((row) => row.reduce((s, a, i) => s + a * z[i]!, 0));
      // A small motion about the sensor in map axes: position + v, rotation exp(ω)·R.
      const moved = compose(exp([0, 0, 0, d[3]!, d[4]!, d[5]!]), pose);
      for (let r = 0; r < 3; r++) moved[4 * r + 3] = pose[4 * r + 3]! + d[r]!;
      const B = compose(compose(origin, moved), inverse(mount));
      const [, , , wx, wy, wz] = log(compose(B, inverse(T)));
      const e = [B[3]! - T[3]!, B[7]! - T[7]!, B[11]! - T[11]!, wx!, wy!, wz!];
      for (let r = 0; r < 6; r++) for (let c = 0; c < 6; c++) sum[r * 6 + c]! += (e[r]! * e[c]!) / n;
    }
    const scale = Math.max(...told.poseCovariance.map(Math.abs));
    sum.forEach((v, i) => expect(Math.abs(v - told.poseCovariance[i]!)).toBeLessThan(0.04 * scale));
  });

  it('never tells a variance of zero', () => {
    const { poseCovariance, twistCovariance: twist } = odometryOf(
      scanResult({}),
      new Float64Array(36),
      base({}),
    );
    for (let i = 0; i < 6; i++) {
      expect(poseCovariance[i * 7]).toBeGreaterThan(0);
      expect(twist[i * 7]).toBeGreaterThan(0);
    }
  });
});

describe('covariances', () => {
  it('J·Σ·Jᵀ agrees with the adjoint on twists', () => {
    const T = any();
    const xi = Float64Array.from({ length: 6 }, () => random.normal());
    const S = Float64Array.from({ length: 36 }, (_, k) => xi[Math.floor(k / 6)]! * xi[k % 6]!);
    // The arm of Ad is −t: v' = R·v + t × R·ω.
    const eta = transformTwist(T, xi);
    const moved = transformCovariance(S, T, [-T[3]!, -T[7]!, -T[11]!]);
    moved.forEach((v, k) => expect(v).toBeCloseTo(eta[Math.floor(k / 6)]! * eta[k % 6]!, 9));
  });

  it('of the twist: two poses over the time between, in the sensor frame', () => {
    const A = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? [4, 1, 1, 1, 1, 1][i / 7]! : 0));
    // A quarter turn about z: the sensor's y is the map's −x.
    const pose = exp([0, 0, 0, 0, 0, Math.PI / 2]);
    const S = twistCovariance(A, A, pose, 0.5);
    expect([S[0], S[7], S[14]].map((v) => Math.round(v!))).toEqual([8, 32, 8]);
  });
});
