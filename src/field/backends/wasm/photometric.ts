import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import { REGISTER_CHUNKS } from '../../../kernels/layout/field.js';
import * as L from '../../../kernels/layout/gather.js';
import type { PhotometricSums, Unknowns } from '../../linear-system.js';
import type { PhotometricTerm } from '../../terms/photometric.js';
import type { WasmField } from './field.js';

const SYSTEM = 44;

/**
 * Normal equations of a frame's brightness against the colours of a field.
 *
 * @example
 * const photometric = new PhotometricRegistration(pool);
 * const { system, points } = photometric.pass(field, term, unknowns);
 */
export class PhotometricRegistration {
  readonly #pool: KernelPool;
  readonly #arguments: KernelArguments;
  readonly #partials: Float64Array;
  readonly #sums: PhotometricSums = { system: new Float64Array(SYSTEM), weight: 0, cost: 0, points: 0 };

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#arguments = new KernelArguments(memory, 128);
    const partials = memory.alloc(REGISTER_CHUNKS * L.C_STRIDE);
    this.#partials = memory.f64(partials, (REGISTER_CHUNKS * L.C_STRIDE) / 8);
    this.#arguments.int(L.C_OUT, partials);
  }

  /** Valid until the next call; zero where the field has no colours, or the surface no brightness. */
  pass(field: WasmField, term: PhotometricTerm, { pose, own }: Unknowns): PhotometricSums {
    const { memory } = this.#pool;
    const { keypoints, grey, information, x, y, z } = term.surface;
    const fine = field.levels[0]!;
    const sums = this.#sums;
    sums.system.fill(0);
    sums.weight = sums.cost = sums.points = 0;
    if (!grey || !information || !fine.colour) return sums;
    const chunks = Math.min(REGISTER_CHUNKS, Math.ceil(keypoints.length / L.POINT_CHUNK));
    this.#arguments
      .int(L.C_GRID, fine.descriptor, keypoints.length, memory.addressOf(keypoints))
      .int(L.C_POINTS, ...[x, y, z, grey, information].map((c) => memory.addressOf(c)))
      .float(L.C_POSE, pose)
      .scalar(L.C_GAIN, 1 + own[0]! / L.GAIN_LEVELS)
      .scalar(L.C_BIAS, own[1]!)
      .scalar(L.C_KERNEL, term.kernel)
      .scalar(L.C_REACH, term.reach)
      .scalar(L.C_WEIGHT, term.metresPerLevel ** 2);
    this.#pool.run('registerColour', this.#arguments.pointer, chunks);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = (chunk * L.C_STRIDE) / 8;
      for (let i = 0; i < SYSTEM; i++) sums.system[i]! += this.#partials[at + i]!;
      sums.weight += this.#partials[at + 44]!;
      sums.cost += this.#partials[at + 45]!;
      sums.points += this.#partials[at + 46]!;
    }
    return sums;
  }
}
