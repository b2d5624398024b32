import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../../src/geometry/se3.js';
import { GyroTrack } from '../../../src/sensors/imu/gyro.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
/** 200 Hz readings of a rate over time. */
function track(rate: (t: number) => number[], from = 0, to = 1): GyroTrack {
  const gyro = new GyroTrack();
  for (let i = Math.round(from * 200); i <= to * 200; i++) gyro.add(ns(i / 200), rate(i / 200));
  return gyro;
}

describe('GyroTrack', () => {
  it('gives the mean over an interval', () => {
    const gyro = track((t) => [1, Math.cos(20 * t), 0]);
    const [x, y, z] = gyro.mean(ns(0.2), ns(0.5), identity())!;
    expect([x, z]).toEqual([expect.closeTo(1, 9), 0]);
    expect(y).toBeCloseTo((Math.sin(10) - Math.sin(4)) / 20 / 0.3, 1);
  });

  it('is exact for piecewise constant rates, wherever the interval lies between readings', () => {
    const gyro = new GyroTrack();
    [0, 0.01, 0.02, 0.03].forEach((t, i) => gyro.add(ns(t), [i, 0, 0]));
    expect(gyro.mean(ns(0.005), ns(0.025), identity())![0]).toBeCloseTo(
      (0.005 * 0 + 0.01 * 1 + 0.005 * 2) / 0.02,
      9,
    );
    expect(gyro.mean(ns(0.012), ns(0.018), identity())![0]).toBeCloseTo(1, 9);
    expect(gyro.mean(ns(0.03), ns(0.05), identity())![0]).toBeCloseTo(3, 9);
  });

  it("turns into the sensor's frame", () => {
    const gyro = track(() => [1, 0, 0]);
    const turned = gyro.mean(ns(0.1), ns(0.2), exp([9, 9, 9, 0, 0, Math.PI / 2]))!;
    turned.forEach((v, i) => expect(v).toBeCloseTo([0, 1, 0][i]!, 9));
  });

  it('says nothing where readings are missing', () => {
    const gyro = track(() => [1, 0, 0], 0.5, 1);
    expect(gyro.mean(ns(0.2), ns(0.6), identity())).toBeUndefined();
    expect(gyro.mean(ns(0.9), ns(1.2), identity())).toBeUndefined();
    expect(gyro.mean(ns(0.9), ns(1.03), identity())).toBeDefined();
    expect(gyro.mean(ns(0.9), ns(0.9), identity())).toBeUndefined();
    gyro.add(ns(1.2), [0, 0, 0]);
    expect(gyro.mean(ns(0.95), ns(1.2), identity())).toBeUndefined();
    expect(new GyroTrack().mean(0n, 1n, identity())).toBeUndefined();
  });

  it('refuses what is no measurement', () => {
    const gyro = new GyroTrack();
    expect(gyro.add(ns(1), [NaN, 0, 0])).toBe(false);
    expect(gyro.add(ns(1), [0, 1e6, 0])).toBe(false);
    expect(gyro.add(ns(1), [0, 1, 0])).toBe(true);
    expect(gyro.add(ns(1), [0, 1, 0])).toBe(false);
    expect(gyro.add(ns(0.5), [0, 1, 0])).toBe(false);
  });

  it('learns a constant bias from the tracker', () => {
    const gyro = new GyroTrack();
    for (let i = 0; i < 8000; i++) {
      gyro.add(ns(i / 200), [0.3 + 0.02, -0.01, 0]);
      if (i % 20 === 19) gyro.learn(ns((i - 19) / 200), ns(i / 200), [0.3, 0, 0]);
    }
    expect(gyro.bias[0]).toBeCloseTo(0.02, 4);
    expect(gyro.mean(ns(39), ns(39.5), identity())![0]).toBeCloseTo(0.3, 4);
    expect(gyro.length).toBeLessThan(700);
  });

  it('believes no absurd bias', () => {
    const gyro = track(() => [5, 0, 0]);
    for (let i = 0; i < 500; i++) gyro.learn(ns(0.1), ns(0.2), [0, 0, 0]);
    expect(gyro.bias[0]).toBe(0.1);
  });
});
