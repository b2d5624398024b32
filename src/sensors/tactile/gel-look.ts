import { TURNS, turnedPlace, type Turn } from './image-turns.js';

/** Cells of each side: means over them are free of noise, of printed dots and nearly of what touches. */
export const LOOK_CELLS = 16;
/** Numbers of a look. */
export const LOOK_SIZE = 3 * LOOK_CELLS * LOOK_CELLS;

/**
 * What a gel looks like when nothing touches it: grey levels of 16 × 16 cells over the whole image, row by row, red, green,
 * blue.
 */
export type GelLook = Float32Array;

/** Another way to hold the image makes the look fit so much better that it is that way: its share of what is left, … */
const BETTER = 0.7;
/** … and how much less is left, as a relative change of brightness: evenly lit gels look the same from all sides. */
const CLEARLY = 0.03;
/** What is left of the right way is less than this share of how looks vary over the gel. */
const ALIKE = 0.5;
/** Looks that differ by this share of it, … */
const ANOTHER = 0.6;
/** … and by so much at least, are of different gels. */
const DIFFERENT = 0.1;
/**
 * The same two from which on they may be. Untouched, one GelSight Mini differed from its calibration by 0.17 of it in another
 * session, others from it and from each other by 0.30 to 0.44.
 */
const DOUBTFUL = 0.27;
const DOUBTFULLY = 0.065;
/** Grey levels that keep the logarithm of dark cells at peace. */
const FLOOR = 5;
/** Channels that differ by less are grey, by more are colours (levels). */
const GREY = 1;
const COLORED = 8;
/** Darker on average (grey levels), and nothing is lit. */
const DARK = 3;
/** No white balance makes this of a channel's share in the light: its lamps are off. */
const LAMPS_OFF = 0.15;
const CHANNELS = ['red', 'green', 'blue'] as const;

/** How an image may lie to the one it should be, its colours included. */
interface Way extends Turn {
  readonly swapped: boolean;
}

/** All ways to turn, mirror and recolour an image. */
const WAYS: readonly Way[] = [false, true].flatMap((swapped) =>
  TURNS.map((turn) => ({
    ...turn,
    words: [turn.words, swapped ? 'with red and blue exchanged (BGR for RGB)' : '']
      .filter((text) => text !== '')
      .join(' and '),
    swapped,
  })),
);

/** @param rgb 3 bytes a pixel, row by row */
export function lookOf(rgb: Uint8Array, width: number, height: number): GelLook {
  const sum = new Float64Array(LOOK_SIZE);
  const count = new Float64Array(LOOK_CELLS * LOOK_CELLS);
  for (let y = 0, i = 0; y < height; y++) {
    const row = LOOK_CELLS * Math.floor((y * LOOK_CELLS) / height);
    for (let x = 0; x < width; x++, i += 3) {
      const cell = row + Math.floor((x * LOOK_CELLS) / width);
      count[cell]!++;
      for (let c = 0; c < 3; c++) sum[3 * cell + c]! += rgb[i + c]!;
    }
  }
  return Float32Array.from(sum, (v, i) => v / Math.max(1, count[Math.floor(i / 3)]!));
}

/**
 * What is wrong with images of a gel, by how they look when nothing touches it; brightness and colour of the whole may
 * differ. Gels that are lit evenly look the same from all sides: of these nothing is said.
 *
 * @param known what the calibration was made with
 * @param square whether images are as wide as high
 * @returns `mirrored left to right` and the like; undefined where nothing looks wrong
 */
export function wrongLook(known: GelLook, seen: GelLook, square: boolean): string | undefined {
  const a = pattern(known);
  const [before, now] = [means(known), means(seen)];
  if (Math.max(...now) < DARK) return 'nearly black';
  const off = CHANNELS.find((_, c) => share(now, c) < LAMPS_OFF * share(before, c));
  if (off !== undefined) return `without ${off} light`;
  if (colorfulness(known) > COLORED && colorfulness(seen) < GREY) return 'grey, without colours';
  const left = WAYS.filter((way) => square || !way.across).map((way) => ({
    way,
    // The pattern of a turned image is the turned pattern.
    rest: rms(a, pattern(turned(seen, way))),
  }));
  const asItIs = left[0]!.rest;
  const best = left.reduce((least, one) => (one.rest < least.rest ? one : least));
  const varies = Math.max(rms(a), rms(pattern(seen)));
  const isIt = best.rest < BETTER * asItIs && best.rest < ALIKE * varies;
  if (isIt && asItIs - best.rest > CLEARLY) return best.way.words;
  if (asItIs > DIFFERENT && asItIs > ANOTHER * varies)
    return `of another gel or light (${Math.round((100 * asItIs) / varies)} % of what makes them up is different)`;
  return undefined;
}

/**
 * By which share two looks differ, of how they vary over the gel, where that is more than looks of one untouched sensor do
 * and {@link wrongLook} finds nothing: another sensor of the same kind, or something touches this one. Else undefined.
 */
export function doubtfulLook(known: GelLook, seen: GelLook): number | undefined {
  const [a, b] = [pattern(known), pattern(seen)];
  const rest = rms(a, b);
  const share = rest / Math.max(rms(a), rms(b));
  return rest > DOUBTFULLY && share > DOUBTFUL ? share : undefined;
}

/** The look of the image turned back. */
function turned(look: GelLook, way: Way): GelLook {
  const out = new Float32Array(LOOK_SIZE);
  for (let y = 0, i = 0; y < LOOK_CELLS; y++)
    for (let x = 0; x < LOOK_CELLS; x++, i++) {
      const from = turnedPlace(way, x, y, LOOK_CELLS);
      for (let c = 0; c < 3; c++) out[3 * i + c] = look[3 * from + (way.swapped ? 2 - c : c)]!;
    }
  return out;
}

/** How each channel varies over the gel: logarithms less their mean, free of brightness and of the colour of the light. */
function pattern(look: GelLook): Float64Array {
  const out = Float64Array.from(look, (v) => Math.log(v + FLOOR));
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let i = c; i < LOOK_SIZE; i += 3) mean += (3 * out[i]!) / LOOK_SIZE;
    for (let i = c; i < LOOK_SIZE; i += 3) out[i]! -= mean;
  }
  return out;
}

/** Mean of each channel (grey levels). */
function means(look: GelLook): number[] {
  const sums = [0, 0, 0];
  look.forEach((v, i) => (sums[i % 3]! += (3 * v) / LOOK_SIZE));
  return sums;
}

/** The part of all light that is of a channel. */
function share(mean: readonly number[], channel: number): number {
  return mean[channel]! / mean.reduce((sum, v) => sum + v, 0);
}

/** Root mean square of a pattern, or of the difference of two. */
function rms(a: Float64Array, b?: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - (b?.[i] ?? 0)) ** 2;
  return Math.sqrt(sum / a.length);
}

/** Largest difference between the channels of a cell, averaged over the cells (grey levels). */
function colorfulness(look: GelLook): number {
  let sum = 0;
  for (let i = 0; i < LOOK_SIZE; i += 3) {
    const [r, g, b] = [look[i]!, look[i + 1]!, look[i + 2]!];
    sum += Math.max(r, g, b) - Math.min(r, g, b);
  }
  return (3 * sum) / LOOK_SIZE;
}
