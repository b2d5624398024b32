// Learned features in few bytes: which corners have them, then eight whole numbers each, coded by channel about what the
// neighbours let expect.
import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import { FeltmapError } from '../../geometry/errors.js';
import { codeBlockOrder } from './block-order.js';
import { IntegerModel } from './integer-model.js';
import { Predictor } from './predictor.js';
import { BitModels, RangeDecoder, RangeEncoder, type BitCoder } from './range-coder.js';

const CHANNELS = 8;
const STEPS = [1, 8, 64]; // to the corner before on x, y, z

/** Feature corners in whole numbers. Blocks are sorted by z, y, x; rows follow blocks, then corners. */
export interface QuantisedFeatures {
  /** bx by bz per block. */
  readonly coords: Int32Array;
  /** 512 per block: 1 where the corner has a row. */
  readonly present: Uint8Array;
  /** 8 per row. */
  readonly values: Int16Array;
}

/** @returns bytes for {@link decodeFeatures}; the numbers of blocks and rows are not among them */
export function encodeFeatures(features: QuantisedFeatures): Uint8Array {
  const coder = new RangeEncoder();
  codeFeatures(coder, features);
  return coder.finish();
}

/** @throws FeltmapError bad-input when the bytes end early or make no sense */
export function decodeFeatures(bytes: Uint8Array, blocks: number, rows: number): QuantisedFeatures {
  const features = {
    coords: new Int32Array(blocks * 3),
    present: new Uint8Array(blocks * BLOCK_CORNERS),
    values: new Int16Array(rows * CHANNELS),
  };
  codeFeatures(new RangeDecoder(bytes), features);
  return features;
}

function codeFeatures(coder: BitCoder, { coords, present, values }: QuantisedFeatures): void {
  codeBlockOrder(coder, coords);
  const occupancy = new BitModels(8);
  const trained = new BitModels(4);
  const residual = new IntegerModel(CHANNELS * 8);
  const predictor = new Predictor(3, CHANNELS * 8);
  const rowOf = new Int32Array(BLOCK_CORNERS);
  let row = 0;
  for (let block = 0; block * 3 < coords.length; block++) {
    rowOf.fill(-1);
    for (let i = 0; i < BLOCK_CORNERS; i++) {
      const before = [0, 1, 2].map((a) => ((i >> (3 * a)) & 7 ? rowOf[i - STEPS[a]!]! : -1));
      const pattern = before.reduce((bits, other, a) => bits | (other >= 0 ? 1 << a : 0), 0);
      const at = block * BLOCK_CORNERS + i;
      present[at] = coder.bit(occupancy, pattern, present[at]!);
      if (!present[at]) continue;
      if (row * CHANNELS >= values.length)
        throw new FeltmapError('bad-input', 'The features of the saved map are damaged; save it again.');
      const first = row * CHANNELS;
      const zero = before.filter((other) => other >= 0 && isZero(values, other)).length;
      if (coder.bit(trained, zero, isZero(values, row) ? 0 : 1))
        for (let k = 0; k < CHANNELS; k++) {
          const own = first + k;
          let size = 0;
          let known = 0;
          predictor.begin(k * 8 + pattern, 0);
          for (const other of before) {
            const value = other < 0 ? 0 : values[other * CHANNELS + k]!;
            predictor.add(value);
            if (other >= 0) known++;
            size += Math.abs(value);
          }
          const expected = Math.round(predictor.value);
          const context = known === 0 ? 0 : Math.min(7, 1 + (32 - Math.clz32(size / known)));
          const out = expected + residual.code(coder, k * 8 + context, values[own]! - expected);
          predictor.learn(out - predictor.value);
          values[own] = out;
        }
      rowOf[i] = row++;
    }
    if (coder instanceof RangeDecoder) coder.check();
  }
  if (row * CHANNELS !== values.length)
    throw new FeltmapError('bad-input', 'The features of the saved map are damaged; save it again.');
}

function isZero(values: Int16Array, row: number): boolean {
  for (let k = row * CHANNELS; k < (row + 1) * CHANNELS; k++) if (values[k] !== 0) return false;
  return true;
}
