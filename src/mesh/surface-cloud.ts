import type { Mesh } from './mesh.js';
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
export function surfaceCloud({ positions, colors, indices }: Mesh, voxel: number): SurfaceCloud {
  const slots = new Map<number, number>();
  let sums = new Float64Array(7 * 1024); // Σ area, Σ area·centroid, Σ area·normal
  let tints = new Float64Array(colors ? 4 * 1024 : 0); // Σ area, Σ area·colour of corners with a colour
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [indices[t]! * 3, indices[t + 1]! * 3, indices[t + 2]! * 3];
    const [ax, ay, az] = [positions[a]!, positions[a + 1]!, positions[a + 2]!];
    const [ux, uy, uz] = [positions[b]! - ax, positions[b + 1]! - ay, positions[b + 2]! - az];
    const [vx, vy, vz] = [positions[c]! - ax, positions[c + 1]! - ay, positions[c + 2]! - az];
    const [nx, ny, nz] = [(uy * vz - uz * vy) / 2, (uz * vx - ux * vz) / 2, (ux * vy - uy * vx) / 2];
    const area = Math.hypot(nx, ny, nz);
    if (!(area > 0)) continue;
    const [x, y, z] = [ax + (ux + vx) / 3, ay + (uy + vy) / 3, az + (uz + vz) / 3];
    const key = voxelKey(Math.floor(x / voxel), Math.floor(y / voxel), Math.floor(z / voxel));
    let slot = slots.get(key);
    if (slot === undefined) slots.set(key, (slot = slots.size));
    if ((slot + 1) * 7 > sums.length) {
      sums = doubled(sums);
      tints = doubled(tints);
    }
    const at = slot * 7;
    sums[at]! += area;
    sums[at + 1]! += area * x;
    sums[at + 2]! += area * y;
    sums[at + 3]! += area * z;
    sums[at + 4]! += nx;
    sums[at + 5]! += ny;
    sums[at + 6]! += nz;
    if (!colors) continue;
    for (let corner = t; corner < t + 3; corner++) addTint(tints, slot, colors, indices[corner]!, area);
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

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
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
