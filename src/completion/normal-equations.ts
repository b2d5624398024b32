/**
 * Weighted least squares y ≈ Φ z, kept as G = Φᵀ W Φ, h = Φᵀ W y and y² = yᵀ W y. Rows of one group may share an unknown
 * offset of known variance; it is eliminated when the group ends (Sherman–Morrison).
 *
 * @example
 * const system = new NormalEquations(2);
 * system.add([1, 0], 0.5, 4); // z0 ≈ 0.5, sigma 0.5
 * system.endGroup(0);
 */
export class NormalEquations {
  /** K·K, row-major; only the lower triangle is kept. */
  readonly G: Float64Array;
  readonly h: Float64Array;
  ySquared = 0;
  /** Rows so far. */
  rows = 0;
  /** Σ log(variance) of the rows and offsets, for the likelihood. */
  logVariance = 0;
  readonly #groupRow: Float64Array;
  #groupWeight = 0;
  #groupValue = 0;

  constructor(readonly size: number) {
    this.G = new Float64Array(size * size);
    this.h = new Float64Array(size);
    this.#groupRow = new Float64Array(size);
  }

  /** One row: φ · z = value, with weight 1/variance. */
  add(row: ArrayLike<number>, value: number, weight: number): void {
    this.#rankOne(row, weight);
    for (let k = 0; k < this.size; k++) {
      this.h[k]! += weight * value * row[k]!;
      this.#groupRow[k]! += weight * row[k]!;
    }
    this.ySquared += weight * value * value;
    this.#groupWeight += weight;
    this.#groupValue += weight * value;
    this.logVariance -= Math.log(weight);
    this.rows++;
  }

  /** A row that stands for a bound which is violated: one that is not would count nothing, so its own variance does not. */
  addBound(row: ArrayLike<number>, value: number, weight: number): void {
    this.add(row, value, weight);
    this.logVariance += Math.log(weight);
    this.endGroup(0);
  }

  /** Ends a group whose rows share an offset with this variance; 0: none. */
  endGroup(offsetVariance: number): void {
    if (offsetVariance > 0 && this.#groupWeight > 0) {
      const gamma = offsetVariance / (1 + offsetVariance * this.#groupWeight);
      this.#rankOne(this.#groupRow, -gamma);
      for (let k = 0; k < this.size; k++) this.h[k]! -= gamma * this.#groupValue * this.#groupRow[k]!;
      this.ySquared -= gamma * this.#groupValue * this.#groupValue;
      this.logVariance += Math.log(1 + offsetVariance * this.#groupWeight);
    }
    this.#groupRow.fill(0);
    this.#groupWeight = 0;
    this.#groupValue = 0;
  }

  #rankOne(row: ArrayLike<number>, weight: number): void {
    const { G, size } = this;
    for (let i = 0, at = 0; i < size; i++, at += size) {
      const w = weight * row[i]!;
      if (w === 0) continue;
      for (let j = 0; j <= i; j++) G[at + j]! += w * row[j]!;
    }
  }
}
