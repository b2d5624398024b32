/** Copies the first `count` numbers, unless they were read to where they are wanted. */
export function takeOver<A extends Float32Array | Uint16Array>(to: A, from: A, count: number): void {
  if (from.buffer === to.buffer && from.byteOffset === to.byteOffset) return;
  to.set(from.length === count ? from : from.subarray(0, count));
}
