import type { Pose } from '../geometry/se3.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import { ImuTrack } from '../sensors/imu/imu-track.js';
import type { GyroHint, LidarScan } from '../sensors/lidar/scan.js';
import type { ScanResult } from '../slam/types.js';

/** Turn rates for a system that takes none itself: what a gyroscope measured between scans and during them. */
export class GyroHints {
  readonly #track = new ImuTrack();
  #lastStamp: bigint | undefined;

  add(batch: ImuBatch): void {
    this.#track.add(batch);
  }

  /** Turn rates since the last scan and during this one, frame of the sensor. */
  hint(scan: LidarScan): GyroHint | undefined {
    if (this.#lastStamp === undefined) return undefined;
    const since = this.#track.mean(this.#lastStamp, scan.stampNs);
    if (!since) return undefined;
    const [first, last] = timeSpan(scan);
    const during = this.#track.mean(scan.stampNs + first, scan.stampNs + last) ?? since;
    return { since: toSensor(since, scan.mount), during: toSensor(during, scan.mount) };
  }

  /** A scan is done: a tracked one teaches the gyroscope's bias. */
  learn({ state, stampNs, twist }: ScanResult, mount: Pose | undefined): void {
    const before = this.#lastStamp;
    this.#lastStamp = stampNs;
    if (state !== 'tracking' || before === undefined) return;
    this.#track.learn(before, stampNs, toBody(twist.subarray(3), mount));
  }
}

/** Rᵀ·ω with the rotation of T_body_sensor. */
function toSensor(rate: Float64Array, T?: Pose): Float64Array {
  if (!T) return rate;
  return Float64Array.from([0, 1, 2], (c) => T[c]! * rate[0]! + T[4 + c]! * rate[1]! + T[8 + c]! * rate[2]!);
}

/** R·ω with the rotation of T_body_sensor. */
function toBody(rate: Float64Array, T?: Pose): Float64Array {
  if (!T) return rate;
  return Float64Array.from([0, 4, 8], (r) => T[r]! * rate[0]! + T[r + 1]! * rate[1]! + T[r + 2]! * rate[2]!);
}

/** First and last point's time relative to the stamp, ns; a tenth of a second where points carry none. */
function timeSpan({ times }: LidarScan): [bigint, bigint] {
  if (!times) return [-50_000_000n, 50_000_000n];
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < times.length; i++) {
    if (times[i]! < first) first = times[i]!;
    if (times[i]! > last) last = times[i]!;
  }
  return [BigInt(Math.round(first * 1e9)), BigInt(Math.round(last * 1e9))];
}
