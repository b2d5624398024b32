import { SAMPLE_VALUES } from '../field/backend.js';
import {
  blockCoordsOf,
  blockKey,
  copyBlock,
  type MeshBlockData,
  type MeshBlockStore,
} from './block-store.js';

/** The surface that a finer grid has observed. */
export interface FinerSurface {
  /** Largest distance that it stores, metres. */
  readonly truncation: number;
  /** SAMPLE_VALUES per point (x y z each, metres): see FieldBackend.sample. */
  sample(points: Float32Array): Float32Array;
}

export interface SeamOptions {
  /** Which of the map's grids the blocks are of. */
  readonly scale: number;
  /** Side of a block, metres. */
  readonly side: number;
  /** How far along its normal a coarse vertex is looked for on the finer surface, metres: the coarse voxel. */
  readonly reach: number;
  readonly finer: readonly FinerSurface[];
}

/** Steps of the search along the normal, as a share of the finer truncation: none passes through it unseen. */
const STEP = 1.5;
/** Share of the truncation beyond which a distance says free and not where the surface is. */
const WHOLE = 0.95;
/** Least cosine between the coarse normal and the finer gradient: the other side of a wall is another surface. */
const SAME_SIDE = 0.3;
/** Share of the truncation within which a point is on the finer surface. */
const ON_SURFACE = 0.2;
/** Share of the truncation behind the finer surface within which nothing else is. */
const SAME_SHEET = 0.5;
/** Noise of the coarse sensor floats so far before the finer surface, in coarse voxels, … */
const FLOATS = [0.7, 1.4, 2.1];
/** … straight ahead of it and not beside: least cosine to the gradient. */
const AHEAD = 0.6;

/**
 * Cuts the mesh of a coarse grid away where finer ones have the surface: a triangle goes when all its vertices are covered;
 * covered vertices of those that stay are moved onto the finer surface, so that the seam is closed to within a coarse cell.
 *
 * @example
 * const seam = new Seam(store, { scale: 0, side: 8 * 0.15, reach: 0.15, finer: [{ truncation, sample }] });
 * seam.set(bx, by, bz, triangles); // blocks as they are extracted
 * seam.changed([0, 0, 0], [0.2, 0.2, 0.2]); // the finer surface is another in this box
 * seam.flush(); // the store has what is left of them
 */
export class Seam {
  /** Blocks that are to be cut, whole. */
  readonly #pending = new Map<number, MeshBlockData>();
  /** Blocks near which there is something finer: others are left alone. */
  readonly #near = new Set<number>();
  /** Whole blocks of which something was cut away. */
  readonly #whole = new Map<number, MeshBlockData>();

  constructor(
    private readonly store: MeshBlockStore,
    private readonly options: SeamOptions,
  ) {}

