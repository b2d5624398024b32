import { type Pose } from '../../../geometry/se3.js';
import type { DeviceField } from './device-field.js';
import { fit, allocateRows } from './fitting.js';
import { fuse, uploadScan } from './fusing.js';
import type { GpuMap } from './gpu-map.js';
import type { KernelName } from './kernels.js';
import { register } from './registering.js';

/** Threads a workgroup of the kernels for which it matters. */
export type WorkgroupSizes = Readonly<Partial<Record<KernelName, number>>>;

const CANDIDATES = [32, 64, 128, 256];
const TIMED: readonly KernelName[] = [
  'register',
  'sumRegister',
  'fitForward',
  'sumFit',
  'gatherRays',
  'adam',
];
const REPEATS = 4;
const SIDE = 128; // points along an edge of the test surface
const POSE: Pose = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/**
 * Tries workgroup sizes on a made-up wavy floor in a field and keeps, for each kernel, the fastest; then empties the map. No
 * result depends on the choice. Takes some tenths of a second on a GPU.
 */
export async function calibrate(map: GpuMap, field: DeviceField): Promise<WorkgroupSizes> {
  const { gpu } = map;
  const most = Math.min(
    gpu.device.limits.maxComputeInvocationsPerWorkgroup,
    gpu.device.limits.maxComputeWorkgroupSizeX,
  );
  const surface = floor(field.options.levels[0]!.voxel);
  field.samples.write(0, samplesOf(surface));
  const times = new Map<KernelName, Map<number, number>>(TIMED.map((name) => [name, new Map()]));
  for (const size of CANDIDATES.filter((candidate) => candidate <= most)) {
    gpu.setWorkgroups(Object.fromEntries(TIMED.map((name) => [name, size])));
    map.clear();
    await work(map, field, surface); // compiles
    const stamped = gpu.startProfile();
    const begin = performance.now();
    for (let i = 0; i < REPEATS; i++) await work(map, field, surface);
    const whole = (performance.now() - begin) / REPEATS;
    const measured = await gpu.stopProfile();
    // Without time stamps all kernels share one time: a choice for all of them.
    for (const name of TIMED) {
      const entry = measured[name];
      times.get(name)!.set(size, stamped && entry ? entry.milliseconds / entry.calls : whole);
    }
  }
  const sizes = Object.fromEntries(
    TIMED.map((name) => [name, [...times.get(name)!].reduce((a, b) => (b[1] < a[1] ? b : a))[0]]),
  );
  gpu.setWorkgroups(sizes);
  map.clear();
  await gpu.settle();
  return sizes;
}

async function work(map: GpuMap, field: DeviceField, surface: Float32Array): Promise<void> {
  const count = surface.length / 3;
  const column = (axis: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => surface[3 * i + axis]!);
  const constant = (value: number): Float32Array => new Float32Array(count).fill(value);
  const scan = {
    count,
    columns: [column(0), column(1), column(2), constant(0), constant(0), constant(1), constant(1)],
    flags: new Uint8Array(count),
    coarse: new Uint32Array(0),
    up: [0, 0, 1],
  };
  uploadScan(map, scan);
  await fuse(map, field, scan, POSE, 0);
  const targets = new Float32Array(count * 5);
  for (let i = 0; i < count; i++) targets.set(surface.subarray(3 * i, 3 * i + 3), 5 * i);
  const { voxel } = field.options.levels[0]!;
  const twist = new Float64Array(6);
  await register(map, field, targets, {
    poses: [POSE],
    twists: twist,
    options: { kernels: [voxel], levelWeights: [1], gradientScale: 1, minWeight: 0, timeScale: 1, twist },
  });
  const chunks = Array.from({ length: 16 }, (_, k) => ({
    first: k * 256,
    count: 256,
    pose: 0,
    optimisePose: true,
  }));
  await allocateRows(map, field, chunks, [POSE]);
  await fit(map, field, [chunks], [POSE], [POSE], {
    huber: voxel,
    learningRate: 1e-3,
    scalarRate: 0.1,
    priorTranslation: 1,
    priorRotation: 1,
    systemScale: 1,
    minSamples: Infinity,
  });
}

/** x y z of a floor with waves, a point per voxel. */
function floor(voxel: number): Float32Array {
  const out = new Float32Array(SIDE * SIDE * 3);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [(i % SIDE) * voxel, Math.floor(i / SIDE) * voxel];
    out.set([x, y, voxel * Math.sin(i * 0.01)], 3 * i);
  }
  return out;
}

/** Training samples on that floor, a little above and below. */
function samplesOf(surface: Float32Array): Float32Array {
  const out = new Float32Array(4096 * 8);
  for (let i = 0; i < 4096; i++)
    out.set([surface[9 * i]!, surface[9 * i + 1]!, surface[9 * i + 2]!, 0, 1], 8 * i);
  return out;
}
