import type { SurfaceSamples } from '../../sensors/observation.js';
import type { FitChunk, FitOptions, RegisterOptions } from '../engine.js';
import type { MapField } from '../map-field.js';
import { Random } from '../../geometry/random.js';
import { exp, identity, type Pose } from '../../geometry/se3.js';
import type { WasmFieldOptions } from './wasm/field.js';
import type { KernelMemory } from '../../compute/memory.js';

/** Options of a field for a made-up scene of the size of a street. */
export const WORKLOAD_FIELD: WasmFieldOptions = {
  voxel: 0.15,
  truncation: 0.3,
  pyramid: [4, 8],
  featureCell: 4,
  outputScale: 0.1,
  maxWeight: 100,
  saturation: 1e9,
  maxRange: 100,
  bareRange: 15,
  bareQuality: 0.2,
  seed: 1,
  maxFineBlocks: 16000,
  maxFeatureRows: 100000,
  maxBatchChunks: 512,
  maxScanPoints: 120000,
  poolSamples: 131072,
};
/** Address space that such a field needs, MiB. */
export const WORKLOAD_MIB = 1024;

/** The same work for every engine: a fused scan, training samples of it, a scan to register, points to query. */
export interface Workload {
  readonly surface: SurfaceSamples;
  /** Batches of any number of chunks, a sixteenth of the samples each from another pose. */
  chunks(count: number): FitChunk[];
  readonly poses: readonly Pose[];
  readonly fit: FitOptions;
  readonly guess: Pose;
  readonly register: RegisterOptions;
  readonly queries: Float32Array;
}

const CHUNK = 256;

/**
 * Fills a field with the inside of a box of 40 × 30 × 8 metres as a scan from its middle sees it, draws samples and
 * trains a few steps, so that rows have a history.
 *
 * @param memory what the field's scans lie in
 */
export function makeWorkload(memory: KernelMemory, field: MapField, count = 60_000): Workload {
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
  field.fuse(surface, identity(), 0);
  const chosen = Math.min(16384, count);
  field.drawSamples(surface, chosen, 0, { seed: 5, band: 0.25 });
  const all = (chosen * 4) / CHUNK;
  const poses = [identity(), exp([0.01, -0.01, 0.005, 0, 0.001, 0.001])];
  const chunks = (n: number): FitChunk[] =>
    Array.from({ length: n }, (_, k) => ({
      first: Math.floor((k * all) / n) * CHUNK,
      count: CHUNK,
      pose: k & 1,
      optimisePose: true,
    }));
  field.allocateRows(chunks(all), poses);
  const queries = new Float32Array(3 * 8192);
  for (let i = 0; i < queries.length; i++) {
    const point = Math.floor(i / 3) % count;
    queries[i] = columns[i % 3]![point]! + random.range(-0.2, 0.2);
  }
  return {
    surface,
    chunks,
    poses,
    fit: { huber: 0.03, learningRate: 0.003, scalarRate: 0.3 },
    guess: exp([0.05, -0.03, 0.02, 0.001, -0.001, 0.003]),
    register: {
      kernels: [0.6, 0.6, 1.2, 0],
      levelWeights: [1, 0.05, 0.01, 0],
      gradientScale: 0.5,
      minWeight: 0.05,
      timeScale: 10,
      twist: new Float64Array(6),
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
