/**
 * The cells of an image, numbered row by row, in an order in which neighbours are neighbours in the image, so that every
 * n-th of any subset is spread evenly over it: Hilbert's curve in squares, one after the other along the longer side.
 */
export function fillOrder(width: number, height: number, out: Uint32Array): void {
  const wide = width >= height;
  const [long, short] = wide ? [width, height] : [height, width];
  let side = 1;
  while (side < short) side *= 2;
  let n = 0;
  for (let start = 0; start < long; start += side)
    for (let d = 0; d < side * side; d++) {
      const [along, across] = onCurve(side, d);
      if (start + along >= long || across >= short) continue;
      out[n++] = wide ? across * width + start + along : (start + along) * width + across;
    }
}

/** Cell number `d` of Hilbert's curve from (0, 0) to (side − 1, 0). */
function onCurve(side: number, d: number): [number, number] {
  let [x, y, left] = [0, 0, d];
  for (let s = 1; s < side; s *= 2) {
    const right = 1 & (left >> 1);
    const up = 1 & (left ^ right);
    if (up === 0) {
      if (right === 1) [x, y] = [s - 1 - x, s - 1 - y];
      [x, y] = [y, x];
    }
    x += s * right;
    y += s * up;
    left >>= 2;
  }
  return [x, y];
}
