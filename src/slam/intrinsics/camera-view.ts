import type { Pinhole } from '../../geometry/pinhole.js';
import type { RangeGrid } from '../../sensors/observation.js';

/** A depth image, small, with brightness where there is one. */
export interface CameraView extends Pinhole {
  /** 1/m, 0 where unknown. */
  readonly inverse: Float32Array;
  /** Smoothed brightness, 0…255; NaN where unknown. */
  readonly grey: Float32Array;
}

/** Columns of a view, about: what is asked of it are a few numbers. */
const COLUMNS = 160;
/** Depths of one pixel of a view differ by less than this share. */
const ALIKE = 0.03;
/** Rounds of smoothing brightness: its gradient must be true to where it is looked up. */
const SMOOTHING = 2;
/** Known ones of the nine pixels that are averaged. */
const FEWEST_OF_NINE = 6;

/** Copies a grid in a smaller size; the observation may be released then. */
export function cameraView(grid: RangeGrid): CameraView {
  const factor = Math.max(1, Math.round(grid.width / COLUMNS));
  const [width, height] = [Math.floor(grid.width / factor), Math.floor(grid.height / factor)];
  const centre = (c: number): number => (c - (factor - 1) / 2) / factor;
  const inverse = new Float32Array(width * height);
  const grey = new Float32Array(width * height).fill(NaN);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const corner = y * factor * grid.width + x * factor;
      inverse[i] = meanInverse(grid, corner, factor);
      grey[i] = meanGrey(grid, corner, factor);
    }
  for (let round = 0; round < SMOOTHING; round++) smooth(grey, width, height);
  const [fx, fy] = [grid.fx / factor, grid.fy / factor];
  return { width, height, fx, fy, cx: centre(grid.cx), cy: centre(grid.cy), inverse, grey };
}

/** Of the pixels whose depth is like that of the first; 0 where fewer than half of them are. */
function meanInverse({ z, width }: RangeGrid, corner: number, factor: number): number {
  const first = z[corner]!;
  if (!(first > 0)) return 0;
  let [sum, count] = [0, 0];
  for (let y = 0; y < factor; y++)
    for (let x = 0; x < factor; x++) {
      const one = z[corner + y * width + x]!;
      if (!(Math.abs(one - first) < ALIKE * first)) continue;
      sum += 1 / one;
      count++;
    }
  return 2 * count >= factor * factor ? sum / count : 0;
}

function meanGrey({ color, width }: RangeGrid, corner: number, factor: number): number {
  if (!color) return NaN;
  let [sum, count] = [0, 0];
  for (let y = 0; y < factor; y++)
    for (let x = 0; x < factor; x++) {
      const at = 4 * (corner + y * width + x);
      if (color[at + 3] === 0) continue;
      sum += 0.299 * color[at]! + 0.587 * color[at + 1]! + 0.114 * color[at + 2]!;
      count++;
    }
  return count > 0 ? sum / count : NaN;
}

/** Means over 3×3 pixels, in place. */
function smooth(grey: Float32Array, width: number, height: number): void {
  const before = grey.slice();
  grey.fill(NaN);
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      let [sum, count] = [0, 0];
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const one = before[(y + dy) * width + x + dx]!;
          if (Number.isNaN(one)) continue;
          sum += one;
          count++;
        }
      if (count >= FEWEST_OF_NINE) grey[y * width + x] = sum / count;
    }
}
