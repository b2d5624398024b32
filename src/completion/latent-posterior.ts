import {
  dotRows,
  factorCholesky,
  inverseFromFactor,
  solveLower,
  solveLowerMany,
  solveUpper,
} from './dense.js';
import type { LatentMixture } from './latent-mixture.js';
import type { NormalEquations } from './normal-equations.js';

/** What is known of the latent numbers after the measurements. */
export interface LatentPosterior {
  /** Mean, K. */
  readonly mean: Float64Array;
  /** Covariance, K·K, lower triangle; between kinds included. Made when it is first asked for: it costs most. */
  readonly covariance: Float64Array;
  /** Probability of each kind; the last one is the standard normal distribution. */
  readonly kinds: Float64Array;
  /** Mean of the most probable kind alone, K. */
  readonly likeliest: Float64Array;
  /** Log of the evidence (with the power `temper`), up to a constant that does not depend on the prior's frame. */
  readonly logEvidence: number;
}

/** Kinds less probable than this do not enter the covariance. */
const NEGLIGIBLE = 1e-3;

/** A normal distribution after the measurements. */
interface Normal {
  readonly latent: Float64Array;
  /** −2 log of its evidence, up to what all have in common. */
  readonly misfit: number;
  /** Adds share · covariance, lower triangle. */
  addCovariance(out: Float64Array, share: number): void;
}

/**
 * Bayes' rule in closed form: a mixture of normal distributions and linear measurements give a mixture again, of which
 * mean and covariance are returned. Without kinds it is a ridge regression. Rows of one surface agree more than independent
 * ones would: the evidence for a kind counts with the power `temper`.
 *
 * @param only kinds that are looked at, in rising order; all of them unless said
 * @returns undefined when the system is not positive definite: rows that are not finite
 */
export function latentPosterior(
  system: NormalEquations,
  mixture: LatentMixture | undefined,
  temper: number,
  only?: readonly number[],
): LatentPosterior | undefined {
  const K = system.size;
  const count = mixture?.kinds ?? 0;
  const looked = only ?? Array.from({ length: count }, (_, kind) => kind);
  const ridge = ridgePosterior(system);
  const kinds = mixture && count > 0 ? kindPosteriors(system, mixture, looked) : [];
  if (!ridge || !kinds) return undefined;
  const all = [...kinds, ridge];
  const known = mixture ? mixture.weights.reduce((sum, w) => sum + w, 0) : 0;
  const logs = all.map(({ misfit }, i) => {
    const weight = i < kinds.length ? mixture!.weights[looked[i]!]! : 1 - known;
    return Math.log(Math.max(0, weight)) - 0.5 * temper * (misfit + system.logVariance);
  });
  const most = Math.max(...logs);
  const shares = Float64Array.from(logs, (l) => Math.exp(l - most));
  const sum = shares.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) return undefined;
  for (let kind = 0; kind < shares.length; kind++) shares[kind]! /= sum;

  const mean = new Float64Array(K);
  all.forEach(({ latent }, kind) => {
    for (let k = 0; k < K; k++) mean[k]! += shares[kind]! * latent[k]!;
  });
  const probabilities = new Float64Array(count + 1);
  looked.forEach((kind, i) => (probabilities[kind] = shares[i]!));
  probabilities[count] = shares[kinds.length]!;
  const { latent: likeliest } = all[logs.indexOf(most)]!;
  let covariance: Float64Array | undefined;
  return {
    mean,
    get covariance() {
      return (covariance ??= mixedCovariance(all, shares, mean));
    },
    likeliest,
    kinds: probabilities,
    logEvidence: most + Math.log(sum),
  };
}

