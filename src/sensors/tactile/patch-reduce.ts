import type { TouchImage } from './touch.js';

/** Share of the pixels of a cell that must touch something for the cell to be in contact. */
const LEAST_CONTACT = 0.5;

/** A touch in cells of several pixels. */
export interface ReducedTouch {
  readonly width: number;
  readonly height: number;
  readonly pitch: number;
  /** Minus the mean depth (m), of the pixels in contact where the cell is; NaN where none is known. */
  readonly z: Float32Array;
  /** Where the middle of those pixels is from the middle of the cell, in cells: x y each, 0 where all of it touches. */
  readonly middle: Float32Array;
  readonly contact: Uint8Array;
  /** Pixels in contact, and those of them whose depth was a number. */
  readonly contacts: number;
  readonly valid: number;
}

/** Means over cells of `factor` × `factor` pixels; what is left over at the borders is cut off evenly. */
export function reduceTouch(touch: TouchImage, factor: number): ReducedTouch {
  const { depth, contact: felt } = touch;
  const f = Math.max(1, Math.min(factor, touch.width, touch.height));
  const [width, height] = [Math.floor(touch.width / f), Math.floor(touch.height / f)];
  const [left, top] = [(touch.width - width * f) >> 1, (touch.height - height * f) >> 1];
  const z = new Float32Array(width * height).fill(NaN);
  const middle = new Float32Array(2 * width * height);
  const contact = new Uint8Array(width * height);
  let contacts = 0;
  let valid = 0;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      let touched = 0, touchedSum = 0, free = 0, freeSum = 0, xs = 0, ys = 0; // prettier-ignore
      for (let y = 0; y < f; y++) {
        const row = (top + v * f + y) * touch.width + left + u * f;
        for (let x = 0; x < f; x++) {
          const d = depth[row + x]!;
          const known = d - d === 0;
          if (felt[row + x] !== 0) {
            contacts++;
            if (!known) continue;
            valid++;
            touched++;
            touchedSum += d;
            xs += x;
            ys += y;
          } else if (known) {
            free++;
            freeSum += d;
          }
        }
      }
      const i = v * width + u;
      if (touched > 0 && touched >= LEAST_CONTACT * (touched + free)) {
        contact[i] = 1;
        z[i] = -touchedSum / touched;
        middle[2 * i] = (xs / touched - (f - 1) / 2) / f;
        middle[2 * i + 1] = (ys / touched - (f - 1) / 2) / f;
      } else if (free > 0) z[i] = -freeSum / free;
    }
  return { width, height, pitch: touch.pitch * f, z, middle, contact, contacts, valid };
}
