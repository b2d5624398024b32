/** Surface of a patch pixel by pixel. */
export interface PlaneFits {
  readonly z: Float32Array;
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
}

/** Planes are fitted to this many pixels on each side, and heights smoothed over fewer: those are biased by curvature. */
const RADIUS = 2;
const SMOOTH = 1;
/** With fewer neighbours a pixel has no normal. */
const LEAST_NEIGHBOURS = 6;
/** Neighbours farther along the axis than this many pitches times their distance belong to another surface: 70°. */
const STEEPEST = 2.7;

/**
 * Planes z = a + b·x + c·y by least squares through the contacts around each pixel: unit normals with nz < 0, out of what
 * is touched. Heights of contacts are those of the planes through the nearest neighbours only.
 *
 * @param z height of the gel along its axis (m)
 * @param contact 1 where something touches
 */
export function planeFits(
  z: Float32Array,
  contact: Uint8Array,
  width: number,
  height: number,
  pitch: number,
): PlaneFits {
  const out = {
    z: z.slice(),
    nx: new Float32Array(z.length),
    ny: new Float32Array(z.length),
    nz: new Float32Array(z.length),
  };
  const plane = new Float64Array(3);
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const i = v * width + u;
      if (contact[i] === 0) continue;
      if (fit(z, contact, width, height, pitch, u, v, SMOOTH, 4, plane)) out.z[i] = plane[0]!;
      if (!fit(z, contact, width, height, pitch, u, v, RADIUS, LEAST_NEIGHBOURS, plane)) continue;
      const [b, c] = [plane[1]!, plane[2]!];
      const scale = 1 / Math.sqrt(1 + b * b + c * c);
      out.nx[i] = b * scale;
      out.ny[i] = c * scale;
      out.nz[i] = -scale;
    }
  return out;
}

/** [a, b, c] of the plane about a pixel; false where too few neighbours belong to it, or they lie in a line. */
function fit(
  z: Float32Array,
  contact: Uint8Array,
  width: number,
  height: number,
  pitch: number,
  u: number,
  v: number,
  radius: number,
  least: number,
  plane: Float64Array,
): boolean {
  const middle = z[v * width + u]!;
  let [n, sx, sy, sz, xx, xy, yy, xz, yz] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++) {
      const [x, y] = [u + dx, v + dy];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = y * width + x;
      if (contact[at] === 0) continue;
      const h = z[at]! - middle;
      if (Math.abs(h) > STEEPEST * pitch * Math.max(1, Math.hypot(dx, dy))) continue;
      n++;
      sx += dx;
      sy += dy;
      sz += h;
      xx += dx * dx;
      xy += dx * dy;
      yy += dy * dy;
      xz += dx * h;
      yz += dy * h;
    }
  if (n < least) return false;
  const [cxx, cxy, cyy] = [xx - (sx * sx) / n, xy - (sx * sy) / n, yy - (sy * sy) / n];
  const [cxz, cyz] = [xz - (sx * sz) / n, yz - (sy * sz) / n];
  const det = cxx * cyy - cxy * cxy;
  if (!(det > 0.05 * n * n)) return false;
  const b = (cxz * cyy - cyz * cxy) / det;
  const c = (cyz * cxx - cxz * cxy) / det;
  plane[0] = middle + (sz - b * sx - c * sy) / n;
  plane[1] = b / pitch;
  plane[2] = c / pitch;
  return true;
}
