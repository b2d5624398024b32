/** Metres of a unit of 16 bits: millimetres as depth cameras give them, and what TUM RGB-D and its followers write. */
export const MILLIMETRE = 1 / 1000;
export const FIFTH = 1 / 5000;

/** What the values of some depth images are like, before their unit is known. */
export interface RawDepth {
  /** Median of the known values; 0 where none is known. */
  readonly median: number;
  /** Whether nearly all are multiples of five, and many not of ten: whole millimetres that were written in fifths. */
  readonly byFives: boolean;
}

/** Values that are looked at, of each image. */
const SAMPLES = 4096;
/** Fewer known values, or fewer different ones, say nothing of divisors. */
const ENOUGH = 500;
const ENOUGH_DIFFERENT = 40;
const NEARLY_ALL = 0.995;
const MANY = 0.2;
/** Half of a room lies nearer than this (m); farther, the unit is smaller than thought. */
const FAR = 5;
/** Half of a room lies farther than this (m); nearer, the unit is larger than thought. */
const NEAR = 0.5;
/** Depth cameras measure nothing nearer (m). */
const NEAREST = 0.1;

/** Looks at depth images as they are stored; 0 and 65535 are unknown. */
export function surveyDepth(images: readonly Uint16Array[]): RawDepth {
  const known: number[] = [];
  for (const data of images) {
    const step = Math.max(1, Math.floor(data.length / SAMPLES));
    for (let i = 0; i < data.length; i += step) if (data[i]! > 0 && data[i]! < 65535) known.push(data[i]!);
  }
  known.sort((a, b) => a - b);
  const share = (divisor: number): number => known.filter((v) => v % divisor === 0).length / known.length;
  const byFives =
    known.length >= ENOUGH &&
    new Set(known).size >= ENOUGH_DIFFERENT &&
    share(5) > NEARLY_ALL &&
    share(10) < 1 - MANY;
  return { median: known[known.length >> 1] ?? 0, byFives };
}

/**
 * The unit of depth images that nothing states: millimetres or fifths of them. The one that their layout usually has,
 * unless the values say otherwise.
 *
 * @param usual metres of a unit in folders of this layout
 * @returns metres of a unit, and why, as the end of a sentence
 */
export function guessUnit(
  { median, byFives }: RawDepth,
  usual: number,
): { readonly scale: number; readonly why: string } {
  const at = (scale: number): string => `${(median * scale).toPrecision(2)} m`;
  const other = usual === MILLIMETRE ? FIFTH : MILLIMETRE;
  const called = (scale: number): string => (scale === FIFTH ? '1/5000 m' : 'millimetres');
  if (byFives)
    return {
      scale: FIFTH,
      why: 'as all values are multiples of five, which is what whole millimetres become in this unit',
    };
  const far = usual === MILLIMETRE && median * usual > FAR;
  const near = usual !== MILLIMETRE && median > 0 && median * usual < NEAR;
  const doubt =
    median * (near ? other : usual) < NEAREST
      ? ', nearer than depth cameras measure: it is probably in another unit'
      : '';
  if (far || near)
    return {
      scale: other,
      why: `as in ${called(usual)} half of it would lie ${far ? 'beyond' : 'within'} ${at(usual)}; so that is ${at(other)}${doubt}`,
    };
  return {
    scale: usual,
    why:
      'as folders of this layout usually have it; ' +
      (median === 0
        ? 'the images that were looked at hold no depth'
        : `half of it lies within ${at(usual)}${doubt}`),
  };
}