/** Within the normal distributions and between them, lower triangle. */
function mixedCovariance(all: readonly Normal[], shares: Float64Array, mean: Float64Array): Float64Array {
  const K = mean.length;
  const out = new Float64Array(K * K);
  all.forEach((normal, kind) => {
    const share = shares[kind]!;
    if (share < NEGLIGIBLE) return;
    normal.addCovariance(out, share);
    for (let i = 0; i < K; i++)
      for (let j = 0; j <= i; j++)
        out[i * K + j]! += share * (normal.latent[i]! - mean[i]!) * (normal.latent[j]! - mean[j]!);
  });
  return out;
}

/** z ~ N(0, I): covariance (G + I)⁻¹. */
function ridgePosterior({ size: K, G, h, ySquared }: NormalEquations): Normal | undefined {
  const L = G.slice();
  for (let k = 0; k < K; k++) L[k * K + k]! += 1;
  const logDet = factorCholesky(L, K);
  if (Number.isNaN(logDet)) return undefined;
  const latent = h.slice();
  solveLower(L, K, latent);
  const misfit = ySquared - latent.reduce((s, v) => s + v * v, 0) + logDet;
  solveUpper(L, K, latent);
  return {
    latent,
    misfit,
    addCovariance(out, share) {
      const inverse = inverseFromFactor(L, K);
      for (let i = 0; i < K; i++) for (let j = 0; j <= i; j++) out[i * K + j]! += share * inverse[i * K + j]!;
    },
  };
}

/**
 * The kinds share B = G + D⁻¹ = L Lᵀ with D = diag(spread²). In units of the spreads, with U = L⁻¹F and
 * Q = I + FᵀF − UᵀU, a kind has covariance L⁻ᵀ(I + U Q⁻¹ Uᵀ)L⁻¹ and log determinant log|B| + log|Q| (Woodbury).
 */
function kindPosteriors(
  system: NormalEquations,
  mixture: LatentMixture,
  looked: readonly number[],
): Normal[] | undefined {
  const K = system.size;
  const { spreads } = mixture;
  const G = new Float64Array(K * K);
  const h = Float64Array.from(system.h, (v, i) => v * spreads[i]!);
  for (let i = 0; i < K; i++)
    for (let j = 0; j <= i; j++)
      G[i * K + j] = G[j * K + i] = system.G[i * K + j]! * spreads[i]! * spreads[j]!;
  const L = G.slice();
  for (let k = 0; k < K; k++) L[k * K + k]! += 1;
  const logDetB = factorCholesky(L, K);
  if (Number.isNaN(logDetB)) return undefined;
  const scaled: ScaledSystem = { K, G, h, ySquared: system.ySquared, L, logDetB };
  let units = inSpreads.get(mixture);
  if (!units) inSpreads.set(mixture, (units = scaledMixture(mixture, K)));
  return looked.map((kind) => kindPosterior(scaled, units, kind));
}

interface ScaledSystem {
  readonly K: number;
  readonly G: Float64Array;
  readonly h: Float64Array;
  readonly ySquared: number;
  readonly L: Float64Array;
  readonly logDetB: number;
  /** B⁻¹, lower triangle; once a kind's covariance has been asked for. */
  inverse?: Float64Array;
}

/** A mixture in units of its spreads. */
interface ScaledMixture {
  readonly q: number;
  readonly spreads: Float32Array;
  readonly centres: readonly Float64Array[];
  /** F of each kind, K·q. */
  readonly factors: readonly Float64Array[];
  /** I + FᵀF of each kind, lower triangle. */
  readonly grams: readonly Float64Array[];
}

/** Made once for each mixture. */
const inSpreads = new WeakMap<LatentMixture, ScaledMixture>();

function scaledMixture({ kinds, rank: q, centres, factors, spreads }: LatentMixture, K: number): ScaledMixture {
  const each = <T>(make: (kind: number) => T): T[] => Array.from({ length: kinds }, (_, kind) => make(kind));
  const F = each((kind) =>
    Float64Array.from({ length: K * q }, (_, i) => factors[kind * K * q + i]! / spreads[Math.floor(i / q)]!),
  );
  return {
    q,
    spreads,
    centres: each((kind) => Float64Array.from({ length: K }, (_, i) => centres[kind * K + i]! / spreads[i]!)),
    factors: F,
    grams: each((kind) => {
      const gram = new Float64Array(q * q);
      addGram(gram, F[kind]!, K, q, 1);
      for (let a = 0; a < q; a++) gram[a * q + a]! += 1;
      return gram;
    }),
  };
} // prettier-ignore

