const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;
const INFINITE_BITS = bitsOf(Infinity); // bits of NaN and of negative numbers are greater
const SHIFT = 16;
/** Blocks by the upper half of their change's bits; kept, because this runs at every scan. */
const buckets = new Uint32Array((INFINITE_BITS >>> SHIFT) + 1);

/**
 * The `budget` blocks with the largest change, in the order of the list; of those that changed alike the first ones.
 *
 * Bits of positive floats sort as their values do: blocks are counted by the upper half of the bits, and only those in
 * the bucket of the smallest change that is still within the budget are sorted.
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
  const leastBits = bitsOf(least);
  const bits = new Uint32Array(change.buffer, change.byteOffset, change.length);
  buckets.fill(0);
  let candidates = 0;
  for (let i = 0; i < blocks.length; i++) {
    const b = bits[blocks[i]!]!;
    if (!isCandidate(b, leastBits)) continue;
    buckets[b >>> SHIFT]!++;
    candidates++;
  }
  const cut =
    candidates > budget ? smallestWithin(bits, blocks, budget, leastBits) : { bits: leastBits, ties: 0 };
  let { ties } = cut;
  const picked: number[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    const b = bits[block]!;
    if (!isCandidate(b, leastBits) || b < cut.bits) continue;
    if (b > cut.bits || ties-- > 0) picked.push(block);
  }
  return picked;
}

function isCandidate(bits: number, leastBits: number): boolean {
  return bits > leastBits && bits <= INFINITE_BITS;
}

/** The smallest change among the `budget` largest, and how many blocks with just that change are among them. */
function smallestWithin(
  bits: Uint32Array,
  blocks: Uint32Array,
  budget: number,
  leastBits: number,
): { bits: number; ties: number } {
  let bucket = buckets.length - 1;
  let above = 0;
  while (above + buckets[bucket]! < budget) above += buckets[bucket--]!;
  const inside: number[] = [];
  for (const block of blocks) {
    const b = bits[block]!;
    if (isCandidate(b, leastBits) && b >>> SHIFT === bucket) inside.push(b);
  }
  inside.sort((a, b) => b - a);
  const smallest = inside[budget - above - 1]!;
  return { bits: smallest, ties: budget - above - inside.filter((b) => b > smallest).length };
}
