import type { SurfaceSamples } from '../../src/sensors/observation.js';
import { BLOCK_CORNERS, BLOCK_SIDE, type BlockGrid } from '../../src/field/backends/wasm/grid.js';
import { FEATURES, ROW_FLOATS } from '../../src/field/backends/wasm/features.js';
import type { WasmField } from '../../src/field/backends/wasm/field.js';
import type { KernelMemory } from '../../src/compute/memory.js';
import { cornerKey, ReferenceFeatures, ReferenceField, ReferenceGrid } from '../oracle/reference-field.js';
import type { TestFieldOptions } from './test-field.js';
import type { Random } from '../../src/geometry/random.js';
import { inverse, transformPoint, type Pose } from '../../src/geometry/se3.js';

/** What a field holds in kernel memory. */
type Contents = Pick<WasmField, 'levels' | 'features'>;

export const OPTIONS: TestFieldOptions = {
  voxel: 0.15,
  truncation: 0.3,
  pyramid: [4, 8],
  featureCell: 4,
  outputScale: 0.1,
  maxWeight: 100,
  saturation: 1e9, // every point is fused
  maxRange: 60,
  unorientedRange: 15,
  unorientedQuality: 0.2,
  seed: 1,
  maxFineBlocks: 8000,
  maxFeatureRows: 60000,
  maxBatchChunks: 128,
  maxScanPoints: 40000,
  poolSamples: 65536,
};

/** Surface points with normals towards the sensor, sensor frame; what SurfaceSamples are made of. */
export interface Cloud {
  readonly points: [number, number, number][];
  readonly normals: [number, number, number][];
  readonly qualities: number[];
  /** Seconds relative to the stamp. */
  readonly taus: number[];
  readonly ground: boolean[];
  /** Direction of up in the sensor frame; default: z. */
  readonly up?: [number, number, number];
}

export interface Placed {
  readonly points: SurfaceSamples;
  /** Indices of its keypoints: every `stride`-th. */
  readonly indices: Uint32Array;
}

/** Copies a cloud into kernel memory; every `stride`-th point is a keypoint. */
export function place(memory: KernelMemory, cloud: Cloud, stride = 4): Placed {
  const count = cloud.points.length;
  const column = (values: ArrayLike<number>): Float32Array => {
    const view = memory.f32(memory.alloc(Math.max(1, count) * 4), count);
    view.set(values);
    return view;
  };
  const axis = (rows: [number, number, number][], i: number): Float32Array =>
    column(rows.map((row) => row[i]!));
  const flags = memory.u8(memory.alloc(Math.max(1, count)), count);
  flags.set(cloud.ground.map((ground) => (ground ? 2 : 0)));
  const indices = Uint32Array.from({ length: Math.ceil(count / stride) }, (_, i) => i * stride);
  const keypoints = memory.u32(memory.alloc(Math.max(1, indices.length) * 4), indices.length);
  keypoints.set(indices);
  return {
    points: {
      x: axis(cloud.points, 0),
      y: axis(cloud.points, 1),
      z: axis(cloud.points, 2),
      nx: axis(cloud.normals, 0),
      ny: axis(cloud.normals, 1),
      nz: axis(cloud.normals, 2),
      tau: column(cloud.taus),
      quality: column(cloud.qualities),
      flags,
      up: cloud.up ?? [0, 0, 1],
      count,
      keypoints,
    },
    indices,
  };
}

/** The same surface with nothing to register. */
export function without(surface: SurfaceSamples): SurfaceSamples {
  return { ...surface, keypoints: surface.keypoints.subarray(0, 0) };
}

/** A rectangle on a plane: centre, two half-edges, and the unit normal on the side that is seen. */
export interface Patch {
  readonly centre: [number, number, number];
  readonly edges: [[number, number, number], [number, number, number]];
  readonly normal: [number, number, number];
  readonly ground?: boolean;
}

/** The inside of a box with a ledge, so that no motion leaves it unchanged: half sizes in metres. */
export function room(x: number, y: number, z: number): Patch[] {
  const wall = (axis: number, sign: number): Patch => {
    const half = [x, y, z];
    const unit = (i: number, length: number): [number, number, number] => {
      const v: [number, number, number] = [0, 0, 0];
      v[i] = length;
      return v;
    };
    const [b, c] = [0, 1, 2].filter((i) => i !== axis) as [number, number];
    return {
      centre: unit(axis, sign * half[axis]!),
      edges: [unit(b, half[b]!), unit(c, half[c]!)],
      normal: unit(axis, -sign),
      ground: axis === 2 && sign < 0,
    };
  };
  return [0, 1, 2].flatMap((axis) => [wall(axis, 1), wall(axis, -1)]);
}

/** A corridor along x without ends: floor, ceiling, two walls. */
export function corridor(length: number, y: number, z: number): Patch[] {
  return room(length, y, z).filter(({ normal }) => normal[0] === 0);
}

export interface ScanOptions {
  readonly count: number;
  /** Standard deviation of the distance from the surface, metres. */
  readonly noise?: number;
  /** T_world_sensor at the time τ of each point; default: `pose` throughout. */
  readonly motion?: (tau: number) => Pose;
  /** Longest distance from the sensor, metres. */
  readonly range?: number;
}

/**
 * Random points on the patches as a sensor at `pose` (T_world_sensor) measures them. With `motion`, each point is
 * given in the frame of the sensor at its own time: a distorted scan.
 */
