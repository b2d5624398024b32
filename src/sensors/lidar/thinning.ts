import type { KernelPool } from '../../compute/pool.js';
import * as L from '../../kernels/layout/lidar.js';

/**
 * Keeps one point per voxel, with hash tables in kernel memory whose entries carry a stamp instead of being cleared.
 *
 * @example
 * const thinning = new Thinning(pool, args, 200_000, 60_000);
 * const kept = thinning.run(); // points of the scan that the arguments describe
 */
export class Thinning {
  readonly #u32: Uint32Array;
  readonly #lists: Uint32Array;
  readonly #listCounts: Int32Array;
  readonly #index: Uint32Array;
  readonly #table: Uint32Array;
  readonly #tableBits: number;
  readonly #stride: number;
  #stamp = 0;
  /** Most points that a partition kept lately: sizes the tables, so that they stay in the cache. */
  #fullest = 1024;

  /** @param args the kernels' argument block, A_BYTES long */
  constructor(
    private readonly pool: KernelPool,
    private readonly args: number,
    maxPoints: number,
    private readonly maxMapPoints: number,
  ) {
    const { memory } = pool;
    this.#u32 = memory.u32(args, L.A_BYTES / 4);
    const pointer = (offset: number, bytes: number): number => (this.#u32[offset / 4] = memory.alloc(bytes));
    // One partition holds twice its share of the points; should one overflow, all tables together hold everything.
    this.#tableBits = Math.max(8, Math.ceil(Math.log2((2 * maxPoints) / L.PARTS)));
    const entries = L.PARTS * 2 ** this.#tableBits;
    this.#table = memory.u32(pointer(L.A_TABLE, entries * 8), entries * 2);
    pointer(L.A_SLOTS, entries * 4);
    this.#stride = this.#u32[L.A_LIST_STRIDE / 4] = 2 ** this.#tableBits;
    this.#lists = memory.u32(pointer(L.A_LIST, entries * 4), entries);
    this.#listCounts = memory.i32(pointer(L.A_LIST_COUNT, L.PARTS * 4), L.PARTS);
    const m = maxMapPoints + 16;
    this.#index = memory.u32(pointer(L.A_INDEX, m * 4), m);
  }

  /**
   * Thins the points that were ingested last, and makes their range image on the side.
   *
   * @returns how many are kept, at most `maxMapPoints`, taken evenly
   */
  run(): number {
    const [u32, lists, counts] = [this.#u32, this.#lists, this.#listCounts];
    let parts: number = L.PARTS;
    const bits = Math.min(this.#tableBits, Math.ceil(Math.log2(this.#fullest * 2)));
    const withImage = ['prepareThinAndImage', L.PARTS + L.SECTORS] as const;
    if (!this.#fill(bits, ...withImage) && !this.#fill(this.#tableBits, 'prepareThin', L.PARTS)) {
      // Everything fell into one partition: take all tables as one.
      this.#fill(this.#tableBits, 'prepareThin', 1);
      parts = 1;
    }
    u32[L.A_TABLE_BITS / 4] = this.#tableBits; // the coarse thinning uses all of it
    this.#fullest = Math.max(1024, ...counts.subarray(0, parts));
    let total = 0;
    for (let p = 0; p < parts; p++) total += counts[p]!;
    const [limit, stride] = [this.maxMapPoints, this.#stride];
    if (total <= limit) {
      for (let p = 0, to = 0; p < parts; to += counts[p]!, p++)
        this.#index.set(lists.subarray(p * stride, p * stride + counts[p]!), to);
      return total;
    }
    // Every (total/limit)-th of the concatenated lists.
    for (let k = 0, p = 0, before = 0; k < limit; k++) {
      const want = Math.floor((k * total) / limit);
      while (want - before >= counts[p]!) before += counts[p++]!;
      this.#index[k] = lists[p * stride + want - before]!;
    }
    return limit;
  }

  /** A number that no entry of the tables carries. */
  nextStamp(): number {
    if (++this.#stamp > 0xffff) {
      this.#table.fill(0);
      this.#stamp = 1;
    }
    return this.#stamp;
  }

  /** @returns whether every partition had room */
  #fill(bits: number, kernel: string, chunks: number): boolean {
    this.#u32[L.A_TABLE_BITS / 4] = bits;
    this.#u32[L.A_STAMP / 4] = this.nextStamp();
    this.#u32[L.A_SINGLE / 4] = chunks === 1 ? 1 : 0;
    this.pool.run(kernel, this.args, chunks);
    for (let p = 0; p < Math.min(chunks, L.PARTS); p++) if (this.#listCounts[p]! < 0) return false;
    return true;
  }
}
