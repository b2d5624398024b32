import { decodeImu } from '../messages/imu.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { TfBuffer } from './tf-buffer.js';
import type { ThrottledLog } from './throttle.js';

/** Readings that may wait for the next scan: 2 s at 1 kHz. */
const LIMIT = 2000;

/** Turn rates from arrival until the next scan takes them along. */
export class ImuIntake {
  #stamps: bigint[] = [];
  #rates: number[] = [];
  #frame = '';

  constructor(
    private readonly tf: TfBuffer,
    private readonly log: ThrottledLog,
  ) {}

  /** Takes a sensor_msgs/Imu in CDR. */
  add(bytes: Uint8Array): void {
    let imu;
    try {
      imu = decodeImu(bytes);
    } catch (error) {
      this.log.log(
        'warn',
        'imu unreadable',
        `imu: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    // REP-145: −1 says that the device has no gyroscope.
    if (imu.angularVelocityCovariance[0] === -1) {
      this.log.log(
        'warn',
        'imu rates',
        'imu: the messages say that they carry no turn rates; the topic is not used.',
      );
      return;
    }
    this.#frame = imu.frameId;
    this.#stamps.push(imu.stampNs);
    this.#rates.push(imu.angularVelocity[0]!, imu.angularVelocity[1]!, imu.angularVelocity[2]!);
    if (this.#stamps.length > LIMIT) {
      this.#stamps.splice(0, LIMIT / 2);
      this.#rates.splice(0, (3 * LIMIT) / 2);
    }
  }

  /** What came since the last scan, on a body; undefined without readings or transform. */
  take(bodyFrame: string, stampNs: bigint): ImuBatch | undefined {
    if (this.#stamps.length === 0) return undefined;
    const found = this.tf.lookup(bodyFrame, this.#frame, stampNs);
    const [stamps, rates] = [this.#stamps, this.#rates];
    this.clear();
    if (!found.ok) {
      this.log.log(
        'warn',
        'imu transform',
        `imu is not used: there is no transform from '${bodyFrame}' to '${this.#frame}': ${found.reason}.`,
      );
      return undefined;
    }
    return { stampsNs: BigInt64Array.from(stamps), rates: Float64Array.from(rates), T_body_imu: found.pose };
  }

  clear(): void {
    this.#stamps = [];
    this.#rates = [];
  }
}
