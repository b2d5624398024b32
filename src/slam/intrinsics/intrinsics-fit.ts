import { invertSpd } from '../../geometry/linear.js';
import { compose, exp } from '../../geometry/se3.js';
import {
  linearisePair,
  PAIR_UNKNOWNS as P,
  pairSystem,
  UNKNOWNS as N,
  type Intrinsics,
  type PairSystem,
  type ViewPair,
} from './view-pair.js';

/** What is asked: how much longer both focal lengths are, or the centre and their ratio as well. */
export type Asked = 'focal' | 'all';

export interface FittedIntrinsics extends Intrinsics {
  /** Standard deviations by leaving out one pair after the other: log of both focal lengths, of fx : fy, centre as a share of them. */
  readonly sigma: Float64Array;
  /** Pairs that saw the same things. */
  readonly pairs: number;
}

const MOST_ITERATIONS = 30;
/** Iterations before poses may count as settled. */
const LEAST_ITERATIONS = 10;
/** Of the robust scales from one to the next. */
const NARROWING = 0.7;
/** Changes (log, share) below which it has settled. */
const SETTLED = 1e-3;
/** After the last one: far from what was given each brings it a little nearer still. */
const NEARLY_SETTLED = 2e-2;
/** Largest changes of an iteration: the focal lengths, their ratio, the centre. */
const MOST_CHANGE = [0.15, 0.15, 0.05, 0.05] as const;
/** Standard deviations of what is asked, from what was given. */
const PRIOR = [0.5, 0.3, 0.15, 0.15] as const;
/** Pixels that a pair must have in common. */
const FEWEST_COMPARED = 150;

/** A pair's own unknowns eliminated: what is left of its equations for the intrinsics. */
interface Reduced {
  readonly pair: ViewPair;
  readonly system: PairSystem;
  /** Inverse of the equations of pose, gain and bias. */
  readonly own: Float64Array;
  readonly A: Float64Array;
  readonly b: Float64Array;
}

/**
 * The intrinsics that explain pairs of views best, by Gauss–Newton over them and the pose of each pair.
 *
 * @example
 * const fit = new IntrinsicsFit(pairs, pairs[0].first, 'focal');
 * while (!fit.iterate());
 * fit.result?.fx;
 */
export class IntrinsicsFit {
  #camera: Intrinsics;
  #iterations = 0;
  #result: FittedIntrinsics | undefined;
  readonly #pairs: readonly ViewPair[];
  readonly #systems: readonly PairSystem[];
  readonly #count: number;

  /** @param pairs their poses are where it begins; copied */
  constructor(
    pairs: readonly ViewPair[],
    private readonly given: Intrinsics,
    asked: Asked,
  ) {
    this.#pairs = pairs.map((pair) => ({ ...pair }));
    this.#systems = pairs.map(pairSystem);
    this.#camera = given;
    this.#count = asked === 'all' ? 4 : 1;
  }

  /** Once it has settled; undefined where it does not. */
  get result(): FittedIntrinsics | undefined {
    return this.#result;
  }

