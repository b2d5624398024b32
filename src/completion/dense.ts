/**
 * Cholesky's factor L of a symmetric positive definite A (n·n, row-major, lower triangle read), in place; what lies above
 * the diagonal is left as it is.
 *
 * @returns log det A, or NaN when A is not positive definite
 */
export function factorCholesky(A: Float64Array, n: number): number {
  let logDet = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = A[row + j]!;
      for (let k = 0; k < j; k++) sum -= A[row + k]! * A[other + k]!;
      if (j < i) A[row + j] = sum / A[other + j]!;
      else {
        if (!(sum > 0)) return NaN;
        A[row + i] = Math.sqrt(sum);
        logDet += Math.log(sum);
      }
    }
  }
  return logDet;
}

/** L⁻¹ b in place. */
export function solveLower(L: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0, row = 0; i < n; i++, row += n) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= L[row + k]! * b[k]!;
    b[i] = sum / L[row + i]!;
  }
}

/** L⁻ᵀ b in place. */
export function solveUpper(L: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const value = b[i]! / L[i * n + i]!;
    b[i] = value;
    for (let k = 0; k < i; k++) b[k]! -= L[i * n + k]! * value;
  }
}

/** L⁻¹ B in place; B has `columns` columns, row-major. Four columns at a time: their sums stay in registers. */
export function solveLowerMany(L: Float64Array, n: number, B: Float64Array, columns: number): void {
  let c = 0;
  for (; c + 4 <= columns; c += 4)
    for (let i = 0, row = 0, at = c; i < n; i++, row += n, at += columns) {
      let s0 = B[at]!;
      let s1 = B[at + 1]!;
      let s2 = B[at + 2]!;
      let s3 = B[at + 3]!;
      for (let k = 0, from = c; k < i; k++, from += columns) {
        const f = L[row + k]!;
        s0 -= f * B[from]!;
        s1 -= f * B[from + 1]!;
        s2 -= f * B[from + 2]!;
        s3 -= f * B[from + 3]!;
      }
      const scale = 1 / L[row + i]!;
      B[at] = s0 * scale;
      B[at + 1] = s1 * scale;
      B[at + 2] = s2 * scale;
      B[at + 3] = s3 * scale;
    }
  for (; c < columns; c++)
    for (let i = 0, row = 0; i < n; i++, row += n) {
      let sum = B[i * columns + c]!;
      for (let k = 0; k < i; k++) sum -= L[row + k]! * B[k * columns + c]!;
      B[i * columns + c] = sum / L[row + i]!;
    }
}

/** (L Lᵀ)⁻¹, lower triangle. */
export function inverseFromFactor(L: Float64Array, n: number): Float64Array {
  // Row k of `rows` is column k of L⁻¹, whose first k numbers are 0.
  const rows = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const own = k * n;
    for (let i = k; i < n; i++) {
      let sum = i === k ? 1 : 0;
      for (let j = k; j < i; j++) sum -= L[i * n + j]! * rows[own + j]!;
      rows[own + i] = sum / L[i * n + i]!;
    }
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += rows[i * n + k]! * rows[j * n + k]!;
      out[i * n + j] = sum;
    }
  return out;
}

/** xᵀ C x of a symmetric C (n·n, lower triangle read). */
export function quadratic(C: Float64Array, n: number, x: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0, row = 0; i < n; i++, row += n) {
    let sum = 0;
    for (let j = 0; j < i; j++) sum += C[row + j]! * x[j]!;
    total += x[i]! * (2 * sum + C[row + i]! * x[i]!);
  }
  return total;
}

/** Fills the upper triangle from the lower one. */
export function mirror(C: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) C[j * n + i] = C[i * n + j]!;
}
