import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { PosePrior } from '../../field/terms/pose-prior.js';
import { invertSpd, solveCholesky } from '../../geometry/linear.js';
import { moveAtSensor, type Pose } from '../../geometry/se3.js';
import { ContactRows, contactSums, type RowOptions } from './contact-rows.js';
import type { Contacts } from '../../sensors/observation.js';
import { isBelieved, judgeTouch, type TouchState } from './judge.js';
import { kinematicCovariance, kinematicInformation, type KinematicSigma } from './kinematics.js';
import { Whitening } from './whitening.js';

/** How well a field knows its surface. */
export interface FieldQuality {
  /** Standard deviation of its distances (m): 0.0001 where it was touched, 0.0005 to 0.001 from a depth camera. */
  readonly sigma: number;
  /** Length at which the correlation of its errors is e^−½ (m); default 0: they are not. A depth camera's: about 0.01. */
  readonly correlation?: number;
}

/** A touch to be registered. */
export interface TouchProblem {
  readonly field: Field;
  readonly contacts: Contacts;
  /** T_submap_sensor by the kinematics. */
  readonly predicted: Pose;
  readonly kinematics: KinematicSigma;
  readonly quality: FieldQuality;
}

export interface RegisteredTouch {
  /** T_submap_sensor: registered, or the predicted one where that cannot be trusted. */
  readonly pose: Pose;
  /** 6×6, [x y z rotX rotY rotZ] about the sensor, submap axes; m², rad². */
  readonly covariance: Float64Array;
  readonly state: TouchState;
  /** One sentence; empty for a registered touch. */
  readonly reason: string;
  /** Shares of the samples that lie in the known field, and that fit it at the end. */
  readonly valued: number;
  readonly inliers: number;
  readonly iterations: number;
}

/** More rows than this say the same again; contacts, where their errors are alike, cost the square of their number. */
const MOST_ROWS = 60;
export const MOST_ALIKE = 100;
/** Where no start sees more of the field than this share of the samples, nothing is mapped there. */
const LEAST_MAPPED = 0.02;
/** Each start gets so many steps, the best one of them more. */
const [FIRST_STEPS, MOST_STEPS] = [10, 40];
/** The robust scale shrinks by this factor in each step, … */
const ANNEAL = 0.7;
/** … from this many standard deviations of everything together to this many of the measurement, and voxels at least. */
const [FIRST_SCALE, LAST_SCALE, LEAST_VOXELS] = [1.5, 3, 0.3];
const [TRANSLATION_TOLERANCE, ROTATION_TOLERANCE] = [1e-5, 5e-5];
/** Of a field whose errors are alike: what each place has besides, in their standard deviation and in voxels. */
const [OWN_SHARE, OWN_VOXELS] = [0.5, 0.03];
/**
 * Where the search starts, standard deviations of the arm from its pose along the gel's axes. Behind a thin wall the field
 * leads away from its near side, and steps between faces are where it is found from one side only.
 */
const STARTS = [
  [0, 0, 0],
  [0, 0, -1.5],
  [0, 0, 1.5],
  [1.5, 0, -1.5],
  [-1.5, 0, -1.5],
  [0, 1.5, -1.5],
  [0, -1.5, -1.5],
] as const;

/** A search on its way. */
interface Search {
  pose: Pose;
  scale: number;
  /** Half of the squared residuals in standard deviations, robust, prior included. */
  total: number;
  iterations: number;
  converged: boolean;
}

/**
 * Registers touches to a field: Gauss–Newton over the samples' distances, robust, from several starts, with the kinematic
 * pose as prior. The weights are honest: σ is that of field and samples together, and errors of the field that are alike
 * over a length count as such; otherwise a coarse field overrules the arm.
 *
 * @example
 * const touches = new TouchRegistration(backend);
 * const { pose, covariance, state } = touches.register({
 *   field, contacts: contactsOf(patch, MOST_CONTACTS), predicted,
 *   kinematics: { translation: 0.002, rotation: 0.017 }, quality: { sigma: 1e-4 },
 * });
 */
export class TouchRegistration {
  readonly #sums = contactSums();
  readonly #A = new Float64Array(36);
  readonly #b = new Float64Array(6);

  constructor(private readonly backend: FieldBackend) {}

