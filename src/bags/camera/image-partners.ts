import { numberIn } from '../folder-stamps.js';

/**
 * The colour image of each depth image: of the same number; else, or where both are numbered without a gap from different
 * ones on, as ffmpeg counts from 1, of the same place.
 *
 * @param depths names, in order
 */
export function partners(depths: readonly string[], colors: readonly string[]): (string | undefined)[] {
  const alike = depths.length === colors.length;
  if (alike && isRun(depths) && isRun(colors)) return [...colors];
  const byNumber = new Map(colors.map((name) => [numberIn(name), name]));
  const numbers = depths.map(numberIn);
  const matched = numbers.map((number) => (number === undefined ? undefined : byNumber.get(number)));
  return alike && matched.every((name) => name === undefined) ? [...colors] : matched;
}

/** Whether names are numbered one after another. */
function isRun(names: readonly string[]): boolean {
  const first = numberIn(names[0] ?? '');
  return (
    first !== undefined && names.every((name, i) => numberIn(name) === String(BigInt(first) + BigInt(i)))
  );
}
