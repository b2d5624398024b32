import type { Box } from '../../completion/complete-region.js';
import type { EvidencePart } from '../../completion/evidence.js';
import type { FreeSpace } from '../../completion/free-space.js';
import type { TablePlane } from '../../completion/object-frame.js';
import { FeltmapError } from '../../geometry/errors.js';
import { inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import { BLOCK_CELLS } from '../../kernels/layout/mesh.js';
import type { MeshBlock } from '../../mesh/block-store.js';
import type { Slam } from '../../slam/types.js';
import { widened } from './region-box.js';

/** Triangles of one of the map's grids. */
export interface GridSurface {
  /** Distance of its corners (m). */
  readonly voxel: number;
  /** 3·V (m), submap frame; vertices on block borders count once a block. */
  readonly positions: Float32Array;
  /** 3·T. */
  readonly indices: Uint32Array;
}

/** What the map has in a box and around it. */
export interface RegionSurface {
  readonly T_odom_submap: Pose;
  /** Coarsest first; grids without surface there are left out. */
  readonly grids: readonly GridSurface[];
  /** What was felt there, odom frame. */
  readonly touches: readonly EvidencePart[];
  /** Where sensors met nothing, same frame. */
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
  const free = slam.missed?.(wide);
  const grids = view.blockSizes.flatMap((size, scale) => {
    const blocks = near.filter((block) => block.scale === scale);
    return blocks.length === 0 ? [] : [joined(blocks, size / BLOCK_CELLS)];
  });
  const newest = near.reduce((most, { version }) => Math.max(most, version), 0);
  const felt = touches.reduce((sum, { points }) => sum + points.length / 3, 0);
  return {
    T_odom_submap,
    grids,
    touches,
    ...(free && { free }),
    fingerprint: [submap, near.length, newest, touches.length, felt, freeMark(free), ...T_odom_submap].join(
      ' ',
    ),
  };
}

/** Another one as soon as a place is new, also where an old one has gone for it. */
export function freeMark(free: FreeSpace | undefined): string {
  return free ? `${free.clearances.length} ${free.points.slice(-3).join(' ')}` : '';
}

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
