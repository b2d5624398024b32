/**
 * How fields lie in GPU memory. Blocks of corners and pages of feature rows of all fields share one heap of 4 KiB pages,
 * so that each may grow at the others' cost. The heap is cut into segments, each a buffer of its own: the map grows by one
 * more segment without anything being copied, and no binding is larger than the adapter takes.
 */

/** 32-bit words of a page: 512 corners of {sdf, weight}, or of row numbers; or 32 feature rows. */
export const PAGE_WORDS = 1024;
export const PAGE_BYTES = PAGE_WORDS * 4;
export const PAGE_ROWS = 32;
/** In a page of rows: the features first (8 or, as halves, 4 words a row), then the rest from here on … */
export const COLD_WORDS = 256;
/** … this many words a row: Adam's m[8] and v[8], steps, page and corner of the owner, seed of its noise. */
export const COLD_STRIDE = 24;
export const COLD = { m: 0, v: 8, steps: 16, ownerPage: 17, ownerCorner: 18, seed: 19 } as const;
/**
 * A block's key: x, y, and a word that holds z, the field and the level. Blocks lie within ±REACH of the origin on every
 * axis (a block is eight voxels: ±78 km at 15 cm, ±10 km at 2 cm); what is beyond is neither mapped nor found.
 */
export const LEVEL_BITS = 4;
export const FIELD_BITS = 11;
export const Z_BIT = LEVEL_BITS + FIELD_BITS;
/** Most fields at a time. */
export const MAX_FIELDS = 2 ** FIELD_BITS;
/** One less than the bits of z allow: neighbours' keys must not wrap around either. */
export const REACH = 2 ** (31 - Z_BIT) - 2;
/** Scalar levels are 0, 1, 2, finest first. */
export const FEATURE_LEVEL = 2 ** LEVEL_BITS - 1;
/** What a key holds beside the coordinates. */
export const gridOf = (field: number, level: number): number => (field << LEVEL_BITS) | level;
export const levelOfKey = (word: number): number => word & FEATURE_LEVEL;
export const fieldOfKey = (word: number): number => (word >> LEVEL_BITS) & (MAX_FIELDS - 1);
export const zOfKey = (word: number): number => word >> Z_BIT;
/**
 * The fourth word of a page's entry: 0 = free, else what it holds, and from bit KIND_BITS on, for blocks, when it was
 * made (COUNTER.generation).
 */
export const PAGE_KIND = { block: 1, rows: 2 } as const;
export const KIND_BITS = 2;
/** Bits of the second word of a page's marks: it changed since it was copied; the processor does not know it yet. */
export const MARK = { changed: 1, untold: 2 } as const;

/**
 * Words of `news`: counters; of each field, the page of rows that has room left and how many it holds; the slots, then
 * the pages, of new blocks; the pages of new rows; free pages below the first never used (COUNTER.pages).
 */
export const COUNTER = {
  pages: 0,
  fresh: 1,
  rows: 2,
  rowPages: 3,
  overflow: 4,
  free: 5,
  generation: 6,
} as const;
export const COUNTERS = 16;
/** First word of these, in a heap of so many pages. */
export const NEWS = {
  tails: COUNTERS,
  list: COUNTERS + 2 * MAX_FIELDS,
  rowPages: (pages: number): number => COUNTERS + 2 * MAX_FIELDS + pages,
  free: (pages: number): number => COUNTERS + 2 * MAX_FIELDS + 2 * pages,
  words: (pages: number): number => COUNTERS + 2 * MAX_FIELDS + 3 * pages,
} as const;

/** Points to register whose sums one thread adds up in their order, whatever the workgroup size; of samples: SAMPLE_CHUNK. */
export const REGISTER_CHUNK = 64;
/** Sums of a chunk of samples: H (21), b (6), Σ loss, count. */
export const FIT_SUMS = 29;
/** Fixed point of per-block change, metres: 2⁻¹⁸ m. */
export const CHANGE_UNIT = 2 ** -18;

/** Words of the registration's state; the steps taken follow from `steps` on, 12 each. */
export const STATE = {
  pose: 0,
  turned: 12,
  kernel: 18,
  stop: 19,
  iterations: 20,
  pending: 21,
  offset: 22,
  predicted: 28,
  steps: 32,
} as const;
export const MAX_STEPS = 100;
/** Priors about the pose that a registration may have, behind the steps: the upper triangle of Λ, the residual, 1 = fades, each. */
export const MAX_PRIORS = 2;
export const PRIOR_WORDS = 28;
export const PRIORS = STATE.steps + 12 * MAX_STEPS;
export const STATE_WORDS = PRIORS + PRIOR_WORDS * MAX_PRIORS;
export const STOP = { running: 0, converged: 1, limit: 2, singular: 3, deskew: 4 } as const;

export interface HeapPlan {
  /** First page of each segment and, last, the number of pages in all. */
  readonly starts: readonly number[];
}

/** Pages of the first segment at most: 256 MiB, what every map costs. */
const MOST_AT_FIRST = 2 ** 16;

/**
 * Segments of the heap, the second as large as the first and each later one twice the one before: the heap doubles
 * with every segment until a binding may not be larger. The last that can be bound takes what is left.
 *
 * @param pages pages wanted in all
 * @param segments how many buffers a kernel may bind for the heap
 * @param maxBytes largest binding
 */
export function planHeap(pages: number, segments: number, maxBytes: number, firstPages?: number): HeapPlan {
  const most = 2 ** Math.floor(Math.log2(maxBytes / PAGE_BYTES));
  const even = Math.max(1024, 2 ** Math.ceil(Math.log2(pages / 2 ** (segments - 1))));
  const first = firstPages ?? Math.min(MOST_AT_FIRST, even);
  const starts = [0];
  for (let k = 0; k < segments && starts.at(-1)! < pages; k++) {
    const used = starts.at(-1)!;
    const wanted = k === 0 ? first : k === segments - 1 ? Math.max(used, pages - used) : used;
    starts.push(used + Math.min(most, wanted));
  }
  return { starts };
}
