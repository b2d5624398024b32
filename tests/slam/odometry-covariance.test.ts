import { describe, expect, it } from 'vitest';
import { eigenSymmetric } from '../../src/geometry/linear.js';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, type Pose } from '../../src/geometry/se3.js';
import { OdometryCovariance } from '../../src/slam/odometry-covariance.js';

const diagonal = (...variances: number[]): Float64Array =>
  Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? variances[i / 7]! : 0));
/** Drives steps of 0.5 m along x. */
function drive(covariance: Float64Array, metres: number, heading = identity()): Float64Array {
  const drift = new OdometryCovariance();
  let out = new Float64Array(36);
  for (let k = 0; k <= metres * 2; k++)
    out = Float64Array.from(drift.update(compose(heading, exp([k / 2, 0, 0, 0, 0, 0])), covariance, 0));
  return out;
}

describe('the covariance in the odom frame', () => {
  it('is that of the scan at first, and stays while the body stands', () => {
    const S = diagonal(1e-6, 4e-6, 9e-6, 1e-8, 1e-8, 4e-8);
    const drift = new OdometryCovariance();
    for (let k = 0; k < 1000; k++) {
      const out = drift.update(exp([3, 2, 1, 0.1, 0.2, 2]), S, 0);
      out.forEach((v, i) => expect(v).toBeCloseTo(S[i]!, 15));
    }
  });

  it('grows by its own size every 10 m, and with the distance by the error of scale', () => {
    const S = diagonal(1e-6, 4e-6, 9e-6, 0, 0, 0);
    for (const metres of [10, 40, 200]) {
      const out = drive(S, metres);
      expect(out[0]).toBeCloseTo(1e-6 * (1 + metres / 10) + (4e-4 * metres) ** 2, 12);
      expect(out[7]).toBeCloseTo(4e-6 * (1 + metres / 10), 12);
      expect(out[14]).toBeCloseTo(9e-6 * (1 + metres / 10), 12);
    }
  });

  it('lets an error of heading swing the way behind it: lateral variance q·d³/3', () => {
    const q = 1e-8;
    const out = drive(diagonal(0, 0, 0, 0, 0, q * 10), 100);
    expect(out[35]! / (q * 110)).toBeCloseTo(1, 2);
    expect(out[7]! / ((q * 100 ** 3) / 3)).toBeCloseTo(1, 1);
    // Heading and lateral error go together: turned to the left, the body is on the left.
    expect(out[11]!).toBeGreaterThan(0);
  });

  it('does not depend on where the odom frame looks', () => {
    const S = diagonal(1e-6, 1e-6, 1e-6, 1e-8, 1e-8, 1e-8);
    const straight = drive(S, 60);
    const turned = drive(S, 60, exp([5, 6, 7, 0, 0, Math.PI / 2]));
    // The body's x is odom's y.
    expect(turned[7]).toBeCloseTo(straight[0]!, 12);
    expect(turned[0]).toBeCloseTo(straight[7]!, 12);
    expect(turned[14]).toBeCloseTo(straight[14]!, 12);
  });

  it('keeps what has slid after the sliding has ended', () => {
    const drift = new OdometryCovariance();
    const S = diagonal(1e-6, 1e-6, 1e-6, 0, 0, 0);
    const at = (k: number): Pose => exp([0.01 * k, 0, 0, 0, 0, 0]);
    let out = drift.update(at(0), S, 0);
    for (let k = 1; k <= 5; k++) {
      const slid = new Float64Array(9);
      slid[0] = (0.2 * k) ** 2;
      const wide = S.map((v, i) => (i === 0 ? v + slid[0]! : v));
      out = drift.update(at(k), wide, 0, slid);
      expect(out[0]).toBeCloseTo((0.2 * k) ** 2, 3);
    }
    out = drift.update(at(6), S, 0);
    expect(out[0]).toBeCloseTo(1, 3);
    expect(out[7]).toBeLessThan(1e-5);
  });

  it('is large while lost, small again once found, and stays large in a new map', () => {
    const drift = new OdometryCovariance();
    const S = diagonal(1e-6, 1e-6, 1e-6, 1e-8, 1e-8, 1e-8);
    drift.update(identity(), S, 0);
    expect(drift.lost(exp([1, 0, 0, 0, 0, 0]))[0]).toBeGreaterThan(99);
    expect(drift.update(exp([2, 0, 0, 0, 0, 0]), S, 0)[0]).toBeLessThan(1e-5);
    for (let k = 0; k < 3; k++) expect(drift.update(exp([2, 0, 0, 0, 0, 0]), S, 1)[0]).toBeGreaterThan(99);
  });

  it('is symmetric and positive on any way', () => {
    const random = new Random('odometry');
    const drift = new OdometryCovariance();
    let pose = identity();
    for (let k = 0; k < 200; k++) {
      const step = Float64Array.from({ length: 6 }, (_, i) => random.normal() * (i < 3 ? 0.3 : 0.2));
      pose = compose(pose, exp(step));
      const A = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => 1e-3 * random.normal()));
      const S = Float64Array.from({ length: 36 }, (_, i) =>
        A[Math.floor(i / 6)]!.reduce((sum, v, c) => sum + v * A[i % 6]![c]!, 0),
      );
      const out = drift.update(pose, S, 0);
      for (let r = 0; r < 6; r++)
        for (let c = 0; c < r; c++) expect(out[r * 6 + c]).toBeCloseTo(out[c * 6 + r]!, 9);
      expect(eigenSymmetric(out, 6).values[0]!).toBeGreaterThan(0);
    }
  });
});
