import type { Random } from '../geometry/random.js';
import type { Body } from './body.js';

export const GRAVITY = 9.80665;

/** One IMU reading in the sensor frame. */
export interface ImuSample {
  readonly stampNs: bigint;
  /** rad/s. */
  readonly gyro: Float64Array;
  /** Specific force, m/s²: at rest and level (0, 0, +g). */
  readonly accel: Float64Array;
}

export interface ImuNoise {
  /** Standard deviation per reading, rad/s and m/s². */
  readonly gyro: number;
  readonly accel: number;
  /** Standard deviation of the constant biases, rad/s and m/s². */
  readonly gyroBias: number;
  readonly accelBias: number;
}

export const DEFAULT_IMU_NOISE: ImuNoise = { gyro: 0.002, accel: 0.03, gyroBias: 0.002, accelBias: 0.03 };

/** The noise-free reading at t seconds: body rate, and Rᵀ(a + g·z). */
export function exactImu(trajectory: Body, t: number): { gyro: Float64Array; accel: Float64Array } {
  const twist = trajectory.twist(t);
  const [ax, ay, az] = trajectory.acceleration(t);
  const T = trajectory.pose(t);
  const f = az + GRAVITY;
  return {
    gyro: twist.slice(3, 6),
    accel: Float64Array.of(
      T[0]! * ax + T[4]! * ay + T[8]! * f,
      T[1]! * ax + T[5]! * ay + T[9]! * f,
      T[2]! * ax + T[6]! * ay + T[10]! * f,
    ),
  };
}

/** Readings at `rate` hertz for `duration` seconds from trajectory time t0 (stamped startNs), with white noise and constant biases drawn from `random`. */
export function* imuReadings(
  trajectory: Body,
  t0: number,
  duration: number,
  rate: number,
  noise: ImuNoise,
  random: Random,
  startNs: bigint,
): Generator<ImuSample> {
  const bias = random.fork('bias');
  const gyroBias = [0, 1, 2].map(() => noise.gyroBias * bias.normal());
  const accelBias = [0, 1, 2].map(() => noise.accelBias * bias.normal());
  const count = Math.floor(duration * rate + 1e-9) + 1;
  for (let i = 0; i < count; i++) {
    const { gyro, accel } = exactImu(trajectory, t0 + i / rate);
    const draw = random.fork(i);
    yield {
      stampNs: startNs + BigInt(Math.round((i * 1e9) / rate)),
      gyro: gyro.map((v, k) => v + gyroBias[k]! + noise.gyro * draw.normal()),
      accel: accel.map((v, k) => v + accelBias[k]! + noise.accel * draw.normal()),
    };
  }
}
