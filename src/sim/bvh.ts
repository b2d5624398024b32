import type { PrimitiveSet } from './primitive-set.js';

const LEAF_SIZE = 2;
const BINS = 16;

/**
 * A bounding volume hierarchy over a primitive set, in flat arrays: binned surface-area heuristic, nodes in
 * depth-first order (the left child follows its parent). Queries do not allocate and are not re-entrant.
 *
 * @example
 * const bvh = new Bvh(new PrimitiveSet(primitives));
 * const metres = bvh.cast(0, 0, 1, 1, 0, 0, 100); // along x
 * console.log(bvh.hit); // the primitive, −1: none
 */
export class Bvh {
  /** The primitive found by the last query, −1 for none. */
  hit = -1;
  /**
   * A primitive to try first in {@link cast}: neighbouring rays mostly end on the same one, and a near bound cuts
   * the search short. It only decides among exact ties; reset it where results must not depend on earlier rays.
   */
  hint = -1;
  private readonly bounds: Float64Array;
  /** Inner node: right child. Leaf: −1 − first slot. */
  private readonly link: Int32Array;
  private readonly size: Int32Array;
  private readonly order: Int32Array;
  private readonly stack = new Int32Array(128);
  private readonly stackT = new Float64Array(128);
  private nodes = 0;

  constructor(private readonly set: PrimitiveSet) {
    const n = set.count;
    this.bounds = new Float64Array(Math.max(1, 2 * n) * 6);
    this.link = new Int32Array(Math.max(1, 2 * n));
    this.size = new Int32Array(Math.max(1, 2 * n));
    this.order = Int32Array.from({ length: n }, (_, i) => i);
    if (n > 0) this.build(0, n);
  }

  private build(first: number, end: number): void {
    const node = this.nodes++;
    const box = this.enclose(first, end);
    this.bounds.set(box, node * 6);
    const split = end - first > LEAF_SIZE ? this.split(first, end) : -1;
    if (split < 0) {
      this.link[node] = -1 - first;
      this.size[node] = end - first;
      return;
    }
    this.build(first, split);
    this.link[node] = this.nodes;
    this.build(split, end);
  }

  private enclose(first: number, end: number): Float64Array {
    const b = this.set.bounds;
    const box = Float64Array.of(Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity);
    for (let s = first; s < end; s++) {
      const p = this.order[s]! * 6;
      for (let k = 0; k < 3; k++) {
        box[k] = Math.min(box[k]!, b[p + k]!);
        box[k + 3] = Math.max(box[k + 3]!, b[p + k + 3]!);
      }
    }
    return box;
  }

  /** Partitions the slots at the cheapest of BINS planes per axis; −1 where all centres coincide. */
  private split(first: number, end: number): number {
    const b = this.set.bounds;
    const centre = (slot: number, axis: number): number =>
      b[this.order[slot]! * 6 + axis]! + b[this.order[slot]! * 6 + axis + 3]!;
    let best = Infinity;
    let bestAxis = -1;
    let bestCut = 0;
    for (let axis = 0; axis < 3; axis++) {
      let [low, high] = [Infinity, -Infinity];
      for (let s = first; s < end; s++) {
        low = Math.min(low, centre(s, axis));
        high = Math.max(high, centre(s, axis));
      }
      if (!(high - low > 1e-9)) continue;
      for (let bin = 1; bin < BINS; bin++) {
        const cut = low + ((high - low) * bin) / BINS;
        const cost = this.cost(first, end, (s) => centre(s, axis) < cut);
        if (cost < best) [best, bestAxis, bestCut] = [cost, axis, cut];
      }
    }
    if (bestAxis < 0) return -1;
    let middle = first;
    for (let s = first; s < end; s++) {
      if (centre(s, bestAxis) >= bestCut) continue;
      const kept = this.order[s]!;
      this.order[s] = this.order[middle]!;
      this.order[middle++] = kept;
    }
    return middle > first && middle < end ? middle : -1;
  }

  private cost(first: number, end: number, left: (slot: number) => boolean): number {
    const b = this.set.bounds;
    const boxes = [new Float64Array(6), new Float64Array(6)];
    const counts = [0, 0];
    for (const box of boxes) box.fill(Infinity, 0, 3).fill(-Infinity, 3);
    for (let s = first; s < end; s++) {
      const side = left(s) ? 0 : 1;
      counts[side]!++;
      const box = boxes[side]!;
      const p = this.order[s]! * 6;
      for (let k = 0; k < 3; k++) {
        if (b[p + k]! < box[k]!) box[k] = b[p + k]!;
        if (b[p + k + 3]! > box[k + 3]!) box[k + 3] = b[p + k + 3]!;
      }
    }
    if (!counts[0] || !counts[1]) return Infinity;
    return boxes.reduce((sum, box, side) => {
      const [x, y, z] = [box[3]! - box[0]!, box[4]! - box[1]!, box[5]! - box[2]!];
      return sum + counts[side]! * (x * y + y * z + z * x);
    }, 0);
  }

