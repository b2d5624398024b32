// The thread that holds the GPU: does what field.ts asks for, one thing after the other.
import { workerData } from 'node:worker_threads';
import type { Pose } from '../../../geometry/se3.js';
import type { AlignOptions, FitChunk, FitOptions, PosePrior, RegisterOptions } from '../../engine.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { openAdapter } from './adapter.js';
import { answer, type Line } from '../../../compute/synchronous-call.js';
import { calibrate, type WorkgroupSizes } from './calibrate.js';
import { allocateRows, fit, fitMany, SamplePool } from './fitting.js';
import { carve, fuse, uploadScan, type ScanColumns } from './fusing.js';
import { DeviceLostError } from './gpu.js';
import { GpuMap, type GpuMapOptions } from './gpu-map.js';
import { loadMap, type GridView, type MapView } from './load.js';
import { evaluateBlocks, query } from './reading.js';
import { align, register } from './registering.js';

/** What a thread can be sent of a scan's points to register: views of shared memory, not copies. */
export type RegisteredSurface = Pick<SurfaceSamples, 'x' | 'y' | 'z' | 'tau' | 'flags' | 'keypoints'>;

/** A level in shared memory: pointers. */
export interface GridPointers {
  readonly count: number;
  readonly coords: number;
  readonly change: number;
  readonly data: number;
  readonly words: number;
}

export interface MapPointers {
  readonly levels: readonly GridPointers[];
  readonly features: GridPointers;
  readonly rows: {
    readonly count: number;
    readonly data: number;
    readonly steps: number;
    readonly coords: number;
  };
}

const { memory, ...line } = workerData as Line & { memory: WebAssembly.Memory };
let map: GpuMap | undefined;
let pool: SamplePool | undefined;
let forbidden = false;

const f32 = (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length);
const u32 = (at: number, length: number): Uint32Array => new Uint32Array(memory.buffer, at, length);
const i32 = (at: number, length: number): Int32Array => new Int32Array(memory.buffer, at, length);

function opened(): GpuMap {
  if (!map) throw new DeviceLostError('no device is open');
  return map;
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

const gridOf = ({ count, coords, change, data, words }: GridPointers): GridView => ({
  count,
  coords: i32(coords, count * 4),
  change: f32(change, count),
  data: u32(data, count * words),
});

const viewOf = ({ levels, features, rows }: MapPointers): MapView => ({
  levels: levels.map(gridOf),
  features: gridOf(features),
  rows: {
    count: rows.count,
    data: f32(rows.data, rows.count * 32),
    steps: i32(rows.steps, rows.count),
    coords: i32(rows.coords, rows.count * 4),
  },
});

/** What can be asked of the thread; `reply` answers before the work is done. */
const handlers = {
  async open(o: {
    software: boolean;
    options: GpuMapOptions;
    workgroups?: WorkgroupSizes;
  }): Promise<unknown> {
    map?.gpu.destroy();
    map = undefined;
    if (forbidden) throw new Error('no adapter is left');
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
  register: async (o: {
    scan: RegisteredSurface;
    poses: Pose[];
    options: RegisterOptions;
  }): Promise<Float32Array> => (await register(opened(), targetsOf(o.scan), o.poses, o.options)).partials,
  align: async (o: { scan: RegisteredSurface; pose: Pose; options: AlignOptions }): Promise<unknown> =>
    align(opened(), targetsOf(o.scan), o.pose, o.options),
  allocateRows: async (o: { chunks: FitChunk[]; poses: Pose[] }): Promise<void> =>
    allocateRows(opened(), pool!, o.chunks, o.poses),
  fit: async (o: { chunks: FitChunk[]; poses: Pose[]; options: FitOptions }): Promise<Float32Array> =>
    fit(opened(), pool!, o.chunks, o.poses, o.options),
  fitMany: async (o: {
    batches: FitChunk[][];
    poses: Pose[];
    anchors: Pose[];
    options: FitOptions & PosePrior;
  }): Promise<Float32Array> => fitMany(opened(), pool!, o.batches, o.poses, o.anchors, o.options),
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
  heap: async (): Promise<unknown> => opened().heap,
  traffic: async (): Promise<unknown> => opened().gpu.traffic,
  startProfile: async (): Promise<boolean> => opened().gpu.startProfile(),
  stopProfile: async (): Promise<unknown> => opened().gpu.stopProfile(),
  settle: async (): Promise<void> => opened().gpu.settle(),
  /** For tests: the device goes away as after a driver's reset. */
  async loseDevice(): Promise<void> {
    opened().gpu.destroy();
  },
  /** For tests: asks for memory until there is none. */
  async exhaust(): Promise<void> {
    const { device } = opened().gpu;
    for (let i = 0; i < 4096; i++) {
      device.pushErrorScope('out-of-memory');
      device.createBuffer({ size: device.limits.maxBufferSize, usage: GPUBufferUsage.STORAGE });
      if (await device.popErrorScope()) break;
    }
    opened().gpu.setBuffer('outcome', device.limits.maxBufferSize);
  },
  /** For tests: no device can be opened from here on. */
  async forbid(): Promise<void> {
    forbidden = true;
  },
  async close(): Promise<void> {
    map?.gpu.destroy();
    map = undefined;
  },
};
export type HostCalls = typeof handlers;

answer(line, handlers, (error) => error instanceof DeviceLostError);
