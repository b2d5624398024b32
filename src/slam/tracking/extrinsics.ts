import { invertSpd } from '../../geometry/linear.js';
import {
  compose,
  identity,
  inverse,
  moveAtSensor,
  rotationAngle,
  rotationVector,
  separation,
  type Pose,
} from '../../geometry/se3.js';
import type { SensorId } from '../../sensors/observation.js';

/** How well it is known where a sensor is on the body: standard deviations per axis, metres and radians. */
export interface MountSigma {
  readonly linear: number;
  readonly angular: number;
}

/** A sensor that was found at another place on the body than it was used with. */
export interface MountMeasurement {
  readonly sensor: SensorId;
  /** T_body_sensor, corrected as it was known then. */
  readonly used: Pose;
  /** T_body_sensor. */
  readonly found: Pose;
  /** T_odom_body. */
  readonly body: Pose;
  /** Of the registration: 6×6, [x y z rotX rotY rotZ] about the sensor, axes of odom. */
  readonly covariance: Float64Array;
  /** Of the grid that it was registered with (m). */
  readonly voxel: number;
}

/** Voxel (m) of the grid for which the next ones hold: coarser ones are biased by more. */
const VOXEL = 0.045;
/** What the coarse grid adds to each view: it is another one where the sensor is elsewhere. */
const VIEW: MountSigma = { linear: 0.01, angular: (0.5 * Math.PI) / 180 };
/** Registrations err by so many times what they say: the coarse grid is still changing. */
const DOUBT = 2;
/** Nearer to the last view that counted (m, rad) errors are the same ones again. */
const ANOTHER_VIEW = { linear: 0.06, angular: (4 * Math.PI) / 180 };
/** What all views have in common: biases of depth and of coarse grids. */
const COMMON: MountSigma = { linear: 0.005, angular: (0.25 * Math.PI) / 180 };
/** Farther off, in standard deviations, it is no matter of mounting. */
const WILD = 6;
/** A mount that would have to be farther off, in standard deviations of how well it is known, is left alone. */
const LIKELY = 3;
/** Views before the first decision, and from one to the next. */
const DECIDE_EVERY = 8;
/** A mount is corrected where it is off by more (m, rad) … */
const LEAST_CHANGE: MountSigma = { linear: 0.01, angular: (0.5 * Math.PI) / 180 };
/** … and by more than chance would have it: χ² of six numbers, one in a thousand. */
const SURELY = 22.5;

interface Estimate {
  /** 6×6, and information times mean: [x y z rotX rotY rotZ] about the sensor, axes of the body. */
  readonly information: Float64Array;
  readonly weighted: Float64Array;
  /** As it is used. */
  correction: Pose;
  /** T_odom_sensor of the last view that counted. */
  last: Pose | undefined;
  /** Biases of the grid, relative to those at {@link VOXEL}. */
  coarseness: number;
  views: number;
  /** The last decision was to leave it as it is. */
  settled: boolean;
}

