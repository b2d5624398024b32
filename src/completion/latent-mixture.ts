/**
 * Where the latent numbers of real shapes lie: kinds of shapes, each a normal distribution N(centre, F Fᵀ + diag(spread²)).
 * Beside them stands the standard normal distribution, for objects of no kind that was learnt.
 */
export interface LatentMixture {
  /** Number of kinds. */
  readonly kinds: number;
  /** Columns q of each F. */
  readonly rank: number;
  /** Probability of each kind; what is missing to 1 is that of the standard normal distribution. */
  readonly weights: Float32Array;
  /** kinds · K. */
  readonly centres: Float32Array;
  /** kinds · K · q, row by row. */
  readonly factors: Float32Array;
  /** Standard deviation of what the factors leave out, K; the same for all kinds. */
  readonly spreads: Float32Array;
}
