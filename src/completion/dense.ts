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

/** L⁻¹ B in place; B has `columns` columns, row-major. */
export function solveLowerMany(L: Float64Array, n: number, B: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * columns;
    for (let k = 0; k < i; k++) {
      const f = L[i * n + k]!;
      if (f === 0) continue;
      const other = k * columns;
      for (let c = 0; c < columns; c++) B[row + c]! -= f * B[other + c]!;
    }
    const scale = 1 / L[i * n + i]!;
    for (let c = 0; c < columns; c++) B[row + c]! *= scale;
  }
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
