import { Matrix4, Vector3 } from 'three';
import type { BlockGroup } from './block-group.js';
import { hitBox, hitTriangles, type Plane, type Ray } from './raycast.js';

/** Vertices that a range of heights is taken from. */
const HEIGHT_SAMPLES = 20_000;

/**
 * Nearest surface point that the slicing plane leaves.
 *
 * @returns distance along the ray (its direction of unit length), Infinity without a hit
 */
export function raycastGroups(groups: Iterable<BlockGroup>, ray: Ray, plane: Plane | undefined): number {
  const hits: { group: BlockGroup; local: Ray; enter: number }[] = [];
  const inverse = new Matrix4();
  const origin = new Vector3();
  const direction = new Vector3();
  for (const group of groups) {
    if (!group.baked || group.box.isEmpty()) continue;
    inverse.copy(group.mesh.parent!.matrix).invert();
    origin.set(...ray.origin).applyMatrix4(inverse);
    direction.set(...ray.direction).transformDirection(inverse);
    const local: Ray = { origin: origin.toArray(), direction: direction.toArray() };
    const enter = hitBox(local, group.box.min.toArray(), group.box.max.toArray());
    if (enter < Infinity) hits.push({ group, local, enter });
  }
  hits.sort((a, b) => a.enter - b.enter);
  const accept = (t: number): boolean => {
    if (!plane) return true;
    const [o, d] = [ray.origin, ray.direction];
    const at = (k: 0 | 1 | 2): number => o[k] + t * d[k];
    return plane[0] * at(0) + plane[1] * at(1) + plane[2] * at(2) + plane[3] >= 0;
  };
  let nearest = Infinity;
  for (const { group, local, enter } of hits) {
    if (enter > nearest) break;
    const { cube, position, index, indices } = group.baked!;
    // Into the cube's steps; t stays in metres because origin and direction scale alike.
    const s = 65535 / cube.side;
    const o = local.origin.map((v, k) => (v - cube.min[k]!) * s) as [number, number, number];
    const d = local.direction.map((v) => v * s) as [number, number, number];
    const used = index.subarray(0, indices);
    nearest = Math.min(nearest, hitTriangles({ origin: o, direction: d }, position, 4, used, accept));
  }
  return nearest;
}

/** Heights (m) below which shares `low` and `high` of the vertices lie, from a sample; undefined without surface. */
export function heightRangeOf(
  groups: readonly BlockGroup[],
  low: number,
  high: number,
): [number, number] | undefined {
  let total = 0;
  for (const { baked } of groups) total += baked?.vertices ?? 0;
  const stride = Math.max(41, Math.floor(total / HEIGHT_SAMPLES));
  const heights: number[] = [];
  for (const { baked, mesh } of groups) {
    if (!baked) continue;
    const { cube, position, vertices } = baked;
    const m = mesh.parent!.matrix.elements;
    const s = cube.side / 65535;
    for (let v = 0; v < vertices; v += stride) {
      const x = cube.min[0] + s * position[4 * v]!;
      const y = cube.min[1] + s * position[4 * v + 1]!;
      const z = cube.min[2] + s * position[4 * v + 2]!;
      heights.push(m[2]! * x + m[6]! * y + m[10]! * z + m[14]!);
    }
  }
  if (heights.length === 0) return undefined;
  const sorted = Float64Array.from(heights).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(low), at(high)];
}
