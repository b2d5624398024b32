import type { KernelPool } from '../../../compute/pool.js';
import type { Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import type {
  BackendLimits,
  DrawOptions,
  EvaluateOptions,
  FieldBackend,
  FitBatch,
  FitFrame,
  FitOptions,
  FitResult,
  IntegrateOptions,
} from '../../backend.js';
import type { Field } from '../../field.js';
import { GaussNewton } from '../../gauss-newton.js';
import type { FieldRoom, GridSpec } from '../../grid-spec.js';
import type { LinearSystem, Unknowns } from '../../linear-system.js';
import { fitSteps } from '../../pose-step.js';
import type { AlignProblem, AlignSolution } from '../../registration.js';
import type { MeasurementTerm } from '../../terms/term.js';
import { BlockPool } from './block-pool.js';
import { WasmField, type FieldPools } from './field.js';
import { Fusion } from './fusion.js';
import { Gathering } from './gathering.js';
import { OrientedRegistration } from './oriented.js';
import { PhotometricRegistration } from './photometric.js';
import { Reading } from './reading.js';
import { Registration } from './registration.js';
import { RowPool } from './row-pool.js';
import { Training } from './training.js';

/**
 * Fields in shared wasm memory, worked on by a pool of threads.
 *
 * @example
 * const backend = new WasmBackend(pool, { scanPoints: 40_000, batchChunks: 128, pool: poolFor(spec, room) });
 * const field = backend.createField(spec, room);
 */
export class WasmBackend implements FieldBackend {
  readonly name = 'wasm';
  readonly notices: readonly string[] = [];
  readonly batchesPerFit = 1;
  readonly pool: KernelPool;
  readonly limits: BackendLimits;
  /** The parts that do the work, for backends that compute some of it elsewhere. */
  readonly fusion: Fusion;
  readonly registration: Registration;
  readonly gathering: Gathering;
  readonly oriented: OrientedRegistration;
  readonly photometric: PhotometricRegistration;
  readonly training: Training;
  readonly reading: Reading;
  readonly #solver = new GaussNewton((terms, at, out) => this.linearise(terms, at, out));
  readonly #pools: FieldPools;
  #fields = 0;

  /** @throws FeltmapError out-of-memory when the arena is too small */
  constructor(pool: KernelPool, limits: BackendLimits) {
    this.pool = pool;
    this.limits = limits;
    const { blocks, featureBlocks, rows, colours = false } = limits.pool;
    this.#pools = {
      memory: pool.memory,
      blocks: new BlockPool(pool, { blocks, wordsPerCorner: 2, colours }),
      featureBlocks: new BlockPool(pool, { blocks: featureBlocks, wordsPerCorner: 1 }),
      rows: new RowPool(pool.memory, rows),
    };
    this.fusion = new Fusion(pool, limits);
    this.registration = new Registration(pool);
    this.gathering = new Gathering(pool);
    this.oriented = new OrientedRegistration(pool);
    this.photometric = new PhotometricRegistration(pool);
    this.training = new Training(pool, limits);
    this.reading = new Reading(pool);
  }

  createField(spec: GridSpec, room: FieldRoom): WasmField {
    const field = new WasmField(this.#fields++, this.#pools, spec, room);
    this.fusion.reserve(field);
    this.training.reserve(field);
    return field;
  }

  integrate(field: Field, surface: SurfaceSamples, pose: Pose, how: IntegrateOptions): void {
    const own = ownField(field);
    const { scan, carving, grid, firm } = how;
    if (grid) {
      this.gathering.fuse(own, grid, pose, how);
      return;
    }
    if (carving) this.fusion.carve(own, surface, pose, carving);
    this.fusion.fuse(own, surface, pose, scan, firm);
  }

  linearise(terms: readonly MeasurementTerm[], at: readonly Unknowns[], out: readonly LinearSystem[]): void {
    at.forEach((unknowns, k) => {
      const system = out[k]!;
      system.clear();
      for (const term of terms) this.add(term, unknowns, system);
    });
  }

  /** Adds one term at one place. */
  add(term: MeasurementTerm, at: Unknowns, system: LinearSystem): void {
    const field = ownField(term.field);
    if (term.kind === 'photometric')
      system.addPhotometric(this.photometric.pass(field, term, at), term.hold, at, term.expected);
    else if (term.surface.information)
      system.addGeometric(this.oriented.pass(field, term, at), term.groundWeight);
    else system.addGeometric(this.registration.pass(field, term, at), term.groundWeight);
  }

  solve(problem: AlignProblem): AlignSolution {
    const { undistort } = problem;
    return this.registration.whileSteady((moved) =>
      this.#solver.solve(
        undistort
          ? {
              ...problem,
              undistort: (twist): void => {
                undistort(twist);
                moved();
              },
            }
          : problem,
      ),
    );
  }

  drawSamples(field: Field, surface: SurfaceSamples, pose: Pose, how: DrawOptions): void {
    const own = ownField(field);
    this.training.drawSamples(own, surface, how);
    this.training.makeRows(own, [{ first: how.first, count: how.points * 4, frame: 0 }], [{ pose }]);
  }

  fit(field: Field, batches: readonly FitBatch[], frames: readonly FitFrame[], how: FitOptions): FitResult {
    const own = ownField(field);
    return fitSteps(batches, frames, how, (batch) => this.training.step(own, batch, frames, how));
  }

  colours(field: Field, points: Float32Array): Uint8Array {
    return this.reading.colours(ownField(field), points);
  }

  sample(field: Field, _layer: 'distance', points: Float32Array): Float32Array {
    return this.reading.sample(ownField(field), points);
  }

  evaluate(field: Field, blocks: ArrayLike<number>, values: Float32Array, how: EvaluateOptions): void {
    this.reading.evaluate(ownField(field), blocks, values, how);
  }

  async close(): Promise<void> {}
}

/** @throws TypeError for a field of another backend */
function ownField(field: Field): WasmField {
  if (!(field instanceof WasmField)) throw new TypeError('The field belongs to another backend.');
  return field;
}
