import type { SurfaceSamples } from '../../sensors/observation.js';
import { eigenSymmetric, invertSpd, solveCholesky } from '../../geometry/linear.js';
import { compose, exp, type Pose, type Twist } from '../../geometry/se3.js';
import type { AlignResult, FieldEngine, NormalSums, RegisterOptions } from '../../field/engine.js';

export interface TrackerOptions {
  maxIterations: number;
  /** Robust scale of the first iteration and of the last, metres; multiplied by `anneal` in each. */
  kernelStart: number;
  kernelEnd: number;
  anneal: number;
  /** Scale of the weight by | |∇| − 1 |. */
  gradientScale: number;
  minWeight: number;
  /** Relative weight of each scalar level, finest first. */
  levelWeights: readonly number[];
  /** Robust scale of the coarse levels as a multiple of their voxel. */
  coarseKernels: readonly number[];
  /** Stop when a step is below, metres and radians. */
  translationTolerance: number;
  rotationTolerance: number;
  /** Standard deviations of the deskewing twist about its prediction, m/s and rad/s; 0 keeps it fixed. */
  twistSigmaLinear: number;
  twistSigmaAngular: number;
  /** Weight of ground points, relative to the others. */
  groundWeight: number;
  /** Directions seen with less (see Track.conditioning) are held to the prediction. */
  minConditioning: number;
}

export interface Track {
  /** T_submap_sensor at the stamp. */
  readonly pose: Pose;
  /** Deskewing twist in the sensor frame, m/s and rad/s. */
  readonly twist: Twist;
  /** 6×6 row-major, [x y z rotX rotY rotZ] about the sensor, submap axes. */
  readonly covariance: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
  /** Share of points with a value in the map, and of those within the kernel. */
  readonly valuedRatio: number;
  /** Points with a fine value. */
  readonly valuedPoints: number;
  /** Share of non-ground points that fit at least the coarse map. */
  readonly coarseRatio: number;
  readonly inlierRatio: number;
  /** Mean absolute residual of the inliers, metres. */
  readonly residual: number;
  /** Smallest eigenvalue of the translation part per unit weight: 1/3 when all directions are seen alike, 0 when one slides. */
  readonly conditioning: number;
  /** 3×3, Σ e eᵀ over the directions e that slide and were held to the prediction. */
  readonly unconstrained: Float64Array;
}

const TIME_SCALE = 10; // τ in units of a tenth of a second: of the order of one
const UPPER = upperIndex();

/** Scan to field registration: Gauss–Newton over pose and, where points carry times, the twist that deskews them. */
export class Tracker {
  readonly #engine: FieldEngine;
  readonly #options: TrackerOptions;
  readonly #A = new Float64Array(144);
  readonly #b = new Float64Array(12);
  readonly #H = new Float64Array(75);

