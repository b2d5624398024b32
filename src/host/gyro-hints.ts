import { compose, inverse, type Pose } from '../geometry/se3.js';
import { GyroTrack } from '../sensors/imu/gyro.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { GyroHint, LidarScan } from '../sensors/lidar/scan.js';
import type { ScanResult } from '../slam/types.js';

/** Turn rates for a system that takes none itself: what a gyroscope measured between scans and during them. */
export class GyroHints {
  readonly #track = new GyroTrack();
  #T_body_imu: Pose | undefined;
  #lastStamp: bigint | undefined;

  add({ stampsNs, rates, T_body_imu }: ImuBatch): void {
    this.#T_body_imu = T_body_imu;
    stampsNs.forEach((stamp, i) => this.#track.add(stamp, rates.subarray(3 * i, 3 * i + 3)));
  }

  /** Turn rates since the last scan and during this one, frame of the sensor. */
  hint(scan: LidarScan): GyroHint | undefined {
    if (this.#lastStamp === undefined || !this.#T_body_imu) return undefined;
    const T_sensor_imu = this.#mountIn(scan.mount);
    const since = this.#track.mean(this.#lastStamp, scan.stampNs, T_sensor_imu);
    if (!since) return undefined;
    const [first, last] = timeSpan(scan);
    const during = this.#track.mean(scan.stampNs + first, scan.stampNs + last, T_sensor_imu);
    return { since, during: during ?? since };
  }

  /** A scan is done: a tracked one teaches the gyroscope's bias. */
  learn({ state, stampNs, twist }: ScanResult, mount: Pose | undefined): void {
    const before = this.#lastStamp;
    this.#lastStamp = stampNs;
    if (state !== 'tracking' || before === undefined || !this.#T_body_imu) return;
    const T = inverse(this.#mountIn(mount));
    const [x, y, z] = [twist[3]!, twist[4]!, twist[5]!];
    const turned = [0, 1, 2].map((r) => T[4 * r]! * x + T[4 * r + 1]! * y + T[4 * r + 2]! * z);
    this.#track.learn(before, stampNs, turned);
  }

  #mountIn(mount: Pose | undefined): Pose {
    return mount ? compose(inverse(mount), this.#T_body_imu!) : this.#T_body_imu!;
  }
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
