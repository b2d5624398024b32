import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import { REGISTER_CHUNKS } from '../../../kernels/layout/field.js';
import * as L from '../../../kernels/layout/gather.js';
import { clearSums, emptySums, type ClassSums, type Unknowns } from '../../linear-system.js';
import type { GeometricTerm } from '../../terms/geometric.js';
import type { WasmField } from './field.js';

/** Where a 6×6 upper triangle and a right-hand side lie in {@link NormalSums.system}. */
const TRIANGLE = 21;
const RIGHT_SIDE = 63;

/**
 * Normal equations of oriented keypoints against a field: samples with normals and information of their own.
 *
 * @example
 * const oriented = new OrientedRegistration(pool);
 * const [sums] = oriented.pass(field, term, unknowns);
 */
export class OrientedRegistration {
  readonly #pool: KernelPool;
  readonly #arguments: KernelArguments;
  readonly #partials: Float64Array;
  readonly #sums: ClassSums = [emptySums(), emptySums()];

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#arguments = new KernelArguments(memory, 160);
    const partials = memory.alloc(REGISTER_CHUNKS * L.O_STRIDE);
    this.#partials = memory.f64(partials, (REGISTER_CHUNKS * L.O_STRIDE) / 8);
    this.#arguments.int(L.O_OUT, partials);
  }

  /** Valid until the next call. All levels have the robust scale `term.kernels[0]`. */
  pass(field: WasmField, term: GeometricTerm, { pose }: Unknowns): ClassSums {
    const { memory } = this.#pool;
    const { keypoints, information, ...s } = term.surface;
    const chunks = Math.ceil(keypoints.length / L.POINT_CHUNK);
    if (chunks > REGISTER_CHUNKS)
      throw new RangeError(
        `At most ${REGISTER_CHUNKS * L.POINT_CHUNK} points can be registered, got ${keypoints.length}.`,
      );
    const levels = field.levels.slice(0, L.MAX_LEVELS);
    this.#arguments
      .int(L.O_LEVELS, levels.length, keypoints.length, memory.addressOf(keypoints))
      .int(L.O_POINTS, ...[s.x, s.y, s.z, s.nx, s.ny, s.nz, information!].map((c) => memory.addressOf(c)))
      .float(L.O_POSE, pose)
      .scalar(L.O_KERNEL, term.kernels[0]!)
      .scalar(L.O_GRADIENT, term.gradientScale)
      .scalar(L.O_MIN_WEIGHT, term.minWeight)
      .int(L.O_GRIDS, ...levels.map(({ descriptor }) => descriptor));
    this.#pool.run('registerOriented', this.#arguments.pointer, chunks);
    const [sums] = this.#sums;
    clearSums(sums);
    for (let chunk = 0; chunk < chunks; chunk++) this.#add((chunk * L.O_STRIDE) / 8);
    return this.#sums;
  }

  #add(at: number): void {
    const p = this.#partials;
    const [sums] = this.#sums;
    for (let i = 0; i < TRIANGLE; i++) sums.system[i]! += p[at + i]!;
    for (let i = 0; i < 6; i++) sums.system[RIGHT_SIDE + i]! += p[at + TRIANGLE + i]!;
    sums.weight += p[at + 27]!;
    sums.cost += p[at + 28]!;
    sums.valued += p[at + 29]!;
    sums.inliers += p[at + 30]!;
    sums.points += p[at + 31]!;
    sums.absolute += p[at + 32]!;
    sums.coarse += p[at + 33]!;
    sums.coarseInliers += p[at + 34]!;
    sums.information += p[at + 35]!;
  }
}
