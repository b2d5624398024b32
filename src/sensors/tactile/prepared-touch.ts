import type { KernelMemory } from '../../compute/memory.js';
import { Room } from '../camera/room.js';
import type { RangeGrid, SurfaceSamples } from '../observation.js';
import type { Patch } from './patch.js';
import type { TouchPoints } from './touch.js';

/** Float columns of the samples, and planes of the grid. */
const COLUMNS = ['x', 'y', 'z', 'nx', 'ny', 'nz', 'tau', 'quality', 'information'] as const;
const PLANES = ['z', 'nx', 'ny', 'nz', 'information', 'lateral'] as const;
/** Values that vectors may read past the last one. */
const SLACK = 16;
/** Nobody knows where up is in a gel: no sample is taken for ground, so that it does not matter. */
const UP = Float32Array.of(0, 0, -1);
/** Noise of a sample that counts as one (m), and what others count at least and at most. */
const UNIT_SIGMA = 1e-4;
const [LEAST_INFORMATION, MOST_INFORMATION] = [0.25, 4];

export interface TouchLimits {
  /** Most samples that are registered. */
  readonly keypoints: number;
  /** How far behind its surface the sensor's body is (m). */
  readonly body: number;
}

/** Unless a front end is told otherwise. */
export const TOUCH_LIMITS: TouchLimits = { keypoints: 400, body: 0.02 };

/**
 * The kernel memory of one touch. It grows with the touches and is never given back.
 *
 * @example
 * const prepared = new PreparedTouch(pool.memory);
 * const { surface, grid } = prepared.fill(patchOf(touch), { keypoints: 400, body: 0.02 });
 */
export class PreparedTouch {
  readonly #columns: Room;
  readonly #planes: Room;
  readonly #indices: Room;

  constructor(private readonly memory: KernelMemory) {
    this.#columns = new Room(memory);
    this.#planes = new Room(memory);
    this.#indices = new Room(memory);
  }

  /** The samples and the grid of a patch. */
  fill(patch: Patch, { keypoints, body }: TouchLimits): { surface: SurfaceSamples; grid: RangeGrid } {
    const { width, pitch, cx, cy, samples } = patch;
    const information = informationOf(patch.sigma);
    const columns = this.#samples(samples.length);
    const chosen = spread(patch, keypoints);
    samples.forEach((at, i) => {
      columns.x[i] = ((at % width) - cx) * pitch;
      columns.y[i] = (Math.floor(at / width) - cy) * pitch;
      for (const name of ['z', 'nx', 'ny', 'nz'] as const) columns[name][i] = patch[name][at]!;
    });
    columns.information.fill(information);
    const planes = this.#grid(patch.z.length);
    for (const name of ['z', 'nx', 'ny', 'nz', 'lateral'] as const) planes[name].set(patch[name]);
    planes.information.fill(information);
    const { z, nx, ny, nz } = planes;
    return {
      surface: { count: samples.length, ...columns, up: UP, keypoints: this.#keypoints(chosen) },
      grid: {
        width, height: patch.height, fx: 1 / pitch, fy: 1 / pitch, cx, cy,
        z, nx, ny, nz, information: planes.information,
        orthographic: { lateral: planes.lateral, body },
      },
    }; // prettier-ignore
  }

  /**
   * The samples of single contacts, those with numbers only. Without normals they have no information of their own: they
   * are registered by their places alone.
   */
  fillPoints({ points, normals, sigma }: TouchPoints, { keypoints }: TouchLimits): SurfaceSamples {
    const valid: number[] = [];
    for (let i = 0; 3 * i + 2 < points.length; i++)
      if (Number.isFinite(points[3 * i]! + points[3 * i + 1]! + points[3 * i + 2]!)) valid.push(i);
    const { information, ...columns } = this.#samples(valid.length);
    valid.forEach((i, k) => {
      columns.x[k] = points[3 * i]!;
      columns.y[k] = points[3 * i + 1]!;
      columns.z[k] = points[3 * i + 2]!;
      if (!normals) return;
      const [a, b, c] = [normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!];
      const norm = Math.hypot(a, b, c);
      const scale = norm > 0.5 && norm < 2 ? 1 / norm : 0; // not a direction: not known
      columns.nx[k] = scale === 0 ? 0 : a * scale;
      columns.ny[k] = scale === 0 ? 0 : b * scale;
      columns.nz[k] = scale === 0 ? 0 : c * scale;
    });
    information.fill(informationOf(sigma));
    const step = Math.max(1, Math.ceil(valid.length / keypoints));
    const chosen = valid.flatMap((_, k) => (k % step === 0 ? [k] : []));
    const surface = { count: valid.length, ...columns, up: UP, keypoints: this.#keypoints(chosen) };
    return normals ? { ...surface, information } : surface;
  }

  #samples(count: number): Record<(typeof COLUMNS)[number], Float32Array> & { flags: Uint8Array } {
    const stride = (count + SLACK + 3) & ~3;
    const bytes = stride * 4 * (COLUMNS.length + 2);
    const pointer = this.#columns.atLeast(bytes);
    this.memory.u8(pointer, bytes).fill(0);
    const columns = columnsAt(this.memory, pointer, stride, COLUMNS);
    columns.quality.fill(1);
    return { ...columns, flags: this.memory.u8(pointer + stride * 4 * COLUMNS.length, stride) };
  }

  #keypoints(chosen: readonly number[]): Uint32Array {
    const out = this.memory.u32(this.#indices.atLeast((chosen.length + SLACK) * 4), chosen.length);
    out.set(chosen);
    return out;
  }

  #grid(pixels: number): Record<(typeof PLANES)[number], Float32Array> {
    const stride = (pixels + SLACK + 3) & ~3;
    const pointer = this.#planes.atLeast(stride * 4 * PLANES.length);
    return columnsAt(this.memory, pointer, stride, PLANES, pixels);
  }
}

function columnsAt<N extends string>(
  memory: KernelMemory,
  pointer: number,
  stride: number,
  names: readonly N[],
  length = stride,
): Record<N, Float32Array> {
  const views = names.map((name, i) => [name, memory.f32(pointer + i * stride * 4, length)]);
  return Object.fromEntries(views) as Record<N, Float32Array>;
}

/** Samples that lie on a grid of pixels so wide that at most `most` are chosen. */
function spread({ width, samples }: Patch, most: number): number[] {
  for (let step = Math.max(1, Math.floor(Math.sqrt(samples.length / most))); ; step++) {
    const chosen: number[] = [];
    samples.forEach((at, i) => {
      if ((at % width) % step === 0 && Math.floor(at / width) % step === 0) chosen.push(i);
    });
    if (chosen.length <= most) return chosen;
  }
}

function informationOf(sigma: number): number {
  return Math.min(MOST_INFORMATION, Math.max(LEAST_INFORMATION, (UNIT_SIGMA / sigma) ** 2));
}
