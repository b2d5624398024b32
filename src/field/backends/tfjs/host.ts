// The thread that holds tfjs: does what field.ts asks for, one thing after the other.
import { workerData } from 'node:worker_threads';
import type { Pose } from '../../../geometry/se3.js';
import type { FitChunk, FitOptions, FitResult, NormalSums, RegisterOptions } from '../../engine.js';
import { answer, type Line } from '../../../compute/synchronous-call.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { openTfBackend, type Skipped, type TfBackendName } from './backends.js';
import type { MapPointers } from './map-view.js';
import { TfjsOperations } from './operations.js';

/** What was opened. */
export interface Opened {
  readonly name: TfBackendName;
  readonly device: string;
  readonly skipped: readonly Skipped[];
}

const { memory, ...line } = workerData as Line & { memory: WebAssembly.Memory };
let operations: TfjsOperations | undefined;

const handlers = {
  async open(o: {
    backends: readonly TfBackendName[];
    software: boolean;
    pointers: MapPointers;
  }): Promise<Opened> {
    const { backend, skipped } = await openTfBackend(o);
    operations = new TfjsOperations(backend, memory.buffer, o.pointers);
    return { name: backend.name, device: backend.device, skipped };
  },
  register: async (o: {
    surface: SurfaceSamples;
    pose: Pose;
    options: RegisterOptions;
  }): Promise<readonly [NormalSums, NormalSums]> => operations!.register(o.surface, o.pose, o.options),
  fit: async (o: { chunks: FitChunk[]; poses: Pose[]; options: FitOptions }): Promise<FitResult> =>
    operations!.fit(o.chunks, o.poses, o.options),
  query: async (points: Float32Array): Promise<Float32Array> => operations!.query(points),
};

answer(line, handlers, () => false);
