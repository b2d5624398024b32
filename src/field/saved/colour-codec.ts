// Colours of corners in few bytes: which corners have one, then weight class, green, red and blue, each about what the
// corners before it in the block let expect. Red and blue change with green.
import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import { codeBlockOrder } from './block-order.js';
import { damaged } from './damage.js';
import { IntegerModel } from './integer-model.js';
import { BitModels, RangeDecoder, RangeEncoder, type BitCoder } from './range-coder.js';

const STEPS = [1, 8, 64]; // to the corner before on x, y, z
/** Weight, green, red, blue. */
const PARTS = 4;
const SIZES = 6;

/** Coloured corners in whole numbers. Blocks are sorted by z, y, x. */
export interface QuantisedColours {
  /** bx by bz per block. */
  readonly coords: Int32Array;
  /** 4 per corner, 512 corners per block, x fastest: class of the weight, 0 where there is no colour; green, red, blue. */
  readonly corners: Uint8Array;
}

/** @returns bytes for {@link decodeColours}; the number of blocks is not among them */
export function encodeColours(colours: QuantisedColours, classes: number): Uint8Array {
  const coder = new RangeEncoder();
  codeColours(coder, colours, classes);
  return coder.finish();
}

/**
 * @param classes the highest class of a weight
 * @throws FeltmapError bad-input when the bytes end early or make no sense
 */
export function decodeColours(bytes: Uint8Array, blocks: number, classes: number): QuantisedColours {
  const colours = {
    coords: new Int32Array(blocks * 3),
    corners: new Uint8Array(blocks * BLOCK_CORNERS * PARTS),
  };
  codeColours(new RangeDecoder(bytes), colours, classes);
  return colours;
}

function codeColours(coder: BitCoder, { coords, corners }: QuantisedColours, classes: number): void {
  codeBlockOrder(coder, coords);
  const occupancy = new BitModels(16);
  const residual = new IntegerModel(PARTS * SIZES);
  // The last colour of the block before stands in for neighbours that a block does not have yet.
  const last = [1, 128, 128, 128];
  const expected = [0, 0, 0, 0];
  const code = (at: number, part: number, guess: number, size: number, most: number): number => {
    const about = Math.max(0, Math.min(most, guess));
    const value = about + residual.code(coder, part * SIZES + size, corners[at + part]! - about);
    if (value < 0 || value > most) throw damaged('The colours');
    corners[at + part] = value;
    last[part] = value;
    return value;
  };
  for (let block = 0; block * 3 < coords.length; block++) {
    const start = block * BLOCK_CORNERS * PARTS;
    let had = 0;
    for (let i = 0; i < BLOCK_CORNERS; i++) {
      const at = start + i * PARTS;
      let [pattern, known, spread] = [0, 0, 0];
      expected.fill(0);
      for (let a = 0; a < 3; a++) {
        if (((i >> (3 * a)) & 7) === 0) continue;
        const before = at - STEPS[a]! * PARTS;
        if (corners[before] === 0) continue;
        pattern |= 1 << a;
        known++;
        for (let part = 0; part < PARTS; part++) expected[part]! += corners[before + part]!;
      }
      const has = coder.bit(occupancy, pattern | (had << 3), corners[at] === 0 ? 0 : 1);
      had = has;
      if (!has) continue;
      for (let part = 0; part < PARTS; part++)
        expected[part] = known > 0 ? Math.round(expected[part]! / known) : last[part]!;
      for (let a = 0; a < 3 && known > 1; a++)
        if (pattern & (1 << a))
          spread = Math.max(spread, Math.abs(corners[at - STEPS[a]! * PARTS + 1]! - expected[1]!));
      const size = known === 0 ? 0 : known === 1 ? 1 : spread < 2 ? 2 : spread < 6 ? 3 : spread < 16 ? 4 : 5;
      if (code(at, 0, expected[0]!, size, classes) === 0) throw damaged('The colours');
      const green = code(at, 1, expected[1]!, size, 255) - expected[1]!;
      const red = code(at, 2, expected[2]! + green, size, 255) - expected[2]!;
      code(at, 3, expected[3]! + ((green + red) >> 1), size, 255);
    }
    if (coder instanceof RangeDecoder) coder.check();
  }
}
