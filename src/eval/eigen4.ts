/**
 * Eigenvalues and eigenvectors of a symmetric 4×4 matrix by cyclic Jacobi rotations (Golub & Van Loan, §8.5), which
 * are accurate to the last digits also for equal eigenvalues.
 *
 * @param matrix 16 numbers, row-major, symmetric (not modified)
 * @returns 4 values in no particular order, and 16 numbers row-major whose column k belongs to value k
 */
export function eigenSymmetric4(matrix: Float64Array): { values: number[]; vectors: Float64Array } {
  const A = Float64Array.from(matrix);
  const V = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
  const scale = Math.hypot(...A);
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < 3; p++) for (let q = p + 1; q < 4; q++) off += A[4 * p + q]! ** 2;
    if (Math.sqrt(off) <= 1e-17 * scale) break;
    for (let p = 0; p < 3; p++) for (let q = p + 1; q < 4; q++) rotate(A, V, p, q);
  }
  return { values: [A[0]!, A[5]!, A[10]!, A[15]!], vectors: V };
}

/** One Jacobi rotation: A ← JᵀAJ with A[p][q] = 0, V ← VJ. */
function rotate(A: Float64Array, V: Float64Array, p: number, q: number): void {
  const apq = A[4 * p + q]!;
  if (apq === 0) return;
  const theta = (A[5 * q]! - A[5 * p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < 4; k++) {
    const kp = A[4 * k + p]!;
    const kq = A[4 * k + q]!;
    A[4 * k + p] = c * kp - s * kq;
    A[4 * k + q] = s * kp + c * kq;
  }
  for (let k = 0; k < 4; k++) {
    const pk = A[4 * p + k]!;
    const qk = A[4 * q + k]!;
    A[4 * p + k] = c * pk - s * qk;
    A[4 * q + k] = s * pk + c * qk;
    const vp = V[4 * k + p]!;
    const vq = V[4 * k + q]!;
    V[4 * k + p] = c * vp - s * vq;
    V[4 * k + q] = s * vp + c * vq;
  }
  A[4 * p + q] = 0;
  A[4 * q + p] = 0;
}
