import type { Pose } from '../../geometry/se3.js';
import { decodeOdometry } from '../../messages/poses.js';
import { frameName, type TfLookup } from '../../messages/tf-buffer.js';
import type { Encoding } from '../../messages/wire.js';
import { ReadingsCheck } from '../readings-check.js';
import type { OdometryBatch } from './batch.js';

/** Readings that may wait for the next scan: 12 s at 200 Hz. */
const LIMIT = 2400;

export interface OdometryIntakeOptions {
  /** T_target_source at a stamp. */
  readonly lookup: (target: string, source: string, stampNs: bigint) => TfLookup;
  /** Says why readings are not used; messages of one key are about the same. */
  readonly warn: (key: string, text: string) => void;
}

interface Reading {
  readonly stampNs: bigint;
  readonly pose: Pose;
  readonly poseCovariance: Float64Array;
  readonly twistCovariance: Float64Array;
}

const UNKNOWN = new Float64Array(36);

/**
 * An external odometry from arrival until the next scan takes it along, from nav_msgs/Odometry messages or from tf: one way
 * for the ROS node and for recordings, so that both give the same trajectory.
 *
 * @example
 * const wheels = new OdometryIntake({ lookup: (...frames) => tf.lookup(...frames), warn: (_, text) => console.warn(text) });
 * wheels.add(message.data);
 * const batch = wheels.take('base_link', scan.stampNs);
 */
export class OdometryIntake {
  readonly #options: OdometryIntakeOptions;
  /** As far as a motion is carried on, and a gap in it bridged. */
  readonly #check = new ReadingsCheck({ lag: 0.15, gap: 0.5 });
  #readings: Reading[] = [];
  /** Frame whose poses the readings are; undefined: the body's own. */
  #child: string | undefined;
  #count = 0;

  constructor(options: OdometryIntakeOptions) {
    this.#options = options;
  }

  /** Readings that have come so far, taken or not. */
  get count(): number {
    return this.#count;
  }

  /** Takes a message; one that cannot be used is left out with a warning. */
  add(bytes: Uint8Array, encoding: Encoding = 'cdr'): void {
    let odometry;
    try {
      odometry = decodeOdometry(bytes, encoding);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#options.warn('odometry unreadable', `external odometry: ${text}`);
      return;
    }
    const { stampNs, childFrameId, pose, poseCovariance, twistCovariance } = odometry;
    this.#take(frameName(childFrameId), { stampNs, pose, poseCovariance, twistCovariance });
  }

  /**
   * Takes the pose of the body in a frame of tf, as often as that changes.
   *
   * @param stampNs of a transform that has just come
   */
  addTransform(frame: string, bodyFrame: string, stampNs: bigint): void {
    if (this.#readings.at(-1)?.stampNs === stampNs) return;
    const found = this.#options.lookup(frame, bodyFrame, stampNs);
    if (!found.ok || found.isStatic) return; // others' transforms come at other times
    this.#take(undefined, { stampNs, pose: found.pose, poseCovariance: UNKNOWN, twistCovariance: UNKNOWN });
  }

  /**
   * What came since the last scan, on a body; undefined without readings or transform.
   *
   * @param clockShiftNs how far the clock of the stamps has stepped: the readings come on one that has not
   * @param until {@link count} when the scan came: later readings wait for the next one
   */
  take(
    bodyFrame: string,
    stampNs: bigint,
    clockShiftNs = 0n,
    until = this.#count,
  ): OdometryBatch | undefined {
    const length = Math.min(this.#readings.length, until - (this.#count - this.#readings.length));
    if (length <= 0) return undefined;
    const { lookup, warn } = this.#options;
    const readings = this.#readings.splice(0, length);
    // A message without a child frame is about the body, as far as anybody can tell.
    const child = this.#child === undefined || this.#child === '' ? bodyFrame : this.#child;
    const found = lookup(bodyFrame, child, stampNs);
    if (!found.ok) {
      const frames = `from '${bodyFrame}' to '${child}'`;
      warn(
        'odometry transform',
        `external odometry is not used: there is no transform ${frames}: ${found.reason}.`,
      );
      return undefined;
    }
    const poses = joined(readings.map(({ pose }) => pose));
    const stamps = readings.map((reading) => reading.stampNs);
    const why = clockShiftNs === 0n ? this.#check.of(stamps, poses, stampNs) : undefined;
    if (why !== undefined) warn('odometry stamps', `external odometry is not used: ${why}.`);
    return {
      stampsNs: BigInt64Array.from(stamps, (stamp) => stamp - clockShiftNs),
      poses,
      poseCovariances: joined(readings.map(({ poseCovariance }) => poseCovariance)),
      twistCovariances: joined(readings.map(({ twistCovariance }) => twistCovariance)),
      T_body_child: found.pose,
    };
  }

  clear(): void {
    this.#readings = [];
  }

  #take(child: string | undefined, reading: Reading): void {
    if (child !== this.#child) this.clear();
    this.#child = child;
    this.#count++;
    this.#readings.push(reading);
    if (this.#readings.length > LIMIT) this.#readings.splice(0, LIMIT / 2);
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const size = parts[0]?.length ?? 0;
  const out = new Float64Array(parts.length * size);
  parts.forEach((part, i) => out.set(part, i * size));
  return out;
}
