import { completeRegion, type Box, type CompletedObject } from '../../completion/complete-region.js';
import { CompletionMesher, moveMesh, type CompletionMesh } from '../../completion/completion-mesh.js';
import type { EvidencePart } from '../../completion/evidence.js';
import { nextTouch, type NextTouch } from '../../completion/next-touch.js';
import type { TablePlane } from '../../completion/object-frame.js';
import type { ShapePrior } from '../../completion/shape-prior.js';
import { findTable } from '../../completion/table-plane.js';
import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { thin } from '../../eval/sampling.js';
import { inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import { surfaceCloud, type SurfaceCloud } from '../../mesh/surface-cloud.js';
import { inBox, widened } from './region-box.js';
import { SIGMA_VOXELS, type RegionSurface } from './region-surface.js';

/** Standard deviations are coloured up to this (m). */
export const SIGMA_RANGE = 0.01;

/** An object of the map, whole, as far as it is known: odom frame. */
export interface CompletedRegion {
  readonly mesh: CompletionMesh;
  readonly T_odom_object: Pose;
  readonly table: TablePlane;
  /** Points of the map's surface, and touches, that it was made from. */
  readonly points: number;
  readonly touches: number;
  /** Where to touch next; absent where nothing of it can be reached. */
  readonly next?: NextTouch;
}

/**
 * Completes objects one after the other, with memory for one.
 *
 * @example
 * const completer = new SurfaceCompleter(prior, pool);
 * const { mesh, next } = completer.complete(surface, [0.4, -0.1, 0, 0.6, 0.1, 0.2]);
 */
export class SurfaceCompleter {
  readonly #mesher: CompletionMesher;

  /** @param pool with at least 64 MiB of memory */
  constructor(
    private readonly prior: ShapePrior,
    private readonly pool: KernelPool,
  ) {
    this.#mesher = new CompletionMesher(pool, prior.grid);
  }

  /**
   * @param box odom frame (m)
   * @throws FeltmapError bad-input where the map shows no object in the box, or no table around it
   */
  complete({ grids, touches, free, T_odom_submap, standsOn }: RegionSurface, box: Box): CompletedRegion {
    const wide = widened(box);
    const clouds = grids
      .map((grid) => {
        const cloud = (indices: Uint32Array): SurfaceCloud =>
          within(moved(surfaceCloud({ ...grid, indices }, grid.voxel), T_odom_submap), wide);
        const all = cloud(grid.indices);
        const trusted = grid.trusted ? cloud(grid.trusted) : all;
        return { ...all, trusted, sigma: SIGMA_VOXELS * grid.voxel };
      })
      .filter(({ positions }) => positions.length > 0);
    const felt = touches.filter(({ points }) => anyInBox(points, box));
    const [first, ...finer] = clouds.map(({ trusted, sigma }) => ({ ...trusted, sigma }));
    if (!first && felt.length === 0 && standsOn)
      throw new FeltmapError('bad-input', `Nothing was felt in the box ${shown(box)} yet; touch the object.`);
    if (!first && felt.length === 0)
      throw new FeltmapError(
        'bad-input',
        `There is no surface in or around the box ${shown(box)}; draw it around an object that the map shows.`,
      );
    const table = standsOn ?? tableOf(clouds);
    if (!table)
      throw new FeltmapError(
        'bad-input',
        `There is no plane in or around the box ${shown(box)} that an object could stand on; the map has to show the table, too.`,
      );
    // Each grid with its own standard deviation; the first one goes as the surface, the finer ones beside the touches.
    const parts: EvidencePart[] = [...felt, ...finer.flatMap((cloud) => standing(cloud, box, table))];
    const surface = first ?? { positions: new Float32Array(0), normals: new Float32Array(0), sigma: 0.001 };
    const object = completeRegion(this.prior, this.pool, surface, box, {
      table,
      sigma: surface.sigma,
      touches: parts,
      ...(free && { free }),
      mesher: this.#mesher,
      ...(standsOn && { completion: { onTable: false } }),
    });
    const seen = parts.filter((part) => !part.touched).reduce((sum, { points }) => sum + points.length / 3, 0);
    return completedRegion(object, { points: object.seen + seen, touches: felt.length });
  } // prettier-ignore
}

/** A completed object with where to touch it next, in the frame of its mesh. */
export function completedRegion(
  { shape, mesh, T_map_object: T, table }: CompletedObject,
  from: { readonly points: number; readonly touches: number },
): CompletedRegion {
  const local = nextTouch(shape, moveMesh(mesh, inverse(T)));
  const next = local && {
    ...local,
    point: transformPoint(T, ...local.point) as [number, number, number],
    approach: turned(T, local.approach),
  };
  return { mesh, T_odom_object: T, table, ...from, ...(next && { next }) };
}

interface Cloud extends SurfaceCloud {
  readonly sigma: number;
}

/** Surface counts by its area, as one point for so much of it (m): the fine grid of touch has a hundred times as many points. */
const TABLE_SPACING = 0.01;

/** The plane that most of the surface of all grids lies on. */
function tableOf(clouds: readonly Cloud[]): TablePlane | undefined {
  const thinned = clouds.map(({ positions, sigma }) => ({
    positions: thin(positions, TABLE_SPACING),
    sigma,
  }));
  const largest = thinned.reduce<(typeof thinned)[number] | undefined>(
    (most, cloud) => (most && most.positions.length >= cloud.positions.length ? most : cloud),
    undefined,
  );
  if (!largest) return undefined;
  const all = new Float32Array(thinned.reduce((sum, { positions }) => sum + positions.length, 0));
  let at = 0;
  for (const { positions } of thinned) {
    all.set(positions, at);
    at += positions.length;
  }
  return findTable(all, 2 * largest.sigma);
}

/** Points of a cloud in the box and above the table, as evidence. */
function standing({ positions, normals, sigma }: Cloud, box: Box, { normal, offset }: TablePlane): EvidencePart[] {
  const own: number[] = [];
  for (let i = 0; i < positions.length; i += 3) {
    const p = [positions[i]!, positions[i + 1]!, positions[i + 2]!] as const;
    const above = normal[0] * p[0] + normal[1] * p[1] + normal[2] * p[2] - offset;
    if (inBox(box, p) && above > 3 * sigma) own.push(i);
  }
  if (own.length === 0) return [];
  return [{ points: gathered(positions, own), normals: gathered(normals, own), sigma, touched: false }];
} // prettier-ignore

function within({ positions, normals }: SurfaceCloud, box: Box): SurfaceCloud {
  const own: number[] = [];
  for (let i = 0; i < positions.length; i += 3)
    if (inBox(box, [positions[i]!, positions[i + 1]!, positions[i + 2]!])) own.push(i);
  return { positions: gathered(positions, own), normals: gathered(normals, own) };
}

function anyInBox(points: ArrayLike<number>, box: Box): boolean {
  for (let i = 0; i < points.length; i += 3)
    if (inBox(box, [points[i]!, points[i + 1]!, points[i + 2]!])) return true;
  return false;
}

function gathered(values: Float32Array, starts: readonly number[]): Float32Array {
  const out = new Float32Array(3 * starts.length);
  starts.forEach((from, to) => out.set(values.subarray(from, from + 3), 3 * to));
  return out;
}

function moved({ positions, normals }: SurfaceCloud, T: Pose): SurfaceCloud {
  const out = { positions: new Float32Array(positions.length), normals: new Float32Array(normals.length) };
  for (let i = 0; i < positions.length; i += 3) {
    out.positions.set(transformPoint(T, positions[i]!, positions[i + 1]!, positions[i + 2]!), i);
    out.normals.set(turned(T, [normals[i]!, normals[i + 1]!, normals[i + 2]!]), i);
  }
  return out;
}

function turned(T: Pose, [x, y, z]: readonly [number, number, number]): [number, number, number] {
  const row = (r: number): number => T[r]! * x + T[r + 1]! * y + T[r + 2]! * z;
  return [row(0), row(4), row(8)];
}

function shown(box: Box): string {
  return box.map((v) => v.toFixed(3)).join(', ');
}
