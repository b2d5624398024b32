import { FeltmapError } from '../geometry/errors.js';

/*
 * bzip2 decoder for ROS 1 chunks, after the format's description (Huffman codes → run lengths and move-to-front →
 * inverse Burrows–Wheeler → final run lengths). Checksums are not verified.
 */

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP = 50;
const MAX_CODE_LENGTH = 20;

class BitReader {
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(readonly bytes: Uint8Array) {}

  bit(): number {
    if (this.#count === 0) {
      if (this.#at >= this.bytes.length) throw damaged();
      this.#bits = this.bytes[this.#at++]!;
      this.#count = 8;
    }
    return (this.#bits >> --this.#count) & 1;
  }

  /** Up to 48 bits, most significant first. */
  read(n: number): number {
    let v = 0;
    for (let i = 0; i < n; i++) v = v * 2 + this.bit();
    return v;
  }

  alignToByte(): void {
    this.#count = 0;
  }

  get ended(): boolean {
    return this.#at >= this.bytes.length;
  }
}

function damaged(): FeltmapError {
  return new FeltmapError('bad-input', 'a bz2 chunk is damaged or cut off');
}

/** A canonical Huffman code, decoded length by length. */
interface Code {
  /** Largest code of each length, −1 where there is none. */
  readonly limit: Int32Array;
  /** What to subtract from a code of each length to find its symbol in `symbols`. */
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
}

function buildCode(lengths: Uint8Array): Code {
  const counts = new Int32Array(MAX_CODE_LENGTH + 1);
  for (const n of lengths) counts[n]!++;
  const limit = new Int32Array(MAX_CODE_LENGTH + 2).fill(-1);
  const base = new Int32Array(MAX_CODE_LENGTH + 2);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let index = 0;
  for (let n = 1; n <= MAX_CODE_LENGTH; n++) {
    base[n] = code - index;
    for (let s = 0; s < lengths.length; s++) if (lengths[s] === n) symbols[index++] = s;
    code += counts[n]!;
    if (counts[n]! > 0) limit[n] = code - 1;
    code <<= 1;
  }
  return { limit, base, symbols };
}

function decodeSymbol(bits: BitReader, code: Code): number {
  let value = 0;
  for (let n = 1; n <= MAX_CODE_LENGTH; n++) {
    value = (value << 1) | bits.bit();
    if (value <= code.limit[n]!) {
      const index = value - code.base[n]!;
      if (index >= 0 && index < code.symbols.length) return code.symbols[index]!;
    }
  }
  throw damaged();
}

/** Decompresses to at most `size` bytes. Throws FeltmapError 'bad-input' at damage. */
export function decodeBzip2(bytes: Uint8Array, size: number): Uint8Array {
  const bits = new BitReader(bytes);
  const out = new Uint8Array(size);
  const block = new Uint32Array(900_000);
  let written = 0;
  while (!bits.ended && written < size) {
    if (bits.read(24) !== 0x425a68) throw damaged(); // 'BZh'
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw damaged();
    for (;;) {
      const magic = bits.read(48);
      bits.read(32); // checksum of the block or the stream
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw damaged();
      if (written === size) return out; // a few bytes more can unpack to any amount
      written = decodeBlock(bits, block.subarray(0, level * 100_000), out, written);
    }
    bits.alignToByte();
  }
  return out.subarray(0, written);
}

/** @param block room for the bytes of a block; what it holds is overwritten */
function decodeBlock(bits: BitReader, block: Uint32Array, out: Uint8Array, written: number): number {
  if (bits.bit() === 1) throw damaged(); // randomised blocks are of a version before 1998
  const origin = bits.read(24);
  const used = readUsedBytes(bits);
  const { codes, selectors } = readCodes(bits, used.length + 2);

  // Run lengths and move-to-front.
  const capacity = block.length;
  const counts = new Int32Array(256);
  const front = Uint8Array.from(used);
  const endOfBlock = used.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let i = 0; ; i++) {
    const code = codes[selectors[Math.floor(i / GROUP)] ?? -1];
    if (!code) throw damaged();
    const symbol = decodeSymbol(bits, code);
    if (symbol <= 1) {
      // Runs of the front byte are numbers in bijective base 2.
      run += weight << symbol;
      weight *= 2;
      if (run > capacity) throw damaged();
      continue;
    }
    if (run > 0) {
      if (length + run > capacity) throw damaged();
      block.fill(front[0]!, length, length + run);
      counts[front[0]!]! += run;
      length += run;
      [run, weight] = [0, 1];
    }
    if (symbol === endOfBlock) break;
    const at = symbol - 1;
    if (at >= front.length || length >= capacity) throw damaged();
    const byte = front[at]!;
    front.copyWithin(1, 0, at);
    front[0] = byte;
    block[length++] = byte;
    counts[byte]!++;
  }
  return inverseTransform(block, length, counts, origin, out, written);
}

/** Inverse Burrows–Wheeler; the successor of each position goes into the upper 24 bits of `block`. */
function inverseTransform(
  block: Uint32Array,
  length: number,
  counts: Int32Array,
  origin: number,
  out: Uint8Array,
  written: number,
): number {
  if (length === 0) return written;
  if (origin >= length) throw damaged();
  const starts = new Int32Array(256);
  for (let b = 1; b < 256; b++) starts[b] = starts[b - 1]! + counts[b - 1]!;
  for (let i = 0; i < length; i++) {
    const byte = block[i]! & 0xff;
    block[starts[byte]!++]! |= i << 8;
  }
  let at = block[origin]! >>> 8;
  let same = 0;
  let last = -1;
  for (let i = 0; i < length && written < out.length; i++) {
    const byte = block[at]! & 0xff;
    at = block[at]! >>> 8;
    if (same === 4) {
      // After four equal bytes comes how many more of them there are.
      const end = Math.min(written + byte, out.length);
      out.fill(last, written, end);
      written = end;
      [same, last] = [0, -1];
      continue;
    }
    same = byte === last ? same + 1 : 1;
    last = byte;
    if (written < out.length) out[written++] = byte;
  }
  return written;
}

function readUsedBytes(bits: BitReader): number[] {
  const rows = bits.read(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (((rows >> (15 - row)) & 1) === 0) continue;
    const columns = bits.read(16);
    for (let c = 0; c < 16; c++) if ((columns >> (15 - c)) & 1) used.push(row * 16 + c);
  }
  if (used.length === 0) throw damaged();
  return used;
}

function readCodes(bits: BitReader, alphabet: number): { codes: Code[]; selectors: Uint8Array } {
  const tables = bits.read(3);
  const groups = bits.read(15);
  if (tables < 2 || tables > 6 || groups === 0) throw damaged();
  const order = [0, 1, 2, 3, 4, 5].slice(0, tables);
  const selectors = new Uint8Array(groups);
  for (let i = 0; i < groups; i++) {
    let at = 0;
    while (bits.bit() === 1) if (++at >= tables) throw damaged();
    order.unshift(order.splice(at, 1)[0]!);
    selectors[i] = order[0]!;
  }
  const codes: Code[] = [];
  for (let t = 0; t < tables; t++) {
    const lengths = new Uint8Array(alphabet);
    let length = bits.read(5);
    for (let s = 0; s < alphabet; s++) {
      while (bits.bit() === 1) length += bits.bit() === 1 ? -1 : 1;
      if (length < 1 || length > MAX_CODE_LENGTH) throw damaged();
      lengths[s] = length;
    }
    codes.push(buildCode(lengths));
  }
  return { codes, selectors };
}
