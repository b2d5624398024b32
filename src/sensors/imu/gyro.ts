import type { Pose } from '../../geometry/se3.js';

/** Readings kept, and the largest gap (s) between two that is bridged. */
const KEEP_NS = 3_000_000_000n;
const LARGEST_GAP = 0.05;
/** Time constant of the bias estimate, in scans, and the largest bias believed (rad/s). */
const BIAS_SCANS = 50;
const MAX_BIAS = 0.1;
/** Readings beyond this are no measurement (rad/s). */
const MAX_RATE = 100;

/** Turn rates of a gyroscope over time: means over intervals, and its bias as the tracker shows it. */
export class GyroTrack {
  readonly #stamps: bigint[] = [];
  readonly #rates: Float64Array[] = [];
  readonly #bias = new Float64Array(3);

  /** Readings that are kept. */
  get length(): number {
    return this.#stamps.length;
  }

  /** rad/s, frame of the gyroscope. */
  get bias(): Readonly<Float64Array> {
    return this.#bias;
  }

  /**
   * Takes a reading (rad/s, its own frame).
   * @returns false for one that is no number, absurd, or not later than the last
   */
  add(stampNs: bigint, rate: ArrayLike<number>): boolean {
    const last = this.#stamps.at(-1);
    if (last !== undefined && stampNs <= last) return false;
    for (let i = 0; i < 3; i++) if (!(Math.abs(rate[i]!) < MAX_RATE)) return false;
    this.#stamps.push(stampNs);
    this.#rates.push(Float64Array.of(rate[0]!, rate[1]!, rate[2]!));
    let old = 0;
    while (this.#stamps[old]! < stampNs - KEEP_NS) old++;
    this.#stamps.splice(0, old);
    this.#rates.splice(0, old);
    return true;
  }

  /**
   * Mean turn rate over an interval, bias removed.
   *
   * @param T_sensor_gyro only the rotation counts: all points of a rigid body turn alike
   * @returns rad/s in the sensor's frame, or undefined unless readings cover the interval without a gap
   */
  mean(fromNs: bigint, toNs: bigint, T_sensor_gyro: Pose): Float64Array | undefined {
    const raw = this.#mean(fromNs, toNs);
    return (
      raw &&
      rotate(
        T_sensor_gyro,
        raw.map((v, i) => v - this.#bias[i]!),
      )
    );
  }

  /** Learns the bias from a turn rate that the tracker found over the same interval (gyroscope's frame). */
  learn(fromNs: bigint, toNs: bigint, tracked: ArrayLike<number>): void {
    const raw = this.#mean(fromNs, toNs);
    if (!raw) return;
    for (let i = 0; i < 3; i++) {
      const next = this.#bias[i]! + (raw[i]! - tracked[i]! - this.#bias[i]!) / BIAS_SCANS;
      this.#bias[i] = Math.max(-MAX_BIAS, Math.min(MAX_BIAS, next));
    }
  }

  clear(): void {
    this.#stamps.length = this.#rates.length = 0;
  }

  /** Integral of the piecewise constant rate (each reading holds until the next) over its duration. */
  #mean(fromNs: bigint, toNs: bigint): Float64Array | undefined {
    const [stamps, rates] = [this.#stamps, this.#rates];
    const n = stamps.length;
    if (n === 0 || toNs <= fromNs) return undefined;
    const sum = new Float64Array(3);
    const start = stamps[0]! > fromNs ? Number(stamps[0]! - fromNs) * 1e-9 : 0;
    if (start > LARGEST_GAP) return undefined;
    for (let i = 0; i < n; i++) {
      const from = i === 0 || stamps[i]! < fromNs ? fromNs : stamps[i]!;
      const next = i + 1 < n && stamps[i + 1]! < toNs ? stamps[i + 1]! : toNs;
      if (i + 1 < n && stamps[i + 1]! <= fromNs) continue;
      if (from >= toNs) break;
      const dt = Number(next - from) * 1e-9;
      if (Number(next - stamps[i]!) * 1e-9 > LARGEST_GAP) return undefined;
      for (let k = 0; k < 3; k++) sum[k]! += rates[i]![k]! * dt;
    }
    const whole = Number(toNs - fromNs) * 1e-9;
    return sum.map((v) => v / whole);
  }
}

function rotate(T: Pose, v: Float64Array): Float64Array {
  return Float64Array.of(
    T[0]! * v[0]! + T[1]! * v[1]! + T[2]! * v[2]!,
    T[4]! * v[0]! + T[5]! * v[1]! + T[6]! * v[2]!,
    T[8]! * v[0]! + T[9]! * v[1]! + T[10]! * v[2]!,
  );
}
