/** Summary of a list of errors, in the unit of the errors. */
export interface Statistics {
  readonly count: number;
  readonly rmse: number;
  readonly mean: number;
  readonly median: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Root mean square, mean, median, population standard deviation and range of `errors` (not modified).
 * Of an empty list everything is NaN: "no error" and "nothing measured" must not look the same.
 */
export function statistics(errors: ArrayLike<number>): Statistics {
  const count = errors.length;
  if (count === 0)
    return { count, rmse: NaN, mean: NaN, median: NaN, std: NaN, min: NaN, max: NaN } satisfies Statistics;
  const sorted = Float64Array.from(errors).sort();
  let sum = 0;
  let squares = 0;
  for (const e of sorted) {
    sum += e;
    squares += e * e;
  }
  const mean = sum / count;
  let variance = 0;
  for (const e of sorted) variance += (e - mean) ** 2;
  const half = count >> 1;
  return {
    count,
    rmse: Math.sqrt(squares / count),
    mean,
    median: count % 2 === 1 ? sorted[half]! : 0.5 * (sorted[half - 1]! + sorted[half]!),
    std: Math.sqrt(variance / count),
    min: sorted[0]!,
    max: sorted[count - 1]!,
  };
}