  /** One step. @returns whether there is nothing more to do */
  iterate(): boolean {
    const unsettled = 2 * NARROWING ** this.#iterations++;
    const reduced = this.#pairs.flatMap((pair, i) => this.#reduce(pair, this.#systems[i]!, unsettled));
    const A = this.#prior();
    const b = this.#towardsGiven(A);
    for (const one of reduced) {
      one.A.forEach((v, i) => (A[i]! += v));
      one.b.forEach((v, i) => (b[i]! += v));
    }
    const covariance = invertSpd(A, this.#count);
    if (!covariance || reduced.length === 0) return true;
    const change = product(covariance, b).map((v, i) =>
      Math.max(-MOST_CHANGE[i]!, Math.min(MOST_CHANGE[i]!, v)),
    );
    for (const one of reduced) movePair(one, change);
    const { fx, fy, cx, cy } = this.#camera;
    const [focal, ratio = 0, x = 0, y = 0] = change;
    this.#camera = {
      fx: fx * Math.exp(focal! + ratio / 2),
      fy: fy * Math.exp(focal! - ratio / 2),
      cx: cx + x * fx,
      cy: cy + y * fy,
    };
    const limit = this.#iterations < MOST_ITERATIONS ? SETTLED : NEARLY_SETTLED;
    if (change.every((v) => Math.abs(v) < limit) && this.#iterations >= LEAST_ITERATIONS)
      this.#result = { ...this.#camera, sigma: leaveOneOut(A, reduced), pairs: reduced.length };
    return this.#result !== undefined || this.#iterations >= MOST_ITERATIONS;
  }

  #reduce(pair: ViewPair, system: PairSystem, unsettled: number): Reduced[] {
    linearisePair(pair, this.#camera, unsettled, system);
    if (system.compared < FEWEST_COMPARED) return [];
    const own = new Float64Array(P * P);
    for (let r = 0; r < P; r++)
      for (let c = 0; c < P; c++) own[r * P + c] = system.A[r * N + c]! * (r === c ? 1 + 1e-6 : 1);
    const inverted = invertSpd(own, P);
    return inverted ? [eliminated(pair, system, inverted, this.#count)] : [];
  }

  #prior(): Float64Array {
    const A = new Float64Array(this.#count ** 2);
    for (let i = 0; i < this.#count; i++) A[i * (this.#count + 1)] = PRIOR[i]! ** -2;
    return A;
  }

  /** The prior's pull. */
  #towardsGiven(prior: Float64Array): Float64Array {
    const [{ fx, fy, cx, cy }, given] = [this.#camera, this.given];
    const away = [
      Math.log((fx * fy) / (given.fx * given.fy)) / 2,
      Math.log((fx * given.fy) / (fy * given.fx)),
      (cx - given.cx) / given.fx,
      (cy - given.cy) / given.fy,
    ];
    return Float64Array.from({ length: this.#count }, (_, i) => -prior[i * (this.#count + 1)]! * away[i]!);
  }
}

/** The Schur complement of a pair's own unknowns. */
function eliminated(pair: ViewPair, system: PairSystem, own: Float64Array, n: number): Reduced {
  const A = new Float64Array(n * n);
  const b = new Float64Array(n);
  for (let r = 0; r < n; r++) {
    b[r] = system.b[P + r]!;
    for (let c = 0; c < n; c++) A[r * n + c] = system.A[(P + r) * N + P + c]!;
    for (let k = 0; k < P; k++) {
      let gain = 0;
      for (let j = 0; j < P; j++) gain += system.A[(P + r) * N + j]! * own[j * P + k]!;
      b[r]! -= gain * system.b[k]!;
      for (let c = 0; c < n; c++) A[r * n + c]! -= gain * system.A[(P + c) * N + k]!;
    }
  }
  return { pair, system, own, A, b };
}

/** Moves a pair to where it fits with the changed intrinsics. */
function movePair({ pair, system, own }: Reduced, change: Float64Array): void {
  const right = Float64Array.from({ length: P }, (_, r) =>
    change.reduce((rest, v, i) => rest - system.A[r * N + P + i]! * v, system.b[r]!),
  );
  const step = product(own, right);
  pair.pose = compose(exp(step.subarray(0, 6)), pair.pose);
  pair.gain += step[6]!;
  pair.bias += step[7]!;
}

/** The jackknife: how the solution changes without each pair. */
function leaveOneOut(A: Float64Array, reduced: readonly Reduced[]): Float64Array {
  const n = Math.sqrt(A.length);
  const without = reduced.flatMap((one) => {
    const covariance = invertSpd(
      A.map((v, i) => v - one.A[i]!),
      n,
    );
    return covariance ? [product(covariance, one.b)] : [];
  });
  const m = without.length;
  return Float64Array.from({ length: n }, (_, i) => {
    const mean = without.reduce((sum, one) => sum + one[i]!, 0) / m;
    const squares = without.reduce((sum, one) => sum + (one[i]! - mean) ** 2, 0);
    return m > 1 ? Math.sqrt(((m - 1) / m) * squares) : Infinity;
  });
}

/** A square matrix times a vector. */
function product(A: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return Float64Array.from({ length: n }, (_, r) => x.reduce((sum, v, c) => sum + A[r * n + c]! * v, 0));
}