  constructor(engine: FieldEngine, options: TrackerOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * @param points deskewed with `twist`
   * @param predicted T_submap_sensor
   * @param twist prediction of the sensor-frame twist
   * @param deskew deskews the points anew with a corrected twist; absent where points carry no times
   * @param hold whether the prediction is good enough to hold sliding directions to it
   */
  track(
    surface: SurfaceSamples,
    predicted: Pose,
    twist: Twist,
    deskew?: (twist: Twist) => void,
    hold = true,
  ): Track {
    const o = this.#options;
    if (this.#engine.align) return this.#align(surface, predicted, twist, deskew, hold);
    let pose = predicted;
    let current = twist; // what the points are deskewed with
    const turned = new Float64Array(6); // correction since then, submap axes, per tenth of a second
    const n = deskew && o.twistSigmaLinear > 0 ? 12 : 6;
    let kernel = o.kernelStart;
    let iterations = 0;
    let converged = false;
    let sums = this.#pass(surface, pose, kernel, turned);
    while (iterations < o.maxIterations) {
      iterations++;
      const variance = this.#combine(sums, kernel);
      const offset = offsetFrom(twist, current, pose, turned);
      this.#assemble(n, variance, offset);
      if (hold && kernel <= o.kernelEnd) this.#holdSlide(n, sums, predicted, pose, offset);
      if (!solveCholesky(this.#A, this.#b, n)) break;
      const step = this.#b;
      pose = moveAtSensor(pose, step);
      if (n === 12) for (let i = 0; i < 6; i++) turned[i]! += step[6 + i]!;
      if (deskew && Math.hypot(turned[3]!, turned[4]!, turned[5]!) > MAX_LINEAR_TURN) {
        current = corrected(current, pose, turned);
        deskew(current);
        turned.fill(0);
      }
      const small =
        Math.hypot(step[0]!, step[1]!, step[2]!) < o.translationTolerance &&
        Math.hypot(step[3]!, step[4]!, step[5]!) < o.rotationTolerance;
      const annealed = kernel <= o.kernelEnd;
      kernel = Math.max(o.kernelEnd, kernel * o.anneal);
      sums = this.#pass(surface, pose, kernel, turned);
      if (small && annealed) {
        converged = true;
        break;
      }
    }
    return this.#conclude(sums, pose, corrected(current, pose, turned), kernel, iterations, converged);
  }

  /** The same with the iteration on the engine's device: its steps are repeated here in float64. */
  #align(
    surface: SurfaceSamples,
    predicted: Pose,
    twist: Twist,
    deskew: ((twist: Twist) => void) | undefined,
    hold: boolean,
  ): Track {
    const o = this.#options;
    let pose = predicted;
    let current = twist;
    let kernel = o.kernelStart;
    let iterations = 0;
    let pending = false;
    const turned = new Float64Array(6);
    for (;;) {
      const done: AlignResult | undefined = this.#engine.align?.(surface, pose, {
        ...this.#registerOptions(kernel, turned),
        ...o,
        maxIterations: o.maxIterations - iterations,
        solveTwist: deskew !== undefined && o.twistSigmaLinear > 0,
        twistSigmaLinear: o.twistSigmaLinear / TIME_SCALE,
        twistSigmaAngular: o.twistSigmaAngular / TIME_SCALE,
        twistOffset: current.map((v, i) => (v - twist[i]!) / TIME_SCALE),
        maxTurn: MAX_LINEAR_TURN,
        hold,
        predicted,
        pending,
      });
      if (!done || done.stop === 'gone') {
        deskew?.(twist);
        return this.track(surface, predicted, twist, deskew, hold); // the device is gone: begin again without
      }
      for (let at = 0; at < done.steps.length; at += 12) {
        pose = moveAtSensor(pose, done.steps.subarray(at, at + 6));
        for (let i = 0; i < 6; i++) turned[i]! += done.steps[at + 6 + i]!;
      }
      iterations += done.steps.length / 12 + (done.stop === 'singular' ? 1 : 0);
      ({ kernel, pending } = done);
      if (done.stop !== 'deskew' || !deskew) {
        const converged = done.stop === 'converged';
        return this.#conclude(
          done.sums,
          pose,
          corrected(current, pose, turned),
          kernel,
          iterations,
          converged,
        );
      }
      current = corrected(current, pose, turned);
      deskew(current);
      turned.fill(0);
    }
  }

  /** Mean robust residual of a pose, for searches; small is good. */
  score(surface: SurfaceSamples, pose: Pose, kernel: number): number {
    const [other, ground] = this.#pass(surface, pose, kernel, ZERO6);
    const all = other.points + ground.points;
    return all ? 1 - (other.weight + ground.weight) / all : 1;
  }