  register(problem: TouchProblem): RegisteredTouch {
    const { field, contacts, predicted, kinematics, quality } = problem;
    const samples = contacts.points.length / 3;
    const variance = contacts.sigma ** 2 + quality.sigma ** 2;
    const last = Math.max(LAST_SCALE * Math.sqrt(variance), LEAST_VOXELS * field.spec.voxel);
    const first = Math.max(last, FIRST_SCALE * Math.hypot(kinematics.translation, quality.sigma));
    const weight = Math.min(MOST_ROWS, samples) / Math.max(1, samples) / variance;
    const { measure, step } = this.#search(problem, weight, last);
    const starts = STARTS.map((start) => ({
      pose: shifted(predicted, start, kinematics.translation),
      scale: first,
      total: Infinity,
      iterations: 0,
      converged: false,
    }));
    let best: Search = starts[0]!;
    const isMapped = starts.some((search) => {
      measure(search);
      return this.#sums.valued >= LEAST_MAPPED * samples;
    });
    if (isMapped) {
      for (const search of starts) {
        while (search.iterations < FIRST_STEPS && !search.converged) if (!step(search)) break;
        if (search.total < best.total) best = search;
      }
      while (best.iterations < MOST_STEPS && !best.converged) if (!step(best)) break;
    }
    measure(best);
    return this.#outcome(problem, best, samples);
  }

  /** Measures a search at its pose, and takes a step: false where there is none. Either leaves the sums at its pose. */
  #search(
    { field, contacts, predicted, kinematics, quality }: TouchProblem,
    weight: number,
    last: number,
  ): { measure(search: Search): void; step(search: Search): boolean } {
    const { sigma, correlation = 0 } = quality;
    const own = Math.hypot(contacts.sigma, OWN_SHARE * sigma, OWN_VOXELS * field.spec.voxel);
    const whitening =
      correlation > 0 ? new Whitening(contacts, { sigma, length: correlation, own }) : undefined;
    const rows = new ContactRows(this.backend, field, contacts, whitening);
    const prior = new PosePrior(predicted, kinematicInformation(kinematics));
    let measured: Search | undefined;
    const measure = (search: Search): void => {
      if (measured === search) return;
      measured = search;
      const how: RowOptions = { scale: search.scale, weight };
      rows.sum(search.pose, how, this.#sums);
      search.total = this.#assemble(prior, search.pose);
    };
    const step = (search: Search): boolean => {
      measure(search);
      const final = search.scale <= last;
      measured = undefined;
      if (!solveCholesky(this.#A, this.#b, 6)) return false;
      search.pose = moveAtSensor(search.pose, this.#b);
      search.converged = final && isSmall(this.#b);
      search.scale = Math.max(last, ANNEAL * search.scale);
      search.iterations++;
      measure(search);
      return true;
    };
    return { measure, step };
  }

  /** Adds the prior to the measurement; returns the cost. */
  #assemble(prior: PosePrior, pose: Pose): number {
    const { A, b, cost } = this.#sums;
    const { information, residual } = prior.quadratic(pose);
    let total = cost;
    for (let r = 0; r < 6; r++) {
      this.#b[r] = b[r]!;
      for (let c = 0; c < 6; c++) {
        const p = information[r * 6 + c]!;
        this.#A[r * 6 + c] = A[r * 6 + c]! + p;
        this.#b[r]! -= p * residual[c]!;
        total += 0.5 * residual[r]! * p * residual[c]!;
      }
    }
    return total;
  }

  /** The sums are those at the pose of the search. */
  #outcome({ predicted, kinematics }: TouchProblem, search: Search, samples: number): RegisteredTouch {
    const { pose, iterations, converged } = search;
    const { points, valued, inliers } = this.#sums;
    const outcome = {
      pose,
      covariance: invertSpd(this.#A, 6) ?? kinematicCovariance(kinematics),
      iterations,
      valued: points > 0 ? valued / points : 0,
      inliers: valued > 0 ? inliers / valued : 0,
    };
    const verdict = judgeTouch({ ...outcome, samples, converged, predicted, kinematics });
    if (isBelieved(verdict.state)) return { ...outcome, ...verdict };
    return { ...outcome, ...verdict, pose: predicted, covariance: kinematicCovariance(kinematics) };
  }
}

function shifted(T: Pose, [a, b, c]: readonly [number, number, number], sigma: number): Pose {
  const along = (r: number): number => sigma * (a * T[r]! + b * T[r + 1]! + c * T[r + 2]!);
  return moveAtSensor(T, [along(0), along(4), along(8), 0, 0, 0]);
}

function isSmall(step: Float64Array): boolean {
  return (
    Math.hypot(step[0]!, step[1]!, step[2]!) < TRANSLATION_TOLERANCE &&
    Math.hypot(step[3]!, step[4]!, step[5]!) < ROTATION_TOLERANCE
  );
}
