/**
 * Solves the symmetric positive definite system A x = b by Cholesky's factorisation.
 *
 * @param A n·n, row-major, only the lower triangle is read; overwritten with the factor
 * @param b n, overwritten with the solution
 * @returns false if A is not positive definite; b is then unusable
 */
export function solveCholesky(A: Float64Array, b: Float64Array, n: number): boolean {
  if (!factorCholesky(A, n)) return false;
  solveFactored(A, b, n);
  return true;
}

/**
 * Cholesky's factorisation of a symmetric positive definite matrix.
 *
 * @param A n·n, row-major, only the lower triangle is read; overwritten with the factor
 * @returns false if A is not positive definite
 */
export function factorCholesky(A: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const row = j * n;
    let d = A[row + j]!;
    for (let k = row; k < row + j; k++) d -= A[k]! * A[k]!;
    if (!(d > 0)) return false;
    const root = Math.sqrt(d);
    A[row + j] = root;
    for (let i = j + 1; i < n; i++) {
      const other = i * n - row;
      let s = A[other + row + j]!;
      for (let k = row; k < row + j; k++) s -= A[other + k]! * A[k]!;
      A[other + row + j] = s / root;
    }
  }
  return true;
}

/** Solves L·Lᵀ·x = b with the factor L of {@link factorCholesky}; b is overwritten with x. */
export function solveFactored(L: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    let s = b[i]!;
    for (let k = 0; k < i; k++) s -= L[i * n + k]! * b[k]!;
    b[i] = s / L[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let s = b[i]!;
    for (let k = i + 1; k < n; k++) s -= L[k * n + i]! * b[k]!;
    b[i] = s / L[i * n + i]!;
  }
}

/** Inverse of a symmetric positive definite n·n matrix, or undefined if it is not. */
export function invertSpd(A: Float64Array, n: number): Float64Array | undefined {
  const L = A.slice();
  if (!factorCholesky(L, n)) return undefined;
  const out = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    column.fill(0);
    column[j] = 1;
    solveFactored(L, column, n);
    for (let i = 0; i < n; i++) out[i * n + j] = column[i]!;
  }
  return out;
}

/** Eigenvalues (ascending) and eigenvectors (columns) of a symmetric n·n matrix by cyclic Jacobi rotations. */
export function eigenSymmetric(A: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const M = A.slice();
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < 50; sweep++) {
    let off = 0;
    let scale = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (i === j) scale += M[i * n + j]! ** 2;
        else off += M[i * n + j]! ** 2;
      }
    if (off <= 1e-28 * scale || off === 0) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = M[p * n + q]!;
        if (apq === 0) continue;
        const theta = (M[q * n + q]! - M[p * n + p]!) / (2 * apq);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const a = M[k * n + p]!;
          const b = M[k * n + q]!;
          M[k * n + p] = c * a - s * b;
          M[k * n + q] = s * a + c * b;
        }
        for (let k = 0; k < n; k++) {
          const a = M[p * n + k]!;
          const b = M[q * n + k]!;
          M[p * n + k] = c * a - s * b;
          M[q * n + k] = s * a + c * b;
          const v = V[k * n + p]!;
          const w = V[k * n + q]!;
          V[k * n + p] = c * v - s * w;
          V[k * n + q] = s * v + c * w;
        }
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => M[a * n + a]! - M[b * n + b]!);
  const values = Float64Array.from(order, (i) => M[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let k = 0; k < n; k++) vectors[k * n + to] = V[k * n + from]!;
  });
  return { values, vectors };
}
