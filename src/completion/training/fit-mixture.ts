import type { Random } from '../../geometry/random.js';
import type { LatentMixture } from '../latent-mixture.js';

export interface MixtureFit {
  readonly kinds: number;
  /** Columns of each kind's factor. */
  readonly rank: number;
  /** Probability left to the standard normal distribution. */
  readonly otherShare: number;
  readonly rounds: number;
}

/**
 * Sorts samples into kinds (k-means with k-means++ starts, distances weighed by the components' sizes) and gives each
 * the mean and the largest principal directions of its samples; what those leave out is pooled over all kinds.
 *
 * @param latents N·K, of unit variance
 * @param sizes K, standard deviation of each component (any unit)
 */
export function fitMixture(
  latents: Float32Array,
  sizes: ArrayLike<number>,
  options: MixtureFit,
  random: Random,
): LatentMixture {
  const K = sizes.length;
  const N = latents.length / K;
  const scaled = latents.map((v, i) => v * sizes[i % K]!);
  const { labels, centres: found } = kMeans(scaled, K, options.kinds, options.rounds, random);
  const kinds = found.length / K;
  const weights = new Float32Array(kinds);
  const centres = new Float32Array(kinds * K);
  const factors = new Float32Array(kinds * K * options.rank);
  const left = new Float64Array(K);
  for (let kind = 0; kind < kinds; kind++) {
    const members = Array.from(labels.keys()).filter((i) => labels[i] === kind);
    weights[kind] = ((1 - options.otherShare) * members.length) / N;
    const centre = new Float64Array(K);
    for (const i of members) for (let k = 0; k < K; k++) centre[k]! += latents[i * K + k]! / members.length;
    centres.set(centre, kind * K);
    const rows = members.map((i) => Float64Array.from({ length: K }, (_, k) => latents[i * K + k]! - centre[k]!));
    const F = principalFactor(rows, K, Math.min(options.rank, Math.max(0, members.length - 2)), sizes, random);
    for (let k = 0; k < K; k++)
      for (let a = 0; a < options.rank; a++)
        factors[(kind * K + k) * options.rank + a] = F[a]?.[k] ?? 0;
    for (let k = 0; k < K; k++) {
      let variance = 0;
      for (const row of rows) variance += row[k]! ** 2;
      for (const column of F) variance -= members.length * column[k]! ** 2;
      left[k]! += Math.max(0, variance) / N;
    }
  }
  const spreads = Float32Array.from(left, (v) => Math.sqrt(Math.max(v, 1e-4)));
  return { kinds, rank: options.rank, weights, centres, factors, spreads };
} // prettier-ignore

/** Lloyd's algorithm from k-means++ seeds. */
function kMeans(rows: Float32Array, K: number, kinds: number, rounds: number, random: Random) {
  const N = rows.length / K;
  const centres = new Float32Array(kinds * K);
  const gaps = new Float64Array(N).fill(Infinity);
  const labels = new Int32Array(N);
  const gap = (i: number, kind: number): number => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += (rows[i * K + k]! - centres[kind * K + k]!) ** 2;
    return sum;
  };
  let next = random.int(N);
  for (let kind = 0; kind < kinds; kind++) {
    centres.set(rows.subarray(next * K, (next + 1) * K), kind * K);
    let total = 0;
    for (let i = 0; i < N; i++) total += gaps[i] = Math.min(gaps[i]!, gap(i, kind));
    let left = random.next() * total;
    for (next = 0; next < N - 1 && (left -= gaps[next]!) > 0; ) next++;
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < N; i++) {
      let least = Infinity;
      for (let kind = 0; kind < kinds; kind++) {
        const g = gap(i, kind);
        if (g < least) [least, labels[i]] = [g, kind];
      }
    }
    const counts = new Int32Array(kinds);
    const sums = new Float64Array(kinds * K);
    for (let i = 0; i < N; i++) {
      counts[labels[i]!]!++;
      for (let k = 0; k < K; k++) sums[labels[i]! * K + k]! += rows[i * K + k]!;
    }
    for (let c = 0; c < centres.length; c++)
      if (counts[Math.floor(c / K)]! > 0) centres[c] = sums[c]! / counts[Math.floor(c / K)]!;
  }
  return { labels, centres };
} // prettier-ignore

/** Columns f with Σ f fᵀ the largest part of the rows' covariance, found by orthogonal iteration with the sizes as weights. */
function principalFactor(
  rows: readonly Float64Array[],
  K: number,
  rank: number,
  sizes: ArrayLike<number>,
  random: Random,
): Float64Array[] {
  const n = rows.length;
  let basis = Array.from({ length: rank }, () => Float64Array.from({ length: K }, () => random.normal()));
  const weighted = rows.map((row) => row.map((v, k) => v * sizes[k]!));
  for (let round = 0; round < 12; round++) {
    orthonormalise(basis);
    basis = basis.map((b) => {
      const out = new Float64Array(K);
      for (const row of weighted) {
        let dot = 0;
        for (let k = 0; k < K; k++) dot += row[k]! * b[k]!;
        for (let k = 0; k < K; k++) out[k]! += (dot * row[k]!) / n;
      }
      return out;
    });
  }
  // With P the projection on the basis, P C P ≈ Σ λ b bᵀ; columns √λ b, back in latent units.
  const lengths = basis.map((b) => Math.hypot(...b));
  orthonormalise(basis);
  return basis.map((b, a) => b.map((v, k) => (Math.sqrt(lengths[a]!) * v) / sizes[k]!));
}

function orthonormalise(vectors: Float64Array[]): void {
  vectors.forEach((v, a) => {
    for (let b = 0; b < a; b++) {
      const u = vectors[b]!;
      let dot = 0;
      for (let k = 0; k < v.length; k++) dot += u[k]! * v[k]!;
      for (let k = 0; k < v.length; k++) v[k]! -= dot * u[k]!;
    }
    const norm = Math.hypot(...v) || 1;
    for (let k = 0; k < v.length; k++) v[k]! /= norm;
  });
}
