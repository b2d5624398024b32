import { factorCholesky, solveFactored } from '../../geometry/linear.js';
import type { ReducedTouch } from './patch-reduce.js';

/** Surface of a patch pixel by pixel. */
export interface SurfaceFits {
  readonly z: Float32Array;
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
}

/** Surfaces are fitted to the neighbours so many pixels to each side. */
const RADIUS = 2;
/** With fewer neighbours a pixel has no normal. */
const LEAST_NEIGHBOURS = 6;
/** Neighbours farther along the axis than this many pitches times their distance belong to another surface: 70°. */
const STEEPEST = 2.7;
/** 1 x y x² xy y². */
const [QUADRIC, PLANE] = [6, 3];
/** How much surfaces are expected to curve (standard deviation, 1/m): where heights are too noisy to tell, quadrics are flat. */
const CURVATURE = 200;
/** A height whose variance would be larger than that of so many pixels is not taken: too few neighbours say how it curves. */
const MOST_VARIANCE = 1;

/**
 * Quadrics z = a + b·x + c·y + d·x² + e·xy + f·y² by least squares through the contacts around each pixel: heights and unit
 * normals with nz < 0, out of what is touched. A plane would do in the middle of a contact; at its border all neighbours lie
 * on one side, and planes through them lean where the surface is curved. Where there are too few for a quadric, planes.
 *
 * @param sigma of the heights (m)
 * @example
 * const { z, nx, ny, nz } = surfaceFits(reduceTouch(touch, 8), touch.sigma / 8);
 */
export function surfaceFits(touch: ReducedTouch, sigma: number): SurfaceFits {
  const { z, contact, width, height, pitch } = touch;
  const normal = (): Float32Array => new Float32Array(z.length);
  const out = { z: z.slice(), nx: normal(), ny: normal(), nz: normal() };
  // In squares of a pixel's height: what is expected of x², xy and y² beforehand.
  const flatness = (sigma / (0.5 * CURVATURE * pitch ** 2)) ** 2;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const i = v * width + u;
      if (contact[i] === 0) continue;
      const n = gather(touch, u, v);
      for (let a = PLANE; a < QUADRIC; a++) NORMAL[a * QUADRIC + a]! += flatness;
      if (n < LEAST_NEIGHBOURS || !(solve(QUADRIC) || solve(PLANE))) continue;
      const [b, c] = [FIT[1]! / pitch, FIT[2]! / pitch];
      const scale = 1 / Math.sqrt(1 + b * b + c * c);
      out.z[i] = z[i]! + FIT[0]!;
      out.nx[i] = b * scale;
      out.ny[i] = c * scale;
      out.nz[i] = -scale;
    }
  return out;
}

const NORMAL = new Float64Array(QUADRIC * QUADRIC);
const RIGHT = new Float64Array(QUADRIC);
const ROW = new Float64Array(QUADRIC);
const FACTOR = new Float64Array(QUADRIC * QUADRIC);
const FIT = new Float64Array(QUADRIC);
const UNIT = new Float64Array(QUADRIC);

/** Normal equations of the quadric about a pixel, from its height and in pixels; returns of how many neighbours. */
function gather({ z, middle, contact, width, height, pitch }: ReducedTouch, u: number, v: number): number {
  const own = z[v * width + u]!;
  NORMAL.fill(0);
  RIGHT.fill(0);
  let n = 0;
  for (let dy = -RADIUS; dy <= RADIUS; dy++)
    for (let dx = -RADIUS; dx <= RADIUS; dx++) {
      const [x, y] = [u + dx, v + dy];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = y * width + x;
      if (contact[at] === 0) continue;
      const h = z[at]! - own;
      if (Math.abs(h) > STEEPEST * pitch * Math.max(1, Math.hypot(dx, dy))) continue;
      n++;
      const [p, q] = [dx + middle[2 * at]!, dy + middle[2 * at + 1]!];
      ROW[0] = 1;
      ROW[1] = p;
      ROW[2] = q;
      ROW[3] = p * p;
      ROW[4] = p * q;
      ROW[5] = q * q;
      for (let a = 0; a < QUADRIC; a++) {
        for (let c = 0; c <= a; c++) NORMAL[a * QUADRIC + c]! += ROW[a]! * ROW[c]!;
        RIGHT[a]! += ROW[a]! * h;
      }
    }
  return n;
}

/** FIT of the first so many unknowns; false where the neighbours do not say them. */
function solve(size: number): boolean {
  for (let a = 0; a < size; a++) for (let c = 0; c <= a; c++) FACTOR[a * size + c] = NORMAL[a * QUADRIC + c]!;
  if (!factorCholesky(FACTOR, size)) return false;
  UNIT.fill(0);
  UNIT[0] = 1;
  solveFactored(FACTOR, UNIT, size);
  if (!(UNIT[0]! <= MOST_VARIANCE)) return false;
  FIT.set(RIGHT);
  solveFactored(FACTOR, FIT, size);
  return true;
}
