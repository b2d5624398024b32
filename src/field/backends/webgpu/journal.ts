import type { KernelMemory } from '../../../compute/memory.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type { Carving } from '../../backend.js';
import type { CarvingInput } from './fusing.js';

/** A surface by value, for when its memory is used again. */
export interface ScanCopy {
  readonly columns: readonly Float32Array[];
  readonly flags: Uint8Array;
  readonly coarse: Uint32Array;
  readonly up: readonly number[];
}

/** A fused surface that is not in the processor's copy yet. */
export interface Fused {
  /** Number of the field on the device. */
  readonly field: number;
  readonly scan: ScanCopy;
  readonly pose: Pose;
  readonly number: number;
  readonly carve: (Carving & CarvingInput) | undefined;
}

const COLUMN_BYTES = 4;

export function copyOf(surface: SurfaceSamples): ScanCopy {
  const { x, y, z, nx, ny, nz, quality, flags, up, count, keypoints } = surface;
  return {
    columns: [x, y, z, nx, ny, nz, quality].map((column) => column.slice(0, count)),
    flags: flags.slice(0, count),
    coarse: keypoints.slice(),
    up: Array.from(up),
  };
}

/**
 * Room for one surface in kernel memory: set aside, because that may be full when it is needed.
 *
 * @example
 * const spare = new SparePlace(memory, 40_000);
 * const again = spare.put(copyOf(surface)); // valid until the next one
 */
export class SparePlace {
  readonly #memory: KernelMemory;
  readonly #most: number;
  readonly #pointer: number;

  constructor(memory: KernelMemory, most: number) {
    this.#memory = memory;
    this.#most = most;
    this.#pointer = memory.alloc(most * (9 * COLUMN_BYTES + 1));
  }

  /** A surface that was kept, back in kernel memory; valid until the next one. */
  put(scan: ScanCopy): SurfaceSamples {
    const count = scan.flags.length;
    const column = (c: number): number => this.#pointer + c * this.#most * COLUMN_BYTES;
    const columns = scan.columns.map((values, c) => {
      const copy = this.#memory.f32(column(c), count);
      copy.set(values);
      return copy;
    });
    type F = Float32Array;
    const [x, y, z, nx, ny, nz, quality] = columns as [F, F, F, F, F, F, F];
    const keypoints = this.#memory.u32(column(7), scan.coarse.length);
    keypoints.set(scan.coarse);
    const flags = this.#memory.u8(column(8), count);
    flags.set(scan.flags);
    return { x, y, z, nx, ny, nz, tau: x, quality, flags, up: scan.up, count, keypoints };
  }
}
