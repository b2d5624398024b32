import { KernelArguments } from '../compute/arguments.js';
import type { KernelPool } from '../compute/pool.js';
import type { Pose } from '../geometry/se3.js';
import * as L from '../kernels/layout/sight.js';
import type { SurfaceSamples } from '../sensors/observation.js';
import type { BlockTable } from './field.js';

/** Most blocks that are looked at in a scan. */
export const MOST_CARVED = 2 ** 15;
/** Most sights that a place is compared with, most shares of the samples, and most chunks of them. */
const MOST_SIGHTS = 16;
const MOST_PARTS = 4;
const POSE_BYTES = 96;

/**
 * What a scan sees in each direction, in kernel memory: the plane of the nearest sample in each cell of a cube around the
 * sensor (1.4° in the middle of a face). Words of a cell: normal towards the sensor, its distance n·p (m), range (m); range
 * 0 where nothing was seen.
 */
export interface Sight {
  readonly pointer: number;
  /** 6·SIGHT_SIDE² cells of SIGHT_WORDS. */
  readonly cells: Float32Array;
}

/** An earlier sight, and where the sensor is now in its frame. */
export interface Witness {
  readonly sight: Sight;
  readonly T_sight_sensor: Pose;
}

/**
 * Makes sights, and finds what they see through: a point that lies clearly before all the surfaces seen in its direction
 * and around it is in what was seen to be empty.
 *
 * @example
 * const sights = new Sights(pool);
 * const sight = sights.create();
 * sights.cast(surface, 0.3, sight); // metres
 * sights.mark(later, [{ sight, T_sight_sensor }], { clear: 0.3, reach: 40, witnesses: 1 }); // quality −1
 */
export class Sights {
  readonly #pool: KernelPool;
  readonly #args: KernelArguments;
  readonly #sights: Uint32Array;
  readonly #poses: Float64Array;
  #marked: Uint32Array;

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#args = new KernelArguments(memory, 96);
    this.#sights = memory.u32(memory.alloc(MOST_SIGHTS * 4), MOST_SIGHTS);
    this.#poses = memory.f64(memory.alloc(MOST_SIGHTS * POSE_BYTES), MOST_SIGHTS * 12);
    this.#marked = memory.u32(memory.alloc(256), 64);
    this.#args
      .int(L.S_PARTS, Math.min(MOST_PARTS, pool.threads))
      .int(L.S_NEAREST, memory.alloc(MOST_PARTS * L.SIGHT_CELLS * 8))
      .int(L.S_SIGHTS, this.#sights.byteOffset, this.#poses.byteOffset)
      .int(L.S_MARKED, this.#marked.byteOffset);
  }

  /** Room for a sight that sees nothing yet; never given back. */
  create(): Sight {
    const { memory } = this.#pool;
    const words = L.SIGHT_CELLS * L.SIGHT_WORDS;
    const pointer = memory.alloc(words * 4);
    return { pointer, cells: memory.f32(pointer, words) };
  }

  /**
   * Writes what a scan sees. Of equally near samples in a cell the first one counts.
   *
   * @param clear how far before a surface its space counts as empty (m)
   */
  cast(surface: SurfaceSamples, clear: number, into: Sight): void {
    this.#takes(surface).int(L.S_CELLS, into.pointer).double(L.S_CLEAR, [clear]);
    this.#pool.run('sightNearest', this.#args.pointer, Math.min(MOST_PARTS, this.#pool.threads));
    this.#pool.run('sightPlanes', this.#args.pointer, 6);
  }

  /**
   * Gives samples off the ground a quality of −1 where so many sights saw nothing but air.
   *
   * @param sights those that are asked first come first; 16 at most
   * @param how clear: see {@link cast}; reach (m): from the sensor, then and now; witnesses: sights that must agree
   * @returns how many samples were marked
   */
  mark(
    surface: SurfaceSamples,
    sights: readonly Witness[],
    how: { readonly clear: number; readonly reach: number; readonly witnesses: number },
  ): number {
    const count = Math.min(MOST_SIGHTS, sights.length);
    const chunks = Math.ceil(surface.count / L.SIGHT_CHUNK);
    if (count < how.witnesses || chunks === 0) return 0;
    for (let k = 0; k < count; k++) {
      this.#sights[k] = sights[k]!.sight.pointer;
      this.#poses.set(sights[k]!.T_sight_sensor, k * 12);
    }
    this.#roomFor(chunks);
    this.#takes(surface).int(L.S_SIGHT_COUNT, count, how.witnesses).double(L.S_CLEAR, [how.clear, how.reach]);
    this.#pool.run('markSeenThrough', this.#args.pointer, chunks);
    let marked = 0;
    for (let chunk = 0; chunk < chunks; chunk++) marked += this.#marked[chunk]!;
    return marked;
  }

  #takes(surface: SurfaceSamples): KernelArguments {
    const { memory } = this.#pool;
    const { x, y, z, nx, ny, nz, flags, quality } = surface;
    const points = [x, y, z, nx, ny, nz, flags, quality].map((column) => memory.addressOf(column));
    return this.#args.int(L.S_COUNT, surface.count).int(L.S_POINTS, ...points);
  }

  #roomFor(chunks: number): void {
    if (chunks <= this.#marked.length) return;
    const { memory } = this.#pool;
    this.#marked = memory.u32(memory.alloc(chunks * 8), chunks * 2);
    this.#args.int(L.S_MARKED, this.#marked.byteOffset);
  }
}

/**
 * Blocks of a level within a range of the sensor, as block, bx, by, bz each: those whose turn it is, of `parts` turns.
 * Which these are follows from their coordinates, not from the order in which they were made.
 */
export function blocksInSight(
  { blocks, coords, voxel }: Pick<BlockTable, 'blocks' | 'coords' | 'voxel'>,
  pose: Pose,
  { part, parts, maxRange }: { readonly part: number; readonly parts: number; readonly maxRange: number },
  out: Int32Array,
): number {
  const side = 8 * voxel;
  const [cx, cy, cz] = [pose[3]! / side - 0.5, pose[7]! / side - 0.5, pose[11]! / side - 0.5];
  const reach = (maxRange / side + 0.87) ** 2;
  let n = 0;
  for (const block of blocks) {
    const [bx, by, bz] = [coords[block * 4]!, coords[block * 4 + 1]!, coords[block * 4 + 2]!];
    if ((bx - cx) ** 2 + (by - cy) ** 2 + (bz - cz) ** 2 > reach) continue;
    if (((bx & 1) + 2 * (by & 1) + 4 * (bz & 1) + 8 * ((bx >> 1) & 1)) % parts !== part) continue;
    if (4 * n + 4 > out.length) break;
    out[4 * n] = block;
    out[4 * n + 1] = bx;
    out[4 * n + 2] = by;
    out[4 * n + 3] = bz;
    n++;
  }
  return n;
}
