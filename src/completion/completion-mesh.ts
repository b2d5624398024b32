import type { KernelPool } from '../compute/pool.js';
import type { Pose } from '../geometry/se3.js';
import { transformPoint } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { BlockMesher } from '../mesh/mesher.js';
import { weldBlocks } from '../mesh/weld.js';
import { TABLE_GAP, type CompletedShape } from './complete.js';
import { interpolate, newStencil, type PriorGrid } from './prior-grid.js';

const CELLS = 8;
const SIDE = CELLS + 1;
/** The correction is at most a few of its amplitudes: corners farther from the surface do not change sides. */
const BAND_CELLS = 2;

/** A completed shape's surface with how sure it is. */
export interface CompletionMesh extends Mesh {
  /** 68 % of the vertices' errors along the normal are smaller (m), V. */
  readonly sigmas: Float32Array;
  /** 95 % of them are smaller than these (m), V. */
  readonly bounds: Float32Array;
}

/**
 * Draws completed shapes: marching cubes on the prior's grid.
 *
 * @example
 * const mesher = new CompletionMesher(pool, prior.grid);
 * const mesh = mesher.mesh(shape); // object frame, metres
 */
export class CompletionMesher {
  readonly #mesher: BlockMesher;
  readonly #grid: PriorGrid;
  readonly #blocks: Int32Array;

  /** @throws FeltmapError out-of-memory when the pool's memory has no room: 5 MB for 64 blocks */
  constructor(pool: KernelPool, grid: PriorGrid) {
    this.#grid = grid;
    const blocks: number[] = [];
    const along = (n: number): number => Math.ceil((n + 1) / CELLS);
    for (let bz = 0; bz < along(grid.nz); bz++)
      for (let by = 0; by < along(grid.ny); by++)
        for (let bx = 0; bx < along(grid.nx); bx++) blocks.push(bx, by, bz, 0);
    this.#blocks = Int32Array.from(blocks);
    this.#mesher = new BlockMesher(pool, { slots: this.#blocks.length / 4, cellSize: grid.cell });
  }

  /** The surface alone, object frame (m); what the grid cuts off is closed. */
  surface(shape: CompletedShape): Mesh {
    const { nx, ny, nz, cell, origin } = this.#grid;
    const { level, onTable } = shape.options;
    const values = shape.corners(BAND_CELLS * cell);
    /** The table cuts the object off so far below as its bottom is moved up again. */
    const end = onTable ? TABLE_GAP - level : -Infinity;
    const blocks = this.#blocks;
    // One layer of corners outside on every side, far from any surface: shifted by one corner.
    for (let slot = 0; slot < blocks.length / 4; slot++) {
      const out = this.#mesher.values(slot);
      const [i0, j0, k0] = [0, 1, 2].map((a) => CELLS * blocks[4 * slot + a]! - 1) as [number, number, number];
      for (let k = 0, at = 0; k < SIDE; k++)
        for (let j = 0; j < SIDE; j++)
          for (let i = 0; i < SIDE; i++, at++) {
            const [x, y, z] = [i0 + i, j0 + j, k0 + k];
            const inside = x >= 0 && x < nx && y >= 0 && y < ny && z >= 0 && z < nz;
            out[at] = inside ? Math.max(values[(z * ny + y) * nx + x]! - level, end - origin[2] - z * cell) : cell;
          }
    }
    this.#mesher.store.clear();
    this.#mesher.extract(blocks, blocks.length / 4);
    const mesh = weldBlocks(this.#mesher.store);
    for (let i = 0; i < mesh.positions.length; i++) mesh.positions[i]! += origin[i % 3]! - cell;
    moveInwards(mesh.positions, this.#grid, values, level);
    if (onTable) for (let i = 2; i < mesh.positions.length; i += 3) mesh.positions[i] = Math.max(mesh.positions[i]!, TABLE_GAP);
    return mesh;
  } // prettier-ignore

  /** The surface with a standard deviation for each vertex. */
  mesh(shape: CompletedShape): CompletionMesh {
    const mesh = this.surface(shape);
    return { ...mesh, ...vertexBounds(shape, mesh.positions) };
  }
}

/** Step of the central differences of a field, in cells. */
const STEP_CELLS = 0.25;

/** Moves points against the gradient of a field that is given at the grid's corners, all by the same way (m). */
function moveInwards(positions: Float32Array, grid: PriorGrid, values: Float32Array, way: number): void {
  if (way === 0) return;
  const stencil = newStencil();
  const step = STEP_CELLS * grid.cell;
  const at = (x: number, y: number, z: number): number => {
    let sum = interpolate(grid, x, y, z, stencil);
    for (let c = 0; c < 8; c++) sum += stencil.weights[c]! * values[stencil.corners[c]!]!;
    return sum;
  };
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y, z] = [positions[i]!, positions[i + 1]!, positions[i + 2]!];
    const gx = at(x + step, y, z) - at(x - step, y, z);
    const gy = at(x, y + step, z) - at(x, y - step, z);
    const gz = at(x, y, z + step) - at(x, y, z - step);
    const scale = way / (Math.hypot(gx, gy, gz) || 1);
    positions[i]! -= scale * gx;
    positions[i + 1]! -= scale * gy;
    positions[i + 2]! -= scale * gz;
  }
}

/** What 68 % and 95 % of the errors of the surface are below, at points of it (m). */
export function vertexBounds(
  shape: CompletedShape,
  positions: Float32Array,
): Pick<CompletionMesh, 'sigmas' | 'bounds'> {
  const count = positions.length / 3;
  const [sigmas, bounds] = [new Float32Array(count), new Float32Array(count)];
  for (let v = 0; v < count; v++) {
    const { sigma, most } = shape.bounds(positions[3 * v]!, positions[3 * v + 1]!, positions[3 * v + 2]!);
    sigmas[v] = sigma;
    bounds[v] = most;
  }
  return { sigmas, bounds };
}

/** A mesh in the frame that `T` leads to. */
export function moveMesh<M extends Mesh>(mesh: M, T: Pose): M {
  const positions = new Float32Array(mesh.positions.length);
  for (let i = 0; i < positions.length; i += 3)
    positions.set(transformPoint(T, mesh.positions[i]!, mesh.positions[i + 1]!, mesh.positions[i + 2]!), i);
  const R = T.slice();
  R[3] = R[7] = R[11] = 0;
  const normals = mesh.normals && new Float32Array(mesh.normals.length);
  if (normals)
    for (let i = 0; i < normals.length; i += 3)
      normals.set(transformPoint(R, mesh.normals![i]!, mesh.normals![i + 1]!, mesh.normals![i + 2]!), i);
  return { ...mesh, positions, ...(normals ? { normals } : {}) };
}
