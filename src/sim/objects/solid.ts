import { inverse, type Pose } from '../../geometry/se3.js';

/** Smallest and largest x, y, z (m): x0, y0, z0, x1, y1, z1. */
export type Bounds = readonly [number, number, number, number, number, number];

/**
 * A solid given by its signed distance (m): negative inside, at most 1-Lipschitz, zero on the surface and exact just
 * outside it, so that rays can be marched by it. `bounds` contain the solid.
 */
export interface Solid {
  readonly bounds: Bounds;
  distance(x: number, y: number, z: number): number;
}

/** What belongs to any of the solids: exact outside; inside, a lower bound of the depth where they overlap. */
export function union(...parts: readonly Solid[]): Solid {
  if (parts.length === 1) return parts[0]!;
  const low = [0, 1, 2].map((k) => Math.min(...parts.map((part) => part.bounds[k]!)));
  const high = [3, 4, 5].map((k) => Math.max(...parts.map((part) => part.bounds[k]!)));
  return {
    bounds: [...low, ...high] as unknown as Bounds,
    distance(x, y, z) {
      let least = Infinity;
      for (let i = 0; i < parts.length; i++) least = Math.min(least, parts[i]!.distance(x, y, z));
      return least;
    },
  };
}

/** `solid` without what `cut` covers: a lower bound of the distance near the edge of the cut, exact elsewhere. */
export function subtract(solid: Solid, cut: Solid): Solid {
  return {
    bounds: solid.bounds,
    distance: (x, y, z) => Math.max(solid.distance(x, y, z), -cut.distance(x, y, z)),
  };
}

/** A solid moved by T_out_solid; its bounds are exact for turns by quarters, else the box around the turned box. */
export function moved(solid: Solid, T: Pose): Solid {
  const [x0, y0, z0, x1, y1, z1] = solid.bounds;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const x = corner & 1 ? x1 : x0;
    const y = corner & 2 ? y1 : y0;
    const z = corner & 4 ? z1 : z0;
    for (let k = 0; k < 3; k++) {
      const value = T[4 * k]! * x + T[4 * k + 1]! * y + T[4 * k + 2]! * z + T[4 * k + 3]!;
      low[k] = Math.min(low[k]!, value);
      high[k] = Math.max(high[k]!, value);
    }
  }
  const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = inverse(T) as unknown as number[] as [
    number, number, number, number, number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  return {
    bounds: [...low, ...high] as unknown as Bounds,
    distance: (x, y, z) =>
      solid.distance(a * x + b * y + c * z + tx, d * x + e * y + f * z + ty, g * x + h * y + i * z + tz),
  };
}

/** A solid shifted by x, y, z (m). */
export function shifted(solid: Solid, x: number, y: number, z: number): Solid {
  const [x0, y0, z0, x1, y1, z1] = solid.bounds;
  return {
    bounds: [x0 + x, y0 + y, z0 + z, x1 + x, y1 + y, z1 + z],
    distance: (px, py, pz) => solid.distance(px - x, py - y, pz - z),
  };
}

/** The pose of a turn about z by `yaw` (rad) and a shift: T_out_solid for {@link moved}. */
export function turned(yaw: number, x = 0, y = 0, z = 0): Pose {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  return Float64Array.of(c, -s, 0, x, s, c, 0, y, 0, 0, 1, z);
}

/** x → y → z → x: what stood along z lies along x. */
export const Z_TO_X: Pose = Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0);
/** x → z, y → −y, z → x: a profile drawn in x–y with its depth along z, stood up in x–z with its depth along y. */
export const STAND_UP: Pose = Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0);
