// What can be asked of the thread that holds the GPU.
import { BLOCK_VALUES } from '../../backend.js';
import type { Pose } from '../../../geometry/se3.js';
import { FeltmapError } from '../../../geometry/errors.js';
import type { PosePrior } from '../../backend.js';
import type { PosedChunk, StepOptions } from '../plain.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { openAdapter, type AdapterReport } from './adapter.js';
import { calibrate, type WorkgroupSizes } from './calibrate.js';
import { DeviceField, type FieldOptions } from './device-field.js';
import { allocateRows, fit, type FitOutcome } from './fitting.js';
import { carve, fuse, uploadScan, type CarvingInput, type ScanColumns } from './fusing.js';
import { DeviceLostError } from './gpu.js';
import { GpuMap, type Changes, type GpuMapOptions } from './gpu-map.js';
import { loadField, type FieldView, type GridView } from './load.js';
import { evaluateBlocks, query } from './reading.js';
import { align, register, type AlignInput, type RegisterInput } from './registering.js';

/** What a thread can be sent of a scan's points to register: views of shared memory, not copies. */
export type RegisteredSurface = Pick<SurfaceSamples, 'x' | 'y' | 'z' | 'tau' | 'flags' | 'keypoints'>;

/** Numbers in shared memory. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** A level in shared memory. */
export interface GridPointers {
  /** Numbers of its blocks in the pool, in the order in which they were made. */
  readonly blocks: Uint32Array;
  /** Of all blocks of the pool. */
  readonly coords: Span;
  readonly change: Span;
  readonly data: Span;
}

export interface FieldPointers {
  readonly levels: readonly GridPointers[];
  readonly features: GridPointers;
  /** How many it has; 32 numbers, and one, per row of the pool. */
  readonly rows: { readonly count: number; readonly data: Span; readonly steps: Span };
}

/** What is registered, and against which field. */
interface OfSurface {
  readonly field: number;
  readonly scan: RegisteredSurface;
}

/** What a thread answers; `reply` answers before the work is done. */
type Handlers = Record<string, (argument: never, reply: () => void) => Promise<unknown>>;

/**
 * @param memory what the fields of backend wasm lie in
 * @returns the calls, and what they work on once it is open
 */
