import { PosePrior } from '../../field/terms/pose-prior.js';
import { solveCholesky } from '../../geometry/linear.js';
import { compose, inverse, moveAtSensor, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { contactsOf } from '../../sensors/tactile/contacts.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';
import { comparePatches, jacobianAt, PAIR_NUMBERS, pairRows, type PairPatch } from './pair-rows.js';

export interface SlideOptions {
  /** What a step of the arm between two touches is good for: far better than its place. */
  readonly step: KinematicSigma;
  /** Standard deviation of one patch against another (m). Default: 0.1 mm. */
  readonly sigma?: number;
}

/** Where a sliding touch is. */
export interface SlideStep {
  /** T_map_sensor. */
  readonly pose: Pose;
  /** Samples that lay on the touch before; 0: it begins anew, where the arm says. */
  readonly rows: number;
}

const SIGMA = 1e-4;
const SAMPLES = 150;
const MOST_ROWS = 60;
/** With fewer samples on the touch before, nothing is tracked. */
const LEAST_ROWS = 12;
const ITERATIONS = 12;
const TOLERANCE = 2e-6;

/**
 * Tracks a contact from touch to touch while it slides or rolls: the new patch lies on the one before, as planes do, and
 * the arm's step between the two is the prior. Where they do not overlap, or the contact was lost, the track begins anew.
 *
 * @example
 * const track = new SlideTrack({ step: { translation: 2e-4, rotation: 0.002 } });
 * for (const { patch, T_map_sensor } of touches) console.log(track.add(patch, T_map_sensor).pose);
 */
export class SlideTrack {
  #last: { patch: Patch; pose: Pose; kinematic: Pose } | undefined;
  readonly #rows = pairRows(SAMPLES);

  constructor(private readonly options: SlideOptions) {}

  /**
   * @param kinematic T_map_sensor by the arm
   * @param start T_map_sensor of a track that begins, where the map knows it better than the arm
   */
  add(patch: Patch, kinematic: Pose, start = kinematic): SlideStep {
    const last = this.#last;
    if (patch.samples.length === 0) {
      this.#last = undefined;
      return { pose: kinematic, rows: 0 };
    }
    const tracked = last && this.#follow(last, patch, kinematic);
    const step = tracked ?? { pose: start, rows: 0 };
    this.#last = { patch, pose: step.pose, kinematic };
    return step;
  }

  /** Forgets the touch before. */
  reset(): void {
    this.#last = undefined;
  }

  #follow(
    last: { patch: Patch; pose: Pose; kinematic: Pose },
    patch: Patch,
    kinematic: Pose,
  ): SlideStep | undefined {
    const { step, sigma = SIGMA } = this.options;
    const predicted = compose(last.pose, compose(inverse(last.kinematic), kinematic));
    const prior = new PosePrior(predicted, kinematicInformation(step));
    const piece: PairPatch = { patch, ...contactsOf(patch, SAMPLES) };
    const scale = 3 * sigma + step.translation;
    const [A, b, J] = [new Float64Array(36), new Float64Array(6), new Float64Array(6)];
    const { values } = this.#rows;
    let pose = predicted;
    for (let k = 0; k < ITERATIONS; k++) {
      comparePatches(piece, pose, last.patch, last.pose, 6 * scale, this.#rows);
      const { count } = this.#rows;
      if (count < LEAST_ROWS) return undefined;
      const { information, residual } = prior.quadratic(pose);
      A.set(information);
      b.fill(0);
      for (let i = 0; i < 36; i++) b[Math.floor(i / 6)]! -= information[i]! * residual[i % 6]!;
      const weight = Math.min(MOST_ROWS, count) / count / (2 * sigma ** 2);
      for (let at = 0; at < count * PAIR_NUMBERS; at += PAIR_NUMBERS) {
        const r = values[at + 6]!;
        const w = weight / (1 + (r / scale) ** 2);
        jacobianAt(values, at, pose, 1, J);
        for (let i = 0; i < 36; i++) A[i]! += w * J[Math.floor(i / 6)]! * J[i % 6]!;
        for (let i = 0; i < 6; i++) b[i]! -= w * J[i]! * r;
      }
      if (!solveCholesky(A, b, 6)) return undefined;
      pose = moveAtSensor(pose, b);
      if (Math.hypot(b[0]!, b[1]!, b[2]!) < TOLERANCE) break;
    }
    return { pose, rows: this.#rows.count };
  }
}
