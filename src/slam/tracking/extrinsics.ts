import { compose, exp, interpolate, inverse, log, type Pose } from '../../geometry/se3.js';
import type { SensorId } from '../../sensors/observation.js';

/** How well it is known where a sensor is on the body: standard deviations per axis, metres and radians. */
export interface MountSigma {
  readonly linear: number;
  readonly angular: number;
}

/** Of one comparison of two sensors' poses: interpolation and what both tracks get wrong alike for a while. */
const COMPARED: MountSigma = { linear: 0.05, angular: (1 * Math.PI) / 180 };
/** Poses of the reference farther apart (s) are not interpolated. */
const LONGEST_GAP = 0.35;
/** Share of the body's path that one comparison may be off, beyond that it is no matter of mounting. */
const WILD = 6;

interface Estimate {
  /** Information per axis, and information times mean: [v, ω], axes of the body. */
  readonly information: Float64Array;
  readonly weighted: Float64Array;
  correction: Pose;
  count: number;
}

interface Waiting {
  readonly sensor: SensorId;
  readonly stampNs: bigint;
  /** T_odom_body by the sensor. */
  readonly pose: Pose;
}

/**
 * Where sensors really are on the body: the body's poses by one kind of sensor (the reference) are compared with those by
 * others in between; what they differ by on average is a mount that is not as it was given. Held to the given one by a prior.
 *
 * @example
 * const extrinsics = new Extrinsics({ linear: 0.02, angular: 0.017 });
 * extrinsics.reference(stampNs, T_odom_body); // of each LiDAR scan
 * extrinsics.seen('camera', stampNs, T_odom_body); // of each frame
 * const T_body_camera = compose(extrinsics.correction('camera'), given);
 */
export class Extrinsics {
  readonly #estimates = new Map<SensorId, Estimate>();
  #waiting: Waiting[] = [];
  #last: { readonly stampNs: bigint; readonly pose: Pose } | undefined;

  /** @param prior of the given mounts; zeros: they are not refined */
  constructor(private readonly prior: MountSigma) {}

  /** The body by the reference. */
  reference(stampNs: bigint, T_odom_body: Pose): void {
    const last = this.#last;
    if (last && stampNs <= last.stampNs) return;
    this.#last = { stampNs, pose: T_odom_body };
    const waiting = this.#waiting;
    this.#waiting = [];
    if (!last || seconds(stampNs - last.stampNs) > LONGEST_GAP || !(this.prior.linear > 0)) return;
    for (const { sensor, stampNs: at, pose } of waiting) {
      if (at < last.stampNs || at > stampNs) continue;
      const share = seconds(at - last.stampNs) / seconds(stampNs - last.stampNs);
      this.#compare(sensor, compose(inverse(interpolate(last.pose, T_odom_body, share)), pose));
    }
  }

  /** The body by another sensor, whose mount was corrected as it is known so far. */
  seen(sensor: SensorId, stampNs: bigint, T_odom_body: Pose): void {
    this.#waiting.push({ sensor, stampNs, pose: T_odom_body });
    if (this.#waiting.length > 64) this.#waiting.shift();
  }

  /** Of a given mount: T_body_sensor = correction · given. */
  correction(sensor: SensorId): Pose | undefined {
    return this.#estimates.get(sensor)?.correction;
  }

  /** Sensors with a correction, by how much, and how often they were compared. */
  *all(): Generator<{ readonly sensor: SensorId; readonly correction: Pose; readonly count: number }> {
    for (const [sensor, { correction, count }] of this.#estimates) yield { sensor, correction, count };
  }

  /** A new map: poses of the one before are nothing to compare with. */
  forget(): void {
    this.#waiting = [];
    this.#last = undefined;
  }

  /** @param off T_body_body' : the body by the sensor, as the reference has it */
  #compare(sensor: SensorId, off: Pose): void {
    let estimate = this.#estimates.get(sensor);
    if (!estimate) {
      const information = Float64Array.from({ length: 6 }, (_, i) => this.#priorSigma(i) ** -2);
      estimate = {
        information,
        weighted: new Float64Array(6),
        correction: exp(new Float64Array(6)),
        count: 0,
      };
      this.#estimates.set(sensor, estimate);
    }
    const total = log(compose(off, estimate.correction));
    if (total.some((v, i) => Math.abs(v) > WILD * Math.hypot(this.#priorSigma(i), comparedSigma(i)))) return;
    const mean = new Float64Array(6);
    for (let i = 0; i < 6; i++) {
      const information = comparedSigma(i) ** -2;
      estimate.information[i]! += information;
      estimate.weighted[i]! += information * total[i]!;
      mean[i] = estimate.weighted[i]! / estimate.information[i]!;
    }
    estimate.correction = exp(mean);
    estimate.count++;
  }

  #priorSigma(axis: number): number {
    return axis < 3 ? this.prior.linear : this.prior.angular;
  }
}

const comparedSigma = (axis: number): number => (axis < 3 ? COMPARED.linear : COMPARED.angular);
const seconds = (ns: bigint): number => Number(ns) * 1e-9;
