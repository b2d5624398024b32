/** Σ A[a + k] B[b + k] over k < n; four sums side by side, as each addition waits for the one before it. */
export function dotRows(A: Float64Array, a: number, B: Float64Array, b: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    s0 += A[a + k]! * B[b + k]!;
    s1 += A[a + k + 1]! * B[b + k + 1]!;
    s2 += A[a + k + 2]! * B[b + k + 2]!;
    s3 += A[a + k + 3]! * B[b + k + 3]!;
  }
  for (; k < n; k++) s0 += A[a + k]! * B[b + k]!;
  return s0 + s1 + (s2 + s3);
}

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
      const sum = A[row + j]! - dotRows(A, row, A, other, j);
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
    b[i] = (b[i]! - dotRows(L, row, b, 0, i)) / L[row + i]!;
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
      const rest = dotRows(L, i * n + k, rows, own + k, i - k);
      rows[own + i] = ((i === k ? 1 : 0) - rest) / L[i * n + i]!;
    }
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) out[i * n + j] = dotRows(rows, i * n + i, rows, j * n + i, n - i);
  return out;
}

/** xᵀ C x of a symmetric C (n·n, lower triangle read). */
export function quadratic(C: Float64Array, n: number, x: Float64Array): number {
  let total = 0;
  for (let i = 0, row = 0; i < n; i++, row += n) {
    total += x[i]! * (2 * dotRows(C, row, x, 0, i) + C[row + i]! * x[i]!);
  }
  return total;
}

/** Fills the upper triangle from the lower one. */
export function mirror(C: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) C[j * n + i] = C[i * n + j]!;
}
