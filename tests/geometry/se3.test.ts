import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import {
  areWithin,
  compose,
  exp,
  fromQuaternion,
  identity,
  interpolate,
  inverse,
  log,
  orthonormalise,
  rotationAngle,
  rotationVector,
  toQuaternion,
  transformPoint,
  translationNorm,
  type Pose,
} from '../../src/geometry/se3.js';

function randomUnit(random: Random): number[] {
  const v = [random.normal(), random.normal(), random.normal()];
  const n = Math.hypot(...v);
  return v.map((x) => x / n);
}

/** A twist with the given rotation angle about a random axis and a translation part of some metres. */
function randomTwist(random: Random, angle: number): number[] {
  return [
    ...Array.from({ length: 3 }, () => random.range(-20, 20)),
    ...randomUnit(random).map((x) => x * angle),
  ];
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

/** exp(ξ) by its series Σ Mᵏ/k! on the 4×4 matrix: no case distinction, no trigonometry. */
function expBySeries(xi: readonly number[]): Pose {
  const [vx, vy, vz, wx, wy, wz] = xi as [number, number, number, number, number, number];
  const M = [0, -wz, wy, vx, wz, 0, -wx, vy, -wy, wx, 0, vz, 0, 0, 0, 0];
  const sum = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  let power = sum.slice();
  for (let k = 1; k < 40; k++) {
    power = power.map((_, at) => {
      const [r, c] = [at >> 2, at & 3];
      return [0, 1, 2, 3].reduce((s, i) => s + power[r * 4 + i]! * M[i * 4 + c]!, 0) / k;
    });
    power.forEach((x, at) => (sum[at]! += x));
  }
  return Float64Array.from(sum.slice(0, 12));
}

const ANGLES = [
  0,
  1e-12,
  1e-8,
  9.9e-5,
  1.01e-4,
  9.9e-4,
  1.01e-3,
  0.1,
  1,
  2,
  3,
  Math.PI - 1e-3,
  Math.PI - 1e-7,
];

describe('SE(3)', () => {
  it('exp agrees with its power series at every size of angle', () => {
    const random = new Random('series');
    for (const angle of ANGLES) {
      for (let i = 0; i < 20; i++) {
        const xi = randomTwist(random, angle);
        expect(distance(exp(xi), expBySeries(xi)), `angle ${angle}`).toBeLessThan(1e-11);
      }
    }
  });

  it('log undoes exp up to an angle of π', () => {
    const random = new Random('log');
    for (const angle of ANGLES) {
      for (let i = 0; i < 50; i++) {
        const xi = randomTwist(random, angle);
        expect(distance(log(exp(xi)), xi), `angle ${angle}`).toBeLessThan(1e-8);
      }
    }
    for (let i = 0; i < 500; i++) {
      const xi = randomTwist(random, random.range(0, 3.1));
      expect(distance(log(exp(xi)), xi)).toBeLessThan(1e-10);
    }
  });

  it('at an angle of exactly π gives one of the two rotation vectors', () => {
    const random = new Random('pi');
    const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1], ...Array.from({ length: 50 }, () => randomUnit(random))];
    for (const axis of axes) {
      const T = exp([0, 0, 0, ...axis.map((x) => x * Math.PI)]);
      expect(rotationAngle(T)).toBeCloseTo(Math.PI, 9);
      expect(distance(exp([0, 0, 0, ...rotationVector(T)]), T)).toBeLessThan(1e-12);
    }
  });

  it('is a group: inverse, identity, associativity', () => {
    const random = new Random('group');
    for (let i = 0; i < 200; i++) {
      const [a, b, c] = [1, 2, 3].map(() => exp(randomTwist(random, random.range(0, Math.PI)))) as [
        Pose,
        Pose,
        Pose,
      ];
      expect(distance(compose(a, inverse(a)), identity())).toBeLessThan(1e-13);
      expect(distance(compose(a, identity()), a)).toBe(0);
      expect(distance(compose(compose(a, b), c), compose(a, compose(b, c)))).toBeLessThan(1e-12);
      expect(distance(inverse(compose(a, b)), compose(inverse(b), inverse(a)))).toBeLessThan(1e-12);
    }
  });

  it('compose acts on points like one transform after the other, also in place', () => {
    const random = new Random('points');
    for (let i = 0; i < 100; i++) {
      const [a, b] = [1, 2].map(() => exp(randomTwist(random, random.range(0, 3)))) as [Pose, Pose];
      const p: [number, number, number] = [random.normal(), random.normal(), random.normal()];
      const twice = transformPoint(a, ...transformPoint(b, ...p));
      expect(distance(transformPoint(compose(a, b), ...p), twice)).toBeLessThan(1e-12);
      const expected = compose(a, b);
      const [left, right] = [a.slice(), b.slice()];
      expect(distance(compose(left, b, left), expected)).toBe(0);
      expect(distance(compose(a, right, right), expected)).toBe(0);
      expect(distance(transformPoint(inverse(a), ...transformPoint(a, ...p)), p)).toBeLessThan(1e-12);
    }
  });

  it('keeps quaternions of unit length with w ≥ 0 that turn back into the same pose', () => {
    const random = new Random('quaternion');
    for (let i = 0; i < 500; i++) {
      const T = exp(randomTwist(random, i % 2 ? random.range(0, Math.PI) : Math.PI - random.next() * 1e-6));
      const q = toQuaternion(T);
      expect(Math.hypot(...q)).toBeCloseTo(1, 14);
      expect(q[3]).toBeGreaterThanOrEqual(0);
      const t = [T[3]!, T[7]!, T[11]!];
      expect(distance(fromQuaternion(t, q), T)).toBeLessThan(1e-14 * 10);
      const scaled = q.map((x) => x * -3);
      expect(distance(fromQuaternion(t, scaled), T)).toBeLessThan(1e-13);
    }
  });

  it('knows the quaternion of a quarter turn about z', () => {
    const T = exp([0, 0, 0, 0, 0, Math.PI / 2]);
    expect(distance(toQuaternion(T), [0, 0, Math.SQRT1_2, Math.SQRT1_2])).toBeLessThan(1e-15);
    expect(distance(transformPoint(T, 1, 0, 0), [0, 1, 0])).toBeLessThan(1e-15);
  });

  it('interpolates at a constant twist, and extrapolates', () => {
    const random = new Random('interpolate');
    for (let i = 0; i < 100; i++) {
      const a = exp(randomTwist(random, random.range(0, 3)));
      const xi = randomTwist(random, random.range(0, 1));
      const b = compose(a, exp(xi));
      expect(distance(interpolate(a, b, 0), a)).toBeLessThan(1e-12);
      expect(distance(interpolate(a, b, 1), b)).toBeLessThan(1e-11);
      const s = random.range(-1, 2);
      expect(distance(interpolate(a, b, s), compose(a, exp(xi.map((x) => x * s))))).toBeLessThan(1e-10);
    }
  });

  it('measures angle and length', () => {
    const random = new Random('measure');
    for (let i = 0; i < 100; i++) {
      const angle = random.range(0, Math.PI);
      const T = exp([0, 0, 0, ...randomUnit(random).map((x) => x * angle)]);
      [T[3], T[7], T[11]] = [3, 4, 12];
      expect(rotationAngle(T)).toBeCloseTo(angle, 10);
      expect(translationNorm(T)).toBeCloseTo(13, 12);
    }
  });

  it('makes a worn rotation orthonormal again and leaves the translation alone', () => {
    const random = new Random('worn');
    for (let i = 0; i < 100; i++) {
      const T = exp(randomTwist(random, random.range(0, 3)));
      const worn = T.map((x, at) => (at % 4 === 3 ? x : x + 1e-6 * random.normal()));
      const R = orthonormalise(worn);
      expect([R[3], R[7], R[11]]).toEqual([T[3], T[7], T[11]]);
      expect(distance(R, T)).toBeLessThan(1e-5);
      const rotation = R.map((x, at) => (at % 4 === 3 ? 0 : x));
      expect(distance(compose(rotation, inverse(rotation)), identity())).toBeLessThan(1e-14 * 10);
    }
  });

  it('tells whether two poses are near each other, in place and turn', () => {
    const a = compose(exp([3, -2, 1, 0, 0, 0]), exp([0, 0, 0, 0.3, 0, 1]));
    const b = compose(a, exp([0.3, 0.4, 0, 0, 0, 0]));
    expect(areWithin(a, b, { metres: 0.51, radians: 1e-6 })).toBe(true);
    expect(areWithin(b, a, { metres: 0.49, radians: 3 })).toBe(false);
    const turned = compose(a, exp([0, 0, 0, 0, 0.2, 0]));
    expect(areWithin(a, turned, { metres: 0.01, radians: 0.21 })).toBe(true);
    expect(areWithin(turned, a, { metres: 9, radians: 0.19 })).toBe(false);
  });
});
