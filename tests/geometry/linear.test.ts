import { describe, expect, it } from 'vitest';
import {
  eigenSymmetric,
  factorCholesky,
  invertSpd,
  solveCholesky,
  solveFactored,
} from '../../src/geometry/linear.js';
import { Random } from '../../src/geometry/random.js';

/** A = B·Bᵀ + ridge·I with random B: symmetric positive definite. */
function randomSpd(random: Random, n: number, ridge: number): Float64Array {
  const B = Float64Array.from({ length: n * n }, () => random.normal());
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [r, c] = [Math.floor(at / n), at % n];
    let sum = r === c ? ridge : 0;
    for (let k = 0; k < n; k++) sum += B[r * n + k]! * B[c * n + k]!;
    return sum;
  });
}

function multiply(A: Float64Array, B: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += A[Math.floor(at / n) * n + k]! * B[k * n + (at % n)]!;
    return sum;
  });
}

const identityOf = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1));

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

describe('small linear algebra', () => {
  it.each([1, 2, 3, 6, 12])('solves a positive definite system of %i unknowns', (n) => {
    const random = new Random(`solve/${n}`);
    for (let i = 0; i < 50; i++) {
      const A = randomSpd(random, n, 0.1);
      const x = Float64Array.from({ length: n }, () => random.normal());
      const b = Float64Array.from({ length: n }, (_, r) => x.reduce((s, v, c) => s + A[r * n + c]! * v, 0));
      expect(solveCholesky(A.slice(), b, n)).toBe(true);
      expect(distance(b, x)).toBeLessThan(1e-9);
    }
  });

  it('reads the lower triangle only', () => {
    const A = randomSpd(new Random('lower'), 4, 1);
    const half = A.map((v, at) => (at % 4 > Math.floor(at / 4) ? NaN : v));
    const [b, c] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4)];
    expect(solveCholesky(A.slice(), b, 4)).toBe(true);
    expect(solveCholesky(half, c, 4)).toBe(true);
    expect(c).toEqual(b);
  });

  it('refuses what is not positive definite: indefinite, singular, NaN', () => {
    const cases = [
      [1, 2, 2, 1],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
      [-1, 0, 0, 1],
      [NaN, 0, 0, 1],
      [1, 0, NaN, 1],
    ];
    for (const A of cases) {
      expect(solveCholesky(Float64Array.from(A), Float64Array.of(1, 1), 2), A.join()).toBe(false);
      expect(invertSpd(Float64Array.from(A), 2), A.join()).toBeUndefined();
    }
  });

  it('inverts, and leaves its argument alone', () => {
    const random = new Random('invert');
    for (let i = 0; i < 50; i++) {
      const A = randomSpd(random, 6, 0.5);
      const before = A.slice();
      const inverse = invertSpd(A, 6)!;
      expect(A).toEqual(before);
      expect(distance(multiply(A, inverse, 6), identityOf(6))).toBeLessThan(1e-9);
    }
  });

  it.each([2, 3, 6])('finds eigenvalues in rising order with orthonormal vectors (n = %i)', (n) => {
    const random = new Random(`eigen/${n}`);
    for (let i = 0; i < 50; i++) {
      const S = randomSpd(random, n, 0).map((v, at) => (at % (n + 1) ? v : v - 3)); // indefinite as a rule
      const { values, vectors } = eigenSymmetric(S, n);
      for (let k = 1; k < n; k++) expect(values[k]!).toBeGreaterThanOrEqual(values[k - 1]!);
      const scaled = vectors.map((v, at) => v * values[at % n]!);
      expect(distance(multiply(S, vectors, n), scaled)).toBeLessThan(1e-10);
      const transposed = vectors.map((_, at) => vectors[(at % n) * n + Math.floor(at / n)]!);
      expect(distance(multiply(transposed, vectors, n), identityOf(n))).toBeLessThan(1e-12);
    }
  });

  it('knows equal, zero and widely spread eigenvalues', () => {
    expect(eigenSymmetric(identityOf(3), 3).values).toEqual(Float64Array.of(1, 1, 1));
    expect(eigenSymmetric(new Float64Array(9), 3).values).toEqual(new Float64Array(3));
    // a·aᵀ has eigenvalues 0, 0, |a|².
    const a = [1e-3, 2, 1e3];
    const rank1 = Float64Array.from({ length: 9 }, (_, at) => a[Math.floor(at / 3)]! * a[at % 3]!);
    const { values } = eigenSymmetric(rank1, 3);
    expect(values[2]! / (1e6 + 4 + 1e-6)).toBeCloseTo(1, 12);
    expect(Math.abs(values[0]!)).toBeLessThan(1e-8);
    expect(Math.abs(values[1]!)).toBeLessThan(1e-8);
  });
});

describe('a factor', () => {
  it('solves for one right side after the other as the whole does, and is refused where there is none', () => {
    const random = new Random('factor');
    const n = 7;
    const G = Float64Array.from({ length: n * n }, () => random.normal());
    const A = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++) A[i * n + j]! += G[i * n + k]! * G[j * n + k]! + (i === j ? 1 : 0) / n;
    const L = A.slice();
    expect(factorCholesky(L, n)).toBe(true);
    for (let turn = 0; turn < 3; turn++) {
      const x = Float64Array.from({ length: n }, () => random.normal());
      const b = Float64Array.from({ length: n }, (_, i) => x.reduce((s, v, k) => s + A[i * n + k]! * v, 0));
      solveFactored(L, b, n);
      b.forEach((v, i) => expect(v).toBeCloseTo(x[i]!, 9));
    }
    expect(factorCholesky(A.map((v) => -v), n)).toBe(false); // prettier-ignore
  });
});
