import { separation, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { optimiseTouches, type BundleResult } from './bundle.js';
import { isBelieved, judgeTouch } from './judge.js';
import { kinematicCovariance, type KinematicSigma } from './kinematics.js';
import type { RegisteredTouch } from './registration.js';

/** What is known of where a gel was, from anything but other touches. */
export interface FeltPrior {
  /** T_map_sensor. */
  readonly pose: Pose;
  /** 6×6, [x y z rotX rotY rotZ] about the sensor, map axes; 1/m², 1/rad². */
  readonly information: Float64Array;
}

/** A touch by a gel. */
export interface FeltGel {
  readonly patch: Patch;
  readonly prior: FeltPrior;
  /** T_map_sensor as far as it is known by now. */
  pose: Pose;
  /** What others have said of it since, as a prior for those that come. */
  known?: FeltPrior;
}

/**
 * What is known of a touch that was found together with others, `overlaps` of which it was compared with: its own error is
 * averaged with theirs, and after `whole`, when all of the map were found together, theirs with those of others around them.
 * Measured: without it each touch that comes undoes part of what is known.
 */
export function knownFrom(
  pose: Pose,
  { information }: FeltPrior,
  overlaps: number,
  { whole = false } = {},
): FeltPrior {
  const share = whole ? (1 + overlaps) ** 2 : 1 + overlaps;
  return { pose, information: information.map((v) => share * v) };
}

/** A touch that is to be found among those before it. */
export interface NewTouch {
  readonly patch: Patch;
  /** T_map_sensor by the kinematics, and what those are good for. */
  readonly predicted: Pose;
  readonly kinematics: KinematicSigma;
  readonly prior: FeltPrior;
}

/** More of those around say little more, and take longer. */
const MOST = 11;
/** Touches that are remembered, the newest ones: some 25 MB. */
const MOST_KEPT = 1000;
/** What is looked for is within a tenth of a millimetre, which needs few steps. */
const [STEPS, TOLERANCE] = [8, 1e-4];
/** How much farther apart than their gels reach touches may be said to be and still overlap, in the arm's σ. */
const SLACK = 1.5;

/**
 * Where a touch was by the touches around it. What these felt lies where they were taken to be, which is as wrong as the arm
 * was: so a touch is not put onto them, it is found together with them, and they move as well. All around the one place, each
 * with its own prior, in some milliseconds; over all touches {@link optimiseTouches} does the same for the whole map.
 *
 * @example
 * const nearby = new NearbyTouches();
 * const found = nearby.register({ patch, predicted, kinematics, prior });
 * nearby.add({ patch, prior, pose: found?.pose ?? predicted });
 */
export class NearbyTouches {
  readonly #gels: FeltGel[] = [];

  /** @param gel is kept, and its pose changes as others come; one that touches nothing is none */
  add(gel: FeltGel): void {
    if (gel.patch.samples.length === 0) return;
    this.#gels.push(gel);
    if (this.#gels.length > MOST_KEPT) this.#gels.shift();
  }

  clear(): void {
    this.#gels.length = 0;
  }

  /** Moves those around as well, where it is believed; undefined where none overlaps. */
  register({ patch, predicted, kinematics, prior }: NewTouch): RegisteredTouch | undefined {
    const around = this.#around(patch, prior.pose, SLACK * kinematics.translation);
    if (patch.samples.length === 0 || around.length === 0) return undefined;
    const touches = [{ patch, prior, pose: prior.pose }, ...around].map((gel: FeltGel) => {
      const { pose: predicted, information } = gel.known ?? gel.prior;
      return { patch: gel.patch, predicted, information, start: gel.pose };
    });
    const found = optimiseTouches(touches, { kinematics, iterations: STEPS, tolerance: TOLERANCE });
    if (found.overlaps[0] === 0) return undefined;
    const result = judged(found, patch, { predicted, kinematics });
    if (!isBelieved(result.state)) return result;
    around.forEach((gel, i) => {
      gel.pose = found.poses[i + 1]!;
      gel.known = knownFrom(gel.pose, gel.prior, found.overlaps[i + 1]!);
    });
    return result;
  }

  /** The nearest ones that may overlap. */
  #around(patch: Patch, T: Pose, slack: number): FeltGel[] {
    const reach = (one: Patch): number => 0.5 * Math.hypot(one.width, one.height) * one.pitch;
    return this.#gels
      .map((gel) => ({ gel, distance: separation(gel.pose, T) }))
      .filter(
        ({ gel, distance }) => distance < reach(gel.patch) + reach(patch) + slack && facing(gel.pose, T),
      )
      .sort((a, b) => a.distance - b.distance)
      .slice(0, MOST)
      .map(({ gel }) => gel);
  }
}

/** Whether two gels look the same way, by and large. */
function facing(a: Pose, b: Pose): boolean {
  return a[2]! * b[2]! + a[6]! * b[6]! + a[10]! * b[10]! > 0;
}

/** Of the first of those that were found. */
function judged(
  { poses, covarianceOf, inliers, iterations }: BundleResult,
  patch: Patch,
  { predicted, kinematics }: { readonly predicted: Pose; readonly kinematics: KinematicSigma },
): RegisteredTouch {
  const outcome = {
    pose: poses[0]!,
    covariance: covarianceOf(0),
    valued: 1,
    inliers: inliers[0]!,
    iterations,
  };
  const samples = patch.samples.length;
  const verdict = judgeTouch({ ...outcome, predicted, kinematics, samples, converged: true });
  if (isBelieved(verdict.state)) return { ...outcome, ...verdict };
  return { ...outcome, ...verdict, pose: predicted, covariance: kinematicCovariance(kinematics) };
}
