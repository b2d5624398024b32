import type { Pinhole } from '../../src/geometry/pinhole.js';
// What a pinhole sees of simple surfaces, with exact ranges and normals; the truth for tests of organised ranges.
import type { KernelMemory } from '../../src/compute/memory.js';
import type { KernelPool } from '../../src/compute/pool.js';
import { WasmBackend } from '../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import { BLOCK_CORNERS } from '../../src/field/backends/wasm/grid.js';
import { poolFor, type GridSpec } from '../../src/field/grid-spec.js';
import { inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';
import type { RangeGrid, SurfaceSamples } from '../../src/sensors/observation.js';
import { cornerOf } from './helpers.js';

export type Vec = readonly [number, number, number];

/** A surface of the world. */
export interface Shape {
  /** How many times `d` from `o` the surface lies; Infinity where it is missed. */
  cast(o: Vec, d: Vec): number;
  /** Unit normal on the side that is seen, at a point of the surface. */
  normal(p: Vec): Vec;
  /** Signed distance, positive on the side that is seen. */
  distance(p: Vec): number;
}

export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const along = (o: Vec, d: Vec, t: number): Vec => [o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]];
const unit = (v: Vec): Vec => {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
};

/** The plane n·p = d, seen from where n points to. */
export function planeOf(n: Vec, d: number): Shape {
  const u = unit(n);
  const off = d / Math.hypot(...n);
  return {
    cast(o, dir) {
      const t = (off - dot(u, o)) / dot(u, dir);
      return dot(u, dir) < 0 && t > 0 ? t : Infinity;
    },
    normal: () => u,
    distance: (p) => dot(u, p) - off,
  };
}

export function sphereOf(centre: Vec, radius: number): Shape {
  const from = (p: Vec): Vec => [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]];
  return {
    cast(o, d) {
      const [c, dd] = [from(o), dot(d, d)];
      const half = dot(c, d);
      const root = half * half - dd * (dot(c, c) - radius * radius);
      const t = (-half - Math.sqrt(root)) / dd;
      return root >= 0 && t > 0 ? t : Infinity;
    },
    normal: (p) => unit(from(p)),
    distance: (p) => Math.hypot(...from(p)) - radius,
  };
}

/** The nearest of several surfaces. */
export function all(shapes: readonly Shape[]): Shape {
  const nearest = (p: Vec): Shape =>
    shapes.reduce((a, b) => (Math.abs(b.distance(p)) < Math.abs(a.distance(p)) ? b : a));
  return {
    cast: (o, d) => Math.min(...shapes.map((shape) => shape.cast(o, d))),
    normal: (p) => nearest(p).normal(p),
    distance: (p) => Math.min(...shapes.map((shape) => shape.distance(p))),
  };
}

/** The inside of a box with its centre at the origin: half sizes in metres. */
export const insideOf = (x: number, y: number, z: number): Shape =>
  all(
    [x, y, z].flatMap((half, a) =>
      [1, -1].map((sign) => {
        const n: [number, number, number] = [0, 0, 0];
        n[a] = -sign;
        return planeOf(n, -half);
      }),
    ),
  );

export const pinholeOf = (width: number, height: number, focal = 0.9 * width): Pinhole => ({
  width,
  height,
  fx: focal,
  fy: 1.02 * focal,
  cx: 0.49 * width,
  cy: 0.51 * height,
});

export interface View {
  /** Ranges as they are measured; 0 for a missing one. */
  readonly change?: (z: number, x: number, y: number) => number;
  /** Which pixels have a normal; default: all. */
  readonly oriented?: (x: number, y: number) => boolean;
  readonly information?: (z: number) => number;
  /** Colour of the world, 0 … 255; default: no image. */
  readonly color?: (p: Vec) => Vec;
}

/** The view of a shape from a pose (T_world_sensor), in kernel memory. */
export function viewOf(
  memory: KernelMemory,
  camera: Pinhole,
  shape: Shape,
  pose: Pose,
  { change = (z) => z, oriented = () => true, information = () => 1, color }: View = {},
): RangeGrid {
  const { width, height, fx, fy, cx, cy } = camera;
  const count = width * height;
  const plane = (): Float32Array => memory.f32(memory.alloc(count * 4), count).fill(0);
  const [z, nx, ny, nz, info] = [plane(), plane(), plane(), plane(), plane()];
  const colors = color ? memory.u8(memory.alloc(count * 4), count * 4).fill(0) : undefined;
  const o = transformPoint(pose, 0, 0, 0);
  for (let i = 0; i < count; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const tip = transformPoint(pose, (x - cx) / fx, (y - cy) / fy, 1);
    const d: Vec = [tip[0] - o[0], tip[1] - o[1], tip[2] - o[2]];
    const t = shape.cast(o, d);
    if (t === Infinity) continue;
    z[i] = change(t, x, y);
    if (!z[i]) continue;
    info[i] = information(z[i]!);
    const p = along(o, d, t);
    if (colors) colors.set([...color!(p).map((v) => Math.round(v)), 255], 4 * i);
    if (!oriented(x, y)) continue;
    const n = shape.normal(p);
    [nx[i], ny[i], nz[i]] = [0, 1, 2].map((a) => n[0] * pose[a]! + n[1] * pose[4 + a]! + n[2] * pose[8 + a]!) as [
      number,
      number,
      number,
    ]; // prettier-ignore
  }
  return { ...camera, z, nx, ny, nz, information: info, ...(colors && { color: colors }) };
}

