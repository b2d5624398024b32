/**
 * For every cell of a grid the nearest seed, by the exact Euclidean distance between centres (Felzenszwalb and
 * Huttenlocher, Distance Transforms of Sampled Functions, 2012): columns first, then the lower envelope of parabolas
 * along each row.
 *
 * @param seeds whether a cell is one, rows of rising y
 * @returns the cell of the nearest seed, -1 where there is none at all
 */
export function nearestSeeds(seeds: ArrayLike<number | boolean>, width: number, height: number): Int32Array {
  /** Row of the nearest seed in the same column, -1 without one. */
  const rows = new Int32Array(width * height).fill(-1);
  for (let i = 0; i < width; i++) {
    let last = -1;
    for (let j = 0; j < height; j++) {
      if (seeds[j * width + i]) last = j;
      rows[j * width + i] = last;
    }
    last = -1;
    for (let j = height - 1; j >= 0; j--) {
      if (seeds[j * width + i]) last = j;
      const up = rows[j * width + i]!;
      if (last >= 0 && (up < 0 || last - j < j - up)) rows[j * width + i] = last;
    }
  }
  const nearest = new Int32Array(width * height).fill(-1);
  const parabolas = new Int32Array(width);
  const starts = new Float64Array(width + 1);
  for (let j = 0; j < height; j++) {
    const squared = (i: number): number => (rows[j * width + i]! - j) ** 2;
    let count = 0;
    for (let i = 0; i < width; i++) {
      if (rows[j * width + i]! < 0) continue;
      let start = -Infinity;
      while (count > 0) {
        const before = parabolas[count - 1]!;
        start = (squared(i) + i * i - squared(before) - before * before) / (2 * (i - before));
        if (start > starts[count - 1]!) break;
        count--;
        start = -Infinity;
      }
      parabolas[count] = i;
      starts[count++] = start;
    }
    for (let i = 0, k = 0; i < width && count > 0; i++) {
      while (k + 1 < count && starts[k + 1]! < i) k++;
      const from = parabolas[k]!;
      nearest[j * width + i] = rows[j * width + from]! * width + from;
    }
  }
  return nearest;
}
