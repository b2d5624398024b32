import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import { z } from 'zod';
import { decodeColours, encodeColours, type QuantisedColours } from './colour-codec.js';
import type { ColourCorners } from './content.js';
import { misfit } from './damage.js';
import { checkParameters, checkPlausible, type LayerCodec } from './layer-codec.js';
import { sortedBlocks } from './quantise.js';

/** Of colours and weights in memory. */
const ONE = 256;
/** Classes of weights: two an octave from 1/256 on, so that a weight comes back within a factor of 2^¼. */
const CLASSES = 32;

const parameters = z.object({
  blocks: z
    .int()
    .min(0)
    .max(1 << 22),
  /** Corners that have a colour. */
  corners: z.int().min(0),
});

/** Fused colours of the finest corners. The fused distances alone are a map too, so a reader may leave them out. */
export const colourCodec: LayerCodec<ColourCorners> = {
  coding: 1,
  required: false,

  encode(content) {
    const quantised = quantiseColours(content);
    const blocks = quantised.coords.length / 3;
    if (blocks === 0) return undefined;
    return {
      parameters: { blocks, corners: countOf(quantised) },
      bytes: encodeColours(quantised, CLASSES),
      coords: quantised.coords,
    };
  },

  open(unchecked, _levels, bytes) {
    const { blocks, corners } = checkParameters(parameters, 'colour', unchecked);
    checkPlausible(blocks, bytes);
    return {
      size: { blocks: [blocks], corners: [corners] },
      decode(data) {
        const quantised = decodeColours(data, blocks, CLASSES);
        if (countOf(quantised) !== corners) throw misfit();
        return restored(quantised);
      },
    };
  },
};

/** Class of a weight in steps of 1/256, from 1; 0 stands for no colour. */
export function colourClass(weight: number): number {
  return weight > 0 ? Math.min(CLASSES, 1 + Math.round(2 * Math.log2(weight))) : 0;
}

/** The weight that a class stands for, in steps of 1/256. */
export function colourWeight(weightClass: number): number {
  return weightClass > 0 ? Math.round(2 ** ((weightClass - 1) / 2)) : 0;
}

/** Rounds colours to whole levels and weights to classes. Blocks without a colour are left out. */
function quantiseColours({ coords, corners }: ColourCorners): QuantisedColours {
  const order = sortedBlocks(coords, (block) => {
    const values = corners(block);
    for (let i = 3; i < BLOCK_CORNERS * 4; i += 4) if (values[i] !== 0) return true;
    return false;
  });
  const out = {
    coords: new Int32Array(order.length * 3),
    corners: new Uint8Array(order.length * BLOCK_CORNERS * 4),
  };
  const level = (value: number): number => Math.min(255, Math.round(value / ONE));
  order.forEach((block, n) => {
    out.coords.set(coords.subarray(block * 3, block * 3 + 3), n * 3);
    const values = corners(block);
    for (let i = 0; i < BLOCK_CORNERS; i++) {
      const [from, to] = [i * 4, (n * BLOCK_CORNERS + i) * 4];
      const weight = values[from + 3]!;
      if (weight === 0) continue;
      out.corners[to] = colourClass(weight);
      out.corners[to + 1] = level(values[from + 1]!);
      out.corners[to + 2] = level(values[from]!);
      out.corners[to + 3] = level(values[from + 2]!);
    }
  });
  return out;
}

function restored({ coords, corners }: QuantisedColours): ColourCorners {
  const values = new Uint16Array(BLOCK_CORNERS * 4);
  return {
    coords,
    corners(block) {
      for (let i = 0; i < BLOCK_CORNERS; i++) {
        const [from, to] = [(block * BLOCK_CORNERS + i) * 4, i * 4];
        values[to] = corners[from + 2]! * ONE;
        values[to + 1] = corners[from + 1]! * ONE;
        values[to + 2] = corners[from + 3]! * ONE;
        values[to + 3] = colourWeight(corners[from]!);
      }
      return values;
    },
  };
}

function countOf({ corners }: QuantisedColours): number {
  let count = 0;
  for (let i = 0; i < corners.length; i += 4) if (corners[i] !== 0) count++;
  return count;
}
