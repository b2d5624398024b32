import { factorCholesky, solveCholesky, solveFactored } from '../../geometry/linear.js';
import { finish } from './finish.js';

const B = 6;
/** So few blocks are solved at once. */
const MOST_DENSE = 24;
/** Steps of a piece. */
const PIECE = 16;

/**
 * A sparse symmetric positive definite system of 6×6 blocks, solved by conjugate gradients with the diagonal blocks as
 * preconditioner (Barrett et al., Templates, 1994, fig. 2.5), a small one by Cholesky's factors. What is added is kept in the order in which it comes, so that
 * results do not depend on anything else.
 *
 * @example
 * const system = new BlockSystem(touches.length + 1);
 * system.add(0, 1, new Float64Array(36)); // the transposed block at (1, 0) is understood
 * const step = system.solve();
 */
export class BlockSystem {
  readonly b: Float64Array;
  readonly #diagonal: Float64Array;
  readonly #index = new Map<number, number>();
  #rows: number[] = [];
  #columns: number[] = [];
  #blocks = new Float64Array(36 * 64);

  constructor(readonly count: number) {
    this.b = new Float64Array(B * count);
    this.#diagonal = new Float64Array(B * B * count);
  }

  clear(): void {
    this.b.fill(0);
    this.#diagonal.fill(0);
    this.#blocks.fill(0);
    this.#index.clear();
    this.#rows = [];
    this.#columns = [];
  }

