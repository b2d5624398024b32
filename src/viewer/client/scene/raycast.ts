/** A ray; the direction need not be of unit length, distances come in its units. */
export interface Ray {
  readonly origin: readonly [number, number, number];
  readonly direction: readonly [number, number, number];
}

/** Keep points p with x·p₀ + y·p₁ + z·p₂ + w ≥ 0. */
export type Plane = readonly [number, number, number, number];

/**
 * Nearest intersection of a ray with triangles, both sides (Möller & Trumbore 1997).
 *
 * @param positions `stride`·V in the same units and frame as the ray
 * @param accept filter by distance, e.g. for a slicing plane
 * @returns distance in units of the direction's length, Infinity without a hit
 */
export function hitTriangles(
  ray: Ray,
  positions: ArrayLike<number>,
  stride: number,
  indices: ArrayLike<number>,
  accept: (t: number) => boolean = () => true,
): number {
  const [ox, oy, oz] = ray.origin;
  const [dx, dy, dz] = ray.direction;
  let nearest = Infinity;
  for (let i = 0; i + 2 < indices.length; i += 3) {
    const a = stride * indices[i]!;
    const b = stride * indices[i + 1]!;
    const c = stride * indices[i + 2]!;
    const ax = positions[a]!;
    const ay = positions[a + 1]!;
    const az = positions[a + 2]!;
    const ux = positions[b]! - ax;
    const uy = positions[b + 1]! - ay;
    const uz = positions[b + 2]! - az;
    const vx = positions[c]! - ax;
    const vy = positions[c + 1]! - ay;
    const vz = positions[c + 2]! - az;
    const px = dy * vz - dz * vy;
    const py = dz * vx - dx * vz;
    const pz = dx * vy - dy * vx;
    const det = ux * px + uy * py + uz * pz;
    if (det === 0) continue;
    const sx = ox - ax;
    const sy = oy - ay;
    const sz = oz - az;
    const u = (sx * px + sy * py + sz * pz) / det;
    if (u < 0 || u > 1) continue;
    const qx = sy * uz - sz * uy;
    const qy = sz * ux - sx * uz;
    const qz = sx * uy - sy * ux;
    const v = (dx * qx + dy * qy + dz * qz) / det;
    if (v < 0 || u + v > 1) continue;
    const t = (vx * qx + vy * qy + vz * qz) / det;
    if (t > 0 && t < nearest && accept(t)) nearest = t;
  }
  return nearest;
}

/** Where a ray enters an axis-aligned box (slab method); 0 from inside, Infinity without a hit. */
export function hitBox(ray: Ray, min: ArrayLike<number>, max: ArrayLike<number>): number {
  let enter = 0;
  let leave = Infinity;
  for (let k = 0; k < 3; k++) {
    const o = ray.origin[k]!;
    const d = ray.direction[k]!;
    if (d === 0) {
      if (o < min[k]! || o > max[k]!) return Infinity;
      continue;
    }
    const t1 = (min[k]! - o) / d;
    const t2 = (max[k]! - o) / d;
    enter = Math.max(enter, Math.min(t1, t2));
    leave = Math.min(leave, Math.max(t1, t2));
  }
  return enter <= leave ? enter : Infinity;
}
