import { z } from 'zod';
import type { DistanceLevel } from './content.js';
import { misfit } from './damage.js';
import { concatenate } from './files.js';
import { checkParameters, checkPlausible, type LayerCodec } from './layer-codec.js';
import { quantiseScalars, restoreScalars } from './quantise.js';
import { decodeScalars, encodeScalars, type QuantisedLevel } from './scalar-codec.js';

/** Steps of the truncation that distances are rounded to: voxel/32 on the fine level, voxel/16 on coarse ones. */
export const FINE_LIMIT = 63;
const COARSE_LIMIT = 31;

const parameters = z.object({
  levels: z
    .array(
      z.object({
        /** Largest distance, metres, and its number of steps. */
        truncation: z.number().min(1e-5).max(1e4),
        limit: z.int().min(1).max(32767),
        blocks: z
          .int()
          .min(0)
          .max(1 << 22),
        /** Corners that were observed. */
        corners: z.int().min(0),
        bytes: z.int().min(0).max(0x7fffffff),
      }),
    )
    .min(1)
    .max(8),
});

/** Fused distances: the levels one after the other, finest first. */
export const distanceCodec: LayerCodec<readonly DistanceLevel[]> = {
  coding: 1,
  required: true,

  encode(content, { fineLimit = FINE_LIMIT, coarseLimit = COARSE_LIMIT }) {
    const parts: Uint8Array[] = [];
    let coords: Int32Array = new Int32Array(0);
    const levels = content.map((level, i) => {
      const quantised = quantiseScalars(level, i === 0 ? fineLimit : coarseLimit);
      const bytes = encodeScalars(quantised);
      parts.push(bytes);
      if (i === 0) coords = quantised.coords;
      return {
        truncation: level.truncation,
        limit: quantised.limit,
        blocks: quantised.coords.length / 3,
        corners: quantised.weights.reduce((sum, weight) => sum + (weight ? 1 : 0), 0),
        bytes: bytes.length,
      };
    });
    return { parameters: { levels }, bytes: concatenate(parts), coords };
  },

  open(unchecked, count, bytes) {
    const { levels } = checkParameters(parameters, 'distance', unchecked);
    if (levels.length !== count || levels.reduce((sum, level) => sum + level.bytes, 0) !== bytes)
      throw misfit();
    for (const level of levels) checkPlausible(level.blocks, level.bytes);
    return {
      size: { blocks: levels.map(({ blocks }) => blocks), corners: levels.map(({ corners }) => corners) },
      decode(data) {
        let at = 0;
        return levels.map((level) => {
          const part = data.subarray(at, (at += level.bytes));
          return restored(decodeScalars(part, level.blocks, level.limit), level.truncation);
        });
      },
    };
  },
};

function restored(level: QuantisedLevel, truncation: number): DistanceLevel {
  const pairs = new Float32Array(1024);
  return {
    truncation,
    coords: level.coords,
    corners(block) {
      restoreScalars(level, block, truncation, pairs);
      return pairs;
    },
  };
}
