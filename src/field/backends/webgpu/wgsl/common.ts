import { COUNTER, FEATURE_LEVEL, MARK, NEWS, REACH, Z_BIT } from '../layout.js';

/** Sizes that are compiled into the kernels. */
export interface KernelSizes {
  /** Slots of the block table, a power of two. */
  readonly slots: number;
  /** Pages the tables have room for. */
  readonly pages: number;
  /** First page of each heap segment in use, then the pages in all. */
  readonly starts: readonly number[];
  /** Slots of the accumulators of corners and of rows, powers of two. */
  readonly cornerSlots: number;
  readonly rowSlots: number;
  /** Whether features are stored as halves. */
  readonly half: boolean;
}

/** Block table: `index` holds {key, page} per slot, then two vec4 of neighbours per page, then each page's own key. */
export const constants = (s: KernelSizes): string => /* wgsl */ `
const MASK = ${s.slots - 1}u;
const NEIGHBOURS = ${s.slots}u;
const PAGES = ${s.slots + 2 * s.pages}u;
const MAX_PAGES = ${s.pages}u;
const FEATURES = ${FEATURE_LEVEL}u;
const TAILS = ${NEWS.tails}u;
const LIST = ${NEWS.list}u;
const ROW_PAGES = ${NEWS.rowPages(s.pages)}u;
const FREE = ${NEWS.free(s.pages)}u;
const PENDING = 0x80000000u;
const DEAD = 0x7fffffffu;
override W: u32 = 64;

// A grid is a field and one of its levels: gridOf of layout.ts.
fn keyOf(grid: u32, block: vec3i) -> vec3i { return vec3i(block.xy, (block.z << ${Z_BIT}u) | i32(grid)); }
// Beyond this, keys of different blocks would be alike.
fn inReach(block: vec3i) -> bool { return all(abs(block) <= vec3i(${REACH})); }
fn hashOf(key: vec3i) -> u32 {
  let k = bitcast<vec3u>(key);
  var h = (k.x * 0x9e3779b1u) ^ (k.y * 0x85ebca77u) ^ (k.z * 0xc2b2ae3du);
  h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
  return h ^ (h >> 13u);
}
fn cornerOf(l: vec3i) -> u32 { return u32((l.x & 7) | ((l.y & 7) << 3u) | ((l.z & 7) << 6u)); }
// Noise in [0, 1) by counter: src/kernels/field/noise.ts, the same bits.
fn noise(seed: u32, counter: u32) -> f32 {
  var s = seed + counter * 0x9e3779b9u;
  s = s * 747796405u + 2891336453u;
  let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
  return f32((w >> 22u) ^ w) * 2.3283064365386963e-10;
}
`;

/** The i-th of the next pages to be given away, MAX_PAGES or more when there is none: free ones first, from the end. */
export const nextPage = /* wgsl */ `
fn nextPage(i: u32) -> u32 {
  let free = atomicLoad(&news[${COUNTER.free}]);
  if (i < free) { return atomicLoad(&news[FREE + free - 1u - i]); }
  return atomicLoad(&news[${COUNTER.pages}]) + (i - free);
}
`;

/** Page of a block, 0 = not there: the empty page. */
export const lookup = /* wgsl */ `
fn pageOf(grid: u32, block: vec3i) -> u32 {
  if (!inReach(block)) { return 0u; }
  let key = keyOf(grid, block);
  var slot = hashOf(key) & MASK;
  for (var i = 0u; i <= MASK; i++) {
    let entry = index[slot];
    if (entry.w == 0) { return 0u; }
    if (all(entry.xyz == key)) { return u32(entry.w); }
    slot = (slot + 1u) & MASK;
  }
  return 0u;
}
fn neighbour(page: u32, o: u32) -> u32 { return u32(index[NEIGHBOURS + page * 2u + (o >> 2u)][o & 3u]); }
`;

/** \`heapAt\`: two words of a page, read only. Constants distinguish the segments. */
export function heapReader({ starts }: KernelSizes): string {
  return `fn heapAt(page: u32, pair: u32) -> vec2u {${chain(starts, (k, start) => `return heap${k}[(page - ${start}u) * 512u + pair];`)}\n}`;
}

/** \`heapLoad\` and \`heapStore\` of single words, for the kernels that write. */
export function heapWriter({ starts }: KernelSizes): string {
  return `fn heapLoad(page: u32, word: u32) -> u32 {${chain(starts, (k, start) => `return heap${k}[(page - ${start}u) * 1024u + word];`)}\n}
fn heapStore(page: u32, word: u32, value: u32) {${chain(starts, (k, start) => `heap${k}[(page - ${start}u) * 1024u + word] = value; return;`)}\n}`;
}

