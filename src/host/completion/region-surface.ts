import type { Box } from '../../completion/complete-region.js';
import type { EvidencePart } from '../../completion/evidence.js';
import { emptySpace, joinFree, type FreeSpace } from '../../completion/free-space.js';
import type { TablePlane } from '../../completion/object-frame.js';
import { FeltmapError } from '../../geometry/errors.js';
import { inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import { BLOCK_CELLS } from '../../kernels/layout/mesh.js';
import type { MeshBlock } from '../../mesh/block-store.js';
import type { Slam } from '../../slam/types.js';
import { widened } from './region-box.js';

/** Surface of a map is about this share of a voxel off. */
export const SIGMA_VOXELS = 0.3;

/** Triangles of one of the map's grids. */
export interface GridSurface {
  /** Distance of its corners (m). */
  readonly voxel: number;
  /** 3·V (m), submap frame; vertices on block borders count once a block. */
  readonly positions: Float32Array;
  /** 3·T. */
  readonly indices: Uint32Array;
  /** Those triangles that say where the surface is; all of them unless given. The table is found from all. */
  readonly trusted?: Uint32Array;
}

/** What the map has in a box and around it. */
export interface RegionSurface {
  readonly T_odom_submap: Pose;
  /** Coarsest first; grids without surface there are left out. */
  readonly grids: readonly GridSurface[];
  /** What was felt there, odom frame. */
  readonly touches: readonly EvidencePart[];
  /** Where sensors met nothing, and where cameras looked through, same frame. */
  readonly free?: FreeSpace;
  /** Of an object that is held: the plane where it ends below, same frame; nothing else is known to be there. */
  readonly standsOn?: TablePlane;
  /** Another one as soon as anything of it changes. */
  readonly fingerprint: string;
}

/** More than some tens of milliseconds of copying would take from the scans. */
const MOST_TRIANGLES = 2_000_000;

/**
 * Copies the surface of the live map in and around a box: whole blocks of its mesh, so that the thread which tracks is kept
 * for a few milliseconds only. Reads the map and changes nothing in it.
 *
 * @param submap that is being mapped
 * @param box odom frame (m)
 * @throws FeltmapError unsupported for a system that cannot be watched; bad-input where there is too much surface
 */
export function regionSurface(slam: Slam, submap: number, box: Box): RegionSurface {
  const { view } = slam;
  if (!view) throw new FeltmapError('unsupported', 'This SLAM system shows no surface to complete.');
  const T_odom_submap = slam.trajectory.submap(submap);
  const wide = widened(box);
  const near = nearBlocks(view.meshChanges(0).blocks, view.blockSizes, moved(wide, inverse(T_odom_submap)));
  const triangles = near.reduce((sum, { indices }) => sum + indices.length / 3, 0);
  if (triangles > MOST_TRIANGLES)
    throw new FeltmapError(
      'bad-input',
      `The map has ${triangles} triangles around the box ${box.join(', ')}; draw a smaller one.`,
    );
  const touches = slam.touched?.(wide) ?? [];
  const missed = slam.missed?.(wide);
  const free = joinFree([missed, lookedThrough(slam, T_odom_submap, box)]);
  const grids = view.blockSizes.flatMap((size, scale): GridSurface[] => {
    const blocks = near.filter((block) => block.scale === scale);
    if (blocks.length === 0) return [];
    const grid = joined(blocks, size / BLOCK_CELLS);
    // Of what was only seen from one side, rims are all that there is of its sides.
    const felt = touches.length > 0 && view.kinds?.[scale] === 'rgbd';
    return [felt ? withoutRims(slam, scale, grid) : grid];
  });
  const newest = near.reduce((most, { version }) => Math.max(most, version), 0);
  const felt = touches.reduce((sum, { points }) => sum + points.length / 3, 0);
  return {
    T_odom_submap,
    grids,
    touches,
    ...(free && { free }),
    fingerprint: [submap, near.length, newest, touches.length, felt, freeMark(missed), ...T_odom_submap].join(
      ' ',
    ),
  };
}

/** Another one as soon as a place is new, also where an old one has gone for it. */
export function freeMark(free: FreeSpace | undefined): string {
  return free ? `${free.clearances.length} ${free.points.slice(-3).join(' ')}` : '';
}

/**
 * Distances grow by one along a ray, by up to 1 / cos 60° across it on a slanted surface. Where free space was seen past the
 * rim of a thing, they jump from in front of what lies behind it to behind the thing.
 */
const STEEPEST = 2;

/** A camera's surface without what joins the rim of a thing to what lies behind it, of which nothing was seen. */
function withoutRims(slam: Slam, scale: number, grid: GridSurface): GridSurface {
  if (!slam.sampled) return grid;
  const { positions, indices } = grid;
  const middles = new Float32Array(indices.length);
  for (let t = 0; t < indices.length; t += 3)
    for (let k = 0; k < 3; k++)
      middles[t + k] =
        (positions[3 * indices[t]! + k]! + positions[3 * indices[t + 1]! + k]! + positions[3 * indices[t + 2]! + k]!) / 3;
  const values = slam.sampled(scale, middles);
  const kept: number[] = [];
  for (let t = 0; t < indices.length / 3; t++) {
    const [, x, y, z, weight] = values.subarray(5 * t, 5 * t + 5) as unknown as [number, number, number, number, number];
    if (weight > 0 && !(Math.hypot(x, y, z) < STEEPEST)) continue;
    kept.push(indices[3 * t]!, indices[3 * t + 1]!, indices[3 * t + 2]!);
  }
  return { ...grid, trusted: Uint32Array.from(kept) };
} // prettier-ignore

/** What cameras saw to be empty in a box, odom frame. */
function lookedThrough(slam: Slam, T_odom_submap: Pose, box: Box): FreeSpace | undefined {
  const { view } = slam;
  if (!view || !slam.sampled) return undefined;
  const T_submap_odom = inverse(T_odom_submap);
  return joinFree(
    view.blockSizes.map((size, scale) => {
      if (view.kinds?.[scale] !== 'rgbd') return undefined;
      return emptySpace(box, { sigma: (SIGMA_VOXELS * size) / BLOCK_CELLS }, (points) => {
        const at = new Float32Array(points.length);
        for (let i = 0; i < at.length; i += 3)
          at.set(transformPoint(T_submap_odom, points[i]!, points[i + 1]!, points[i + 2]!), i);
        const values = slam.sampled!(scale, at);
        return Float32Array.from({ length: at.length / 3 }, (_, i) => (values[5 * i + 4]! > 0 ? values[5 * i]! : NaN));
      });
    }),
  );
} // prettier-ignore

/** Blocks whose cube meets a box (submap frame). */
function nearBlocks(blocks: readonly MeshBlock[], sizes: readonly number[], box: Box): MeshBlock[] {
  return blocks.filter(({ bx, by, bz, scale }) => {
    const size = sizes[scale]!;
    return [bx, by, bz].every((b, k) => b * size <= box[k + 3]! && (b + 1) * size >= box[k]!);
  });
}

/** The axis-aligned box around a box that was moved. */
function moved(box: Box, T: Pose): Box {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let c = 0; c < 8; c++) {
    const corner = transformPoint(T, box[c & 1 ? 3 : 0], box[c & 2 ? 4 : 1], box[c & 4 ? 5 : 2]);
    corner.forEach((v, k) => {
      low[k] = Math.min(low[k]!, v);
      high[k] = Math.max(high[k]!, v);
    });
  }
  return [...low, ...high] as unknown as Box;
}

function joined(blocks: readonly MeshBlock[], voxel: number): GridSurface {
  const sum = (of: (block: MeshBlock) => number): number => blocks.reduce((n, block) => n + of(block), 0);
  const positions = new Float32Array(sum((block) => block.positions.length));
  const indices = new Uint32Array(sum((block) => block.indices.length));
  let [vertex, index] = [0, 0];
  for (const block of blocks) {
    positions.set(block.positions, 3 * vertex);
    for (const i of block.indices) indices[index++] = vertex + i;
    vertex += block.positions.length / 3;
  }
  return { voxel, positions, indices };
}
