import { SAMPLE_CHUNK } from '../../kernels/layout/field.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import type { FieldBackend, FitBatch, FitFrame, FitOptions } from '../backend.js';
import type { Field } from '../field.js';
import type { GeometricTerm } from '../terms/geometric.js';
import { Random } from '../../geometry/random.js';
import { exp, identity, type Pose } from '../../geometry/se3.js';
import type { FirstField } from './select.js';
import type { KernelMemory } from '../../compute/memory.js';

/** Options of a field for a made-up scene of the size of a street. */
export const WORKLOAD_FIELD: FirstField = {
  spec: {
    voxel: 0.15,
    truncation: 0.3,
    pyramid: [4, 8],
    seed: 1,
    layers: [
      {
        name: 'distance',
        wordsPerCorner: 2,
        stride: 1,
        maxWeight: 100,
        saturation: 1e9,
        maxRange: 100,
        unorientedRange: 15,
        unorientedQuality: 0.2,
      },
      { name: 'features', wordsPerCorner: 1, stride: 4, outputScale: 0.1 },
    ],
  },
  room: { fineBlocks: 16000, featureRows: 100000, samples: 131072 },
  limits: {
    scanPoints: 120000,
    batchChunks: 512,
    pool: { blocks: 20000, featureBlocks: 4000, rows: 100000 },
  },
};
/** Address space that such a field needs, MiB. */
export const WORKLOAD_MIB = 1024;

/** The same work for every engine: a fused scan, training samples of it, a scan to register, points to query. */
export interface Workload {
  readonly surface: SurfaceSamples;
  /** Batches of any number of chunks, a sixteenth of the samples each from another pose. */
  batch(count: number): FitBatch;
  /** They stay where they are. */
  readonly frames: readonly FitFrame[];
  readonly fit: FitOptions;
  readonly guess: Pose;
  readonly term: GeometricTerm;
  readonly queries: Float32Array;
}

/** No batch has enough samples for a pose to move. */
const STAY = { priorTranslation: 1, priorRotation: 1, systemScale: 1, minSamples: 1e9 };

/**
 * Fills a field with the inside of a box of 40 × 30 × 8 metres as a scan from its middle sees it, draws samples and
 * trains a few steps, so that rows have a history.
 *
 * @param memory what the field's scans lie in
 */
export function makeWorkload(
  memory: KernelMemory,
  backend: FieldBackend,
  field: Field,
  count = 60_000,
): Workload {
  const random = new Random('workload');
  const half = [20, 15, 4] as const;
  const areas = [half[1] * half[2], half[0] * half[2], half[0] * half[1]];
  const total = areas[0]! + areas[1]! + areas[2]!;
  const columns = Array.from({ length: 8 }, () => memory.f32(memory.alloc(count * 4), count));
  for (let i = 0; i < count; i++) {
    let pick = random.next() * total;
    const axis = areas.findIndex((area) => (pick -= area) < 0);
    const side = random.next() < 0.5 ? -1 : 1;
    for (let a = 0; a < 3; a++) {
      const on = a === axis;
      columns[a]![i] = on ? side * half[a]! + 0.02 * random.normal() : random.range(-half[a]!, half[a]!);
      columns[3 + a]![i] = on ? -side : 0;
    }
    columns[6]![i] = random.range(-0.05, 0.05); // τ
    columns[7]![i] = 1; // quality
  }
  const flags = memory.u8(memory.alloc(count), count);
  flags.forEach((_, i) => (flags[i] = columns[5]![i] === 1 ? 2 : 0)); // the floor is ground
  const keypointCount = Math.min(4000, count);
  const keypoints = memory.u32(memory.alloc(keypointCount * 4), keypointCount);
  keypoints.forEach((_, i) => (keypoints[i] = Math.floor((i * count) / keypointCount)));
  type F = Float32Array;
  const [x, y, z, nx, ny, nz, tau, quality] = columns as [F, F, F, F, F, F, F, F];
  const surface = { x, y, z, nx, ny, nz, tau, quality, flags, up: [0, 0, 1], count, keypoints };
  backend.integrate(field, surface, identity(), { scan: 0 });
  const chosen = Math.min(16384, count);
  backend.drawSamples(field, surface, identity(), { points: chosen, first: 0, seed: 5, band: 0.25 });
  const all = (chosen * 4) / SAMPLE_CHUNK;
  const poses = [identity(), exp([0.01, -0.01, 0.005, 0, 0.001, 0.001])];
  const batch = (n: number): FitBatch =>
    Array.from({ length: n }, (_, k) => ({
      first: Math.floor((k * all) / n) * SAMPLE_CHUNK,
      count: SAMPLE_CHUNK,
      frame: k & 1,
    }));
  const queries = new Float32Array(3 * 8192);
  for (let i = 0; i < queries.length; i++) {
    const point = Math.floor(i / 3) % count;
    queries[i] = columns[i % 3]![point]! + random.range(-0.2, 0.2);
  }
  return {
    surface,
    batch,
    frames: poses.map((pose) => ({ pose, anchor: pose, optimise: true })),
    fit: { huber: 0.03, learningRate: 0.003, scalarRate: 0.3, prior: STAY },
    guess: exp([0.05, -0.03, 0.02, 0.001, -0.001, 0.003]),
    term: {
      kind: 'geometric',
      field,
      surface,
      groundWeight: 1,
      kernels: [0.6, 0.6, 1.2, 0],
      levelWeights: [1, 0.05, 0.01, 0],
      gradientScale: 0.5,
      minWeight: 0.05,
    },
    queries,
  };
}

/** Items a second of an operation that does `items` a call, over about `seconds` after one call to warm up. */
export function rateOf(items: number, seconds: number, call: () => void): number {
  call();
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  do {
    call();
    calls++;
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < seconds);
  return (items * calls) / elapsed;
}
