import {
  compose,
  exp,
  identity,
  inverse,
  log,
  rotationAngle,
  translationNorm,
  type Pose,
} from '../../geometry/se3.js';
import type { SensorId } from '../../sensors/observation.js';

/** How well it is known where a sensor is on the body: standard deviations per axis, metres and radians. */
export interface MountSigma {
  readonly linear: number;
  readonly angular: number;
}

/** Of one measurement of a mount: what body, registration and coarse grid get wrong together. */
const MEASURED: MountSigma = { linear: 0.015, angular: (0.5 * Math.PI) / 180 };
/** Farther off, in standard deviations, it is no matter of mounting. */
const WILD = 6;
/** Measurements from one decision to the next. */
const DECIDE_EVERY = 25;
/**
 * A mount is corrected where it is off by more (m, rad) than coarse grids and depth are biased: a right one in a room at 0.045 m
 * measures 11 mm and 0.3° (bench/lidar-rgbd.mjs).
 */
const WORTH: MountSigma = { linear: 0.015, angular: (0.7 * Math.PI) / 180 };

interface Estimate {
  /** Information per axis, and information times mean: [v, ω], axes of the body. */
  readonly information: Float64Array;
  readonly weighted: Float64Array;
  /** As it is used. */
  correction: Pose;
  count: number;
  /** The last decision was to leave it as it is. */
  settled: boolean;
}

/**
 * Where sensors really are on the body. Their mounts as they were given are a prior; each measurement says where a sensor was
 * found on the body by the map of another kind of sensor. A mount is corrected where the mean is well away from it.
 *
 * @example
 * const extrinsics = new Extrinsics({ linear: 0.02, angular: 0.017 });
 * const T_body_camera = compose(extrinsics.correction('camera'), given);
 * if (extrinsics.measured('camera', T_body_camera, found)) map.clear(); // it was wrong
 */
export class Extrinsics {
  /** Mounts that turned out to be elsewhere. */
  readonly notices: string[] = [];
  readonly #estimates = new Map<SensorId, Estimate>();

  /** @param prior of the given mounts; zero: they are not refined */
  constructor(private readonly prior: MountSigma) {}

  /** Of a given mount: T_body_sensor = correction · given. */
  correction(sensor: SensorId): Pose {
    return this.#estimates.get(sensor)?.correction ?? identity();
  }

  /** Whether all mounts are known as well as they will be: those that were measured, or none is refined. */
  get settled(): boolean {
    if (!(this.prior.linear > 0 && this.prior.angular > 0)) return true;
    const all = [...this.#estimates.values()];
    return all.length > 0 && all.every(({ settled }) => settled);
  }

  /** Sensors that were measured, with their corrections. */
  *all(): Generator<{ readonly sensor: SensorId; readonly correction: Pose }> {
    for (const [sensor, { correction }] of this.#estimates) yield { sensor, correction };
  }

  /**
   * A sensor was found at another place on the body than it was used with.
   *
   * @param used T_body_sensor, corrected as it was known then
   * @param found T_body_sensor
   * @returns whether the mount is corrected from now on by something else than before
   */
  measured(sensor: SensorId, used: Pose, found: Pose): boolean {
    if (!(this.prior.linear > 0 && this.prior.angular > 0)) return false;
    const estimate = this.#of(sensor);
    const total = log(compose(compose(found, inverse(used)), estimate.correction));
    const sigma = (axis: number): number => Math.hypot(sigmaOf(this.prior, axis), sigmaOf(MEASURED, axis));
    if (total.some((v, axis) => Math.abs(v) > WILD * sigma(axis))) return false;
    for (let i = 0; i < 6; i++) {
      const information = sigmaOf(MEASURED, i) ** -2;
      estimate.information[i]! += information;
      estimate.weighted[i]! += information * total[i]!;
    }
    estimate.count++;
    if (estimate.count % DECIDE_EVERY !== 0) return false;
    return this.#decide(sensor, estimate);
  }

  #of(sensor: SensorId): Estimate {
    const known = this.#estimates.get(sensor);
    if (known) return known;
    const information = Float64Array.from({ length: 6 }, (_, i) => sigmaOf(this.prior, i) ** -2);
    const estimate = {
      information,
      weighted: new Float64Array(6),
      correction: identity(),
      count: 0,
      settled: false,
    };
    this.#estimates.set(sensor, estimate);
    return estimate;
  }

  #decide(sensor: SensorId, estimate: Estimate): boolean {
    const mean = exp(estimate.weighted.map((v, i) => v / estimate.information[i]!));
    const change = compose(mean, inverse(estimate.correction));
    estimate.settled = translationNorm(change) < WORTH.linear && rotationAngle(change) < WORTH.angular;
    if (estimate.settled) return false;
    estimate.correction = mean;
    const degrees = (rotationAngle(mean) * 180) / Math.PI;
    this.notices.push(
      `The mount of '${sensor}' on the body is off by ${(1e3 * translationNorm(mean)).toFixed(0)} mm and ${degrees.toFixed(1)}° ` +
        'against what the other sensors show; it is corrected in this run: calibrate it and mend its transform.',
    );
    return true;
  }
}

const sigmaOf = ({ linear, angular }: MountSigma, axis: number): number => (axis < 3 ? linear : angular);
