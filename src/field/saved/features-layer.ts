import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import { z } from 'zod';
import type { FeatureCorners } from './content.js';
import { misfit } from './damage.js';
import { decodeFeatures, encodeFeatures, type QuantisedFeatures } from './feature-codec.js';
import { concatenate, floatBytes, readFloats } from './files.js';
import { checkParameters, checkPlausible, type LayerCodec } from './layer-codec.js';
import { quantiseFeatures } from './quantise.js';

/** What features are rounded to; measured: twice as coarse still costs less than 0.1 F. */
export const FEATURE_STEP = 1 / 32;
const CHANNELS = 8;

const parameters = z.object({
  /** Features are multiples of this. */
  step: z.number().min(1e-6).max(10),
  blocks: z
    .int()
    .min(0)
    .max(1 << 22),
  rows: z
    .int()
    .min(0)
    .max(1 << 26),
  bytes: z.int().min(0).max(0x7fffffff),
  /** float32 of the frozen decoder, after the features. */
  decoderFloats: z.int().min(1).max(65536),
});

/** Learned features and their decoder. The fused distances alone are a map too, so a reader may leave them out. */
export const featuresCodec: LayerCodec<FeatureCorners> = {
  coding: 1,
  required: false,

  encode(content, { featureStep = FEATURE_STEP }) {
    if (content.coords.length === 0) return undefined;
    const quantised = quantiseFeatures(content, featureStep);
    const bytes = encodeFeatures(quantised);
    const { decoder } = content;
    return {
      parameters: {
        step: featureStep,
        blocks: quantised.coords.length / 3,
        rows: quantised.values.length / CHANNELS,
        bytes: bytes.length,
        decoderFloats: decoder.length,
      },
      bytes: concatenate([bytes, floatBytes(decoder)]),
      coords: quantised.coords,
    };
  },

  open(unchecked, _levels, bytes) {
    const p = checkParameters(parameters, 'features', unchecked);
    if (p.bytes + p.decoderFloats * 4 !== bytes || p.rows > p.blocks * BLOCK_CORNERS) throw misfit();
    checkPlausible(p.blocks, p.bytes);
    return {
      size: { blocks: [p.blocks], corners: [p.rows] },
      decode: (data) =>
        restored(
          decodeFeatures(data.subarray(0, p.bytes), p.blocks, p.rows),
          p.step,
          readFloats(data.subarray(p.bytes)),
        ),
    };
  },
};

/** Rows are numbered from 1 in the order of blocks and corners. */
function restored(saved: QuantisedFeatures, step: number, decoder: Float32Array): FeatureCorners {
  const { coords, present, values } = saved;
  const before = new Int32Array(coords.length / 3 + 1); // rows in the blocks before
  for (let i = 0; i < present.length; i++) before[Math.floor(i / BLOCK_CORNERS) + 1]! += present[i]!;
  for (let n = 1; n < before.length; n++) before[n]! += before[n - 1]!;
  const numbers = new Int32Array(BLOCK_CORNERS);
  const features = new Float32Array(CHANNELS);
  return {
    coords,
    decoder,
    rows(block) {
      let row = before[block]!;
      for (let i = 0; i < BLOCK_CORNERS; i++) numbers[i] = present[block * BLOCK_CORNERS + i] ? ++row : 0;
      return numbers;
    },
    features(row) {
      for (let k = 0; k < CHANNELS; k++) features[k] = values[(row - 1) * CHANNELS + k]! * step;
      return features;
    },
  };
}
