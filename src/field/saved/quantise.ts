// Between the corners of a field in floating point and the whole numbers that are saved.
import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import type { DistanceLevel, FeatureCorners } from './content.js';
import type { QuantisedFeatures } from './feature-codec.js';
import { stepArray, type QuantisedLevel } from './scalar-codec.js';
import { orderKey } from './block-order.js';

const CHANNELS = 8;
/** Bytes would hold more, but features never grow so large. */
const MAX_FEATURE = 32767;

const CLASSES = 27;
/**
 * Lower bounds of the weight classes 1 … 27: six a decade from 0.005 on. 0.05 and 0.5, below which corners are not
 * tracked against or not meshed, are among them: a saved map is trusted exactly where the original was.
 */
const BOUNDS = Float64Array.from({ length: CLASSES }, (_, k) => 0.5 * 10 ** ((k - 12) / 6));
/** What the classes are read back as: the middle (geometric) of each. */
const WEIGHTS = Float32Array.from(BOUNDS, (bound) => bound * 10 ** (1 / 12));

/** Class of a positive weight, 1 … 27. */
export function weightClass(weight: number): number {
  let low = 0;
  for (let high = CLASSES; high - low > 1;) {
    const middle = (low + high) >> 1;
    if (weight >= Math.fround(BOUNDS[middle]!)) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** Weight that a class stands for; classes beyond the last count as the last. */
export function classWeight(weights: number): number {
  return WEIGHTS[Math.min(CLASSES, weights) - 1]!;
}

/**
 * Rounds the observed corners of a level: distances to `limit` steps of the truncation, weights to classes. Blocks without
 * any observed corner are left out.
 */
export function quantiseScalars(blocks: DistanceLevel, limit: number): QuantisedLevel {
  const { coords, truncation } = blocks;
  const order = sortedBlocks(coords, (block) => {
    const pairs = blocks.corners(block);
    for (let i = 0; i < BLOCK_CORNERS; i++) if (pairs[2 * i + 1]! > 0) return true;
    return false;
  });
  const out = {
    limit,
    coords: new Int32Array(order.length * 3),
    distances: stepArray(limit, order.length * BLOCK_CORNERS),
    weights: new Uint8Array(order.length * BLOCK_CORNERS),
  };
  const scale = limit / truncation;
  order.forEach((block, n) => {
    out.coords.set(coords.subarray(block * 3, block * 3 + 3), n * 3);
    const pairs = blocks.corners(block);
    for (let i = 0; i < BLOCK_CORNERS; i++) {
      const weight = pairs[2 * i + 1]!;
      if (!(weight > 0)) continue;
      const steps = Math.round(pairs[2 * i]! * scale);
      out.distances[n * BLOCK_CORNERS + i] = Math.max(-limit, Math.min(limit, steps));
      out.weights[n * BLOCK_CORNERS + i] = weightClass(weight);
    }
  });
  return out;
}

/** Writes block `n` of a saved level as 512 pairs {distance (m), weight}. */
export function restoreScalars(
  level: QuantisedLevel,
  n: number,
  truncation: number,
  pairs: Float32Array,
): void {
  const scale = truncation / level.limit;
  for (let i = 0; i < BLOCK_CORNERS; i++) {
    const weight = level.weights[n * BLOCK_CORNERS + i]!;
    pairs[2 * i] = weight ? level.distances[n * BLOCK_CORNERS + i]! * scale : 0;
    pairs[2 * i + 1] = weight ? classWeight(weight) : 0;
  }
}

/** Rounds features to multiples of `step`. Blocks without any are left out. */
export function quantiseFeatures(corners: FeatureCorners, step: number): QuantisedFeatures {
  const { coords } = corners;
  let count = 0;
  const order = sortedBlocks(coords, (block) => {
    let any = 0;
    for (const row of corners.rows(block)) if (row !== 0) any++;
    count += any;
    return any > 0;
  });
  const out = {
    coords: new Int32Array(order.length * 3),
    present: new Uint8Array(order.length * BLOCK_CORNERS),
    values: new Int16Array(count * CHANNELS),
  };
  let at = 0;
  order.forEach((block, n) => {
    out.coords.set(coords.subarray(block * 3, block * 3 + 3), n * 3);
    corners.rows(block).forEach((row, i) => {
      if (row === 0) return;
      out.present[n * BLOCK_CORNERS + i] = 1;
      const features = corners.features(row);
      for (let k = 0; k < CHANNELS; k++) {
        const steps = Math.round(features[k]! / step);
        out.values[at++] = Math.max(-MAX_FEATURE, Math.min(MAX_FEATURE, steps));
      }
    });
  });
  return out;
}

/** Numbers of the wanted blocks in the order they are saved in. */
export function sortedBlocks(coords: Int32Array, wanted: (block: number) => boolean): number[] {
  const key = (b: number): number => orderKey(coords[b * 3]!, coords[b * 3 + 1]!, coords[b * 3 + 2]!);
  const blocks = Array.from({ length: coords.length / 3 }, (_, i) => i).filter(wanted);
  return blocks
    .map((block) => ({ block, key: key(block) }))
    .sort((a, b) => a.key - b.key)
    .map(({ block }) => block);
}
