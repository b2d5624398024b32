import { describe, expect, it } from 'vitest';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { ImuTrack } from '../../../src/sensors/imu/imu-track.js';

const ns = (s: number): bigint => BigInt(Math.round(s * 1e9));
const batch = (
  readings: readonly (readonly [number, readonly number[]])[],
  T_body_imu: Pose = identity(),
) => ({
  stampsNs: BigInt64Array.from(readings, ([t]) => ns(t)),
  rates: Float64Array.from(readings.flatMap(([, rate]) => rate)),
  T_body_imu,
});
/** 200 Hz readings of a rate over time. */
function track(rate: (t: number) => number[], from = 0, to = 1, T_body_imu = identity()): ImuTrack {
  const imu = new ImuTrack();
  const readings: [number, number[]][] = [];
  for (let i = Math.round(from * 200); i <= to * 200; i++) readings.push([i / 200, rate(i / 200)]);
  imu.add(batch(readings, T_body_imu));
  return imu;
}

describe('ImuTrack', () => {
  it('gives the mean over an interval', () => {
    const imu = track((t) => [1, Math.cos(20 * t), 0]);
    const [x, y, z] = imu.mean(ns(0.2), ns(0.5))!;
    expect([x, z]).toEqual([expect.closeTo(1, 9), 0]);
    expect(y).toBeCloseTo((Math.sin(10) - Math.sin(4)) / 20 / 0.3, 1);
  });

  it('is exact for piecewise constant rates, wherever the interval lies between readings', () => {
    const imu = new ImuTrack();
    imu.add(batch([0, 0.01, 0.02, 0.03].map((t, i) => [t, [i, 0, 0]])));
    expect(imu.mean(ns(0.005), ns(0.025))![0]).toBeCloseTo((0.005 * 0 + 0.01 * 1 + 0.005 * 2) / 0.02, 9);
    expect(imu.mean(ns(0.012), ns(0.018))![0]).toBeCloseTo(1, 9);
    expect(imu.mean(ns(0.03), ns(0.05))![0]).toBeCloseTo(3, 9);
  });

  it('turns into the frame of the body', () => {
    const imu = track(() => [1, 0, 0], 0, 1, exp([9, 9, 9, 0, 0, Math.PI / 2]));
    const turned = imu.mean(ns(0.1), ns(0.2))!;
    turned.forEach((v, i) => expect(v).toBeCloseTo([0, 1, 0][i]!, 9));
  });

  it('says nothing where readings are missing', () => {
    const imu = track(() => [1, 0, 0], 0.5, 1);
    expect(imu.mean(ns(0.2), ns(0.6))).toBeUndefined();
    expect(imu.mean(ns(0.9), ns(1.2))).toBeUndefined();
    expect(imu.mean(ns(0.9), ns(1.03))).toBeDefined();
    expect(imu.mean(ns(0.9), ns(0.9))).toBeUndefined();
    imu.add(batch([[1.2, [0, 0, 0]]]));
    expect(imu.mean(ns(0.95), ns(1.2))).toBeUndefined();
    expect(new ImuTrack().mean(0n, 1n)).toBeUndefined();
  });

  it('leaves out what is no measurement', () => {
    const imu = new ImuTrack();
    const add = (t: number, rate: number[]): number => imu.add(batch([[t, rate]]));
    expect(add(1, [NaN, 0, 0])).toBe(0);
    expect(add(1, [0, 1e6, 0])).toBe(0);
    expect(add(1, [0, 1, 0])).toBe(1);
    expect(add(1, [0, 1, 0])).toBe(0);
    expect(add(0.5, [0, 1, 0])).toBe(0);
    expect(imu.length).toBe(1);
  });

  it('refuses a batch whose arrays do not fit together', () => {
    const bad = { ...batch([[1, [0, 1, 0]]]), rates: new Float64Array(2) };
    expect(() => new ImuTrack().add(bad)).toThrow(/1 stamps but 2 numbers/);
  });

  it('learns a constant bias from tracking, in the frame of the IMU', () => {
    const imu = new ImuTrack();
    const T_body_imu = exp([0, 0, 0, 0, 0, Math.PI / 2]);
    for (let i = 0; i < 8000; i++) {
      imu.add(batch([[i / 200, [0.3 + 0.02, -0.01, 0]]], T_body_imu));
      if (i % 20 === 19) imu.learn(ns((i - 19) / 200), ns(i / 200), [0, 0.3, 0]);
    }
    expect(imu.bias[0]).toBeCloseTo(0.02, 4);
    expect(imu.bias[1]).toBeCloseTo(-0.01, 4);
    expect(imu.mean(ns(39), ns(39.5))![1]).toBeCloseTo(0.3, 4);
    expect(imu.length).toBeLessThan(2500);
  });

  it('believes no absurd bias', () => {
    const imu = track(() => [5, 0, 0]);
    for (let i = 0; i < 500; i++) imu.learn(ns(0.1), ns(0.2), [0, 0, 0]);
    expect(imu.bias[0]).toBe(0.1);
  });
});
