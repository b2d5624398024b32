import { BitModels, type BitCoder } from './range-coder.js';

const MAX_EXPONENT = 24;
const PER_CONTEXT = 2 + MAX_EXPONENT + MAX_EXPONENT * 4;

/**
 * Signed integers of |v| < 2²⁴ in adaptive bits: zero?, sign, then |v| as Elias' gamma code whose length and two highest
 * bits below the leading one are learned per context.
 *
 * @example
 * const encoder = new RangeEncoder();
 * new IntegerModel(2).code(encoder, 0, -17);
 * new IntegerModel(2).code(new RangeDecoder(encoder.finish()), 0, 0); // -17
 */
export class IntegerModel {
  readonly #bits: BitModels;

  constructor(contexts: number) {
    this.#bits = new BitModels(contexts * PER_CONTEXT);
  }

  code(coder: BitCoder, context: number, value: number): number {
    const bits = this.#bits;
    const base = context * PER_CONTEXT;
    if (coder.bit(bits, base, value === 0 ? 1 : 0)) return 0;
    const negative = coder.bit(bits, base + 1, value < 0 ? 1 : 0);
    const size = Math.abs(value);
    const wanted = 31 - Math.clz32(size);
    let exponent = 0;
    while (exponent < MAX_EXPONENT - 1 && coder.bit(bits, base + 2 + exponent, exponent < wanted ? 1 : 0))
      exponent++;
    let out = 1;
    const mantissa = base + 2 + MAX_EXPONENT + exponent * 4;
    for (let i = exponent - 1; i >= 0; i--) {
      // The highest bit has a model, the next one two (by the first), the rest share one and stay near even.
      const depth = exponent - 1 - i;
      const node = depth === 0 ? 0 : depth === 1 ? 1 + (out & 1) : 3;
      out = (out << 1) | coder.bit(bits, mantissa + node, (size >> i) & 1);
    }
    return negative ? -out : out;
  }
}
