import { FeltmapError } from '../../geometry/errors.js';

/**
 * Adaptive probabilities of binary events, one per context. Each is the mean of a fast and a slow running average
 * (rates 1/16 and 1/128), so that it learns quickly and settles precisely.
 *
 * @example
 * const models = new BitModels(8);
 * encoder.bit(models, context, 1); // context 0 … 7
 */
export class BitModels {
  readonly fast: Uint16Array;
  readonly slow: Uint16Array;

  constructor(readonly contexts: number) {
    this.fast = new Uint16Array(contexts).fill(0x8000);
    this.slow = new Uint16Array(contexts).fill(0x8000);
  }
}

/**
 * Writes or reads bits: the encoder takes `bit` and returns it, the decoder ignores `bit` and returns the one that was
 * written. So that one description of a format serves both directions and cannot disagree with itself.
 */
export interface BitCoder {
  bit(models: BitModels, context: number, bit: number): number;
}

const TOP = 2 ** 24;

/** Probability that the bit is 0, in 1/4096, never 0 or 1. */
function probability(models: BitModels, context: number): number {
  const p = (models.fast[context]! + models.slow[context]!) >>> 5;
  return p < 1 ? 1 : p > 4095 ? 4095 : p;
}

function learn(models: BitModels, context: number, bit: number): void {
  const { fast, slow } = models;
  const target = bit ? 0 : 0xffff;
  fast[context]! += (target - fast[context]!) >> 4;
  slow[context]! += (target - slow[context]!) >> 7;
}

/**
 * Binary range encoder with carry propagation (G. N. N. Martin 1979). Integer arithmetic only: same bits, same bytes.
 *
 * @example
 * const encoder = new RangeEncoder();
 * encoder.bit(new BitModels(1), 0, 1);
 * const bytes = encoder.finish();
 */
export class RangeEncoder implements BitCoder {
  #bytes = new Uint8Array(65536);
  #length = 0;
  #low = 0; // below 2³²; a carry shows as 2³² or more until it is shifted out
  #range = 0xffffffff;
  #held = 0; // last byte, which a carry may still raise
  #full = 0; // bytes of 0xff after it, which a carry would turn over
  #begun = false;

  bit(models: BitModels, context: number, bit: number): number {
    const bound = (this.#range >>> 12) * probability(models, context);
    if (bit) {
      this.#low += bound;
      this.#range -= bound;
    } else this.#range = bound;
    learn(models, context, bit);
    while (this.#range < TOP) {
      this.#range = (this.#range * 256) >>> 0;
      this.#shift();
    }
    return bit;
  }

  /** The bytes of everything written; ends the encoder. */
  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return this.#bytes.slice(0, this.#length);
  }

  #shift(): void {
    const low = this.#low;
    if (low < 0xff000000 || low >= 0x100000000) {
      const carry = low >= 0x100000000 ? 1 : 0;
      if (this.#begun) this.#push((this.#held + carry) & 0xff);
      for (; this.#full > 0; this.#full--) this.#push((0xff + carry) & 0xff);
      this.#held = (low >>> 24) & 0xff;
      this.#begun = true;
    } else this.#full++;
    this.#low = (low & 0xffffff) * 256;
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
}

/**
 * Reads what {@link RangeEncoder} wrote.
 *
 * @example
 * const decoder = new RangeDecoder(bytes);
 * const bit = decoder.bit(new BitModels(1), 0); // models as fresh as the encoder's were
 * decoder.check(); // throws when the bytes ended too early
 */
export class RangeDecoder implements BitCoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #range = 0xffffffff;
  #code = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  bit(models: BitModels, context: number): number {
    const bound = (this.#range >>> 12) * probability(models, context);
    let bit = 0;
    if (this.#code < bound) this.#range = bound;
    else {
      this.#code -= bound;
      this.#range -= bound;
      bit = 1;
    }
    learn(models, context, bit);
    while (this.#range < TOP) {
      this.#range = (this.#range * 256) >>> 0;
      this.#code = ((this.#code << 8) | this.#next()) >>> 0;
    }
    return bit;
  }

  /** @throws FeltmapError bad-input once more was read than was ever written. */
  check(): void {
    if (this.#at > this.#bytes.length + 16)
      throw new FeltmapError('bad-input', 'The data of the saved map end too early; save it again.');
  }

  #next(): number {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at++]! : (this.#at++, 0);
  }
}
