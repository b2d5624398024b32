/** Where the prior's frame stands in the object's: p_prior = R_z(−yaw) p_object − centre. */
export interface Placement {
  /** rad. */
  readonly yaw: number;
  readonly cos: number;
  readonly sin: number;
  /** Middle of the object in the turned frame (m). */
  readonly cx: number;
  readonly cy: number;
}

/** Both frames are the same. */
export const UNMOVED: Placement = { yaw: 0, cos: 1, sin: 0, cx: 0, cy: 0 };

/** The prior's frame turned by a yaw, its origin under the middle of the points (3·N, object frame), as objects are trained. */
export function placementAt(yaw: number, points: ArrayLike<number>): Placement {
  const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    const u = cos * points[i]! + sin * points[i + 1]!;
    const v = cos * points[i + 1]! - sin * points[i]!;
    u0 = Math.min(u0, u);
    u1 = Math.max(u1, u);
    v0 = Math.min(v0, v);
    v1 = Math.max(v1, v);
  }
  return { yaw, cos, sin, cx: (u0 + u1) / 2, cy: (v0 + v1) / 2 };
}

/** x and y of a point in the prior's frame; z is the same. */
export function placedX({ cos, sin, cx }: Placement, x: number, y: number): number {
  return cos * x + sin * y - cx;
}
export function placedY({ cos, sin, cy }: Placement, x: number, y: number): number {
  return cos * y - sin * x - cy;
}
