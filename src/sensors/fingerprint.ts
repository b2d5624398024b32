/** Numbers that are looked at. */
const SAMPLES = 256;

/**
 * A number that differs, in all likelihood, between arrays of different content: FNV-1a over a sample of the numbers' bits.
 *
 * @param from the first element that counts
 */
export function fingerprint(values: Uint8Array | Float32Array, from = 0): number {
  const step = Math.max(1, Math.floor((values.length - from) / SAMPLES));
  let hash = 0x811c9dc5 ^ values.length;
  const bits = new DataView(new ArrayBuffer(4));
  for (let i = from; i < values.length; i += step) {
    bits.setFloat32(0, values[i]!);
    hash = Math.imul(hash ^ bits.getInt32(0), 0x01000193);
  }
  return hash >>> 0;
}
