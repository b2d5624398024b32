// What can be asked of the thread that holds the GPU.
import type { Pose } from '../../../geometry/se3.js';
import type { PosePrior } from '../../backend.js';
import type { PosedChunk, StepOptions } from '../plain.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { openAdapter, type AdapterReport } from './adapter.js';
import { calibrate, type WorkgroupSizes } from './calibrate.js';
import { allocateRows, fit, SamplePool, type FitOutcome } from './fitting.js';
import { carve, fuse, uploadScan, type ScanColumns } from './fusing.js';
import { DeviceLostError } from './gpu.js';
import { GpuMap, type GpuMapOptions } from './gpu-map.js';
import { loadMap, type GridView, type MapView } from './load.js';
import { evaluateBlocks, query } from './reading.js';
import { align, register, type AlignInput, type RegisterInput } from './registering.js';

/** What a thread can be sent of a scan's points to register: views of shared memory, not copies. */
export type RegisteredSurface = Pick<SurfaceSamples, 'x' | 'y' | 'z' | 'tau' | 'flags' | 'keypoints'>;

/** A level in shared memory: numbers of its blocks, pointers to what all blocks of its pool have. */
export interface GridPointers {
  readonly blocks: Uint32Array;
  readonly poolBlocks: number;
  readonly coords: number;
  readonly change: number;
  readonly data: number;
  readonly words: number;
}

export interface MapPointers {
  readonly levels: readonly GridPointers[];
  readonly features: GridPointers;
  readonly rows: {
    readonly numbers: Int32Array;
    readonly poolRows: number;
    readonly data: number;
    readonly steps: number;
    readonly coords: number;
  };
}

/** What a thread answers; `reply` answers before the work is done. */
type Handlers = Record<string, (argument: never, reply: () => void) => Promise<unknown>>;

/**
 * @param memory what the fields of backend wasm lie in
 * @returns the calls, and the map that they work on once it is open
 */
export function deviceCalls(memory: WebAssembly.Memory): { calls: Handlers; map: () => GpuMap } {
  let map: GpuMap | undefined;
  let pool: SamplePool | undefined;

  const f32 = (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length);
  const u32 = (at: number, length: number): Uint32Array => new Uint32Array(memory.buffer, at, length);
  const i32 = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);

  function opened(): GpuMap {
    if (!map) throw new DeviceLostError('no device is open');
    return map;
  }

  const gridOf = ({ blocks, poolBlocks, coords, change, data, words }: GridPointers): GridView => ({
    blocks,
    coords: i32(coords, poolBlocks * 4),
    change: f32(change, poolBlocks),
    data: u32(data, poolBlocks * words),
  });

  const viewOf = ({ levels, features, rows }: MapPointers): MapView => ({
    levels: levels.map(gridOf),
    features: gridOf(features),
    rows: {
      numbers: rows.numbers,
      data: f32(rows.data, rows.poolRows * 32),
      steps: i32(rows.steps, rows.poolRows),
      coords: i32(rows.coords, rows.poolRows * 4),
    },
  });

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
      const adapter = await openAdapter(o.software);
      map = await GpuMap.create(adapter, o.options);
      if (o.workgroups) map.gpu.setWorkgroups(o.workgroups);
      pool = new SamplePool(map);
      return { report: map.report, capacity: map.gpu.sizes.pages };
    },
    calibrate: async (): Promise<WorkgroupSizes> => calibrate(opened()),
    async workgroups(sizes: WorkgroupSizes): Promise<void> {
      opened().gpu.setWorkgroups(sizes);
    },
    load: async (o: { map: MapPointers; decoder: Float32Array }): Promise<void> =>
      loadMap(opened(), viewOf(o.map), o.decoder),
    async samples({ first, at, count }: { first: number; at: number; count: number }): Promise<void> {
      opened();
      const step = 2 ** 16;
      for (let from = 0; from < count; from += step) {
        const n = Math.min(step, count - from);
        pool!.write(first + from, f32(at + from * 32, n * 8).slice());
      }
    },
    async fuse(
      o: {
        scan: Omit<ScanColumns, 'count'>;
        pose: Pose;
        number: number;
        carve: { rays: number; maxRange: number; keep: number; seed: number; pose: Pose } | undefined;
      },
      reply: () => void,
    ): Promise<void> {
      opened();
      reply(); // the caller may prepare the next scan meanwhile
      const scan = { ...o.scan, count: o.scan.flags.length };
      uploadScan(opened(), scan);
      if (o.carve) carve(opened(), scan.count, o.carve.pose, o.carve);
      await fuse(opened(), scan, o.pose, o.number);
    },
    register: async (o: RegisterInput & { scan: RegisteredSurface }): Promise<Float32Array> =>
      (await register(opened(), targetsOf(o.scan), o)).partials,
    align: async (o: AlignInput & { scan: RegisteredSurface }): Promise<unknown> =>
      align(opened(), targetsOf(o.scan), o),
    allocateRows: async (o: { chunks: PosedChunk[]; poses: Pose[] }): Promise<void> =>
      allocateRows(opened(), pool!, o.chunks, o.poses),
    fit: async (o: {
      batches: PosedChunk[][];
      poses: Pose[];
      anchors: Pose[];
      options: StepOptions & PosePrior;
    }): Promise<FitOutcome> => fit(opened(), pool!, o.batches, o.poses, o.anchors, o.options),
    query: async (o: { points: Float32Array; features: boolean }): Promise<Float32Array> =>
      query(opened(), o.points, o.features),
    evaluateBlocks: async (o: {
      pages: Uint32Array;
      values: number;
      options: { minWeight: number; band: number; features: boolean };
    }): Promise<void> => evaluateBlocks(opened(), o.pages, f32(o.values, o.pages.length * 729), o.options),
    marks: async (known: number): Promise<unknown> => {
      const { keys, marks } = await opened().marks(known);
      return { keys, marks, pages: opened().pages };
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
