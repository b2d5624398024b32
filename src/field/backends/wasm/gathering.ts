import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { Pose } from '../../../geometry/se3.js';
import * as L from '../../../kernels/layout/gather.js';
import type { RangeGrid } from '../../../sensors/observation.js';
import type { IntegrateOptions } from '../../backend.js';
import type { WasmField } from './field.js';
import type { BlockGrid } from './grid.js';

/** Blocks that are in view at a time: 16 cm each at voxels of 2 cm. */
const MOST_BLOCKS = 65536;
/** Pixels of the largest grid, in tiles. */
const MOST_TILES = 16384;
/** Blocks are made around every so many rows and columns, on the finest level and on the others. */
const FINE_STEP = 2;
const COARSE_STEP = 4;
/** Weight of an observation that a place is free, where 1 is a surface seen squarely from 1 m. */
const FREE_WEIGHT = 0.2;

/**
 * Fuses organised ranges into a field: corners look at the pixels that they are seen in.
 *
 * @example
 * const gathering = new Gathering(pool);
 * gathering.fuse(field, observation.grid, T_submap_sensor, { scan: 0 });
 */
export class Gathering {
  readonly #pool: KernelPool;
  readonly #arguments: KernelArguments;
  readonly #words: Uint32Array;

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#arguments = new KernelArguments(memory, 144);
    this.#arguments
      .int(L.D_BLOCKS, memory.alloc(MOST_BLOCKS * 4), MOST_BLOCKS)
      .int(L.D_TILES, memory.alloc(MOST_TILES * 8))
      .scalar(L.D_FREE_WEIGHT, FREE_WEIGHT);
    this.#words = memory.u32(this.#arguments.pointer, 32);
  }

  /** Makes blocks around the surface and updates all that are in view, on every level. */
  fuse(field: WasmField, grid: RangeGrid, pose: Pose, { scan, exposure }: IntegrateOptions): void {
    const { memory } = this.#pool;
    const { width, height, fx, fy, cx, cy } = grid;
    const [columns, rows] = [Math.ceil(width / L.TILE), Math.ceil(height / L.TILE)];
    if (columns * rows > MOST_TILES)
      throw new RangeError(`Ranges of ${width}×${height} are too many to fuse; reduce them first.`);
    this.#arguments
      .int(L.D_WIDTH, width, height)
      .float(L.D_CAMERA, [fx, fy, cx, cy])
      .float(L.D_POSE, pose)
      .int(
        L.D_PLANES,
        ...[grid.z, grid.nx, grid.ny, grid.nz, grid.information].map((p) => memory.addressOf(p)),
      )
      .int(L.D_COLOR, grid.color ? memory.addressOf(grid.color) : 0)
      .int(L.D_SCAN, scan)
      .float(L.D_EXPOSURE, [1 + (exposure?.gain ?? 0) / L.GAIN_LEVELS, exposure?.bias ?? 0]);
    this.#pool.run('rangeTiles', this.#arguments.pointer, rows);
    field.levels.forEach((level, i) => this.#fuseLevel(level, i === 0 ? FINE_STEP : COARSE_STEP));
    field.checkRoom();
  }

  #fuseLevel(level: BlockGrid, step: number): void {
    level.noteWrite();
    this.#arguments.int(L.D_GRID, level.descriptor).int(L.D_STEP, step);
    this.#pool.run('makeBand', this.#arguments.pointer, 1);
    this.#pool.run('blocksInView', this.#arguments.pointer, 1);
    const blocks = this.#words[L.D_COUNT / 4]!;
    if (blocks > 0)
      this.#pool.run('gatherBlocks', this.#arguments.pointer, Math.ceil(blocks / L.GATHER_CHUNK));
  }
}
