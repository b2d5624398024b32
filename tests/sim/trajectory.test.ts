import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, log, type Pose } from '../../src/geometry/se3.js';
import { DEFAULT_IMU_NOISE, exactImu, GRAVITY, imuReadings } from '../../src/sim/imu.js';
import { driving, walking } from '../../src/sim/progress.js';
import { Route, turnReach } from '../../src/sim/route.js';
import { makeWorld } from '../../src/sim/simulate.js';
import { smoothstep, smoothstepIntegral } from '../../src/sim/smooth.js';
import { Trajectory } from '../../src/sim/trajectory.js';

const NO_IMU_NOISE = { gyro: 0, accel: 0, gyroBias: 0, accelBias: 0 };

const DEGREES = 180 / Math.PI;
const drive = (seed: number) => new Trajectory(makeWorld('street', seed).route, 'smooth', new Random(seed));
const walk = (seed: number) => new Trajectory(makeWorld('quad', seed).route, 'violent', new Random(seed));
const rate = (w: ArrayLike<number>) => Math.hypot(w[3]!, w[4]!, w[5]!) * DEGREES;

describe('smoothstep', () => {
  it('has the slope and the integral it says', () => {
    const h = 1e-5;
    for (let u = -0.45; u < 1.5; u += 0.1) {
      const slope = u > 0 && u < 1 ? 30 * (u * (1 - u)) ** 2 : 0;
      expect((smoothstep(u + h) - smoothstep(u - h)) / (2 * h)).toBeCloseTo(slope, 7);
      expect((smoothstepIntegral(u + h) - smoothstepIntegral(u - h)) / (2 * h)).toBeCloseTo(smoothstep(u), 7);
    }
    expect([smoothstep(-1), smoothstep(0.5), smoothstep(2), smoothstepIntegral(3)]).toEqual([0, 0.5, 1, 2.5]);
  });
});

describe('Route', () => {
  const speeds = { smooth: [5, 10] as [number, number], walking: 1 };
  const pieces = [
    { length: 30, turn: 0 },
    { length: 20, turn: Math.PI / 2 },
    { length: 25.3, turn: 0 },
  ];
  const rises = [{ from: 10, to: 20, slope: 0.05 }];
  const route = new Route({ x: 1, y: 2, heading: 0.3 }, pieces, speeds, 1, rises);

  it('moves by ds along its heading and slope for every ds', () => {
    const h = 1e-4;
    for (let s = -5; s < route.length + 5; s += 0.37) {
      const [a, b, c] = [
        route.at(s - h, { ...route.at(0) }),
        route.at(s + h, { ...route.at(0) }),
        route.at(s),
      ];
      expect((b.x - a.x) / (2 * h)).toBeCloseTo(Math.cos(c.heading), 7);
      expect((b.y - a.y) / (2 * h)).toBeCloseTo(Math.sin(c.heading), 7);
      expect((b.z - a.z) / (2 * h)).toBeCloseTo(c.slope, 7);
    }
  });

  it('turns by what its pieces say, reaching as far as turnReach', () => {
    const [a, b] = [route.at(30, { ...route.at(0) }), route.at(50, { ...route.at(0) })];
    expect(b.heading - a.heading).toBeCloseTo(Math.PI / 2, 12);
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const reach = turnReach(20);
    expect(Math.cos(0.3) * dx + Math.sin(0.3) * dy).toBeCloseTo(reach, 10);
    expect(Math.cos(0.3) * dy - Math.sin(0.3) * dx).toBeCloseTo(reach, 10);
    expect(route.bends).toEqual([40]);
  });

  it('climbs by slope × length', () => {
    expect(route.at(40).z).toBeCloseTo(0.5, 12);
    expect(route.at(5).z).toBe(0);
  });
});

