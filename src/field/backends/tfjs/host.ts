// The thread that holds tfjs: does what backend.ts asks for, one thing after the other.
import { workerData } from 'node:worker_threads';
import type { Pose } from '../../../geometry/se3.js';
import type { FitResult } from '../../backend.js';
import type { ClassSums } from '../../linear-system.js';
import type { PosedChunk, RegisterOptions, StepOptions } from '../plain.js';
import { answer, type CallChannel } from '../../../compute/synchronous-call.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { openTfBackend, type Skipped, type TfBackend, type TfBackendName } from './backends.js';
import type { MapPointers } from './map-view.js';
import { TfjsOperations } from './operations.js';

/** What was opened. */
export interface Opened {
  readonly name: TfBackendName;
  readonly device: string;
  readonly skipped: readonly Skipped[];
}

const { memory, ...channel } = workerData as CallChannel & { memory: WebAssembly.Memory };
let backend: TfBackend | undefined;
const fields = new Map<number, TfjsOperations>();

const handlers = {
  async open(o: { backends: readonly TfBackendName[]; software: boolean }): Promise<Opened> {
    const { backend: opened, skipped } = await openTfBackend(o);
    backend = opened;
    return { name: opened.name, device: opened.device, skipped };
  },
  async field({ id, pointers }: { id: number; pointers: MapPointers }): Promise<void> {
    fields.set(id, new TfjsOperations(backend!, memory.buffer, pointers));
  },
  register: async (o: {
    field: number;
    surface: SurfaceSamples;
    pose: Pose;
    options: RegisterOptions;
  }): Promise<ClassSums> => fields.get(o.field)!.register(o.surface, o.pose, o.options),
  fit: async (o: {
    field: number;
    chunks: PosedChunk[];
    poses: Pose[];
    options: StepOptions;
  }): Promise<FitResult> => fields.get(o.field)!.fit(o.chunks, o.poses, o.options),
  query: async (o: { field: number; points: Float32Array }): Promise<Float32Array> =>
    fields.get(o.field)!.query(o.points),
};

answer(channel, handlers, () => false);
