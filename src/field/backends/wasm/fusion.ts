import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { BackendLimits, Carving } from '../../backend.js';
import { CARVED_PER_RAY, CARVING_RAYS } from '../../carving.js';
import type { WasmField } from './field.js';
import { addressesOf } from './surface-addresses.js';

/** Disjoint parts of blocks and rows: enough for the threads of a laptop, the same on every machine. */
export const PARTS = 4;

/** Fuses surfaces into the scalar levels, and carves what their rays passed through. */
export class Fusion {
  readonly #pool: KernelPool;
  readonly #fuse: KernelArguments;
  readonly #carve: KernelArguments;

  constructor(pool: KernelPool, { scanPoints }: BackendLimits) {
    const { memory } = pool;
    this.#pool = pool;
    this.#fuse = new KernelArguments(memory, 192);
    this.#fuse.int(112, memory.alloc(scanPoints * 32));
    this.#carve = new KernelArguments(memory, 128);
    this.#carve.int(100, memory.alloc(CARVING_RAYS * CARVED_PER_RAY * 4));
  }

  /** Makes room for a surface and fuses its normal-guided distances into all scalar levels. */
  fuse(field: WasmField, surface: SurfaceSamples, pose: Pose, scan: number): void {
    const points = addressesOf(this.#pool.memory, surface);
    const { seed } = field.spec;
    const { maxRange, bareRange, bareQuality, saturation } = field.distance;
    field.levels.forEach((level, i) => {
      const steps = Math.ceil(level.truncation / level.voxel - 1e-6);
      const count = i === 0 ? surface.count : surface.keypoints.length;
      this.#fuse
        .int(0, level.descriptor, count)
        .int(8, points.x, points.y, points.z, points.nx, points.ny, points.nz, points.quality)
        .float(36, pose)
        .int(84, steps, scan, i === 0 ? 0 : points.keypoints, PARTS)
        .float(100, [maxRange, i === 0 ? bareRange : 0, bareQuality])
        .scalar(116, saturation)
        .int(120, (seed * 31 + scan * 7919) >>> 0, points.flags)
        .float(128, surface.up);
      this.#pool.run('castPoints', this.#fuse.pointer, Math.ceil(count / 1024));
      this.#pool.run('allocateBlocks', this.#fuse.pointer, 1);
      this.#pool.run('fuse', this.#fuse.pointer, PARTS);
    });
    field.checkRoom();
  }

  /** Takes weight from corners that claim to be solid where rays of the surface passed freely. */
  carve(
    field: WasmField,
    surface: SurfaceSamples,
    pose: Pose,
    { rays, maxRange, keep, seed }: Carving,
  ): void {
    if (surface.count === 0 || rays === 0) return;
    const points = addressesOf(this.#pool.memory, surface);
    this.#carve
      .int(0, field.levels[0]!.descriptor, surface.count)
      .int(8, points.x, points.y, points.z, points.nx, points.ny, points.nz)
      .float(32, pose)
      .int(84, seed)
      .float(88, [maxRange, keep]);
    for (let first = 0; first < rays; first += CARVING_RAYS) {
      this.#carve.int(80, Math.min(rays, first + CARVING_RAYS)).int(96, first);
      this.#pool.run('carve', this.#carve.pointer, 1);
    }
  }
}
