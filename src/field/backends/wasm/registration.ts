import { KernelArguments } from '../../../compute/arguments.js';
import type { KernelPool } from '../../../compute/pool.js';
import {
  CELL_BYTES,
  REGISTER_CHUNK,
  REGISTER_CHUNKS,
  R_CELLS,
  R_COUNT,
  R_GRADIENT,
  R_KERNEL,
  R_LEVELS,
  R_LEVEL_WEIGHT,
  R_MIN_WEIGHT,
  R_OUT,
  R_POINTS,
  R_POSE,
  R_STRIDE,
  R_SUMS,
  R_TAKE,
  R_TAKEN,
  R_TIME_SCALE,
  R_TWIST,
  TAKEN_BYTES,
} from '../../../kernels/layout/field.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { clearSums, emptySums, SYSTEM_SUMS, TIME_SCALE } from '../../linear-system.js';
import type { ClassSums, NormalSums, Unknowns } from '../../linear-system.js';
import type { GeometricTerm } from '../../terms/geometric.js';
import type { WasmField } from './field.js';
import { addressesOf } from './surface-addresses.js';

/**
 * Normal equations of a surface's keypoints against a field.
 *
 * @example
 * const registration = new Registration(pool);
 * const [other, ground] = registration.pass(field, term, unknowns);
 */
export class Registration {
  readonly #pool: KernelPool;
  readonly #arguments: KernelArguments;
  readonly #partials: Float64Array;
  readonly #sums: ClassSums = [emptySums(), emptySums()];
  /** Surface whose samples were read, if it is known not to have moved since. */
  #taken: SurfaceSamples | undefined;
  #steady = false;

  constructor(pool: KernelPool) {
    const { memory } = pool;
    this.#pool = pool;
    this.#arguments = new KernelArguments(memory, 256);
    const partials = memory.alloc(REGISTER_CHUNKS * R_STRIDE);
    this.#partials = memory.f64(partials, (REGISTER_CHUNKS * R_STRIDE) / 8);
    this.#arguments
      .int(R_OUT, partials)
      .int(R_CELLS, memory.alloc(REGISTER_CHUNKS * REGISTER_CHUNK * CELL_BYTES))
      .int(R_TAKEN, memory.alloc(REGISTER_CHUNKS * REGISTER_CHUNK * TAKEN_BYTES));
  }

  /**
   * Does something during which surfaces stay where they are, except where `moved` is called: their samples are read once
   * then, not in each pass.
   */
  whileSteady<T>(work: (moved: () => void) => T): T {
    const moved = (): void => {
      this.#taken = undefined;
    };
    this.#steady = true;
    try {
      return work(moved);
    } finally {
      this.#steady = false;
      moved();
    }
  }

  /** Valid until the next call. */
  pass(field: WasmField, term: GeometricTerm, { pose, correction }: Unknowns): ClassSums {
    const { surface } = term;
    const points = addressesOf(this.#pool.memory, surface);
    const chunks = Math.ceil(surface.keypoints.length / REGISTER_CHUNK);
    if (chunks > REGISTER_CHUNKS)
      throw new RangeError(
        `At most ${REGISTER_CHUNKS * REGISTER_CHUNK} points can be registered, got ${surface.keypoints.length}.`,
      );
    this.#arguments
      .int(R_LEVELS, field.levels.length, ...field.levels.map((level) => level.descriptor))
      .int(R_COUNT, surface.keypoints.length, points.keypoints)
      .int(R_POINTS, points.x, points.y, points.z, points.tau, points.flags)
      .float(R_POSE, pose)
      .float(R_KERNEL, term.kernels)
      .scalar(R_GRADIENT, term.gradientScale)
      .scalar(R_TIME_SCALE, TIME_SCALE)
      .scalar(R_MIN_WEIGHT, term.minWeight)
      .float(R_LEVEL_WEIGHT, term.levelWeights)
      .float(R_TWIST, correction)
      .int(R_TAKE, this.#taken === surface ? 0 : 1);
    if (this.#steady) this.#taken = surface;
    this.#pool.run('register', this.#arguments.pointer, chunks);
    this.#sums.forEach((sums, kind) => {
      clearSums(sums);
      for (let chunk = 0; chunk < chunks; chunk++) this.#add(sums, (chunk * R_STRIDE) / 8 + kind * R_SUMS);
    });
    return this.#sums;
  }

  #add(sums: NormalSums, at: number): void {
    const p = this.#partials;
    for (let i = 0; i < SYSTEM_SUMS; i++) sums.system[i]! += p[at + i]!;
    sums.weight += p[at + 75]!;
    sums.cost += p[at + 76]!;
    sums.valued += p[at + 77]!;
    sums.inliers += p[at + 78]!;
    sums.points += p[at + 79]!;
    sums.absolute += p[at + 80]!;
    sums.coarse += p[at + 81]!;
    sums.coarseInliers += p[at + 82]!;
  }
}
