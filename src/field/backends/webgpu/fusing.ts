import type { Pose } from '../../../geometry/se3.js';
import type { DeviceField } from './device-field.js';
import type { GpuMap } from './gpu-map.js';

/** Columns of a scan, sensor frame; lengths `count`. */
export interface ScanColumns {
  readonly count: number;
  /** x y z nx ny nz quality. */
  readonly columns: readonly Float32Array[];
  readonly flags: Uint8Array;
  /** Indices of the coarse points. */
  readonly coarse: Uint32Array;
  /** Direction of up in the sensor frame. */
  readonly up: ArrayLike<number>;
}

const STRIDED = 256; // workgroups of the kernels that stride over a list whose length the device knows

/** Copies a scan to the device: seven columns, flags, then the list of coarse points. */
export function uploadScan(map: GpuMap, scan: ScanColumns): void {
  const { gpu } = map;
  const { count, columns, flags, coarse } = scan;
  const words = new Float32Array(8 * count + coarse.length); // own memory: Dawn does not take shared memory
  columns.forEach((column, c) => words.set(column, c * count));
  new Uint8Array(words.buffer, 7 * count * 4, count).set(flags);
  new Uint32Array(words.buffer).set(coarse, 8 * count);
  gpu.write(gpu.ensureBuffer('points', words.byteLength), 0, words);
}

const rows = (pose: Pose): number[][] => [0, 4, 8].map((at) => Array.from(pose.subarray(at, at + 4)));

/**
 * Fuses the uploaded scan into all scalar levels of a field.
 *
 * @throws FeltmapError out-of-memory
 */
export async function fuse(
  map: GpuMap,
  field: DeviceField,
  scan: ScanColumns,
  pose: Pose,
  number: number,
): Promise<void> {
  const { gpu } = map;
  const { options } = field;
  const { levels } = options;
  const seed = (options.seed * 31 + number * 7919) >>> 0;
  const counts = levels.map((_, level) => (level === 0 ? scan.count : scan.coarse.length));
  const firsts = counts.map((_, level) => counts.slice(0, level).reduce((sum, n) => sum + n, 0));
  gpu.ensureBuffer('rays', 32 * counts.reduce((sum, n) => sum + n, 0));
  const steps = levels.map(({ voxel, truncation }) => Math.ceil(truncation / voxel - 1e-6));
  const reach = levels.map(({ voxel, truncation }) => (1.25 * truncation) / voxel);
  levels.forEach(({ voxel }, level) => {
    const [n, first] = [counts[level]!, firsts[level]!];
    gpu.run('castPoints', n, [
      ...rows(pose),
      [scan.up[0]!, scan.up[1]!, scan.up[2]!, 1 / voxel],
      [
        options.maxRange,
        level === 0 ? options.unorientedRange : 0,
        options.unorientedQuality,
        options.saturation,
      ],
      { u: [n, scan.count, seed, field.grid(level)] },
      { u: [level === 0 ? 0 : 1, first, 0, 0] },
    ]);
    const params = [{ u: [first + n, first, steps[level]!, field.grid(level)] }, [reach[level]!]];
    gpu.run('touchRays', n, params);
    gpu.runGroups('finaliseRays', STRIDED, params);
    gpu.runGroups('linkBlocks', STRIDED);
    gpu.runGroups('commitBlocks', 1);
  });
  let full: unknown;
  await map.makeRoom().catch((error: unknown) => (full = error)); // what has a block is fused all the same
  levels.forEach(({ voxel, truncation }, level) => {
    const most = Math.floor(gpu.sizes.cornerSlots / 2 / (4 * (2 * steps[level]! + 1)));
    for (let at = 0; at < counts[level]!; at += most) {
      const first = firsts[level]! + at;
      const end = firsts[level]! + Math.min(counts[level]!, at + most);
      gpu.run('gatherRays', end - first, [
        { u: [first, end, steps[level]!, field.grid(level)] },
        [reach[level]!, voxel, truncation],
      ]);
      gpu.runGroups('applyMeans', STRIDED, [[truncation, options.maxWeight]]);
      gpu.runGroups('resetCorners', 1);
    }
  });
  gpu.submit();
  if (full) throw full;
}

/** Where a scan is carved: what it sees (sight.ts), and which blocks are looked at. */
export interface CarvingInput {
  readonly pose: Pose;
  readonly sight: Float32Array;
  /** Block (of the processor's copy), bx, by, bz each. */
  readonly blocks: Int32Array;
  readonly maxRange: number;
  readonly keep: number;
}

/** Takes weight from corners that claim to be solid where a scan sees through them. */
export function carve(map: GpuMap, field: DeviceField, o: CarvingInput): void {
  const { gpu } = map;
  const { voxel, truncation } = field.options.levels[0]!;
  const count = o.blocks.length / 4;
  if (count === 0) return;
  gpu.write(gpu.ensureBuffer('sight', o.sight.byteLength), 0, o.sight);
  gpu.write(gpu.ensureBuffer('inSight', o.blocks.byteLength), 0, o.blocks);
  gpu.runGroups('carveSeen', STRIDED, [
    ...rows(o.pose),
    [o.maxRange, voxel, truncation, o.keep],
    { u: [count, field.grid(0), 0, 0] },
  ]);
}