export function deviceCalls(memory: WebAssembly.Memory): { calls: Handlers; map: () => GpuMap } {
  let map: GpuMap | undefined;
  const fields = new Map<number, DeviceField>();
  /** What went wrong with a field after its call was answered; its next call reports it. */
  const failed = new Map<number, FeltmapError>();

  const f32 = (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length);
  const u32 = (at: number, length: number): Uint32Array => new Uint32Array(memory.buffer, at, length);
  const i32 = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);

  function opened(): GpuMap {
    if (!map) throw new DeviceLostError('no device is open');
    return map;
  }

  function known(number: number): DeviceField {
    opened();
    const failure = failed.get(number);
    failed.delete(number);
    if (failure) throw failure;
    return fields.get(number)!;
  }

  const gridOf = ({ blocks, coords, change, data }: GridPointers): GridView => ({
    blocks,
    coords: i32(coords.at, coords.length),
    change: f32(change.at, change.length),
    data: u32(data.at, data.length),
  });

  const viewOf = ({ levels, features, rows }: FieldPointers): FieldView => ({
    levels: levels.map(gridOf),
    features: gridOf(features),
    rows: {
      count: rows.count,
      data: f32(rows.data.at, rows.data.length),
      steps: i32(rows.steps.at, rows.steps.length),
    },
  });

  function forget(number: number): void {
    fields.get(number)?.samples.destroy();
    fields.delete(number);
    failed.delete(number);
  }

  const calls = {
    /** Whether there is an adapter. */
    probe: async (software: boolean): Promise<AdapterReport> => (await openAdapter(software)).report,
    async open(o: {
      software: boolean;
      options: GpuMapOptions;
      workgroups?: WorkgroupSizes;
    }): Promise<unknown> {
      map?.gpu.destroy();
      map = undefined;
      fields.clear();
      failed.clear();
      const adapter = await openAdapter(o.software);
      map = await GpuMap.create(adapter, o.options);
      if (o.workgroups) map.gpu.setWorkgroups(o.workgroups);
      return { report: map.report, capacity: map.gpu.sizes.pages };
    },
    /** A new field, still empty. */
    async field(o: { number: number; options: FieldOptions; decoder: Float32Array }): Promise<void> {
      fields.set(o.number, new DeviceField(o.number, o.options, opened().gpu));
      opened().setDecoder(o.number, o.decoder);
    },
    /** Forgets a field; its pages go back to the heap. */
    async free(number: number): Promise<void> {
      opened().release(number);
      opened().makeTable();
      forget(number);
    },
    calibrate: async (field: number): Promise<WorkgroupSizes> => calibrate(opened(), known(field)),
    async workgroups(sizes: WorkgroupSizes): Promise<void> {
      opened().gpu.setWorkgroups(sizes);
    },
    async load(o: { field: number; content: FieldPointers; decoder: Float32Array }): Promise<Uint32Array> {
      opened().setDecoder(o.field, o.decoder);
      failed.delete(o.field); // what did not fit is replaced
      return loadField(opened(), known(o.field), viewOf(o.content));
    },
    async samples(o: { field: number; first: number; at: number; count: number }): Promise<void> {
      const { samples } = known(o.field);
      const step = 2 ** 16;
      for (let from = 0; from < o.count; from += step) {
        const n = Math.min(step, o.count - from);
        samples.write(o.first + from, f32(o.at + from * 32, n * 8).slice());
      }
    },
    async fuse(
      o: {
        field: number;
        scan: Omit<ScanColumns, 'count'>;
        pose: Pose;
        number: number;
        carve: CarvingInput | undefined;
      },
      reply: () => void,
    ): Promise<void> {
      const field = known(o.field);
      reply(); // the caller may prepare the next scan meanwhile
      const scan = { ...o.scan, count: o.scan.flags.length };
      uploadScan(opened(), scan);
      if (o.carve) carve(opened(), field, o.carve);
      await fuse(opened(), field, scan, o.pose, o.number).catch((error: unknown) => {
        if (!(error instanceof FeltmapError)) throw error;
        failed.set(o.field, error);
      });
    },
    register: async (o: RegisterInput & OfSurface): Promise<Float32Array> =>
      (await register(opened(), known(o.field), targetsOf(o.scan), o)).partials,
    align: async (o: AlignInput & OfSurface): Promise<unknown> =>
      align(opened(), known(o.field), targetsOf(o.scan), o),
    allocateRows: async (o: { field: number; chunks: PosedChunk[]; poses: Pose[] }): Promise<void> =>
      allocateRows(opened(), known(o.field), o.chunks, o.poses),
    fit: async (o: {
      field: number;
      batches: PosedChunk[][];
      poses: Pose[];
      anchors: Pose[];
      options: StepOptions & PosePrior;
    }): Promise<FitOutcome> => fit(opened(), known(o.field), o.batches, o.poses, o.anchors, o.options),
    query: async (o: { field: number; points: Float32Array; features: boolean }): Promise<Float32Array> =>
      query(opened(), known(o.field), o.points, o.features),
    evaluateBlocks: async (o: {
      field: number;
      pages: Uint32Array;
      values: number;
      options: { minWeight: number; band: number; features: boolean };
    }): Promise<void> =>
      evaluateBlocks(
        opened(),
        known(o.field),
        o.pages,
        f32(o.values, o.pages.length * BLOCK_VALUES),
        o.options,
      ),
    /** What became of the pages of all fields since the last time, for the sake of one. */
    async changes(field: number): Promise<Changes> {
      known(field);
      return opened().changes();
    },
    copyPages: async (pages: Uint32Array): Promise<Uint32Array> => opened().copyPages(pages),
    async close(): Promise<void> {
      map?.gpu.destroy();
      map = undefined;
    },
  };
  return { calls, map: opened };
}

/** The points as `register` takes them: x y z τ, 1 = ground. */
function targetsOf({ x, y, z, tau, flags, keypoints }: RegisteredSurface): Float32Array {
  const out = new Float32Array(keypoints.length * 5);
  keypoints.forEach((i, k) => {
    out[5 * k] = x[i]!;
    out[5 * k + 1] = y[i]!;
    out[5 * k + 2] = z[i]!;
    out[5 * k + 3] = tau[i]!;
    out[5 * k + 4] = (flags[i]! >> 1) & 1;
  });
  return out;
}
