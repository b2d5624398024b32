/** Pixels that differ by less from the reference, in grey levels, are not touched. */
const QUIET = 8;
/** Pixels that differ by more are touched, if the gel is pressed in there. */
const LOUD = 15;
/** Depth of what is certainly touched, and of what can be, as shares of the deepest. */
const CERTAIN = 0.4;
const POSSIBLE = 0.3;
/** Less than this (m) nobody can tell from noise. */
const LEAST_DEPTH = 5e-5;
/** A touch changes at least so many pixels. */
const LEAST_PIXELS = 40;
/** Share of the deepest pixels that may be noise. */
const NOISE = 5e-4;
const BINS = 2048;
/** Every so many pixels say how high the gel is at rest, if this share of them looks so. */
const [STRIDE, LEAST_QUIET] = [3, 0.02];
/** Share of all heights that noise may lie below the gel at rest, and of pixels that are at rest where others look like it too. */
const [LOW, LEAST_LOWEST] = [0.05, 0.1];

/** How high the gel is where nothing touches it. */
export interface Rest {
  readonly height: number;
  /** False where other places lie lower still: then what looks at rest is a flat part of what touches all of the gel. */
  readonly known: boolean;
}

/**
 * The height of the gel where nothing touches it: the median of the pixels that look like the reference. What is pressed in flat looks
 * like it too: nothing lies below a gel at rest, so where a part of it does, only pixels as low as that are at rest.
 *
 * @param heights up to a constant
 * @param difference grey levels from the reference, per pixel
 * @param tolerance how far a gel at rest may seem to lie below itself, in the unit of the heights
 * @returns the fifth percentile of all heights where hardly a pixel looks like the reference
 */
export function restOf(heights: Float32Array, difference: Uint8Array, tolerance = Infinity): Rest {
  const quiet = new Float32Array(Math.ceil(heights.length / STRIDE));
  let count = 0;
  for (let i = 0; i < heights.length; i += STRIDE) if (difference[i]! < QUIET) quiet[count++] = heights[i]!;
  const some = new Float32Array(quiet.length);
  for (let i = 0; i < some.length; i++) some[i] = heights[STRIDE * i]!;
  const low = quantile(some, LOW);
  if (count < LEAST_QUIET * quiet.length) return { height: low, known: true };
  const height = quantile(quiet.subarray(0, count), 0.5);
  // Heights waver in long waves, deeper presses by more: no more lies below than above.
  if (height - low <= Math.max(tolerance, quantile(some, 1 - NOISE) - height)) return { height, known: true };
  const lowest = quiet.subarray(0, count).filter((h) => h - low <= tolerance);
  if (lowest.length < LEAST_LOWEST * quiet.length) return { height, known: false };
  return { height: quantile(lowest, 0.5), known: true };
}

/** A quantile of heights by a histogram, within 1/2048 of their range; those that are no numbers are left out. */
function quantile(heights: Float32Array, share: number): number {
  let low = Infinity;
  let high = -Infinity;
  let count = 0;
  for (let i = 0; i < heights.length; i++) {
    const h = heights[i]!;
    if (h - h !== 0) continue;
    if (h < low) low = h;
    if (h > high) high = h;
    count++;
  }
  if (!(high > low)) return count > 0 ? low : 0;
  const bins = new Uint32Array(BINS);
  const scale = (BINS - 1e-3) / (high - low);
  for (let i = 0; i < heights.length; i++) {
    const h = heights[i]!;
    if (h - h === 0) bins[((h - low) * scale) | 0]!++;
  }
  const wanted = share * count;
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const here = bins[bin]!;
    if (below + here >= wanted) return low + (bin + (wanted - below) / Math.max(1, here)) / scale;
    below += here;
  }
  return high;
}

/** What touches. */
export interface Contact {
  /** Pixels that are touched; 0: nothing touches the gel. */
  readonly pixels: number;
  /** Depth of the deepest of them (m), noise left out. */
  readonly peak: number;
}

/**
 * Marks the pixels where something touches: pressed in by three tenths of the deepest, and either by four or with a clear
 * change of colour. The gel is drawn down around a contact without touching: a change of colour alone tells little.
 *
 * @param depth metres, NaN where unknown
 * @param difference grey levels from the reference; undefined where there is no image
 * @param contact result, 1 where touched
 * @param sigma of the depths (m): what is not deeper than that is no touch
 */
export function markContact(
  depth: Float32Array,
  difference: Uint8Array | undefined,
  contact: Uint8Array,
  sigma = 0,
): Contact {
  const peak = quantile(depth, 1 - NOISE);
  contact.fill(0);
  let pixels = 0;
  for (let i = 0; i < depth.length; i++) {
    const h = depth[i]!;
    if (!(h > POSSIBLE * peak && h > LEAST_DEPTH)) continue;
    if (!(h > CERTAIN * peak || !difference || difference[i]! > LOUD)) continue;
    contact[i] = 1;
    pixels++;
  }
  if (peak > Math.max(LEAST_DEPTH, sigma) && pixels >= LEAST_PIXELS && isSeen(difference, contact))
    return { pixels, peak };
  contact.fill(0);
  return { pixels: 0, peak: 0 };
}

/** A touch is seen: heights that waver by themselves change no colour. */
function isSeen(difference: Uint8Array | undefined, contact: Uint8Array): boolean {
  if (!difference) return true;
  let seen = 0;
  for (let i = 0; i < contact.length; i++) if (contact[i] === 1 && difference[i]! >= QUIET) seen++;
  return seen >= LEAST_PIXELS;
}

/** Share of the touched pixels with a channel at its upper end. @param rgb 3 bytes a pixel */
export function clippedShare(rgb: Uint8Array, contact: Uint8Array): number {
  let [clipped, touched] = [0, 0];
  for (let i = 0; i < contact.length; i++) {
    if (contact[i] === 0) continue;
    touched++;
    if (rgb[3 * i] === 255 || rgb[3 * i + 1] === 255 || rgb[3 * i + 2] === 255) clipped++;
  }
  return touched === 0 ? 0 : clipped / touched;
}