function kindPosterior(system: ScaledSystem, mixture: ScaledMixture, kind: number): Normal {
  const { K, G, h, L } = system;
  const { q, spreads } = mixture;
  const c = mixture.centres[kind]!;
  const U = mixture.factors[kind]!.slice();
  const Q = mixture.grams[kind]!.slice();
  solveLowerMany(L, K, U, q);
  addGram(Q, U, K, q, -1);
  let misfit = system.ySquared + system.logDetB + factorCholesky(Q, q);

  // At the centre: misfit yᵀWy − 2hᵀc + cᵀGc and half its descent r = h − G c.
  const r = new Float64Array(K);
  for (let i = 0; i < K; i++) {
    const Gc = dotRows(G, i * K, c, 0, K);
    r[i] = h[i]! - Gc;
    misfit += c[i]! * (Gc - 2 * h[i]!);
  }
  // Less rᵀ A⁻¹ r; then the way from the centre, A⁻¹ r.
  solveLower(L, K, r);
  const small = new Float64Array(q);
  for (let i = 0; i < K; i++) {
    misfit -= r[i]! * r[i]!;
    for (let a = 0; a < q; a++) small[a]! += U[i * q + a]! * r[i]!;
  }
  solveLower(Q, q, small);
  for (let a = 0; a < q; a++) misfit -= small[a]! * small[a]!;
  solveUpper(Q, q, small);
  for (let i = 0; i < K; i++) for (let a = 0; a < q; a++) r[i]! += U[i * q + a]! * small[a]!;
  solveUpper(L, K, r);
  for (let i = 0; i < K; i++) r[i] = spreads[i]! * (r[i]! + c[i]!);
  return {
    latent: r,
    misfit,
    addCovariance(out, share) {
      const own = (system.inverse ??= inverseFromFactor(L, K)).slice();
      // L⁻ᵀ U Lq⁻ᵀ, whose product with its transpose is L⁻ᵀ U Q⁻¹ Uᵀ L⁻¹.
      const root = new Float64Array(q * K);
      const row = new Float64Array(q);
      const columns = Array.from({ length: q }, () => new Float64Array(K));
      for (let i = 0; i < K; i++) {
        for (let a = 0; a < q; a++) row[a] = U[i * q + a]!;
        solveLower(Q, q, row);
        for (let a = 0; a < q; a++) columns[a]![i] = row[a]!;
      }
      columns.forEach((column, a) => {
        solveUpper(L, K, column);
        root.set(column, a * K);
      });
      for (let a = 0; a < q; a++)
        for (let i = 0; i < K; i++)
          for (let j = 0; j <= i; j++) own[i * K + j]! += root[a * K + i]! * root[a * K + j]!;
      for (let i = 0; i < K; i++)
        for (let j = 0; j <= i; j++) out[i * K + j]! += share * spreads[i]! * spreads[j]! * own[i * K + j]!;
    },
  };
}

/** out += scale · AᵀA of A (n·q), lower triangle. */
function addGram(out: Float64Array, A: Float64Array, n: number, q: number, scale: number): void {
  for (let a = 0; a < q; a++)
    for (let b = 0; b <= a; b++) {
      let [even, odd] = [0, 0];
      let at = 0;
      for (; at + q < n * q; at += 2 * q) {
        even += A[at + a]! * A[at + b]!;
        odd += A[at + q + a]! * A[at + q + b]!;
      }
      if (at < n * q) even += A[at + a]! * A[at + b]!;
      out[a * q + b]! += scale * (even + odd);
    }
}
