/**
 * The median of a few numbers; the larger of the two in the middle of an even number of them.
 *
 * @param values none is NaN; they stay as they are
 * @returns NaN of none
 */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
