import { LOOK_CELLS, type GelLook } from './gel-look.js';

/** Cells that a touch changes first: of the largest deviations so many are averaged. */
const CELLS = 8;
/** Grey levels by which they deviate at most where nothing touches: noise, wear, another day. */
export const UNTOUCHED = 12;
/**
 * So many times what half of the gel deviates by at most (and so many levels more), and something touches it. Untouched gels, of
 * other days and sensors too, have up to 3.5 times; balls on a GelSight Mini, a 9DTact and a GelSlim 12 to 55 times.
 */
const LOCAL = 8;
const NOISE = 0.5;

/** How far an image of a gel deviates from what the gel looks like untouched, brightness of each colour apart. */
export interface Deviation {
  /** Mean of the cells that deviate most, and what half of them deviate by at most; grey levels. */
  readonly largest: number;
  readonly usual: number;
}

export function deviationOf(look: GelLook, untouched: GelLook): Deviation {
  const cells = LOOK_CELLS * LOOK_CELLS;
  const deviations = new Float32Array(cells);
  for (let c = 0; c < 3; c++) {
    const ratios = Float32Array.from(
      { length: cells },
      (_, i) => (look[3 * i + c]! + 1) / (untouched[3 * i + c]! + 1),
    );
    const gain = ratios.sort()[cells >> 1]!;
    for (let i = 0; i < cells; i++)
      deviations[i] = Math.max(deviations[i]!, Math.abs(look[3 * i + c]! - gain * untouched[3 * i + c]!));
  }
  deviations.sort();
  const largest = deviations.slice(-CELLS).reduce((sum, d) => sum + d, 0) / CELLS;
  return { largest, usual: deviations[cells >> 1]! };
}

/** Whether something touches a part of the gel: that differs clearly from what it looks like untouched, the rest does not. */
export function isTouched({ largest, usual }: Deviation): boolean {
  return largest > UNTOUCHED && largest > LOCAL * (usual + NOISE);
}
