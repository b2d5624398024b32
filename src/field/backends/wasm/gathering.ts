import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import type { Pose } from '../../../geometry/se3.js';
import * as L from '../../../kernels/layout/gather.js';
import type { OrthographicView, RangeGrid } from '../../../sensors/observation.js';
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
/** Weight of an observation that a place is free, where 1 is a surface seen squarely: from 1 m, or by touch. */
const FREE_WEIGHT = 0.3;
const FREE_WEIGHT_FLAT = 0.2;
/** Kernels by how pixels look into the world. */
const PINHOLE = { band: 'makeBand', view: 'blocksInView', gather: 'gatherBlocks' };
const FLAT: typeof PINHOLE = { band: 'makeFlatBand', view: 'blocksInFlatView', gather: 'gatherFlat' };

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
    this.#arguments = new KernelArguments(memory, 160);
    this.#arguments
      .int(L.D_BLOCKS, memory.alloc(MOST_BLOCKS * 4), MOST_BLOCKS)
      .int(L.D_TILES, memory.alloc(MOST_TILES * 8));
    this.#words = memory.u32(this.#arguments.pointer, 40);
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
      .scalar(L.D_FREE_WEIGHT, grid.orthographic ? FREE_WEIGHT_FLAT : FREE_WEIGHT)
      .float(L.D_EXPOSURE, [1 + (exposure?.gain ?? 0) / L.GAIN_LEVELS, exposure?.bias ?? 0]);
    if (grid.orthographic) this.#describeFlat(grid, grid.orthographic);
    else this.#pool.run('rangeTiles', this.#arguments.pointer, rows);
    const kernels = grid.orthographic ? FLAT : PINHOLE;
    field.levels.forEach((level, i) => this.#fuseLevel(level, i === 0 ? FINE_STEP : COARSE_STEP, kernels));
    field.checkRoom();
  }

  /** What parallel lines of sight need instead of tiles. */
  #describeFlat({ z }: RangeGrid, { lateral, body }: OrthographicView): void {
    let [least, largest] = [Infinity, -Infinity];
    for (const value of z) {
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    this.#arguments
      .int(L.D_LATERAL, this.#pool.memory.addressOf(lateral))
      .float(L.D_SPAN, least <= largest ? [least, largest] : [0, 0])
      .scalar(L.D_BODY, body);
  }

  #fuseLevel(level: BlockGrid, step: number, { band, view, gather }: typeof PINHOLE): void {
    level.noteWrite();
    this.#arguments.int(L.D_GRID, level.descriptor).int(L.D_STEP, step);
    this.#pool.run(band, this.#arguments.pointer, 1);
    this.#pool.run(view, this.#arguments.pointer, 1);
    const blocks = this.#words[L.D_COUNT / 4]!;
    if (blocks > 0) this.#pool.run(gather, this.#arguments.pointer, Math.ceil(blocks / L.GATHER_CHUNK));
  }
}
