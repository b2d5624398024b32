import { BLOCK_VALUES } from '../../backend.js';
import type { DeviceField } from './device-field.js';
import type { GpuMap } from './gpu-map.js';

const QUERY_POINTS = 2 ** 19;
const EVALUATE_BLOCKS = 1024;

/** The field at points (x y z each): distance, gradient, smallest corner weight. */
export async function query(
  map: GpuMap,
  field: DeviceField,
  points: Float32Array,
  features: boolean,
): Promise<Float32Array> {
  const { gpu } = map;
  const { options, number } = field;
  const count = points.length / 3;
  const out = new Float32Array(count * 5);
  for (let first = 0; first < count; first += QUERY_POINTS) {
    const n = Math.min(QUERY_POINTS, count - first);
    gpu.write(gpu.ensureBuffer('targets', n * 12), 0, points.subarray(first * 3, (first + n) * 3));
    const outcome = gpu.ensureBuffer('outcome', n * 20);
    const params = [
      { u: [n, features ? 1 : 0, field.grid(0), 0] },
      [1 / options.levels[0]!.voxel, 1 / options.cell],
    ];
    gpu.run('query', n, params, number);
    const [words] = await gpu.read({ buffer: outcome, bytes: n * 20 });
    out.set(new Float32Array(words!), first * 5);
  }
  return out;
}

/** Distances at the 9³ corners of fine blocks of a field, NaN where not observed; the blocks count as meshed from then on. */
export async function evaluateBlocks(
  map: GpuMap,
  { options, number }: DeviceField,
  pages: Uint32Array,
  out: Float32Array,
  o: { minWeight: number; band: number; features: boolean },
): Promise<void> {
  const { gpu } = map;
  for (let first = 0; first < pages.length; first += EVALUATE_BLOCKS) {
    const part = pages.slice(first, first + EVALUATE_BLOCKS);
    const bytes = part.length * BLOCK_VALUES * 4;
    gpu.write(gpu.ensureBuffer('targets', part.byteLength), 0, part);
    const outcome = gpu.ensureBuffer('outcome', bytes);
    const params = [
      { u: [part.length, o.features ? 1 : 0, 0, 0] },
      [options.levels[0]!.voxel, 1 / options.cell, o.minWeight, o.band],
    ];
    gpu.run('evaluateBlocks', part.length * BLOCK_VALUES, params, number);
    const [words] = await gpu.read({ buffer: outcome, bytes });
    out.set(new Float32Array(words!), first * BLOCK_VALUES);
  }
}
