/** Points per leaf: below this a linear scan beats another split. */
const LEAF = 12;
/** Deep enough for 2³² points. */
const STACK = 64;

/**
 * Exact nearest neighbours in a fixed set of points. A balanced k-d tree without pointers: the points are permuted so
 * that every node owns a contiguous range, halved at its median along its longest side. Every node knows the tight box of
 * its points: surfaces are thin, and without the boxes a query in the open visits most of them.
 *
 * @example
 * const tree = new KdTree(Float32Array.of(0, 0, 0, 1, 0, 0));
 * tree.distance(0.75, 0, 0); // 0.25
 */
export class KdTree {
  readonly count: number;
  /** Permuted copy of the points; query coordinates are compared in float32 precision of these. */
  readonly #points: Float32Array;
  readonly #axis: Uint8Array;
  readonly #split: Float32Array;
  /** Six per node: least x y z, greatest x y z. */
  readonly #boxes: Float32Array;
  readonly #depth: number;
  readonly #stackNode = new Uint32Array(STACK);
  readonly #stackLo = new Uint32Array(STACK);
  readonly #stackHi = new Uint32Array(STACK);
  readonly #stackDepth = new Uint8Array(STACK);
  readonly #stackGap = new Float64Array(STACK);

  /** @param points 3·N finite coordinates (not modified) */
  constructor(points: Float32Array) {
    this.#points = points.slice();
    this.count = points.length / 3;
    this.#depth = Math.max(0, Math.ceil(Math.log2(this.count / LEAF)));
    const nodes = 2 ** this.#depth;
    this.#axis = new Uint8Array(nodes);
    this.#split = new Float32Array(nodes);
    this.#boxes = new Float32Array(12 * nodes);
    if (this.count > 0) this.#build(1, 0, this.count, 0);
  }

  /** Distance to the nearest point (m), or `limit` when none is nearer. */
  distance(x: number, y: number, z: number, limit = Infinity): number {
    const points = this.#points;
    let best = limit * limit;
    let top = 0;
    let node = 1;
    let lo = 0;
    let hi = this.count;
    let depth = 0;
    for (;;) {
      // Down to the leaf on the query's side; the other sides wait with their squared distance to the plane.
      while (depth < this.#depth) {
        const axis = this.#axis[node]!;
        const d = (axis === 0 ? x : axis === 1 ? y : z) - this.#split[node]!;
        const mid = (lo + hi) >>> 1;
        const left = d < 0;
        if (d * d < best) {
          this.#stackNode[top] = 2 * node + (left ? 1 : 0);
          this.#stackLo[top] = left ? mid : lo;
          this.#stackHi[top] = left ? hi : mid;
          this.#stackDepth[top] = depth + 1;
          this.#stackGap[top++] = d * d;
        }
        node = 2 * node + (left ? 0 : 1);
        if (left) hi = mid;
        else lo = mid;
        depth++;
      }
      for (let i = 3 * lo; i < 3 * hi; i += 3) {
        const dx = points[i]! - x;
        const dy = points[i + 1]! - y;
        const dz = points[i + 2]! - z;
        const d2 = dx * dx + dy * dy + dz * dz;
        if (d2 < best) best = d2;
      }
      do {
        if (top === 0) return Math.sqrt(best);
        top--;
      } while (this.#stackGap[top]! >= best || this.#boxDistance2(this.#stackNode[top]!, x, y, z) >= best);
      node = this.#stackNode[top]!;
      lo = this.#stackLo[top]!;
      hi = this.#stackHi[top]!;
      depth = this.#stackDepth[top]!;
    }
  }

  /** Squared distance to a node's box, a lower bound for its points. */
  #boxDistance2(node: number, x: number, y: number, z: number): number {
    const b = this.#boxes;
    const i = 6 * node;
    const dx = Math.max(b[i]! - x, 0, x - b[i + 3]!);
    const dy = Math.max(b[i + 1]! - y, 0, y - b[i + 4]!);
    const dz = Math.max(b[i + 2]! - z, 0, z - b[i + 5]!);
    return dx * dx + dy * dy + dz * dz;
  }

  #build(node: number, lo: number, hi: number, depth: number): void {
    const axis = this.#bound(node, lo, hi);
    if (depth === this.#depth) return;
    const mid = (lo + hi) >>> 1;
    select(this.#points, lo, hi - 1, mid, axis);
    this.#axis[node] = axis;
    this.#split[node] = this.#points[3 * mid + axis]!;
    this.#build(2 * node, lo, mid, depth + 1);
    this.#build(2 * node + 1, mid, hi, depth + 1);
  }

  /** Writes the box of a node and returns its longest side. */
  #bound(node: number, lo: number, hi: number): number {
    const p = this.#points;
    let x0 = Infinity;
    let y0 = Infinity;
    let z0 = Infinity;
    let x1 = -Infinity;
    let y1 = -Infinity;
    let z1 = -Infinity;
    for (let i = 3 * lo; i < 3 * hi; i += 3) {
      const x = p[i]!;
      const y = p[i + 1]!;
      const z = p[i + 2]!;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
      if (z < z0) z0 = z;
      if (z > z1) z1 = z;
    }
    const b = this.#boxes;
    const i = 6 * node;
    b[i] = x0;
    b[i + 1] = y0;
    b[i + 2] = z0;
    b[i + 3] = x1;
    b[i + 4] = y1;
    b[i + 5] = z1;
    const [dx, dy, dz] = [x1 - x0, y1 - y0, z1 - z0];
    return dx >= dy && dx >= dz ? 0 : dy >= dz ? 1 : 2;
  }
}

/** Quickselect (Hoare's FIND): afterwards the k-th point along `axis` is in place, smaller ones before it. */
function select(p: Float32Array, left: number, right: number, k: number, axis: number): void {
  while (left < right) {
    const pivot = median3(p[3 * left + axis]!, p[3 * ((left + right) >>> 1) + axis]!, p[3 * right + axis]!);
    let i = left;
    let j = right;
    while (i <= j) {
      while (p[3 * i + axis]! < pivot) i++;
      while (p[3 * j + axis]! > pivot) j--;
      if (i > j) break;
      swap(p, 3 * i++, 3 * j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

function median3(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function swap(p: Float32Array, i: number, j: number): void {
  const x = p[i]!;
  const y = p[i + 1]!;
  const z = p[i + 2]!;
  p[i] = p[j]!;
  p[i + 1] = p[j + 1]!;
  p[i + 2] = p[j + 2]!;
  p[j] = x;
  p[j + 1] = y;
  p[j + 2] = z;
}
