/// <reference types="@webgpu/types" />
import { SAMPLE_BYTES, SAMPLE_CHUNK } from '../../../kernels/layout/field.js';
import type { Pose } from '../../../geometry/se3.js';
import type { PosePrior } from '../../backend.js';
import type { PosedChunk, StepOptions } from '../plain.js';
import type { DeviceField } from './device-field.js';
import type { GpuMap } from './gpu-map.js';
import { FEATURE_LEVEL, FIT_SUMS, PAGE_ROWS } from './layout.js';

const RECORD = 10; // words a sample, as in wgsl/fit.ts
const STRIDED = 256;

/** Where things lie in `fitState`: heads of all chunks, poses, anchors, then steps. */
interface BatchLayout {
  readonly poses: number;
  readonly anchors: number;
  readonly steps: number;
  readonly words: number;
}

function upload(
  map: GpuMap,
  field: DeviceField,
  chunks: readonly PosedChunk[],
  poses: readonly Pose[],
  anchors: readonly Pose[],
  steps: number,
): BatchLayout {
  const { gpu } = map;
  const at = { poses: 4 * chunks.length, anchors: 4 * chunks.length + 12 * poses.length };
  const layout = {
    ...at,
    steps: at.anchors + 12 * anchors.length,
    words: at.anchors + 12 * anchors.length + 6 * poses.length * steps,
  };
  const words = new Uint32Array(layout.words);
  const floats = new Float32Array(words.buffer);
  gpu.ensureBuffer('samples', chunks.length * SAMPLE_CHUNK * SAMPLE_BYTES);
  gpu.ensureBuffer('records', chunks.length * SAMPLE_CHUNK * RECORD * 4);
  gpu.ensureBuffer('partials', chunks.length * FIT_SUMS * 4);
  gpu.ensureBuffer('fitState', words.byteLength);
  chunks.forEach(({ count, pose, optimisePose }, k) =>
    words.set([0, count, pose, optimisePose ? 1 : 0], 4 * k),
  );
  poses.forEach((pose, i) => floats.set(pose, layout.poses + 12 * i));
  anchors.forEach((pose, i) => floats.set(pose, layout.anchors + 12 * i));
  gpu.write(gpu.buffer('fitState'), 0, words); // before anything is recorded: a write ends a submission
  chunks.forEach(({ first, count }, k) => field.samples.copy(first, count, k * SAMPLE_CHUNK));
  return layout;
}

/** Gives rows to the cells of the surface samples, the first of every four. */
export async function allocateRows(
  map: GpuMap,
  field: DeviceField,
  runs: readonly PosedChunk[],
  poses: readonly Pose[],
): Promise<void> {
  const { gpu } = map;
  const features = field.grid(FEATURE_LEVEL);
  const most = gpu.sizes.rowSlots / 16 / 64; // chunks at a time: 64 surface samples with 8 corners each
  const chunks = runs.flatMap((run) =>
    Array.from({ length: Math.ceil(run.count / SAMPLE_CHUNK) }, (_, k) => ({
      ...run,
      first: run.first + k * SAMPLE_CHUNK,
      count: Math.min(SAMPLE_CHUNK, run.count - k * SAMPLE_CHUNK),
    })),
  );
  for (let at = 0; at < chunks.length; at += most) {
    const part = chunks.slice(at, at + most);
    const layout = upload(map, field, part, poses, [], 0);
    const surface = part.length * (SAMPLE_CHUNK / 4);
    const params = [{ u: [surface, layout.poses, features, 0] }, [1 / field.options.cell]];
    gpu.run('touchSamples', surface, params);
    gpu.runGroups('finaliseSamples', STRIDED, params);
    gpu.runGroups('linkBlocks', STRIDED);
    gpu.runGroups('commitBlocks', 1);
    await map.makeRoomFor(8 * surface, 1 + Math.ceil((8 * surface) / PAGE_ROWS));
    gpu.run('wantRows', surface, params);
    gpu.runGroups('reserveRows', 1, [{ u: [field.number, features, 0, 0] }]);
    gpu.runGroups('assignRows', STRIDED);
    gpu.runGroups('commitRows', 1, [{ u: [field.number, features, 0, 0] }]);
    gpu.submit();
  }
}

function step(
  { gpu }: GpuMap,
  field: DeviceField,
  layout: BatchLayout,
  chunks: number,
  first: number,
  o: StepOptions,
): void {
  const { options, number } = field;
  const forward = [
    { u: [chunks, layout.poses, first, field.grid(0)] },
    [o.huber, 1 / options.levels[0]!.voxel, 1 / options.cell, o.scalarRate],
  ];
  gpu.run('fitForward', chunks * SAMPLE_CHUNK, forward, number);
  gpu.run('sumFit', chunks * FIT_SUMS, [{ u: [chunks, first, 0, 0] }]);
  if (o.scalarRate > 0) {
    gpu.runGroups('applyScalars', STRIDED);
    gpu.runGroups('resetCorners', 1);
  }
  gpu.runGroups('adam', STRIDED, [[o.learningRate]]);
  gpu.runGroups('resetRows', 1);
}

/** What several steps leave. */
export interface FitOutcome {
  /** Moves of the poses, 6 numbers each, step by step. */
  readonly moves: Float32Array;
  /** FIT_SUMS per chunk of the last batch. */
  readonly sums: Float32Array;
}

/** Several steps with the poses solved in between. */
export async function fit(
  map: GpuMap,
  field: DeviceField,
  batches: readonly (readonly PosedChunk[])[],
  poses: readonly Pose[],
  anchors: readonly Pose[],
  options: StepOptions & PosePrior,
): Promise<FitOutcome> {
  const last = batches.at(-1)?.length ?? 0;
  if (last === 0)
    return { moves: new Float32Array(6 * poses.length * batches.length), sums: new Float32Array(0) };
  const { gpu } = map;
  for (const chunks of batches) checkBatch(map, chunks);
  const layout = upload(map, field, batches.flat(), poses, anchors, batches.length);
  let first = 0;
  batches.forEach((chunks, k) => {
    step(map, field, layout, chunks.length, first, options);
    gpu.run('movePoses', poses.length, [
      { u: [chunks.length, layout.poses, first, poses.length] },
      [options.priorTranslation, options.priorRotation, options.systemScale, options.minSamples],
      { u: [layout.anchors, layout.steps + 6 * poses.length * k, 0, 0] },
    ]);
    first += chunks.length;
  });
  const [moves, sums] = await gpu.read(
    {
      buffer: gpu.buffer('fitState'),
      at: layout.steps * 4,
      bytes: 24 * poses.length * batches.length,
    },
    {
      buffer: gpu.buffer('partials'),
      at: (first - last) * FIT_SUMS * 4,
      bytes: last * FIT_SUMS * 4,
    },
  );
  return { moves: new Float32Array(moves!), sums: new Float32Array(sums!) };
}

function checkBatch(map: GpuMap, chunks: readonly PosedChunk[]): void {
  const most = Math.min(map.gpu.sizes.rowSlots, map.gpu.sizes.cornerSlots) / 16 / SAMPLE_CHUNK;
  if (chunks.length > most)
    throw new RangeError(`A batch takes at most ${most} chunks, got ${chunks.length}.`);
  const long = chunks.find(({ count }) => count > SAMPLE_CHUNK);
  if (long) throw new RangeError(`A chunk takes at most ${SAMPLE_CHUNK} samples, got ${long.count}.`);
}
