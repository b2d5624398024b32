import type { Mesh } from './mesh.js';
import { NumberTable } from './number-table.js';
import { hasColor, UNKNOWN_COLOR } from './vertex-colors.js';

/** Points on a surface with their normals and, from a mesh with colours, those (0…255), 3·N each. */
export interface SurfaceCloud {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly colors?: Uint8Array;
}

/** The points and colours of such a cloud. */
export type CloudPoints = Pick<SurfaceCloud, 'positions' | 'colors'>;

/**
 * One point per voxel that the surface crosses: the area-weighted mean of the triangles in it, as marching cubes keeps
 * each triangle within one voxel. In order of the triangles. Colours are means over the vertices that have one.
 *
 * @param mesh of marching cubes on corners at multiples of `voxel` (m)
 */
export function surfaceCloud(mesh: Mesh, voxel: number): SurfaceCloud {
  const { colors, indices } = mesh;
  const slots = new NumberTable();
  const slotOf = new Uint32Array(indices.length / 3);
  const triangle = { area: 0, centre: [0, 0, 0], normal: [0, 0, 0] };
  for (let t = 0; t < slotOf.length; t++) {
    measure(mesh, t, triangle);
    const [x, y, z] = triangle.centre;
    slotOf[t] =
      triangle.area > 0
        ? slots.of(voxelKey(Math.floor(x! / voxel), Math.floor(y! / voxel), Math.floor(z! / voxel)))
        : NOWHERE;
  }
  const sums = new Float64Array(7 * slots.size); // Σ area, Σ area·centroid, Σ area·normal
  const tints = new Float64Array(colors ? 4 * slots.size : 0); // Σ area, Σ area·colour of corners with a colour
  for (let t = 0; t < slotOf.length; t++) {
    const slot = slotOf[t]!;
    if (slot === NOWHERE) continue;
    measure(mesh, t, triangle);
    const { area, centre, normal } = triangle;
    const at = slot * 7;
    sums[at]! += area;
    for (let k = 0; k < 3; k++) {
      sums[at + 1 + k]! += area * centre[k]!;
      sums[at + 4 + k]! += normal[k]!;
    }
    if (!colors) continue;
    for (let corner = 3 * t; corner < 3 * t + 3; corner++)
      addTint(tints, slot, colors, indices[corner]!, area);
  }
  const cloud = {
    positions: new Float32Array(slots.size * 3),
    normals: new Float32Array(slots.size * 3),
    ...(colors ? { colors: meanTints(tints, slots.size) } : {}),
  };
  for (let slot = 0; slot < slots.size; slot++) {
    const at = slot * 7;
    const norm = Math.hypot(sums[at + 4]!, sums[at + 5]!, sums[at + 6]!) || 1;
    for (let k = 0; k < 3; k++) {
      cloud.positions[slot * 3 + k] = sums[at + 1 + k]! / sums[at]!;
      cloud.normals[slot * 3 + k] = sums[at + 4 + k]! / norm;
    }
  }
  return cloud;
}

/** In place of a triangle's voxel: it has no area. */
const NOWHERE = 0xffffffff;

interface Triangle {
  area: number;
  readonly centre: number[];
  /** Of the length of the area. */
  readonly normal: number[];
}

function measure({ positions, indices }: Mesh, t: number, into: Triangle): void {
  const [a, b, c] = [indices[3 * t]! * 3, indices[3 * t + 1]! * 3, indices[3 * t + 2]! * 3];
  const [ax, ay, az] = [positions[a]!, positions[a + 1]!, positions[a + 2]!];
  const [ux, uy, uz] = [positions[b]! - ax, positions[b + 1]! - ay, positions[b + 2]! - az];
  const [vx, vy, vz] = [positions[c]! - ax, positions[c + 1]! - ay, positions[c + 2]! - az];
  const { centre, normal } = into;
  normal[0] = (uy * vz - uz * vy) / 2;
  normal[1] = (uz * vx - ux * vz) / 2;
  normal[2] = (ux * vy - uy * vx) / 2;
  into.area = Math.hypot(normal[0], normal[1], normal[2]);
  centre[0] = ax + (ux + vx) / 3;
  centre[1] = ay + (uy + vy) / 3;
  centre[2] = az + (uz + vz) / 3;
}

function addTint(
  tints: Float64Array,
  slot: number,
  colors: Uint8Array,
  vertex: number,
  weight: number,
): void {
  if (!hasColor(colors, vertex)) return;
  tints[4 * slot]! += weight;
  for (let c = 0; c < 3; c++) tints[4 * slot + 1 + c]! += weight * colors[3 * vertex + c]!;
}

function meanTints(tints: Float64Array, count: number): Uint8Array {
  const out = new Uint8Array(3 * count).fill(UNKNOWN_COLOR);
  for (let i = 0; i < count; i++) {
    const weight = tints[4 * i]!;
    if (weight > 0) for (let c = 0; c < 3; c++) out[3 * i + c] = Math.round(tints[4 * i + 1 + c]! / weight);
  }
  return out;
}

/** Exact for voxels within ±65536, 10 km at 0.15 m; beyond that distant voxels may share a point. */
function voxelKey(x: number, y: number, z: number): number {
  const wrap = (v: number): number => v & 0x1ffff;
  return (wrap(z) * 0x20000 + wrap(y)) * 0x20000 + wrap(x);
}
