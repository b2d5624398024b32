import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { compose, exp, identity, inverse, log, type Pose } from '../../src/geometry/se3.js';
import { bodyPose, bodyTwist, sensorPose, sensorTwist } from '../../src/slam/body-frame.js';
import { aboutPoint } from '../../src/slam/covariance.js';

const random = new Random('body');
const anyPose = (): Pose => exp(Array.from({ length: 6 }, () => random.range(-1.5, 1.5)));

describe('a sensor on a body', () => {
  it('moves with it: poses and twists go there and back', () => {
    for (let i = 0; i < 20; i++) {
      const [T_odom_body, T_body_sensor] = [anyPose(), anyPose()];
      const twist = Float64Array.from({ length: 6 }, () => random.range(-2, 2));
      const sensor = sensorPose(T_odom_body, T_body_sensor);
      bodyPose(sensor, T_body_sensor).forEach((v, k) => expect(v).toBeCloseTo(T_odom_body[k]!, 12));
      const seen = sensorTwist(twist, { T_body_sensor });
      bodyTwist(seen, { T_body_sensor }).forEach((v, k) => expect(v).toBeCloseTo(twist[k]!, 12));
      // After a moment at this velocity the sensor is where its own twist takes it.
      const later = sensorPose(compose(T_odom_body, exp(twist.map((v) => v * 0.1))), T_body_sensor);
      log(compose(inverse(sensor), later)).forEach((v, k) => expect(v).toBeCloseTo(0.1 * seen[k]!, 9));
    }
  });

  it('that turns on a body standing still gives the body no twist, and a turning body both turns', () => {
    for (let i = 0; i < 20; i++) {
      const mountTwist = Float64Array.from({ length: 6 }, () => random.range(-2, 2));
      const mount = { T_body_sensor: anyPose(), mountTwist };
      for (const v of bodyTwist(mountTwist, mount)) expect(v).toBeCloseTo(0, 12);
      const twist = Float64Array.from({ length: 6 }, () => random.range(-2, 2));
      bodyTwist(sensorTwist(twist, mount), mount).forEach((v, k) => expect(v).toBeCloseTo(twist[k]!, 12));
    }
  });

  it('that is the body changes no bit', () => {
    const [pose, twist] = [anyPose(), Float64Array.of(1, -0, 3, 4, 5, 6)];
    expect(sensorPose(pose, identity())).toBe(pose);
    expect(bodyPose(pose, identity())).toBe(pose);
    expect(sensorTwist(twist, { T_body_sensor: identity() })).toBe(twist);
    expect(bodyTwist(twist, { T_body_sensor: identity() })).toBe(twist);
  });
});

describe('a covariance about another point', () => {
  it('is that of samples moved there', () => {
    const d = [0.7, -1.2, 0.4];
    // Any factor L of a covariance LLᵀ: its columns are displacements, which move as rigid motions do.
    const L = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => random.range(-1, 1)));
    const cov = (columns: number[][]): Float64Array =>
      Float64Array.from({ length: 36 }, (_, i) =>
        columns.reduce((sum, column) => sum + column[Math.floor(i / 6)]! * column[i % 6]!, 0),
      );
    const moved = L.map(([x, y, z, a, b, c]) => [
      x! + b! * d[2]! - c! * d[1]!,
      y! + c! * d[0]! - a! * d[2]!,
      z! + a! * d[1]! - b! * d[0]!,
      a!,
      b!,
      c!,
    ]);
    const expected = cov(moved);
    aboutPoint(cov(L), d).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
    const same = cov(L);
    expect(aboutPoint(same, [0, 0, 0])).toBe(same);
  });
});