/**
 * Where sensors really are on the body. Their mounts as they were given are a prior; each view from another place says where a
 * sensor was found on the body by the map of another kind of sensor. A mount is corrected where the mean is surely elsewhere.
 *
 * @example
 * const extrinsics = new Extrinsics({ linear: 0.02, angular: 0.017 });
 * const used = compose(extrinsics.correction('camera'), given); // T_body_camera
 * if (extrinsics.measured({ sensor: 'camera', used, found, body, covariance, voxel })) map.clear(); // it was wrong
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

  /** Whether a view from there would count. @param T_odom_sensor as it is known */
  isDue(sensor: SensorId, T_odom_sensor: Pose): boolean {
    if (!(this.prior.linear > 0 && this.prior.angular > 0)) return false;
    const last = this.#estimates.get(sensor)?.last;
    if (!last) return true;
    const turned = rotationAngle(compose(inverse(last), T_odom_sensor));
    return separation(last, T_odom_sensor) > ANOTHER_VIEW.linear || turned > ANOTHER_VIEW.angular;
  }

  /** @returns whether the mount is corrected from now on by something else than before */
  measured({ sensor, used, found, body, covariance, voxel }: MountMeasurement): boolean {
    const T_odom_sensor = compose(body, used);
    if (!this.isDue(sensor, T_odom_sensor)) return false;
    const estimate = this.#of(sensor);
    estimate.coarseness = Math.max(1, voxel / VOXEL);
    const given = compose(inverse(estimate.correction), used);
    const off = offset(given, found);
    const noise = inBody(covariance, body);
    for (let i = 0; i < 6; i++) noise[i * 7]! += (estimate.coarseness * sigmaOf(VIEW, i)) ** 2;
    const wild = off.some(
      (v, i) => Math.abs(v) > WILD * Math.hypot(sigmaOf(this.prior, i), Math.sqrt(noise[i * 7]!)),
    );
    const information = wild ? undefined : invertSpd(noise, 6);
    if (!information) return false;
    estimate.last = T_odom_sensor;
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 6; c++) {
        estimate.information[r * 6 + c]! += information[r * 6 + c]!;
        estimate.weighted[r]! += information[r * 6 + c]! * off[c]!;
      }
    estimate.views++;
    return estimate.views % DECIDE_EVERY === 0 && this.#decide(sensor, estimate, given);
  }

  #of(sensor: SensorId): Estimate {
    const known = this.#estimates.get(sensor);
    if (known) return known;
    const information = new Float64Array(36);
    for (let i = 0; i < 6; i++) information[i * 7] = sigmaOf(this.prior, i) ** -2;
    const estimate = { information, weighted: new Float64Array(6), correction: identity(), last: undefined,
      coarseness: 1, views: 0, settled: false }; // prettier-ignore
    this.#estimates.set(sensor, estimate);
    return estimate;
  }

  #decide(sensor: SensorId, estimate: Estimate, given: Pose): boolean {
    const covariance = invertSpd(estimate.information, 6);
    if (!covariance) return false;
    const mean = Float64Array.from({ length: 6 }, (_, r) => dot(covariance, r, estimate.weighted));
    const found = moveAtSensor(given, mean);
    const change = offset(compose(estimate.correction, given), found);
    for (let i = 0; i < 6; i++) covariance[i * 7]! += (estimate.coarseness * sigmaOf(COMMON, i)) ** 2;
    const certainty = invertSpd(covariance, 6);
    const chi2 = certainty ? change.reduce((sum, v, r) => sum + v * dot(certainty, r, change), 0) : 0;
    const small =
      Math.hypot(...change.subarray(0, 3)) < LEAST_CHANGE.linear &&
      Math.hypot(...change.subarray(3)) < LEAST_CHANGE.angular;
    const unlikely = mean.some((v, i) => Math.abs(v) > LIKELY * sigmaOf(this.prior, i));
    estimate.settled = small || chi2 < SURELY || unlikely;
    if (estimate.settled) return false;
    estimate.correction = compose(found, inverse(given));
    const degrees = (rotationAngle(estimate.correction) * 180) / Math.PI;
    const millimetres = 1e3 * Math.hypot(...mean.subarray(0, 3));
    this.notices.push(
      `The mount of '${sensor}' on the body is off by ${millimetres.toFixed(0)} mm and ${degrees.toFixed(1)}° ` +
        'against what the other sensors show; it is corrected in this run: calibrate it and mend its transform.',
    );
    return true;
  }
}

const sigmaOf = ({ linear, angular }: MountSigma, axis: number): number => (axis < 3 ? linear : angular);

/** Row r of a 6×6 matrix times a vector. */
function dot(A: Float64Array, r: number, v: ArrayLike<number>): number {
  let sum = 0;
  for (let c = 0; c < 6; c++) sum += A[r * 6 + c]! * v[c]!;
  return sum;
}

/** How far b is from a: about a's origin, in the axes that both are given in. */
function offset(a: Pose, b: Pose): Float64Array {
  const turn = rotationVector(compose(b, inverse(a)));
  return Float64Array.of(b[3]! - a[3]!, b[7]! - a[7]!, b[11]! - a[11]!, ...turn);
}

/** A covariance in axes of odom, doubted, in those of the body. */
function inBody(C: Float64Array, body: Pose): Float64Array {
  const out = new Float64Array(36);
  for (const r of [0, 3])
    for (const c of [0, 3])
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          let sum = 0;
          for (let a = 0; a < 3; a++)
            for (let b = 0; b < 3; b++) sum += body[a * 4 + i]! * C[(r + a) * 6 + c + b]! * body[b * 4 + j]!;
          out[(r + i) * 6 + c + j] = DOUBT ** 2 * sum;
        }
  return out;
}
