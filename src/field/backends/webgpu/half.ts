const F32 = new Float32Array(1);
const BITS = new Uint32Array(F32.buffer);

/** Bits of the IEEE 754 half next to x, ties to even; beyond its range ±infinity. */
export function toHalf(x: number): number {
  F32[0] = x;
  const bits = BITS[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(F32[0]);
  if (Number.isNaN(size)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24); // subnormal: units of 2⁻²⁴
  const exponent = (bits >>> 23) & 0xff;
  // A mantissa that rounds up to 1024 carries into the exponent by itself.
  return sign | (((exponent - 112) << 10) + roundEven((bits & 0x7fffff) / 2 ** 13));
}

/** The number that the bits of a half stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