function chain(starts: readonly number[], body: (segment: number, start: number) => string): string {
  const last = starts.length - 2;
  return starts
    .slice(0, -1)
    .map((start, k) =>
      k === last ? `\n  ${body(k, start)}` : `\n  if (page < ${starts[k + 1]}u) { ${body(k, start)} }`,
    )
    .join('');
}

const MOST_SUM = 2 ** 22;

/**
 * Sums in 64-bit fixed point (units of 2⁻⁴⁰) by pairs of 32-bit integer atomics: WGSL has no float atomics, and unlike
 * those the result does not depend on the order. \`name\` is a buffer: a counter, keys, a list of used slots, sums.
 *
 * Sums hold up to ±2²³. A summand is cut at 2²² over the most that a sum can have (slots/16, see GpuMap): what is that
 * large is cut, but never wraps around.
 *
 * @param words 32-bit words of sums per key, two a sum
 */
export function accumulator(name: string, slots: number, words: number): string {
  const [keys, list, sums] = [16, 16 + slots, 16 + 2 * slots];
  return /* wgsl */ `
fn ${name}Slot(key: u32) -> u32 {
  let tag = key + 1u;
  var slot = (key * 0x9e3779b1u) >> ${32 - Math.log2(slots)}u;
  for (var i = 0u; i < ${slots}u; i++) {
    let found = atomicLoad(&${name}[${keys}u + slot]);
    if (found == tag) { return slot; }
    if (found == 0u) {
      let swap = atomicCompareExchangeWeak(&${name}[${keys}u + slot], 0u, tag);
      if (swap.exchanged) {
        let at = atomicAdd(&${name}[0], 1u);
        atomicStore(&${name}[${list}u + at], slot);
        return slot;
      }
      if (swap.old_value == tag) { return slot; }
      if (swap.old_value == 0u) { continue; } // failed without a reason, as weak exchanges may
    }
    slot = (slot + 1u) & ${slots - 1}u;
  }
  return 0u; // never: the table has twice as many slots as a batch has keys
}
fn ${name}Add(slot: u32, sum: u32, x: f32) {
  let at = ${sums}u + slot * ${words}u + 2u * sum;
  let y = clamp(x, -${MOST_SUM / (slots / 16)}.0, ${MOST_SUM / (slots / 16)}.0) * 256.0;
  let whole = floor(y);
  let low = u32((y - whole) * 4294967296.0);
  let old = atomicAdd(&${name}[at], low);
  let high = bitcast<u32>(i32(whole)) + select(0u, 1u, old + low < old);
  if (high != 0u) { atomicAdd(&${name}[at + 1u], high); }
}
fn ${name}Count() -> u32 { return atomicLoad(&${name}[0]); }
fn ${name}Used(i: u32) -> u32 { return atomicLoad(&${name}[${list}u + i]); }
fn ${name}Take(slot: u32) -> u32 {
  let key = atomicLoad(&${name}[${keys}u + slot]) - 1u;
  atomicStore(&${name}[${keys}u + slot], 0u);
  return key;
}
fn ${name}Sum(slot: u32, sum: u32) -> f32 {
  let at = ${sums}u + slot * ${words}u + 2u * sum;
  var low = atomicLoad(&${name}[at]);
  var high = atomicLoad(&${name}[at + 1u]);
  atomicStore(&${name}[at], 0u);
  atomicStore(&${name}[at + 1u], 0u);
  let negative = high >= 0x80000000u;
  if (negative) { low = ~low + 1u; high = ~high + select(0u, 1u, low == 0u); }
  let size = f32(high) * 0.00390625 + f32(low) * 9.094947017729282e-13;
  return select(size, -size, negative);
}
`;
}

/** Bytes of an accumulator's buffer. */
export const accumulatorBytes = (slots: number, words: number): number => (16 + slots * (2 + words)) * 4;

/** Notes how much a block changed since it was meshed, and that it did since it was last copied. */
export const marking = /* wgsl */ `
fn noteChange(page: u32, metres: f32) {
  if (metres > 0.0) { atomicAdd(&marks[2u * page], u32(metres * 262144.0 + 0.5)); }
  atomicOr(&marks[2u * page + 1u], ${MARK.changed}u);
}
`;
