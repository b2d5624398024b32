import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { BackendLimits, Carving } from '../../backend.js';
import * as L from '../../../kernels/layout/field.js';
import { blocksInSight, MOST_CARVED, Sights, type Sight } from '../../sight.js';
import type { WasmField } from './field.js';
import { addressesOf } from './surface-addresses.js';

/**
 * Fuses surfaces into the scalar levels, and carves what they are seen through.
 *
 * @example
 * const fusion = new Fusion(pool, limits);
 * fusion.reserve(field);
 * fusion.fuse(field, surface, T_submap_sensor, scan);
 */
export class Fusion {
  readonly #pool: KernelPool;
  readonly #fuse: KernelArguments;
  readonly #carve: KernelArguments;
  readonly #inSight: Int32Array;
  readonly #sights: Sights;
  readonly #sight: Sight;
  readonly #parts: number;
  /** Blocks of the largest level so far. */
  #blocks = 0;

  constructor(pool: KernelPool, { scanPoints }: BackendLimits) {
    const { memory } = pool;
    this.#pool = pool;
    this.#fuse = new KernelArguments(memory, 192);
    // More of them than threads, for some have more to do; results do not depend on their number.
    this.#parts = pool.threads === 1 ? 1 : L.MAX_PARTS;
    this.#fuse
      .int(L.F_RAYS, memory.alloc(scanPoints * L.RAY_BYTES))
      .int(L.F_ORDER, memory.alloc(scanPoints * 8))
      .int(L.F_FETCHED, memory.alloc(L.MAX_PARTS * L.FETCHED_BYTES));
    this.#carve = new KernelArguments(memory, 128);
    const blocks = memory.alloc(MOST_CARVED * 16);
    this.#inSight = memory.i32(blocks, MOST_CARVED * 4);
    this.#sights = new Sights(pool);
    this.#sight = this.#sights.create();
    this.#carve.int(L.K_BLOCKS, blocks, this.#sight.pointer);
  }

  /** Makes room for what is counted per block. */
  reserve({ levels }: WasmField): void {
    const most = Math.max(...levels.map(({ maxBlocks, pool }) => Math.min(maxBlocks, pool.maxBlocks)));
    if (most <= this.#blocks) return;
    this.#fuse.int(L.F_BUCKETS, this.#pool.memory.alloc(most * 4));
    this.#blocks = most;
  }

  /**
   * Makes room for a surface and fuses its normal-guided distances into all scalar levels.
   *
   * @param firm all samples in full, however well their places are known; corners that gather enough of them are held
   */
  fuse(field: WasmField, surface: SurfaceSamples, pose: Pose, scan: number, firm = false): void {
    const points = addressesOf(this.#pool.memory, surface);
    const { seed } = field.spec;
    const { maxRange, unorientedRange, unorientedQuality, saturation } = field.distance;
    field.levels.forEach((level, i) => {
      level.noteWrite();
      const steps = Math.ceil(level.truncation / level.voxel - 1e-6);
      const count = i === 0 ? surface.count : surface.keypoints.length;
      this.#fuse
        .int(L.F_GRID, level.descriptor, count)
        .int(L.F_POINTS, points.x, points.y, points.z, points.nx, points.ny, points.nz, points.quality)
        .float(L.F_POSE, pose)
        .int(L.F_STEPS, steps, scan, i === 0 ? 0 : points.keypoints, this.#parts)
        .float(L.F_MAX_RANGE, [maxRange, i === 0 ? unorientedRange : 0, unorientedQuality])
        .scalar(L.F_SATURATION, firm ? Infinity : saturation)
        .scalar(L.F_FIRM_WEIGHT, firm ? 2 * L.FIRM_WEIGHT : 0)
        .int(L.F_SEED, (seed * 31 + scan * 7919) >>> 0, points.flags)
        .float(L.F_UP, surface.up);
      this.#pool.run('castPoints', this.#fuse.pointer, Math.ceil(count / 1024));
      this.#pool.run('allocateBlocks', this.#fuse.pointer, 1);
      this.#pool.run('fuse', this.#fuse.pointer, this.#parts);
    });
    field.checkRoom();
  }

  /** Takes weight from corners that claim to be solid where the surface is seen through them. */
  carve(field: WasmField, surface: SurfaceSamples, pose: Pose, carving: Carving): void {
    if (surface.count === 0) return;
    const level = field.levels[0]!;
    const count = blocksInSight(level, pose, carving, this.#inSight);
    if (count === 0) return;
    level.noteWrite();
    this.sight(surface, level.truncation);
    this.#carve
      .int(L.K_GRID, level.descriptor, count)
      .float(L.K_POSE, pose)
      .float(L.K_MAX_RANGE, [carving.maxRange, carving.keep]);
    this.#pool.run('carve', this.#carve.pointer, Math.ceil(count / L.CARVE_CHUNK));
  }

  /** What a surface shows to be seen, as {@link Sights.cast} writes it; valid until the next call. */
  sight(surface: SurfaceSamples, clear: number): Float32Array {
    this.#sights.cast(surface, clear, this.#sight);
    return this.#sight.cells;
  }
}