  /** Range to the first primitive along the unit ray, Infinity if none within tMax; sets {@link hit}. */
  cast(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, tMax: number): number {
    this.hit = -1;
    if (this.nodes === 0) return Infinity;
    const { bounds: B, link, size, order, stack, stackT, set } = this;
    // A zero component becomes tiny: its slab interval is then huge or empty, never NaN.
    const ix = 1 / (Math.abs(dx) < 1e-15 ? 1e-15 : dx);
    const iy = 1 / (Math.abs(dy) < 1e-15 ? 1e-15 : dy);
    const iz = 1 / (Math.abs(dz) < 1e-15 ? 1e-15 : dz);
    const nx = ix >= 0 ? 0 : 3, fx = 3 - nx; // prettier-ignore
    const ny = iy >= 0 ? 1 : 4, fy = 5 - ny; // prettier-ignore
    const nz = iz >= 0 ? 2 : 5, fz = 7 - nz; // prettier-ignore
    let best = tMax;
    if (this.hint >= 0) {
      const t = set.intersect(this.hint, ox, oy, oz, dx, dy, dz, best);
      if (t < best) {
        best = t;
        this.hit = this.hint;
      }
    }
    let top = 0;
    let node = 0;
    for (;;) {
      const l = link[node]!;
      if (l < 0) {
        const first = -1 - l;
        const end = first + size[node]!;
        for (let s = first; s < end; s++) {
          const p = order[s]!;
          const t = set.intersect(p, ox, oy, oz, dx, dy, dz, best);
          if (t < best) {
            best = t;
            this.hit = p;
          }
        }
      } else {
        let o = (node + 1) * 6;
        let near = (B[o + nx]! - ox) * ix;
        let far = (B[o + fx]! - ox) * ix;
        let t = (B[o + ny]! - oy) * iy;
        if (t > near) near = t;
        t = (B[o + fy]! - oy) * iy;
        if (t < far) far = t;
        t = (B[o + nz]! - oz) * iz;
        if (t > near) near = t;
        t = (B[o + fz]! - oz) * iz;
        if (t < far) far = t;
        const leftT = near <= far && far >= 0 && near <= best ? near : Infinity;
        o = l * 6;
        near = (B[o + nx]! - ox) * ix;
        far = (B[o + fx]! - ox) * ix;
        t = (B[o + ny]! - oy) * iy;
        if (t > near) near = t;
        t = (B[o + fy]! - oy) * iy;
        if (t < far) far = t;
        t = (B[o + nz]! - oz) * iz;
        if (t > near) near = t;
        t = (B[o + fz]! - oz) * iz;
        if (t < far) far = t;
        const rightT = near <= far && far >= 0 && near <= best ? near : Infinity;
        if (leftT <= rightT && leftT !== Infinity) {
          if (rightT !== Infinity) {
            stack[top] = l;
            stackT[top++] = rightT;
          }
          node = node + 1;
          continue;
        }
        if (rightT !== Infinity) {
          if (leftT !== Infinity) {
            stack[top] = node + 1;
            stackT[top++] = leftT;
          }
          node = l;
          continue;
        }
      }
      do {
        if (top === 0) {
          if (this.hit < 0) return Infinity;
          this.hint = this.hit;
          return best;
        }
        node = stack[--top]!;
      } while (stackT[top]! > best);
    }
  }

  /** The least signed distance over all primitives, at most `limit`; sets {@link hit}. */
  distance(x: number, y: number, z: number, limit = Infinity): number {
    this.hit = -1;
    if (this.nodes === 0) return limit;
    const { link, size, order, stack, stackT, set } = this;
    let best = limit;
    let top = 0;
    let node = 0;
    for (;;) {
      const l = link[node]!;
      if (l < 0) {
        const first = -1 - l;
        const end = first + size[node]!;
        for (let s = first; s < end; s++) {
          const d = set.distance(order[s]!, x, y, z);
          if (d < best) {
            best = d;
            this.hit = order[s]!;
          }
        }
      } else {
        const left = this.boxDistance(node + 1, x, y, z);
        const right = this.boxDistance(l, x, y, z);
        // Outside a box the distance is positive and at least that of the box; inside, it may be negative.
        const near = left <= right ? node + 1 : l;
        const nearD = left <= right ? left : right;
        const farD = left <= right ? right : left;
        if (farD === 0 || farD < best) {
          stack[top] = left <= right ? l : node + 1;
          stackT[top++] = farD;
        }
        if (nearD === 0 || nearD < best) {
          node = near;
          continue;
        }
      }
      for (;;) {
        if (top === 0) return best;
        node = stack[--top]!;
        if (stackT[top]! === 0 || stackT[top]! < best) break;
      }
    }
  }

  private boxDistance(node: number, x: number, y: number, z: number): number {
    const B = this.bounds;
    const o = node * 6;
    const dx = x < B[o]! ? B[o]! - x : x > B[o + 3]! ? x - B[o + 3]! : 0;
    const dy = y < B[o + 1]! ? B[o + 1]! - y : y > B[o + 4]! ? y - B[o + 4]! : 0;
    const dz = z < B[o + 2]! ? B[o + 2]! - z : z > B[o + 5]! ? z - B[o + 5]! : 0;
    return Math.sqrt(dx * dx + dy * dy + dz * dz);
  }
}
