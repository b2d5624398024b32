import type { GridSpec } from '../../field/grid-spec.js';

/** The layout of a grid that is made by touch: fused distances, without coarse levels and without learned features. */
export function touchGrid(voxel: number, truncation: number, seed: number): GridSpec {
  return {
    voxel,
    truncation,
    pyramid: [],
    seed,
    layers: [
      {
        name: 'distance',
        wordsPerCorner: 2,
        stride: 1,
        maxWeight: 64,
        saturation: 64,
        maxRange: 1,
        unorientedRange: 0.01,
        unorientedQuality: 0.2,
      },
      { name: 'features', wordsPerCorner: 1, stride: 4, outputScale: voxel },
    ],
  };
}

/** What a grid made by touch needs at most: a square metre of surface at a millimetre. */
export const TOUCH_ROOM = { fineBlocks: 40_000, featureRows: 64, samples: 64 } as const;
