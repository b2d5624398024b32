import { solveCholesky } from '../geometry/linear.js';
import { moveAtSensor, type Pose, type Twist } from '../geometry/se3.js';
import { BASE_UNKNOWNS, LinearSystem, TIME_SCALE, type Unknowns } from './linear-system.js';
import { MAX_LINEAR_TURN, type AlignProblem, type AlignSolution } from './registration.js';
import { PHOTOMETRIC_UNKNOWNS } from './terms/photometric.js';
import type { GeometricTerm } from './terms/geometric.js';
import type { MeasurementTerm, Term } from './terms/term.js';

/** Sums the measurement terms at several places: `out[k]` at `at[k]`. */
export type Linearise = (
  terms: readonly MeasurementTerm[],
  at: readonly Unknowns[],
  out: readonly LinearSystem[],
) => void;

type Scaled = GeometricTerm & { readonly kernels: number[] };

/**
 * Gauss–Newton over the sum of terms, robust, coarse to fine: the same for all backends and all sensors. Unknowns are the
 * pose, the twist within the sweep where it is asked for, and the terms' own.
 *
 * @example
 * const solver = new GaussNewton((terms, at, out) => backend.linearise(terms, at, out));
 * const { pose } = solver.solve(problem);
 */
export class GaussNewton {
  readonly #linearise: Linearise;
  #measured = new LinearSystem();
  #total = new LinearSystem();
  #A = new Float64Array(BASE_UNKNOWNS ** 2);
  #b = new Float64Array(BASE_UNKNOWNS);
  readonly #at: Unknowns[] = [];
  readonly #out: LinearSystem[] = [];

  constructor(linearise: Linearise) {
    this.#linearise = linearise;
  }

