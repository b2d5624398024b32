import type { KernelPool } from '../compute/pool.js';
import { FeltmapError } from '../geometry/errors.js';
import { inverse, type Pose } from '../geometry/se3.js';
import { completeShape, type CompletedShape } from './complete.js';
import { CompletionMesher, moveMesh, type CompletionMesh } from './completion-mesh.js';
import { gatherEvidence, transformEvidence, type EvidencePart } from './evidence.js';
import type { FreeSpace } from './free-space.js';
import { objectFrame, type TablePlane } from './object-frame.js';
import type { CompletionOptions } from './options.js';
import type { ShapePrior } from './shape-prior.js';
import { findTable } from './table-plane.js';

/** x0, y0, z0, x1, y1, z1 (m). */
export type Box = readonly [number, number, number, number, number, number];

/** Points on the surface of a map. */
export interface MapSurface {
  /** 3·N (m). */
  readonly positions: Float32Array;
  /** 3·N, unit, out of the surface. */
  readonly normals: Float32Array;
}

export interface RegionOptions {
  /** The table, if it is known; otherwise it is looked for in and around the box. */
  readonly table?: TablePlane;
  /** Standard deviation of the surface's points (m). */
  readonly sigma: number;
  /** Touches of the object, in the map's frame, besides the surface. */
  readonly touches?: readonly EvidencePart[];
  /** Where the object is not, same frame. */
  readonly free?: FreeSpace;
  readonly completion?: Partial<CompletionOptions>;
  /** Draws the shape; who completes more than one object keeps one for all, as each takes memory of the pool. */
  readonly mesher?: CompletionMesher;
}

/** An object of the map, whole. */
export interface CompletedObject {
  readonly shape: CompletedShape;
  /** Map frame. */
  readonly mesh: CompletionMesh;
  readonly T_map_object: Pose;
  readonly table: TablePlane;
  /** Points of the map's surface that belong to the object. */
  readonly seen: number;
}

/** How far around the box the table is looked for, as a share of the box. */
const AROUND = 0.5;
/** The shape prior knows objects up to 180 mm; a few millimetres more do no harm. */
const LARGEST = 0.22;
const FEWEST = 10;

/**
 * Completes the object in a box of the map from the surface in it and from touches.
 *
 * @throws FeltmapError bad-input when the box holds no object, or none of a size that the prior knows, or no table is found
 * @example
 * const object = completeRegion(prior, pool, mesh, [0.4, -0.1, 0, 0.6, 0.1, 0.2], { sigma: 0.003 });
 * object.mesh.sigmas; // m, one a vertex
 */
export function completeRegion(
  prior: ShapePrior,
  pool: KernelPool,
  surface: MapSurface,
  box: Box,
  options: RegionOptions,
): CompletedObject {
  const margin = [0, 1, 2].map((k) => AROUND * (box[k + 3]! - box[k]!));
  const wide = box.map((v, i) => (i < 3 ? v - margin[i]! : v + margin[i - 3]!)) as unknown as Box;
  const table = options.table ?? findTable(gather(surface.positions, within(surface, wide)), 2 * options.sigma);
  if (!table)
    throw new FeltmapError('bad-input', `There is no plane in or around the box ${box.join(', ')} that an object could stand on; give the table.`);
  const above = (i: number): number =>
    [0, 1, 2].reduce((s, k) => s + table.normal[k]! * surface.positions[3 * i + k]!, 0) - table.offset;
  const own = within(surface, box).filter((i) => above(i) > 3 * options.sigma);
  const touches = options.touches ?? [];
  if (own.length < FEWEST && touches.length === 0)
    throw new FeltmapError('bad-input', `The box ${box.join(', ')} holds ${own.length} points above the table; draw it around an object of the map.`);
  const seen: EvidencePart = {
    points: gather(surface.positions, own),
    normals: gather(surface.normals, own),
    sigma: options.sigma,
    touched: false,
  };
  const evidence = gatherEvidence([...touches, ...(own.length > 0 ? [seen] : [])]);
  const T = objectFrame(evidence.points, table);
  const { free } = options;
  const local = transformEvidence(inverse(T), { ...evidence, ...(free && { free }) });
  const extent = largestExtent(local.points);
  if (extent > LARGEST)
    throw new FeltmapError('bad-input', `What stands in the box is ${extent.toFixed(2)} m large; objects up to ${LARGEST} m can be completed: draw the box around one.`);
  const shape = completeShape(prior, local, options.completion);
  const mesher = options.mesher ?? new CompletionMesher(pool, prior.grid);
  const mesh = moveMesh(mesher.mesh(shape), T);
  return { shape, mesh, T_map_object: T, table, seen: own.length };
} // prettier-ignore

function within({ positions }: MapSurface, box: Box): number[] {
  const out: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    const inside = [0, 1, 2].every((k) => positions[i + k]! >= box[k]! && positions[i + k]! <= box[k + 3]!);
    if (inside) out.push(i / 3);
  }
  return out;
}

function gather(values: Float32Array, indices: readonly number[]): Float32Array {
  const out = new Float32Array(3 * indices.length);
  indices.forEach((i, to) => out.set(values.subarray(3 * i, 3 * i + 3), 3 * to));
  return out;
}

function largestExtent(points: Float32Array): number {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    low[i % 3] = Math.min(low[i % 3]!, points[i]!);
    high[i % 3] = Math.max(high[i % 3]!, points[i]!);
  }
  return Math.max(...high.map((h, k) => h - low[k]!));
}
