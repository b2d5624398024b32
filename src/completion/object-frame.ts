import type { Pose } from '../geometry/se3.js';

/** A plane n · p = offset; the object stands on the side that n points to. */
export interface TablePlane {
  /** Unit. */
  readonly normal: readonly [number, number, number];
  /** m. */
  readonly offset: number;
}

/**
 * T_map_object: origin on the table under the middle of the points, z along the table's normal. The yaw is that of the
 * map as nearly as the table allows; the prior knows objects in every yaw.
 *
 * @param points 3·N of the object (m, map frame)
 */
export function objectFrame(points: ArrayLike<number>, { normal, offset }: TablePlane): Pose {
  const [nx, ny, nz] = normal;
  // The map's x axis laid onto the table; its y axis where x stands upright.
  const base = Math.abs(nx) < 0.9 ? [1, 0, 0] : [0, 1, 0];
  const along = base[0]! * nx + base[1]! * ny + base[2]! * nz;
  const u = [base[0]! - along * nx, base[1]! - along * ny, base[2]! - along * nz];
  const length = Math.hypot(u[0]!, u[1]!, u[2]!);
  const [ux, uy, uz] = [u[0]! / length, u[1]! / length, u[2]! / length];
  const [vx, vy, vz] = [ny * uz - nz * uy, nz * ux - nx * uz, nx * uy - ny * ux];
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i]!, points[i + 1]!, points[i + 2]!];
    const a = ux * x + uy * y + uz * z;
    const b = vx * x + vy * y + vz * z;
    if (!Number.isFinite(a + b)) continue;
    [u0, u1, v0, v1] = [Math.min(u0, a), Math.max(u1, a), Math.min(v0, b), Math.max(v1, b)];
  }
  const a = u0 <= u1 ? (u0 + u1) / 2 : 0;
  const b = v0 <= v1 ? (v0 + v1) / 2 : 0;
  const at = (k: 0 | 1 | 2): number => a * [ux, uy, uz][k]! + b * [vx, vy, vz][k]! + offset * normal[k];
  return Float64Array.of(ux, vx, nx, at(0), uy, vy, ny, at(1), uz, vz, nz, at(2));
}
