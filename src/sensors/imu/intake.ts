import { decodeImu } from '../../messages/imu.js';
import type { TfLookup } from '../../messages/tf-buffer.js';
import type { Encoding } from '../../messages/wire.js';
import { ReadingsCheck } from '../readings-check.js';
import type { ImuBatch } from './batch.js';

/** Readings that may wait for the next scan: 12 s at 1 kHz. */
const LIMIT = 12000;

export interface ImuIntakeOptions {
  /** T_target_source at a stamp. */
  readonly lookup: (target: string, source: string, stampNs: bigint) => TfLookup;
  /** Says why readings are not used; messages of one key are about the same. */
  readonly warn: (key: string, text: string) => void;
}

/**
 * sensor_msgs/Imu messages from arrival until the next scan takes their readings along: one way for the ROS node and for
 * recordings, so that both give the same trajectory.
 *
 * @example
 * const imu = new ImuIntake({ lookup: (...frames) => tf.lookup(...frames), warn: (_, text) => console.warn(text) });
 * imu.add(message.data);
 * const batch = imu.take('base_link', scan.stampNs);
 */
export class ImuIntake {
  readonly #options: ImuIntakeOptions;
  /** As far as turn rates are carried on. */
  readonly #check = new ReadingsCheck({ lag: 0.05, gap: 0.05 });
  #stamps: bigint[] = [];
  #rates: number[] = [];
  #forces: number[] = [];
  /** Whether all messages have brought accelerations. */
  #hasForces = true;
  #frame = '';
  #count = 0;

  constructor(options: ImuIntakeOptions) {
    this.#options = options;
  }

  /** Readings that have come so far, taken or not. */
  get count(): number {
    return this.#count;
  }

  /** Takes a message; one that cannot be used is left out with a warning. */
  add(bytes: Uint8Array, encoding: Encoding = 'cdr'): void {
    const { warn } = this.#options;
    let imu;
    try {
      imu = decodeImu(bytes, encoding);
    } catch (error) {
      warn('imu unreadable', `imu: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    // REP-145: −1 says that the device has no gyroscope.
    if (imu.angularVelocityCovariance[0] === -1) {
      warn('imu rates', 'imu: the messages say that they carry no turn rates; the topic is not used.');
      return;
    }
    this.#frame = imu.frameId;
    this.#count++;
    this.#stamps.push(imu.stampNs);
    this.#rates.push(imu.angularVelocity[0]!, imu.angularVelocity[1]!, imu.angularVelocity[2]!);
    const [x, y, z] = imu.linearAcceleration;
    this.#forces.push(x!, y!, z!);
    // REP-145: −1 says that there is no accelerometer; a message that was not filled in has zeros.
    if (imu.linearAccelerationCovariance[0] === -1 || (x === 0 && y === 0 && z === 0))
      this.#hasForces = false;
    if (this.#stamps.length > LIMIT) {
      this.#stamps.splice(0, LIMIT / 2);
      this.#rates.splice(0, (3 * LIMIT) / 2);
      this.#forces.splice(0, (3 * LIMIT) / 2);
    }
  }

  /**
   * What came since the last scan, on a body; undefined without readings or transform.
   *
   * @param clockShiftNs how far the clock of the stamps has stepped: the readings come on one that has not
   * @param until {@link count} when the scan came: later readings wait for the next one
   */
  take(bodyFrame: string, stampNs: bigint, clockShiftNs = 0n, until = this.#count): ImuBatch | undefined {
    const length = Math.min(this.#stamps.length, until - (this.#count - this.#stamps.length));
    if (length <= 0) return undefined;
    const { lookup, warn } = this.#options;
    const found = lookup(bodyFrame, this.#frame, stampNs);
    const hasForces = this.#hasForces;
    const stamps = this.#stamps.splice(0, length);
    const rates = this.#rates.splice(0, 3 * length);
    const forces = this.#forces.splice(0, 3 * length);
    const accelerations = hasForces ? { accelerations: Float64Array.from(forces) } : {};
    if (this.#stamps.length === 0) this.#hasForces = true;
    if (!found.ok) {
      const frames = `from '${bodyFrame}' to '${this.#frame}'`;
      warn('imu transform', `imu is not used: there is no transform ${frames}: ${found.reason}.`);
      return undefined;
    }
    const why = clockShiftNs === 0n ? this.#check.of(stamps, rates, stampNs) : undefined;
    if (why !== undefined) warn('imu stamps', `imu: its turn rates are not used: ${why}.`);
    const steady = clockShiftNs === 0n ? stamps : stamps.map((stamp) => stamp - clockShiftNs);
    return {
      stampsNs: BigInt64Array.from(steady),
      rates: Float64Array.from(rates),
      ...accelerations,
      T_body_imu: found.pose,
    };
  }

  clear(): void {
    this.#stamps = [];
    this.#rates = [];
    this.#forces = [];
    this.#hasForces = true;
  }
}
