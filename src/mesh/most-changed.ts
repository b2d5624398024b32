const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;
const INFINITE_BITS = bitsOf(Infinity); // bits of NaN and of negative numbers are greater
/** Next time, blocks that changed by this share of the smallest change that was picked are looked at first. */
const EASE = 0.75;
/** Where those are too few, this much less. */
const STEP = 1 / 4;
/** Changes that are looked at to see how they are distributed. */
const SAMPLES = 1024;

/** Of each field: what was the smallest change that was picked, as bits. */
const cuts = new WeakMap<ArrayBufferLike, Map<number, number>>();
const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/**
 * The `budget` blocks with the largest change, in the order of the list; of those that changed alike the first ones.
 *
 * Most blocks of a large map have changed by less than what is picked, scan after scan: one pass over the bits of their
 * changes, which sort as positive floats do, leaves the few that may be picked; the smallest change of the last time
 * shows where to draw the line. Where it was drawn too high, it is drawn lower, so that the result is the same.
 *
 * @param change by block number, metres summed over its corners since it was last meshed
 * @param blocks numbers of the blocks to choose from
 * @param least smaller changes do not count (m)
 */
export function mostChanged(
  change: Float32Array,
  blocks: Uint32Array,
  budget: number,
  least: number,
): number[] {
  if (budget <= 0) return [];
  const bits = new Uint32Array(change.buffer, change.byteOffset, change.length);
  const leastBits = bitsOf(least) + 1;
  const remembered = cutsOf(change.buffer);
  let line = Math.max(leastBits, scaled(remembered.get(change.byteOffset) ?? 0, EASE));
  let candidates = above(bits, blocks, line);
  while (candidates.length < budget && line > leastBits) {
    line = Math.max(leastBits, scaled(line, STEP));
    candidates = above(bits, blocks, line);
  }
  candidates = thinned(bits, candidates, budget);
  if (candidates.length <= budget) {
    remembered.set(change.byteOffset, line);
    return candidates;
  }
  const cut = Uint32Array.from(candidates, (block) => bits[block]!).sort()[candidates.length - budget]!;
  remembered.set(change.byteOffset, cut);
  let ties = budget - candidates.reduce((n, block) => n + (bits[block]! > cut ? 1 : 0), 0);
  return candidates.filter((block) => bits[block]! > cut || (bits[block] === cut && ties-- > 0));
}

/** Blocks whose bits are a number of at least `line`. */
function above(bits: Uint32Array, blocks: Uint32Array, line: number): number[] {
  const found: number[] = [];
  // One comparison for both ends: what is below the line wraps around.
  const range = INFINITE_BITS - line;
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    if ((bits[block]! - line) >>> 0 <= range) found.push(block);
  }
  return found;
}

/** Of very many, those that changed most by a look at every n-th, which saves sorting; never fewer than `budget`. */
function thinned(bits: Uint32Array, candidates: number[], budget: number): number[] {
  if (candidates.length < Math.max(SAMPLES, 8 * budget)) return candidates;
  const stride = candidates.length / SAMPLES;
  const sample = Uint32Array.from(
    { length: SAMPLES },
    (_, i) => bits[candidates[Math.floor(i * stride)]!]!,
  ).sort();
  const line = sample[SAMPLES - 1 - Math.min(SAMPLES - 1, Math.ceil((2 * budget) / stride))]!;
  const most = candidates.filter((block) => bits[block]! >= line);
  return most.length < budget ? candidates : most;
}

/** Bits of a positive number times a factor. */
function scaled(bits: number, factor: number): number {
  scratchBits[0] = bits;
  scratch[0] = scratch[0]! * factor;
  return scratchBits[0]!;
}

function cutsOf(buffer: ArrayBufferLike): Map<number, number> {
  let of = cuts.get(buffer);
  if (!of) cuts.set(buffer, (of = new Map()));
  return of;
}
