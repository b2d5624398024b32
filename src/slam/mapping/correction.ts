import type { KernelMemory } from '../../compute/memory.js';
import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { identity } from '../../geometry/se3.js';
import { blockKey, type MeshBlockStore } from '../../mesh/block-store.js';
import { SURFACE_COLUMNS, type SurfaceColumn, type SurfaceSamples } from '../../sensors/observation.js';

/** Points of the finer surface that are fused at once. */
const MOST_POINTS = 2048;
/** Points of it per coarse voxel along each direction. */
const DENSITY = 2;
/** Of each such point, where one of the coarse sensor's counts 1 at most: a corner that has two about it is held. */
const WEIGHT = 500;

/** Which surface corrects which field. */
export interface CorrectionOptions {
  /** Of the finer grid, by the number of its scale. */
  readonly store: MeshBlockStore;
  readonly scale: number;
  readonly coarse: Field;
  /** Whether it is known where the finer sensor is on the body: before, its surface would hide that. */
  readonly ready: () => boolean;
}

/**
 * A finer grid corrects the coarser one around it: points of its surface are fused into the coarser grid with a weight that
 * outdoes what the coarser sensor measured there. Blocks wait until it is their turn; a few are fused at a time.
 *
 * @example
 * const correction = new Correction(pool.memory, backend, { store, scale: 1, coarse, ready });
 * correction.changed(coords); // of the finer blocks that were meshed anew
 * correction.apply(scan);
 */
export class Correction {
  readonly #backend: FieldBackend;
  readonly #options: CorrectionOptions;
  /** Keys of finer blocks whose surface is not in the coarser grid yet, those that have waited longest first. */
  readonly #waiting = new Set<number>();
  readonly #samples: { -readonly [K in keyof SurfaceSamples]: SurfaceSamples[K] };
  readonly #cell: number;
  readonly #pose = identity();

  constructor(memory: KernelMemory, backend: FieldBackend, options: CorrectionOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#cell = options.coarse.levels[0]!.voxel / DENSITY;
    const column = (): Float32Array => memory.f32(memory.alloc(4 * MOST_POINTS), MOST_POINTS);
    const columns = Object.fromEntries(SURFACE_COLUMNS.map((name) => [name, column()]));
    this.#samples = {
      ...(columns as Record<SurfaceColumn, Float32Array>),
      flags: memory.u8(memory.alloc(MOST_POINTS), MOST_POINTS),
      up: [0, 0, 1],
      // Only the finest level of the coarser grid is corrected: what the others lack in detail is more than this.
      keypoints: memory.u32(memory.alloc(4), 1).subarray(0, 0),
      count: 0,
    };
    this.#samples.quality.fill(WEIGHT);
  }

  /** Blocks whose finer surface is waiting. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The finer surface was meshed anew. @param coords of its blocks, bx by bz and an unused one each */
  changed(coords: Int32Array): void {
    const { scale } = this.#options;
    for (let i = 0; i < coords.length; i += 4)
      this.#waiting.add(blockKey(coords[i]!, coords[i + 1]!, coords[i + 2]!, scale));
  }

  /** Fuses what has waited longest. @param scan number of the scan, which stamps what changes */
  apply(scan: number): void {
    const { store, coarse, ready } = this.#options;
    if (this.#waiting.size === 0 || !ready()) return;
    const samples = this.#samples;
    samples.count = 0;
    for (const key of this.#waiting) {
      const block = store.get(key);
      // The kernel's ranges count from the pose: it has to be near.
      if (samples.count === 0 && block)
        for (let c = 0; c < 3; c++) this.#pose[4 * c + 3] = block.positions[c]!;
      if (block && !this.#take(block.positions, block.normals)) break;
      this.#waiting.delete(key);
    }
    if (samples.count === 0) return;
    this.#backend.integrate(coarse, samples, this.#pose, { scan, firm: true });
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Adds a point for each of its cells, the mean of its vertices; false where there is no room for all. */
  #take(positions: Float32Array, normals: Float32Array): boolean {
    const cells = new Map<number, number>();
    const sums: number[] = [];
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = [0, 1, 2].map((c) => Math.floor(positions[i + c]! / this.#cell) & 1023);
      const key = x! + 1024 * (y! + 1024 * z!);
      let at = cells.get(key);
      if (at === undefined) {
        cells.set(key, (at = sums.length));
        sums.push(0, 0, 0, 0, 0, 0, 0);
      }
      for (let c = 0; c < 3; c++) {
        sums[at + c]! += positions[i + c]!;
        sums[at + 3 + c]! += normals[i + c]!;
      }
      sums[at + 6]!++;
    }
    const samples = this.#samples;
    if (samples.count + cells.size > MOST_POINTS) {
      // A block that alone is too much is left out.
      return samples.count === 0;
    }
    for (let at = 0; at < sums.length; at += 7) {
      const [nx, ny, nz, n] = [sums[at + 3]!, sums[at + 4]!, sums[at + 5]!, sums[at + 6]!];
      const length = Math.hypot(nx, ny, nz);
      // Both sides of something thin, or an edge: no plane.
      if (length < PLANE * n) continue;
      const i = samples.count++;
      samples.x[i] = sums[at]! / n - this.#pose[3]!;
      samples.y[i] = sums[at + 1]! / n - this.#pose[7]!;
      samples.z[i] = sums[at + 2]! / n - this.#pose[11]!;
      samples.nx[i] = nx / length;
      samples.ny[i] = ny / length;
      samples.nz[i] = nz / length;
    }
    return true;
  }
}

/** Least length of the mean normal of the vertices in a cell. */
const PLANE = 0.8;
