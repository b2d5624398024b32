/**
 * Error-state Kalman filter of an IMU that is carried along (Solà, Quaternion kinematics for the error-state Kalman filter, 2017,
 * section 5.4; global angular errors, section 7): covariance and corrections. The nominal state lies in inertial-filter.ts.
 */
import { invertSpd } from '../../geometry/linear.js';

/** Where each part of the error begins: attitude and velocity (level frame), way since the last pose, biases, tilt of odom. */
export const PART = { attitude: 0, velocity: 3, way: 6, accelBias: 9, gyroBias: 12, odom: 15 } as const;
const N = 18;

/** What the errors grow by. */
export interface Growth {
  /** Seconds. */
  readonly dt: number;
  /** T_level_imu, and the specific force in the level frame (m/s²). */
  readonly R: ArrayLike<number>;
  readonly force: ArrayLike<number>;
  /** Variances per second: attitude rad²/s, velocity m²/s³, accelerometer's and gyroscope's bias. */
  readonly attitude: number;
  readonly velocity: number;
  readonly accelBias: number;
  readonly gyroBias: number;
}

/**
 * Covariance of the errors, and what a measurement says about them.
 *
 * @example
 * const errors = new ErrorState();
 * errors.set(PART.attitude, 0.01 ** 2);
 */
export class ErrorState {
  /** 18×18. */
  readonly P = new Float64Array(N * N);
  readonly #scratch = new Float64Array(N * N);

  /** Sets a part's own variance, and forgets what it has to do with the others. */
  set(part: number, variance: number): void {
    const { P } = this;
    for (let i = part; i < part + 3; i++) {
      for (let k = 0; k < N; k++) P[i * N + k] = P[k * N + i] = 0;
      P[i * (N + 1)] = variance;
    }
  }

  /** Nothing is unknown about one component, as of the heading of a frame that one is free to choose. */
  certain(component: number): void {
    for (let k = 0; k < N; k++) this.P[component * N + k] = this.P[k * N + component] = 0;
  }

  /** Adds to a part's own variance. */
  widen(part: number, variance: number): void {
    for (let i = part; i < part + 3; i++) this.P[i * (N + 1)]! += variance;
  }

  /** Makes one part the same unknown as another is now. */
  clone(to: number, from: number): void {
    const { P } = this;
    for (let i = 0; i < 3; i++)
      for (let k = 0; k < N; k++)
        if (k < to || k >= to + 3) P[(to + i) * N + k] = P[k * N + to + i] = P[(from + i) * N + k]!;
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) P[(to + i) * N + to + j] = P[(from + i) * N + from + j]!;
  }

  /** Covariance (3×3) of the difference between two parts. */
  difference(a: number, b: number): Float64Array {
    const { P } = this;
    return Float64Array.from({ length: 9 }, (_, k) => {
      const [i, j] = [Math.floor(k / 3), k % 3];
      return (
        P[(a + i) * N + a + j]! + P[(b + i) * N + b + j]! - P[(a + i) * N + b + j]! - P[(b + i) * N + a + j]!
      );
    });
  }

  /** Largest standard deviation of a part's components. */
  sigma(part: number): number {
    const { P } = this;
    return Math.sqrt(Math.max(...[0, 1, 2].map((i) => P[(part + i) * (N + 1)]!)));
  }

  /** P ← F P Fᵀ + Q, F = I + dt·A: attitude by the gyroscope's bias, velocity by attitude and the accelerometer's. */
  grow(g: Growth): void {
    const { P } = this;
    this.#times(P, g, N, 1);
    this.#times(P, g, 1, N);
    const { dt } = g;
    this.widen(PART.attitude, g.attitude * dt);
    this.widen(PART.velocity, g.velocity * dt);
    this.widen(PART.accelBias, g.accelBias * dt);
    this.widen(PART.gyroBias, g.gyroBias * dt);
  }

  /** F·P over rows (strides N, 1) or P·Fᵀ over columns (1, N), in place: what a part takes from is not changed before. */
  #times(P: Float64Array, { dt, R, force }: Growth, stride: number, along: number): void {
    const [fx, fy, fz] = [force[0]!, force[1]!, force[2]!];
    for (let k = 0; k < N; k++) {
      const at = (i: number): number => i * stride + k * along;
      for (let i = 0; i < 3; i++) P[at(6 + i)]! += dt * P[at(3 + i)]!;
      const [a, b, c] = [P[at(0)]!, P[at(1)]!, P[at(2)]!];
      const turned = [c * fy - b * fz, a * fz - c * fx, b * fx - a * fy]; // attitude × force, transposed: −[f]× θ
      for (let i = 0; i < 3; i++) {
        const row = i * 3;
        const byAccel = R[row]! * P[at(9)]! + R[row + 1]! * P[at(10)]! + R[row + 2]! * P[at(11)]!;
        const byGyro = R[row]! * P[at(12)]! + R[row + 1]! * P[at(13)]! + R[row + 2]! * P[at(14)]!;
        P[at(3 + i)]! -= dt * (turned[i]! + byAccel);
        P[at(i)]! -= dt * byGyro;
      }
    }
  }

  /**
   * Takes a measurement of three numbers, y = H·error + noise.
   *
   * @param y 3
   * @param H 3×18
   * @param noise 3×3
   * @param most squared length of y in standard deviations beyond which the noise is taken to be as large as that says
   * @returns the correction (18) and yᵀS⁻¹y; undefined where the numbers say nothing
   */
  measure(
    y: ArrayLike<number>,
    H: Float64Array,
    noise: Float64Array,
    most: number,
  ): { readonly correction: Float64Array; readonly square: number } | undefined {
    const { P } = this;
    const PH = this.#scratch.subarray(0, N * 3);
    for (let r = 0; r < N; r++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < N; k++) sum += P[r * N + k]! * H[c * N + k]!;
        PH[r * 3 + c] = sum;
      }
    const spread = (scale: number): Float64Array | undefined => {
      const S = noise.map((v) => v * scale);
      for (let r = 0; r < 3; r++)
        for (let c = 0; c < 3; c++)
          for (let k = 0; k < N; k++) S[r * 3 + c]! += H[r * N + k]! * PH[k * 3 + c]!;
      return invertSpd(S, 3);
    };
    let inverse = spread(1);
    if (!inverse) return undefined;
    const square = quadratic(inverse, y);
    if (!(square >= 0)) return undefined;
    if (square > most) inverse = spread(square / most) ?? inverse;
    const K = new Float64Array(N * 3);
    for (let r = 0; r < N; r++)
      for (let c = 0; c < 3; c++)
        for (let k = 0; k < 3; k++) K[r * 3 + c]! += PH[r * 3 + k]! * inverse[k * 3 + c]!;
    const correction = Float64Array.from({ length: N }, (_, r) =>
      [0, 1, 2].reduce((sum, c) => sum + K[r * 3 + c]! * y[c]!, 0),
    );
    for (let r = 0; r < N; r++)
      for (let c = 0; c <= r; c++) {
        let drop = 0;
        for (let k = 0; k < 3; k++) drop += K[r * 3 + k]! * PH[c * 3 + k]!;
        P[r * N + c] = P[c * N + r] = (P[r * N + c]! + P[c * N + r]!) / 2 - drop;
      }
    return { correction, square };
  }
}

function quadratic(M: Float64Array, y: ArrayLike<number>): number {
  let sum = 0;
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) sum += y[r]! * M[r * 3 + c]! * y[c]!;
  return sum;
}
