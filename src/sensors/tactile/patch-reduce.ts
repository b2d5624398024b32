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
  const contact = new Uint8Array(width * height);
  let contacts = 0;
  let valid = 0;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      let [touched, touchedSum, free, freeSum] = [0, 0, 0, 0];
      for (let y = top + v * f; y < top + (v + 1) * f; y++)
        for (let x = left + u * f; x < left + (u + 1) * f; x++) {
          const at = y * touch.width + x;
          const d = depth[at]!;
          const known = Number.isFinite(d);
          if (felt[at] !== 0) {
            contacts++;
            if (!known) continue;
            valid++;
            touched++;
            touchedSum += d;
          } else if (known) {
            free++;
            freeSum += d;
          }
        }
      const i = v * width + u;
      if (touched > 0 && touched >= LEAST_CONTACT * (touched + free)) {
        contact[i] = 1;
        z[i] = -touchedSum / touched;
      } else if (free > 0) z[i] = -freeSum / free;
    }
  return { width, height, pitch: touch.pitch * f, z, contact, contacts, valid };
}