/** Every `step`-th row and column of a view as samples to register: with information, and brightness where it has colours. */
export function samplesOf(memory: KernelMemory, view: RangeGrid, step = 4): SurfaceSamples {
  const picked: number[] = [];
  for (let y = step >> 1; y < view.height; y += step)
    for (let x = step >> 1; x < view.width; x += step)
      if (view.z[y * view.width + x]! > 0) picked.push(y * view.width + x);
  const column = (of: (i: number) => number): Float32Array => {
    const view = memory.f32(memory.alloc(Math.max(1, picked.length) * 4), picked.length);
    view.set(picked.map(of));
    return view;
  };
  const { color } = view;
  const keypoints = memory.u32(memory.alloc(Math.max(1, picked.length) * 4), picked.length);
  keypoints.set(picked.map((_, k) => k));
  const flags = memory.u8(memory.alloc(Math.max(1, picked.length)), picked.length).fill(0);
  return {
    count: picked.length,
    x: column((i) => (((i % view.width) - view.cx) / view.fx) * view.z[i]!),
    y: column((i) => ((Math.floor(i / view.width) - view.cy) / view.fy) * view.z[i]!),
    z: column((i) => view.z[i]!),
    nx: column((i) => view.nx[i]!),
    ny: column((i) => view.ny[i]!),
    nz: column((i) => view.nz[i]!),
    tau: column(() => 0),
    quality: column(() => 1),
    information: column((i) => view.information[i]!),
    ...(color && {
      grey: column((i) => 0.299 * color[4 * i]! + 0.587 * color[4 * i + 1]! + 0.114 * color[4 * i + 2]!),
    }),
    flags,
    up: [0, -1, 0],
    keypoints,
  };
}

export interface CameraFieldOptions {
  readonly voxel?: number;
  readonly pyramid?: readonly number[];
  readonly colour?: boolean;
  readonly fineBlocks?: number;
}

/** How a map made with cameras is laid out. */
export function cameraSpec({
  voxel = 0.02,
  pyramid = [2, 4, 8, 16],
  colour = true,
}: CameraFieldOptions): GridSpec {
  return {
    voxel,
    truncation: 3 * voxel,
    pyramid,
    pyramidTruncation: 3,
    seed: 1,
    layers: [
      { name: 'distance', wordsPerCorner: 2, stride: 1, maxWeight: 64, saturation: 1e9, maxRange: 8, unorientedRange: 8, unorientedQuality: 0.5 },
      { name: 'features', wordsPerCorner: 1, stride: 4, outputScale: 0.013 },
      ...(colour ? [{ name: 'colour', wordsPerCorner: 2, stride: 1 } as const] : []),
    ],
  }; // prettier-ignore
}

/** A backend for fields of `options`, and a first one. */
export function cameraField(
  pool: KernelPool,
  options: CameraFieldOptions = {},
): { backend: WasmBackend; field: WasmField } {
  const spec = cameraSpec(options);
  const room = { fineBlocks: options.fineBlocks ?? 6000, featureRows: 1024, samples: 1024 };
  const backend = new WasmBackend(pool, { scanPoints: 4096, batchChunks: 16, pool: poolFor(spec, room) });
  return { backend, field: backend.createField(spec, room) };
}

/** A corner of the finest level that was observed. */
export interface Corner {
  /** Metres. */
  readonly at: Vec;
  readonly distance: number;
  readonly weight: number;
  /** Red, green, blue, weight; all 0 without a colour. */
  readonly colour: readonly number[];
}

/** The observed corners of a level. */
export function cornersOf(field: WasmField, level = 0): Corner[] {
  const grid = field.levels[level]!;
  const corners: Corner[] = [];
  for (const block of grid.blocks)
    for (let i = 0; i < BLOCK_CORNERS; i++) {
      const index = block * BLOCK_CORNERS + i;
      const weight = grid.data[2 * index + 1]!;
      const colour = [...(grid.colour?.subarray(4 * index, 4 * index + 4) ?? [])].map((v) => v / 256);
      if (weight === 0 && !colour[3]) continue;
      const at = cornerOf(grid, block, i).map((v) => v * grid.voxel) as [number, number, number];
      corners.push({ at, distance: grid.data[2 * index]!, weight, colour });
    }
  return corners;
}

/** A point of the world in the frame of a sensor. */
export const toSensor = (pose: Pose, p: Vec): Vec => transformPoint(inverse(pose), ...p);