  /** A block was extracted anew. */
  set(bx: number, by: number, bz: number, data: MeshBlockData): void {
    const key = blockKey(bx, by, bz, this.options.scale);
    if (this.#near.has(key)) this.#pending.set(key, copyBlock(data));
    else this.store.set(bx, by, bz, data, this.options.scale);
  }

  /** The finer surface has changed in a box (metres, submap frame): what lies there is cut again. */
  changed(min: ArrayLike<number>, max: ArrayLike<number>): void {
    const { side, reach, scale } = this.options;
    const from = [0, 1, 2].map((c) => Math.floor((min[c]! - reach) / side));
    const to = [0, 1, 2].map((c) => Math.floor((max[c]! + reach) / side));
    for (let z = from[2]!; z <= to[2]!; z++)
      for (let y = from[1]!; y <= to[1]!; y++)
        for (let x = from[0]!; x <= to[0]!; x++) {
          const key = blockKey(x, y, z, scale);
          this.#near.add(key);
          const block = this.#whole.get(key) ?? this.store.get(key);
          if (block && !this.#pending.has(key)) this.#pending.set(key, block);
        }
  }

  /** Cuts what is pending and stores it. @param most blocks, those that have waited longest first */
  flush(most = Infinity): void {
    if (this.#pending.size === 0) return;
    const blocks: [number, MeshBlockData][] = [];
    for (const entry of this.#pending) {
      if (blocks.length >= most) break;
      blocks.push(entry);
    }
    for (const [key] of blocks) this.#pending.delete(key);
    const vertices = blocks.reduce((sum, [, { positions }]) => sum + positions.length / 3, 0);
    const positions = new Float32Array(3 * vertices);
    const normals = new Float32Array(3 * vertices);
    let at = 0;
    for (const [, block] of blocks) {
      positions.set(block.positions, at);
      normals.set(block.normals, at);
      at += block.positions.length;
    }
    const covered = new Uint8Array(vertices);
    for (const surface of this.options.finer) this.#cover(surface, positions, normals, covered);
    let first = 0;
    for (const [key, block] of blocks) {
      const count = block.positions.length / 3;
      const [x, y, z] = blockCoordsOf(key);
      const left = cut(
        block,
        covered.subarray(first, first + count),
        positions.subarray(3 * first, 3 * (first + count)),
      );
      if (left === block) this.#whole.delete(key);
      else this.#whole.set(key, block);
      this.store.set(x, y, z, left, this.options.scale);
      first += count;
    }
  }

  clear(): void {
    this.#pending.clear();
    this.#whole.clear();
    this.#near.clear();
  }

  /** Marks what floats before the finer surface. @param points memory for as many points */
  #clearAhead(surface: FinerSurface, positions: Float32Array, points: Float32Array, free: Uint8Array): void {
    const { reach } = this.options;
    for (const steps of FLOATS)
      for (const { axis, sign } of AXES) {
        const step = sign * steps * reach;
        points.set(positions);
        for (let i = axis; i < points.length; i += 3) points[i]! += step;
        const values = surface.sample(points);
        for (let i = 0; i < free.length; i++) {
          const v = SAMPLE_VALUES * i;
          // The gradient points from the surface towards the vertex.
          const towards = -sign * values[v + 1 + axis]!;
          if (values[v + 4]! > 0 && values[v]! >= 0 && values[v]! < surface.truncation && towards > AHEAD)
            free[i] = 1;
        }
      }
  }

  /** Marks the vertices that a finer surface covers, and moves them onto it. */
  #cover(surface: FinerSurface, positions: Float32Array, normals: Float32Array, covered: Uint8Array): void {
    const { truncation } = surface;
    const { reach } = this.options;
    const steps = Math.ceil(reach / (STEP * truncation));
    const found = new Float32Array(covered.length).fill(Infinity);
    const free = new Uint8Array(covered.length);
    const points = new Float32Array(positions.length);
    for (let step = -steps; step <= steps; step++) {
      const t = steps === 0 ? 0 : (step * reach) / steps;
      for (let i = 0; i < points.length; i++) points[i] = positions[i]! + t * normals[i]!;
      const values = surface.sample(points);
      for (let i = 0; i < covered.length; i++) {
        const v = SAMPLE_VALUES * i;
        if (!(values[v + 4]! > 0)) continue;
        const distance = values[v]!;
        const along =
          values[v + 1]! * normals[3 * i]! +
          values[v + 2]! * normals[3 * i + 1]! +
          values[v + 3]! * normals[3 * i + 2]!;
        if (step === 0 && (distance > WHOLE * truncation || Math.abs(distance) < SAME_SHEET * truncation))
          free[i] = 1;
        if (!(Math.abs(distance) < WHOLE * truncation && along > SAME_SIDE)) continue;
        const moved = t - distance / along;
        if (Math.abs(moved) < Math.min(reach, Math.abs(found[i]!))) found[i] = moved;
      }
    }
    this.#clearAhead(surface, positions, points, free);
    for (let i = 0; i < covered.length; i++) {
      const t = found[i] === Infinity ? 0 : found[i]!;
      for (let c = 0; c < 3; c++) points[3 * i + c] = positions[3 * i + c]! + t * normals[3 * i + c]!;
    }
    const values = surface.sample(points);
    for (let i = 0; i < covered.length; i++) {
      const v = SAMPLE_VALUES * i;
      const on =
        found[i] !== Infinity && values[v + 4]! > 0 && Math.abs(values[v]!) < ON_SURFACE * truncation;
      if (!on && free[i] === 0) continue;
      covered[i] = 1;
      if (on) for (let c = 0; c < 3; c++) positions[3 * i + c] = points[3 * i + c]!;
    }
  }
}

/** Directions along the axes. */
const AXES = [1, -1].flatMap((sign) => [0, 1, 2].map((axis) => ({ axis, sign })));

/** What is left of a block; the same one where nothing is covered. */
function cut(block: MeshBlockData, covered: Uint8Array, moved: Float32Array): MeshBlockData {
  if (!covered.includes(1)) return block;
  const { indices, normals, edges, colors } = block;
  const vertexOf = new Int32Array(covered.length).fill(-1);
  const kept: number[] = [];
  const left: number[] = [];
  for (let t = 0; t < indices.length; t += 3) {
    const corners = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    if (corners.every((v) => covered[v] === 1)) continue;
    for (const v of corners) {
      if (vertexOf[v]! < 0) vertexOf[v] = kept.push(v) - 1;
      left.push(vertexOf[v]!);
    }
  }
  const of = (values: ArrayLike<number>): number[] =>
    kept.flatMap((v) => [values[3 * v]!, values[3 * v + 1]!, values[3 * v + 2]!]);
  return {
    positions: Float32Array.from(of(moved)),
    normals: Float32Array.from(of(normals)),
    edges: Uint16Array.from(kept, (v) => edges[v]!),
    indices: Uint16Array.from(left),
    ...(colors && { colors: Uint8Array.from(of(colors)) }),
  };
}