  /** Adds scale·block (36 numbers, row-major) at (row, column). */
  add(row: number, column: number, block: ArrayLike<number>, scale = 1): void {
    if (row === column) {
      for (let k = 0; k < 36; k++) this.#diagonal[36 * row + k]! += scale * block[k]!;
      return;
    }
    const key = row * this.count + column;
    let at = this.#index.get(key);
    if (at === undefined) {
      at = this.#rows.length;
      this.#index.set(key, at);
      this.#rows.push(row);
      this.#columns.push(column);
      if (36 * (at + 1) > this.#blocks.length) {
        const more = new Float64Array(2 * this.#blocks.length);
        more.set(this.#blocks);
        this.#blocks = more;
      }
    }
    for (let k = 0; k < 36; k++) this.#blocks[36 * at + k]! += scale * block[k]!;
  }

  /** The block of A⁻¹ on the diagonal, 6×6. */
  covariance(at: number): Float64Array {
    return finish(this.inverting(at));
  }

  /** The same in pieces of some milliseconds. */
  *inverting(at: number): Generator<undefined, Float64Array> {
    const out = new Float64Array(36);
    const n = B * this.count;
    const L = this.count <= MOST_DENSE ? this.#dense() : undefined;
    if (L && factorCholesky(L, n)) {
      const x = new Float64Array(n);
      for (let c = 0; c < B; c++) {
        x.fill(0);
        x[B * at + c] = 1;
        solveFactored(L, x, n);
        for (let r = 0; r < B; r++) out[B * r + c] = x[B * at + r]!;
      }
      return out;
    }
    const b = this.b.slice();
    for (let c = 0; c < B; c++) {
      this.b.fill(0);
      this.b[B * at + c] = 1;
      const x = yield* this.solving();
      for (let r = 0; r < B; r++) out[B * r + c] = x[B * at + r]!;
    }
    this.b.set(b);
    return out;
  }

  /** The part of A that is of some blocks, those that are named, in their order: 6n × 6n, row-major. */
  among(list: readonly number[]): Float64Array {
    const places = new Map(list.map((at, i) => [at, B * i]));
    const n = B * list.length;
    const A = new Float64Array(n * n);
    const put = (row: number, column: number, from: Float64Array, at: number): void => {
      for (let r = 0; r < B; r++)
        for (let c = 0; c < B; c++) {
          const value = from[36 * at + B * r + c]!;
          A[(row + r) * n + column + c] = value;
          A[(column + c) * n + row + r] = value;
        }
    };
    for (const [at, place] of places) put(place, place, this.#diagonal, at);
    for (let at = 0; at < this.#rows.length; at++) {
      const [row, column] = [places.get(this.#rows[at]!), places.get(this.#columns[at]!)];
      if (row !== undefined && column !== undefined) put(row, column, this.#blocks, at);
    }
    return A;
  }

  /** x with A·x = b, to a relative residual of `tolerance`; where it is not reached in time, as far as it came. */
  solve(tolerance = 1e-6, most = 500): Float64Array {
    return finish(this.solving(tolerance, most));
  }

  /** The same in pieces of some milliseconds. */
  *solving(tolerance = 1e-6, most = 500): Generator<undefined, Float64Array> {
    if (this.count <= MOST_DENSE) {
      const x = this.b.slice();
      if (solveCholesky(this.#dense(), x, B * this.count)) return x;
    }
    const n = B * this.count;
    const factors = this.#factors();
    const [x, z, q] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    const r = this.b.slice();
    precondition(factors, r, z);
    const p = z.slice();
    let rz = dot(r, z);
    const limit = tolerance ** 2 * rz;
    for (let k = 0; k < most && rz > limit; k++) {
      if (k % PIECE === PIECE - 1) yield;
      this.#multiply(p, q);
      const alpha = rz / dot(p, q);
      for (let i = 0; i < n; i++) {
        x[i]! += alpha * p[i]!;
        r[i]! -= alpha * q[i]!;
      }
      precondition(factors, r, z);
      const next = dot(r, z);
      const beta = next / rz;
      rz = next;
      for (let i = 0; i < n; i++) p[i] = z[i]! + beta * p[i]!;
    }
    return x;
  }

  #dense(): Float64Array {
    return this.among(Array.from({ length: this.count }, (_, i) => i));
  }

  /** Cholesky's lower factors of the diagonal blocks, their diagonals inverted. */
  #factors(): Float64Array {
    const L = new Float64Array(this.#diagonal.length);
    for (let at = 0; at < L.length; at += 36)
      for (let j = 0; j < B; j++)
        for (let i = j; i < B; i++) {
          let sum = this.#diagonal[at + B * i + j]!;
          for (let k = 0; k < j; k++) sum -= L[at + B * i + k]! * L[at + B * j + k]!;
          L[at + B * i + j] = i === j ? 1 / Math.sqrt(sum) : sum * L[at + 7 * j]!;
        }
    return L;
  }

  #multiply(p: Float64Array, out: Float64Array): void {
    out.fill(0);
    for (let i = 0; i < this.count; i++) multiplyBlock(this.#diagonal, 36 * i, p, B * i, out, B * i, false);
    for (let k = 0; k < this.#rows.length; k++) {
      const [row, column] = [this.#rows[k]!, this.#columns[k]!];
      multiplyBlock(this.#blocks, 36 * k, p, B * column, out, B * row, false);
      multiplyBlock(this.#blocks, 36 * k, p, B * row, out, B * column, true);
    }
  }
}

/** z with L·Lᵀ·z = r, block by block. */
function precondition(L: Float64Array, r: Float64Array, z: Float64Array): void {
  for (let at = 0, v = 0; at < L.length; at += 36, v += B) {
    for (let i = 0; i < B; i++) {
      let sum = r[v + i]!;
      for (let k = 0; k < i; k++) sum -= L[at + B * i + k]! * z[v + k]!;
      z[v + i] = sum * L[at + 7 * i]!;
    }
    for (let i = B - 1; i >= 0; i--) {
      let sum = z[v + i]!;
      for (let k = i + 1; k < B; k++) sum -= L[at + B * k + i]! * z[v + k]!;
      z[v + i] = sum * L[at + 7 * i]!;
    }
  }
}

function multiplyBlock(
  blocks: Float64Array,
  at: number,
  p: Float64Array,
  from: number,
  out: Float64Array,
  to: number,
  transposed: boolean,
): void {
  for (let r = 0; r < B; r++)
    for (let c = 0; c < B; c++)
      out[to + r]! += blocks[at + (transposed ? c * B + r : r * B + c)]! * p[from + c]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