  #pass(
    surface: SurfaceSamples,
    pose: Pose,
    kernel: number,
    twist: Float64Array,
  ): readonly [NormalSums, NormalSums] {
    return this.#engine.register(surface, pose, this.#registerOptions(kernel, twist));
  }

  #registerOptions(kernel: number, twist: Float64Array): RegisterOptions {
    const { coarseKernels, levelWeights, gradientScale, minWeight } = this.#options;
    return {
      kernels: [kernel, ...coarseKernels],
      levelWeights,
      gradientScale,
      minWeight,
      timeScale: TIME_SCALE,
      twist,
    };
  }

  /** Sums both classes into #H and returns the residual variance. */
  #combine([other, ground]: readonly [NormalSums, NormalSums], kernel: number): number {
    const g = this.#options.groundWeight;
    for (let i = 0; i < 75; i++) this.#H[i] = other.system[i]! + g * ground.system[i]!;
    const weight = other.weight + g * ground.weight;
    return weight > 0 ? Math.max(1e-6, (other.cost + g * ground.cost) / weight) : kernel * kernel;
  }

  /** A x = b with b = −gradient; with 12 unknowns the twist correction has a Gaussian prior. */
  #assemble(n: number, variance: number, offset: Float64Array): void {
    const { twistSigmaLinear, twistSigmaAngular } = this.#options;
    const A = this.#A;
    const H = this.#H;
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 6; c++) {
        const u = UPPER[r * 6 + c]!;
        A[r * n + c] = H[u]!;
        if (n === 12) {
          A[r * 12 + 6 + c] = A[(6 + r) * 12 + c] = H[21 + u]!;
          A[(6 + r) * 12 + 6 + c] = H[42 + u]!;
        }
      }
    for (let i = 0; i < 6; i++) {
      A[i * n + i]! += 1e-6 * A[i * n + i]! + 1e-9;
      this.#b[i] = -H[63 + i]!;
      if (n === 12) {
        const sigma = (i < 3 ? twistSigmaLinear : twistSigmaAngular) / TIME_SCALE;
        const prior = variance / (sigma * sigma);
        A[(6 + i) * 13]! += prior;
        this.#b[6 + i] = -H[69 + i]! - prior * offset[i]!;
      }
    }
  }

  /**
   * Holds directions in which the scan slides to the prediction (after Zhang, Kaess & Singh 2016): noise would else be
   * taken for information and run away with the velocity.
   */
  #holdSlide(
    n: number,
    sums: readonly [NormalSums, NormalSums],
    predicted: Pose,
    pose: Pose,
    offset: Float64Array,
  ): void {
    const weight = this.#weight(sums);
    const { values, vectors } = eigenSymmetric(this.#translationBlock(), 3);
    for (let k = 0; k < 3; k++) {
      const lack = 1 - values[k]! / (weight * this.#options.minConditioning);
      if (!(lack > 0)) return; // ascending: the others are better
      const stiffness = weight * lack;
      const e = [vectors[k]!, vectors[3 + k]!, vectors[6 + k]!];
      let away = 0;
      let drift = 0;
      for (let i = 0; i < 3; i++) {
        away += e[i]! * (pose[i * 4 + 3]! - predicted[i * 4 + 3]!);
        drift += e[i]! * offset[i]!;
      }
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          this.#A[i * n + j]! += stiffness * e[i]! * e[j]!;
          if (n === 12) this.#A[(6 + i) * 12 + 6 + j]! += stiffness * e[i]! * e[j]!;
        }
        this.#b[i]! -= stiffness * e[i]! * away;
        if (n === 12) this.#b[6 + i]! -= stiffness * e[i]! * drift;
      }
    }
  }

  #weight([other, ground]: readonly [NormalSums, NormalSums]): number {
    return other.weight + this.#options.groundWeight * ground.weight;
  }

  #translationBlock(): Float64Array {
    const H = this.#H;
    return Float64Array.of(H[0]!, H[1]!, H[2]!, H[1]!, H[6]!, H[7]!, H[2]!, H[7]!, H[11]!);
  }

  #conclude(
    sums: readonly [NormalSums, NormalSums],
    pose: Pose,
    twist: Twist,
    kernel: number,
    iterations: number,
    converged: boolean,
  ): Track {
    const variance = this.#combine(sums, kernel);
    const [other, ground] = sums;
    const points = other.points + ground.points;
    const valued = other.valued + ground.valued;
    const inliers = other.inliers + ground.inliers;
    const weight = this.#weight(sums);
    const H = new Float64Array(36);
    for (let i = 0; i < 36; i++) H[i] = this.#H[UPPER[i]!]!;
    const regular = H.slice();
    for (let i = 0; i < 6; i++) regular[i * 7]! += 1e-9 * (weight + 1);
    const inverseH = invertSpd(regular, 6);
    const { values, vectors } = eigenSymmetric(this.#translationBlock(), 3);
    const unconstrained = new Float64Array(9);
    for (let k = 0; k < 3 && values[k]! < weight * this.#options.minConditioning; k++)
      for (let r = 0; r < 3; r++)
        for (let c = 0; c < 3; c++) unconstrained[r * 3 + c]! += vectors[r * 3 + k]! * vectors[c * 3 + k]!;
    return {
      pose,
      twist,
      covariance: inverseH
        ? inverseH.map((v) => v * variance)
        : new Float64Array(36).map((_, i) => (i % 7 === 0 ? 1e6 : 0)),
      iterations,
      converged,
      valuedPoints: valued,
      coarseRatio: other.points ? (other.inliers + other.coarseInliers) / other.points : 0,
      valuedRatio: points ? valued / points : 0,
      inlierRatio: valued ? inliers / valued : 0,
      residual: inliers ? (other.absolute + ground.absolute) / inliers : Infinity,
      conditioning: weight > 0 ? Math.max(0, values[0]!) / weight : 0,
      unconstrained,
    };
  }
}

/** Turns (radians per sweep) beyond which the linear twist correction would bend far points by millimetres. */
const MAX_LINEAR_TURN = 0.004;

/** A sensor-frame twist plus the correction `turned`, given in submap axes and scaled time: δν = Rᵀ·turned. */
function corrected(twist: Twist, pose: Pose, turned: ArrayLike<number>): Twist {
  const out = twist.slice();
  for (let half = 0; half < 6; half += 3)
    for (let i = 0; i < 3; i++)
      out[half + i]! +=
        TIME_SCALE *
        (pose[i]! * turned[half]! + pose[4 + i]! * turned[half + 1]! + pose[8 + i]! * turned[half + 2]!);
  return out;
}

/** How far the twist is from its prediction, submap axes and scaled time: the residual of the prior. */
function offsetFrom(predicted: Twist, current: Twist, pose: Pose, turned: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(turned);
  for (let half = 0; half < 6; half += 3)
    for (let i = 0; i < 3; i++)
      for (let k = 0; k < 3; k++)
        out[half + i]! += (pose[i * 4 + k]! * (current[half + k]! - predicted[half + k]!)) / TIME_SCALE;
  return out;
}

const ZERO6 = new Float64Array(6);

/** p ↦ exp(ω)(p − c) + c + v with c the sensor's position: the update of a left perturbation centred at the sensor. */
export function moveAtSensor(pose: Pose, step: ArrayLike<number>): Pose {
  const rotation = compose(exp([0, 0, 0, step[3]!, step[4]!, step[5]!]), pose);
  rotation[3] = pose[3]! + step[0]!;
  rotation[7] = pose[7]! + step[1]!;
  rotation[11] = pose[11]! + step[2]!;
  return rotation;
}

/** Where element (r, c) of a symmetric 6×6 lies in its row-major upper triangle. */
function upperIndex(): Int32Array {
  const index = new Int32Array(36);
  let at = 0;
  for (let r = 0; r < 6; r++) for (let c = r; c < 6; c++) index[r * 6 + c] = index[c * 6 + r] = at++;
  return index;
}