export function scan(random: Random, patches: readonly Patch[], pose: Pose, options: ScanOptions): Cloud {
  const cloud: Cloud = { points: [], normals: [], qualities: [], taus: [], ground: [] };
  const areas = patches.map(({ edges: [a, b] }) => Math.hypot(...a) * Math.hypot(...b));
  const total = areas.reduce((sum, area) => sum + area, 0);
  while (cloud.points.length < options.count) {
    let pick = random.next() * total;
    const { centre, edges, normal, ground } =
      patches[areas.findIndex((area) => (pick -= area) < 0)] ?? patches[0]!;
    const [s, t] = [random.range(-1, 1), random.range(-1, 1)];
    const off = (options.noise ?? 0) * random.normal();
    const world = centre.map((c, i) => c + s * edges[0][i]! + t * edges[1][i]! + off * normal[i]!);
    const tau = random.range(-0.05, 0.05);
    const toSensor = inverse(options.motion?.(tau) ?? pose);
    const point = transformPoint(toSensor, world[0]!, world[1]!, world[2]!);
    if (Math.hypot(...point) > (options.range ?? Infinity)) continue;
    const [ox, oy, oz] = [toSensor[3]!, toSensor[7]!, toSensor[11]!];
    const n = transformPoint(toSensor, ...normal);
    cloud.points.push(point);
    cloud.normals.push([n[0] - ox, n[1] - oy, n[2] - oz]);
    cloud.qualities.push(1);
    cloud.taus.push(tau);
    cloud.ground.push(ground ?? false);
  }
  return cloud;
}

/** Corner coordinates of element `at` of a block grid's data, in voxels. */
export function cornerOf(grid: BlockGrid, block: number, at: number): [number, number, number] {
  return [0, 1, 2].map(
    (i) => grid.coords[block * 4 + i]! * BLOCK_SIDE + ((at >> (3 * i)) & (BLOCK_SIDE - 1)),
  ) as [number, number, number];
}

/** The same scalar level in float64. */
export function copyGrid(grid: BlockGrid, maxWeight: number): ReferenceGrid {
  const copy = new ReferenceGrid(grid.voxel, grid.truncation, maxWeight);
  for (const block of grid.blocks)
    for (let at = 0; at < BLOCK_CORNERS; at++) {
      const index = (block * BLOCK_CORNERS + at) * 2;
      const weight = grid.data[index + 1]!;
      if (weight > 0)
        copy.corners.set(cornerKey(...cornerOf(grid, block, at)), { sdf: grid.data[index]!, weight });
    }
  return copy;
}

/** The same field in float64: finest scalar level, feature rows with their Adam state, decoder. */
export function copyField(field: Contents, maxWeight = OPTIONS.maxWeight): ReferenceField {
  const level = field.features;
  const features = new ReferenceFeatures(level.grid.voxel, level.decoder);
  for (const r of level.listRows()) {
    const row = features.row(level.coords[r * 4]!, level.coords[r * 4 + 1]!, level.coords[r * 4 + 2]!);
    const words = level.rows.subarray(r * ROW_FLOATS, (r + 1) * ROW_FLOATS);
    row.f.set(words.subarray(0, FEATURES));
    row.m.set(words.subarray(2 * FEATURES, 3 * FEATURES));
    row.v.set(words.subarray(3 * FEATURES, 4 * FEATURES));
    row.steps = level.steps[r]!;
  }
  return new ReferenceField(copyGrid(field.levels[0]!, maxWeight), features);
}

/** The pose as the kernels see it, in float32. */
export function rounded(pose: Pose): Pose {
  return Float64Array.from(Float32Array.from(pose));
}

/** FNV-1a over bytes of arrays: equal for byte-identical content. */
export function hashOf(...arrays: ArrayBufferView[]): number {
  let h = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  }
  return h >>> 0;
}

/**
 * A number that changes with any bit of what the field holds: scalars, block order, changes, features, Adam state. Which
 * numbers blocks and rows have in their pools is not part of it.
 */
export function hashOfField(field: Contents): number {
  const { features } = field;
  const { grid } = features;
  const rows = features.listRows();
  const coords = (level: BlockGrid): ArrayBufferView[] =>
    Array.from(level.blocks, (b) => level.coords.subarray(b * 4, b * 4 + 4));
  const corners = (level: BlockGrid): ArrayBufferView[] =>
    Array.from(level.blocks, (b) => level.data.subarray(b * BLOCK_CORNERS * 2, (b + 1) * BLOCK_CORNERS * 2));
  const has = Uint8Array.from(
    Array.from(grid.blocks).flatMap((b) =>
      Array.from(grid.dataI32.subarray(b * BLOCK_CORNERS, (b + 1) * BLOCK_CORNERS), (row) =>
        row === 0 ? 0 : 1,
      ),
    ),
  );
  return hashOf(
    ...field.levels.flatMap((level) => [...coords(level), ...corners(level)]),
    ...field.levels.map((level) => Float32Array.from(level.blocks, (b) => level.change[b]!)),
    ...coords(grid),
    has,
    ...Array.from(rows, (r) => features.rows.subarray(r * ROW_FLOATS, (r + 1) * ROW_FLOATS)),
    rows.map((r) => features.steps[r]!),
  );
}
