import { turn } from './rotations.js';
import { seconds } from '../clock-shift.js';
import { FeltmapError } from '../../geometry/errors.js';
import { identity, type Pose } from '../../geometry/se3.js';
import type { ImuBatch } from './batch.js';
import { GyroCheck } from './gyro-check.js';

/** Readings kept, and the largest gap (s) between two that is bridged. */
const KEEP_NS = 12_000_000_000n;
const LARGEST_GAP = 0.05;
/** Time constant of the bias estimate, in tracked poses, and the largest bias believed (rad/s). */
const BIAS_UPDATES = 50;
const MAX_BIAS = 0.1;
/** Readings beyond this are no measurement (rad/s). */
const MAX_RATE = 100;
/** Readings over which the force is averaged: swings and vibrations are not up. */
const FORCE_OVER = 200;

/**
 * Turn rates of the body over time, from an IMU: means over intervals, with the gyroscope's bias removed as tracking
 * shows it.
 *
 * @example
 * const imu = new ImuTrack();
 * imu.add({ stampsNs, rates, T_body_imu });
 * const rate = imu.mean(lastScanNs, thisScanNs); // rad/s, body frame; undefined where readings are missing
 */
export class ImuTrack {
  readonly #stamps: bigint[] = [];
  /** rad/s, frame of the IMU. */
  readonly #rates: Float64Array[] = [];
  readonly #bias = new Float64Array(3);
  readonly #check = new GyroCheck();
  /** Mean specific force of late, frame of the IMU; zeros where there is no accelerometer. */
  readonly #force = new Float64Array(3);
  #T_body_imu: Pose = identity();

  /** Readings that are kept. */
  get length(): number {
    return this.#stamps.length;
  }

  /** Whether the turns that it measures are those that are tracked. */
  get trusted(): boolean {
    return this.#check.trusted;
  }

  /** What the user should know, oldest first. */
  get notices(): readonly string[] {
    return this.#check.notices;
  }

  /** rad/s, frame of the IMU. */
  get bias(): Readonly<Float64Array> {
    return this.#bias;
  }

  /**
   * Takes readings; those that are no number, absurd, or not later than the last one are left out.
   *
   * @returns how many were taken
   * @throws FeltmapError bad-input for a batch whose arrays do not fit together
   */
  add({ stampsNs, rates, accelerations, T_body_imu }: ImuBatch): number {
    if (rates.length !== 3 * stampsNs.length || T_body_imu.length !== 12)
      throw new FeltmapError(
        'bad-input',
        `The IMU batch has ${stampsNs.length} stamps but ${rates.length} numbers of turn rates; give three per stamp.`,
      );
    this.#T_body_imu = T_body_imu;
    let taken = 0;
    for (let i = 0; i < stampsNs.length; i++)
      if (this.#take(stampsNs[i]!, rates.slice(3 * i, 3 * i + 3))) taken++;
    if (accelerations && accelerations.every(Number.isFinite))
      for (let i = 0; i < accelerations.length; i++)
        this.#force[i % 3]! += (accelerations[i]! - this.#force[i % 3]!) / FORCE_OVER;
    const newest = this.#stamps.at(-1) ?? 0n;
    let old = 0;
    while (old < this.#stamps.length && this.#stamps[old]! < newest - KEEP_NS) old++;
    this.#stamps.splice(0, old);
    this.#rates.splice(0, old);
    return taken;
  }

  /**
   * Mean turn rate over an interval, bias removed.
   *
   * @returns rad/s in the body frame, or undefined unless readings that are trusted cover the interval without a gap
   */
  mean(fromNs: bigint, toNs: bigint): Float64Array | undefined {
    const raw = this.trusted ? this.#mean(fromNs, toNs) : undefined;
    if (!raw || !this.#check.isUsable(Math.hypot(...raw), seconds(toNs - fromNs))) return undefined;
    return this.#inBody(raw);
  }

  /** Without the bias, in the body frame. */
  #inBody(raw: Float64Array): Float64Array {
    const [T, x, y, z] = [this.#T_body_imu, ...raw.map((v, i) => v - this.#bias[i]!)] as [Pose, ...number[]];
    // Only the rotation counts: all points of a rigid body turn alike.
    return Float64Array.from([0, 4, 8], (r) => T[r]! * x! + T[r + 1]! * y! + T[r + 2]! * z!);
  }

  /** By the accelerometer, body frame; undefined without one. */
  #up(): Float64Array | undefined {
    const size = Math.hypot(...this.#force);
    return size > 0 ? turn(this.#T_body_imu, this.#force).map((v) => v / size) : undefined;
  }

  /**
   * Learns the bias from a turn rate that tracking found over an interval, and whether the gyroscope is to be trusted.
   *
   * @param tracked rad/s, body frame
   */
  learn(fromNs: bigint, toNs: bigint, tracked: ArrayLike<number>): void {
    const raw = this.#mean(fromNs, toNs);
    if (!raw) return;
    this.#check.compare(seconds(toNs - fromNs), this.#inBody(raw), tracked, this.#up());
    const T = this.#T_body_imu;
    for (let i = 0; i < 3; i++) {
      const expected = T[i]! * tracked[0]! + T[i + 4]! * tracked[1]! + T[i + 8]! * tracked[2]!;
      const next = this.#bias[i]! + (raw[i]! - expected - this.#bias[i]!) / BIAS_UPDATES;
      this.#bias[i] = Math.max(-MAX_BIAS, Math.min(MAX_BIAS, next));
    }
  }

  /** Forgets the readings; the bias stays. */
  clear(): void {
    this.#stamps.length = this.#rates.length = 0;
  }

  #take(stampNs: bigint, rate: Float64Array): boolean {
    const last = this.#stamps.at(-1);
    if (last !== undefined && stampNs <= last) return false;
    for (let i = 0; i < 3; i++) if (!(Math.abs(rate[i]!) < MAX_RATE)) return false;
    this.#stamps.push(stampNs);
    this.#rates.push(rate);
    return true;
  }

  /** Integral of the piecewise constant rate (each reading holds until the next) over its duration; frame of the IMU. */
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