describe('progress', () => {
  it.each([
    ['driving', driving],
    ['walking', walking],
  ] as const)('%s: distance and time are inverse to each other', (_, make) => {
    const route = makeWorld('street', 1).route;
    const progress = make(route, new Random(1));
    for (let s = 5; s < 300; s += 23.7) expect(progress.distance(progress.time(s))).toBeCloseTo(s, 9);
  });

  it('a car keeps between the limits, brakes for bends and speeds up after them', () => {
    for (let seed = 0; seed < 4; seed++) {
      const route = makeWorld('street', seed).route;
      const progress = driving(route, new Random(seed));
      const speed = (s: number) => 0.2 / (progress.time(s + 0.1) - progress.time(s - 0.1));
      const speeds: number[] = [];
      for (let s = 0; s < route.length; s++) speeds.push(speed(s));
      expect(Math.min(...speeds)).toBeGreaterThan(4.9);
      expect(Math.max(...speeds)).toBeLessThan(10.1);
      expect(Math.max(...speeds)).toBeGreaterThan(7.5);
      for (const bend of route.bends) {
        expect(speed(bend)).toBeLessThan(5.2);
        const fastest = (from: number) =>
          Math.max(...Array.from({ length: 40 }, (_, i) => speed(bend + from + i)));
        expect(fastest(-60)).toBeGreaterThan(speed(bend) + 1);
        expect(fastest(20)).toBeGreaterThan(speed(bend) + 1);
      }
    }
  });

  it('a walker starts from rest', () => {
    const progress = walking(makeWorld('quad', 1).route, new Random(1));
    expect(progress.distance(0)).toBe(0);
    expect(Math.abs(progress.distance(0.05))).toBeLessThan(1e-4);
    const speed = (progress.distance(40) - progress.distance(10)) / 30;
    expect(speed).toBeGreaterThan(1.1);
    expect(speed).toBeLessThan(1.4);
  });
});

describe.each([
  ['smooth', drive],
  ['violent', walk],
] as const)('%s motion', (_, make) => {
  it('has poses that are rotations and twists that integrate back to them', () => {
    for (let seed = 0; seed < 3; seed++) {
      const trajectory = make(seed);
      for (const start of [0, 7.3, 15]) {
        let T = trajectory.pose(start);
        const dt = 1e-3;
        for (let i = 0; i < 1000; i++) {
          const w = trajectory.twist(start + (i + 0.5) * dt);
          T = compose(T, exp(w.map((v) => v * dt)));
        }
        const error = log(compose(inverse(T), trajectory.pose(start + 1)));
        expect(Math.hypot(...error)).toBeLessThan(2e-5);
        const P = trajectory.pose(start);
        const RtR = compose(inverse(P), P);
        identity().forEach((v, k) => expect(RtR[k]).toBeCloseTo(v, 12));
      }
    }
  });

  it('is continuous to the second derivative', () => {
    const trajectory = make(0);
    const dt = 2e-3;
    let before: Float64Array | null = null;
    for (let t = 0; t < 8; t += dt) {
      const w = trajectory.twist(t);
      const now = Float64Array.of(...trajectory.acceleration(t), w[3]!, w[4]!, w[5]!);
      if (before) {
        for (let k = 0; k < 6; k++) {
          // A jump would show as a step that does not shrink with dt; jerk stays below 60 m/s³ (rad/s²: 30).
          expect(Math.abs(now[k]! - before[k]!)).toBeLessThan((k < 3 ? 60 : 30) * dt);
        }
      }
      before = now;
    }
  });

  it('follows from its seed', () => {
    expect([...make(1).pose(5.5)]).toEqual([...make(1).pose(5.5)]);
    expect([...make(1).pose(5.5)]).not.toEqual([...make(2).pose(5.5)]);
  });
});

describe('smooth motion', () => {
  it('is a car: slight pitch and roll, gentle forces, facing where it goes', () => {
    for (let seed = 0; seed < 3; seed++) {
      const trajectory = drive(seed);
      for (let t = 0; t < trajectory.timeAt(400); t += 0.1) {
        const w = trajectory.twist(t);
        expect(rate(w)).toBeLessThan(60);
        expect(Math.hypot(...trajectory.acceleration(t))).toBeLessThan(6);
        expect(w[0]).toBeGreaterThan(4.5);
        expect(Math.abs(w[1]!)).toBeLessThan(0.3);
        expect(trajectory.pose(t)[10]).toBeGreaterThan(Math.cos(6 / DEGREES));
      }
    }
  });
});

describe('violent motion', () => {
  it('peaks at 150° a second, yaw mostly, all axes in play', () => {
    for (let seed = 0; seed < 3; seed++) {
      const trajectory = walk(seed);
      const most = [0, 0, 0];
      let peak = 0;
      for (let t = 0; t < 60; t += 0.02) {
        const w = trajectory.twist(t);
        for (let k = 0; k < 3; k++) most[k] = Math.max(most[k]!, Math.abs(w[3 + k]!) * DEGREES);
        peak = Math.max(peak, rate(w));
      }
      expect(peak).toBeGreaterThan(145);
      expect(peak).toBeLessThan(151.5);
      expect(most[0]).toBeGreaterThan(25);
      expect(most[1]).toBeGreaterThan(25);
      expect(most[2]).toBeGreaterThan(Math.max(most[0]!, most[1]!));
    }
  });

  it('takes another limit', () => {
    const trajectory = new Trajectory(makeWorld('quad', 1).route, 'violent', new Random(1), { maxRate: 60 });
    let peak = 0;
    for (let t = 0; t < 60; t += 0.02) peak = Math.max(peak, rate(trajectory.twist(t)));
    expect(peak).toBeGreaterThan(57);
    expect(peak).toBeLessThan(61);
  });
});

