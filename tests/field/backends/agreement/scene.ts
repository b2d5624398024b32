import type { PosedChunk, RegisterOptions } from '../../../../src/field/backends/plain.js';
import { FEATURES, ROW_FLOATS } from '../../../../src/field/backends/wasm/features.js';
import { BLOCK_CORNERS } from '../../../../src/field/backends/wasm/grid.js';
import type { KernelPool } from '../../../../src/compute/pool.js';
import { Random } from '../../../../src/geometry/random.js';
import { exp, identity, type Pose } from '../../../../src/geometry/se3.js';
import { OPTIONS, place, room, rounded, scan, type Cloud, type Placed } from '../../helpers.js';
import { makeField, type TestField } from '../../test-field.js';

export const HUBER = 0.03;

/** Two keyframes slightly off, so that residuals are neither tiny nor all beyond the Huber threshold. */
export const POSES: Pose[] = [
  exp([0.02, -0.01, 0.015, 0.002, 0, -0.003]),
  exp([-0.01, 0.03, 0.01, 0, 0.004, 0.002]),
].map(rounded);

/** The last chunk is a short one, and one pose in three is not optimised. */
export const CHUNKS: PosedChunk[] = Array.from({ length: 12 }, (_, k) => ({
  first: k * 256,
  count: k === 11 ? 100 : 256,
  pose: k % 2,
  optimisePose: k % 3 !== 2,
}));

/** A fused room with trained features, and a scan in it to be registered. */
export interface Scene {
  readonly field: TestField;
  readonly scan: Placed;
  readonly cloud: Cloud;
  /** Queries near the walls, in free space, and outside the map. */
  readonly queries: Float32Array;
}

/** What a training step changes: copied out and put back, so that every engine starts from the same. */
export interface Snapshot {
  readonly scalars: Float32Array;
  readonly change: Float32Array;
  readonly rows: Float32Array;
  readonly steps: Int32Array;
}

export function makeScene(pool: KernelPool): Scene {
  const field = makeField(pool, OPTIONS);
  const random = new Random('scene');
  const placed = place(
    pool.memory,
    scan(new Random('map'), room(3, 2.5, 2), identity(), { count: 20000, noise: 0.02 }),
  );
  field.fuse(placed.points, identity(), 0);
  field.drawSamples(placed.points, 1024, 0, { seed: 5, band: 0.25 });
  field.allocateRows(CHUNKS, POSES);
  const { rows, steps, count } = field.features;
  for (let r = 1; r < count; r++)
    for (let k = 0; k < FEATURES; k++) rows[r * ROW_FLOATS + k] = 0.2 * random.normal();
  steps.fill(0, 0, count);
  // Some Adam state, not the same for all rows.
  for (let step = 0; step < 3; step++)
    field.fit(CHUNKS.slice(step * 2), POSES, { huber: HUBER, learningRate: 0.003, scalarRate: 0.1 });

  const cloud = scan(new Random('scan'), room(3, 2.5, 2), exp([0.05, 0.02, -0.03, 0.01, 0, 0.02]), {
    count: 6000,
    noise: 0.02,
  });
  const queries = new Float32Array(3000);
  for (let i = 0; i < queries.length; i += 3)
    queries.set([random.range(-3.4, 3.4), random.range(-2.9, 2.9), random.range(-2.4, 2.4)], i);
  return { field, scan: place(pool.memory, cloud, 2), cloud, queries };
}

/** Kernels as in the first iterations of tracking, and a twist, so that every sum has something in it. */
export const REGISTER: RegisterOptions = {
  kernels: [0.3, 0.6, 1.2, 0],
  levelWeights: [1, 0.05, 0.01, 0],
  gradientScale: 0.5,
  minWeight: 0.05,
  timeScale: 10,
  twist: [0.02, -0.01, 0.01, 0.004, -0.002, 0.006],
};

/** Where the scan is registered: off by centimetres. */
export const GUESS: Pose = rounded(exp([0.02, -0.02, 0.01, 0.004, -0.003, 0.005]));

export function snapshot({ levels, features }: TestField): Snapshot {
  const fine = levels[0]!;
  return {
    scalars: fine.data.slice(0, fine.pool.used * BLOCK_CORNERS * 2),
    change: fine.change.slice(0, fine.pool.used),
    rows: features.rows.slice(0, features.count * ROW_FLOATS),
    steps: features.steps.slice(0, features.count),
  };
}

export function restore({ levels, features }: TestField, saved: Snapshot): void {
  levels[0]!.data.set(saved.scalars);
  levels[0]!.change.set(saved.change);
  levels[0]!.noteWrite();
  features.rows.set(saved.rows);
  features.steps.set(saved.steps);
}
