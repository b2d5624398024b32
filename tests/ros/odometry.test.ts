import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { exp, transformTwist, type Pose } from '../../src/geometry/se3.js';
import { odometryOf, twistCovariance } from '../../src/ros/odometry.js';
import { transformCovariance } from '../../src/geometry/covariance.js';
import { scanResult } from './helpers.js';

const random = new Random('odometry');
const any = (scale = 1): Pose => exp(Array.from({ length: 6 }, () => scale * random.normal()));

/** A random covariance, Σ = A·Aᵀ. */
function covariance(scale: number): Float64Array {
  const A = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => scale * random.normal()));
  return Float64Array.from({ length: 36 }, (_, k) => {
    const [r, c] = [Math.floor(k / 6), k % 6];
    return A[r]!.reduce((sum, v, i) => sum + v * A[c]![i]!, 0);
  });
}

const FRAMES = { odomFrame: 'odom', baseFrame: 'base_link' };

describe('odometry of the base', () => {
  it('is the pose, the twist and the covariances of the body, by the names of its frames', () => {
    const [pose, twist] = [any(), Float64Array.from({ length: 6 }, () => random.normal())];
    const [S, V] = [covariance(0.1), covariance(0.2)];
    const odometry = odometryOf(scanResult({ pose, twist, odomCovariance: S }), V, FRAMES);
    expect(odometry).toMatchObject({ frameId: 'odom', childFrameId: 'base_link', pose, twist });
    expect([...odometry.poseCovariance]).toEqual([...S]);
    expect([...odometry.twistCovariance]).toEqual([...V]);
  });

  it('never has a variance of zero', () => {
    const odometry = odometryOf(scanResult({}), new Float64Array(36), FRAMES);
    for (let i = 0; i < 6; i++) {
      expect(odometry.poseCovariance[i * 7]).toBeGreaterThan(0);
      expect(odometry.twistCovariance[i * 7]).toBeGreaterThan(0);
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

  it('of the twist: two poses over the time between, in the body frame', () => {
    const A = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? [4, 1, 1, 1, 1, 1][i / 7]! : 0));
    // A quarter turn about z: the body's y is the map's −x.
    const pose = exp([0, 0, 0, 0, 0, Math.PI / 2]);
    const S = twistCovariance(A, A, pose, 0.5);
    expect([S[0], S[7], S[14]].map((v) => Math.round(v!))).toEqual([8, 32, 8]);
  });
});
