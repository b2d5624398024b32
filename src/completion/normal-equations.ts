/** Rows that are added to G together. */
const BATCH = 4;

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
  readonly h: Float64Array;
  ySquared = 0;
  /** Rows so far. */
  rows = 0;
  /** Σ log(variance) of the rows and offsets, for the likelihood. */
  logVariance = 0;
  readonly #G: Float64Array;
  /** Rows that wait to be added to G. */
  readonly #waiting: Float64Array;
  readonly #weights = new Float64Array(BATCH);
  #count = 0;
  readonly #groupRow: Float64Array;
  #groupWeight = 0;
  #groupValue = 0;

  constructor(readonly size: number) {
    this.#G = new Float64Array(size * size);
    this.#waiting = new Float64Array(BATCH * size);
    this.h = new Float64Array(size);
    this.#groupRow = new Float64Array(size);
  }

  /** K·K, row-major; only the lower triangle is kept. */
  get G(): Float64Array {
    if (this.#count > 0) this.#flush();
    return this.#G;
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

  /** (y − Φz)ᵀ W (y − Φz): what is left of the rows at z. */
  misfit(z: ArrayLike<number>): number {
    const { G, h, size } = this;
    let sum = this.ySquared;
    for (let i = 0; i < size; i++) {
      let Gz = 0.5 * G[i * size + i]! * z[i]!;
      for (let j = 0; j < i; j++) Gz += G[i * size + j]! * z[j]!;
      sum += 2 * z[i]! * (Gz - h[i]!);
    }
    return sum;
  }

  /** Four rows at a time: each number of G is read and written a quarter as often. */
  #flush(): void {
    const [G, size] = [this.#G, this.size];
    const [r, w] = [this.#waiting, this.#weights];
    for (let i = this.#count; i < BATCH; i++) {
      w[i] = 0;
      r.fill(0, i * size, (i + 1) * size);
    }
    for (let i = 0, at = 0; i < size; i++, at += size) {
      const w0 = w[0]! * r[i]!;
      const w1 = w[1]! * r[size + i]!;
      const w2 = w[2]! * r[2 * size + i]!;
      const w3 = w[3]! * r[3 * size + i]!;
      for (let j = 0; j <= i; j++)
        G[at + j]! += w0 * r[j]! + w1 * r[size + j]! + w2 * r[2 * size + j]! + w3 * r[3 * size + j]!;
    }
    this.#count = 0;
  }

  #rankOne(row: ArrayLike<number>, weight: number): void {
    const from = this.#count * this.size;
    for (let k = 0; k < this.size; k++) this.#waiting[from + k] = row[k]!;
    this.#weights[this.#count++] = weight;
    if (this.#count === BATCH) this.#flush();
  }
}