describe('IMU', () => {
  it('at rest and level measures gravity only', () => {
    const { gyro, accel } = exactImu(walk(1), 0);
    for (const v of gyro) expect(Math.abs(v)).toBeLessThan(1e-4);
    expect(accel[0]).toBeCloseTo(0, 2);
    expect(accel[1]).toBeCloseTo(0, 2);
    expect(accel[2]).toBeCloseTo(GRAVITY, 2);
  });

  it.each([
    ['smooth', drive, 2e-3],
    ['violent', walk, 5e-3],
  ] as const)('without noise integrates back to the %s trajectory', (_, make, tolerance) => {
    const trajectory = make(3);
    const t0 = 4;
    const samples = [...imuReadings(trajectory, t0, 5, 200, NO_IMU_NOISE, new Random(0), 0n)];
    expect(samples).toHaveLength(1001);
    const T = trajectory.pose(t0);
    const v0 = trajectory.twist(t0);
    let R: Pose = Float64Array.from(T).map((v, k) => (k % 4 === 3 ? 0 : v));
    let v = [0, 1, 2].map((k) => T[4 * k]! * v0[0]! + T[4 * k + 1]! * v0[1]! + T[4 * k + 2]! * v0[2]!);
    let p = [T[3]!, T[7]!, T[11]!];
    const dt = 1 / 200;
    for (let i = 0; i + 1 < samples.length; i++) {
      // Trapezoidal: mean rate, and the mean of both ends' accelerations in the world frame.
      const [a, b] = [samples[i]!, samples[i + 1]!];
      const turn = exp([0, 0, 0, ...[0, 1, 2].map((k) => ((a.gyro[k]! + b.gyro[k]!) / 2) * dt)]);
      const next = compose(R, turn);
      const acceleration = [0, 1, 2].map((k) => {
        const force = (M: Float64Array, f: Float64Array) =>
          M[4 * k]! * f[0]! + M[4 * k + 1]! * f[1]! + M[4 * k + 2]! * f[2]!;
        return (force(R, a.accel) + force(next, b.accel)) / 2 - (k === 2 ? GRAVITY : 0);
      });
      p = p.map((x, k) => x + v[k]! * dt + 0.5 * acceleration[k]! * dt * dt);
      v = v.map((x, k) => x + acceleration[k]! * dt);
      R = next;
    }
    const end = trajectory.pose(t0 + 5);
    expect(Math.hypot(p[0]! - end[3]!, p[1]! - end[7]!, p[2]! - end[11]!)).toBeLessThan(tolerance);
    const turned = log(compose(inverse(R), end.map((x, k) => (k % 4 === 3 ? 0 : x)))); // prettier-ignore
    expect(Math.hypot(turned[3]!, turned[4]!, turned[5]!)).toBeLessThan(1e-3);
  });

  it('has the noise it is told, with constant biases', () => {
    const trajectory = drive(1);
    const noisy = [...imuReadings(trajectory, 0, 10, 200, DEFAULT_IMU_NOISE, new Random('noise'), 0n)];
    for (const [kind, sigma] of [
      ['gyro', DEFAULT_IMU_NOISE.gyro],
      ['accel', DEFAULT_IMU_NOISE.accel],
    ] as const) {
      for (let k = 0; k < 3; k++) {
        const errors = noisy.map((s, i) => s[kind][k]! - exactImu(trajectory, i / 200)[kind][k]!);
        const mean = errors.reduce((a, b) => a + b) / errors.length;
        const sd = Math.sqrt(errors.reduce((a, e) => a + (e - mean) ** 2, 0) / errors.length);
        expect(sd / sigma).toBeGreaterThan(0.93);
        expect(sd / sigma).toBeLessThan(1.07);
        expect(Math.abs(mean)).toBeGreaterThan(0); // a bias
        expect(Math.abs(mean)).toBeLessThan(4 * sigma);
      }
    }
    expect(noisy[200]!.stampNs).toBe(1_000_000_000n);
  });
});