  solve(problem: AlignProblem): AlignSolution {
    const { maxIterations, undistort, solveTwist } = problem;
    const terms = problem.terms.flatMap((term) =>
      term.kind === 'geometric' ? [{ ...term, kernels: [...term.kernels] }] : [],
    );
    const measured = [...terms, ...problem.terms.filter((term) => term.kind === 'photometric')];
    const own = ownUnknowns(problem.terms);
    this.#reserve(own);
    const state = {
      pose: problem.start,
      undistorted: problem.twist,
      correction: new Float64Array(6),
      own: problem.own?.slice() ?? new Float64Array(own),
    };
    const twistUnknowns = solveTwist ? 6 : 0;
    let iterations = 0;
    let converged = false;
    this.#measure(measured, state);
    while (iterations < maxIterations) {
      iterations++;
      const final = terms.every(settled);
      this.#assemble(problem.terms, state, varianceOf(this.#measured, terms), final);
      const n = this.#pack(twistUnknowns);
      if (!solveCholesky(this.#A, this.#b, n)) break;
      const step = this.#b;
      state.pose = moveAtSensor(state.pose, step);
      for (let i = 0; i < twistUnknowns; i++) state.correction[i]! += step[6 + i]!;
      for (let i = 0; i < own; i++) state.own[i]! += step[6 + twistUnknowns + i]!;
      const { correction } = state;
      if (undistort && Math.hypot(correction[3]!, correction[4]!, correction[5]!) > MAX_LINEAR_TURN) {
        state.undistorted = corrected(state.undistorted, state.pose, correction);
        undistort(state.undistorted);
        correction.fill(0);
      }
      const small = isSmall(step, 6 + twistUnknowns, own, problem);
      for (const term of terms) narrow(term, problem.anneal);
      this.#measure(measured, state);
      if (small && final) {
        converged = true;
        break;
      }
    }
    if (rescaled(terms)) this.#measure(measured, state);
    return {
      pose: state.pose,
      twist: corrected(state.undistorted, state.pose, state.correction),
      own: state.own,
      system: this.#measured,
      variance: varianceOf(this.#measured, terms),
      iterations,
      converged,
    };
  }

  #reserve(own: number): void {
    if (this.#measured.size === BASE_UNKNOWNS + own) return;
    this.#measured = new LinearSystem(own);
    this.#total = new LinearSystem(own);
    this.#A = new Float64Array(this.#total.size ** 2);
    this.#b = new Float64Array(this.#total.size);
  }

  #measure(terms: readonly MeasurementTerm[], state: Unknowns): void {
    this.#at[0] = state;
    this.#out[0] = this.#measured;
    this.#linearise(terms, this.#at, this.#out);
  }

  /** The measurements, a trace of damping, then the priors. */
  #assemble(terms: readonly Term[], at: Unknowns, variance: number, final: boolean): void {
    const total = this.#total;
    total.copyFrom(this.#measured);
    for (let i = 0; i < 6; i++) {
      const diagonal = i * (total.size + 1);
      total.A[diagonal]! += 1e-6 * total.A[diagonal]! + 1e-9;
    }
    let firstOwn = BASE_UNKNOWNS + measuredUnknowns(terms);
    // No sample is near enough for its brightness to count where the start is far off: then gain and bias stay.
    for (let i = BASE_UNKNOWNS; i < firstOwn; i++) total.A[i * (total.size + 1)]! += 1e-9;
    for (const term of terms) {
      if (term.kind !== 'prior') continue;
      term.add(total, at, { measured: this.#measured, variance, final, firstOwn });
      firstOwn += term.ownUnknowns;
    }
  }

  /** Leaves the twist out where it is not solved for; returns the number of unknowns. */
  #pack(twistUnknowns: number): number {
    const { A, b, size } = this.#total;
    const n = size - 6 + twistUnknowns;
    const from = (i: number): number => (i < 6 + twistUnknowns ? i : i + 6 - twistUnknowns);
    for (let r = 0; r < n; r++) {
      for (let c = 0; c <= r; c++) this.#A[r * n + c] = A[from(r) * size + from(c)]!;
      this.#b[r] = b[from(r)]!;
    }
    return n;
  }
}

function ownUnknowns(terms: readonly Term[]): number {
  return terms.reduce(
    (sum, term) => sum + (term.kind === 'prior' ? term.ownUnknowns : 0),
    measuredUnknowns(terms),
  );
}

/** Own unknowns of measurement terms: they come before those of priors. */
function measuredUnknowns(terms: readonly Term[]): number {
  return terms.some(({ kind }) => kind === 'photometric') ? PHOTOMETRIC_UNKNOWNS : 0;
}

/** Mean squared residual; the square of the robust scale where nothing was measured. */
function varianceOf({ weight, cost }: LinearSystem, terms: readonly GeometricTerm[]): number {
  const kernel = terms[0]?.kernels[0] ?? 1;
  return weight > 0 ? Math.max(1e-6, cost / weight) : kernel * kernel;
}

function settled({ kernels, kernelEnd }: GeometricTerm): boolean {
  return kernelEnd === undefined || kernels[0]! <= kernelEnd;
}

function narrow({ kernels, kernelEnd }: Scaled, anneal: number): void {
  if (kernelEnd !== undefined) kernels[0] = Math.max(kernelEnd, kernels[0]! * anneal);
}

/** Sets the scales of the sums that a solution comes with; whether any differs from that of the last step. */
function rescaled(terms: readonly Scaled[]): boolean {
  const others = terms.filter(
    ({ kernels, sumsKernel }) => sumsKernel !== undefined && sumsKernel !== kernels[0],
  );
  for (const { kernels, sumsKernel } of others) kernels[0] = sumsKernel!;
  return others.length > 0;
}

function isSmall(step: Float64Array, firstOwn: number, own: number, limits: AlignProblem): boolean {
  for (let i = 0; i < own; i++)
    if (!(Math.abs(step[firstOwn + i]!) < (limits.ownTolerance ?? Infinity))) return false;
  return (
    Math.hypot(step[0]!, step[1]!, step[2]!) < limits.translationTolerance &&
    Math.hypot(step[3]!, step[4]!, step[5]!) < limits.rotationTolerance
  );
}

/** A sensor-frame twist plus a correction in submap axes and scaled time: δν = Rᵀ·correction. */
export function corrected(twist: Twist, pose: Pose, correction: ArrayLike<number>): Twist {
  const out = twist.slice();
  for (let half = 0; half < 6; half += 3)
    for (let i = 0; i < 3; i++)
      out[half + i]! +=
        TIME_SCALE *
        (pose[i]! * correction[half]! +
          pose[4 + i]! * correction[half + 1]! +
          pose[8 + i]! * correction[half + 2]!);
  return out;
}
