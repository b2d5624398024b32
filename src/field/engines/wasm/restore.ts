import { FeltmapError } from '../../../geometry/errors.js';
import { restoreScalars } from '../../saved/quantise.js';
import type { FieldContent, SavedField } from '../../saved/saved-field.js';
import { ROW_FLOATS, type FeatureLevel } from './features.js';
import { BLOCK_CORNERS, type BlockGrid } from './grid.js';

/** The parts of a field that are saved. */
export interface FieldParts {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  clear(): void;
}

/** Summed change of a restored block, metres: enough to be meshed anew, after what changes now. */
const RESTORED_CHANGE = 0.1;

/** Views of a field for saving. Nothing is copied. */
export function fieldContent(
  { levels, features }: FieldParts,
  cellVoxels: number,
): Pick<FieldContent, 'levels' | 'features'> {
  const { grid, rows, decoder } = features;
  return {
    levels,
    features: {
      cellVoxels,
      decoder,
      rows,
      count: grid.count,
      coords: grid.coords,
      rowOf: grid.dataI32,
      stride: ROW_FLOATS,
    },
  };
}

/**
 * Fills a field from a saved one.
 *
 * @param makeBlocks appends blocks (bx by bz each) to a grid, in order
 * @throws FeltmapError out-of-memory, bad-input
 */
export function restoreField(
  field: FieldParts,
  saved: SavedField,
  makeBlocks: (grid: BlockGrid, coords: Int32Array) => void,
): void {
  const { levels, features } = field;
  if (
    saved.levels.length !== levels.length ||
    saved.manifest.levels.some(({ voxel }, i) => Math.abs(voxel / levels[i]!.voxel - 1) > 1e-6)
  )
    throw new FeltmapError(
      'bad-input',
      'The levels of the saved map are not those of this program; map anew.',
    );
  field.clear();
  saved.levels.forEach((level, i) => {
    const grid = levels[i]!;
    const { truncation } = saved.manifest.levels[i]!;
    make(grid, level.coords);
    for (let n = 0; n < level.coords.length / 3; n++) {
      const from = (n + 1) * BLOCK_CORNERS * 2;
      restoreScalars(level, n, truncation, grid.data.subarray(from, from + BLOCK_CORNERS * 2));
      grid.change[n + 1] = RESTORED_CHANGE;
    }
  });
  if (!saved.features) return;
  const { coords, present, values, decoder } = saved.features;
  if (decoder.length !== features.decoder.length)
    throw new FeltmapError(
      'bad-input',
      'The decoder of the saved map is not that of this program; map anew.',
    );
  features.decoder.set(decoder);
  make(features.grid, coords);
  const step = saved.manifest.features!.step;
  let row = 0;
  for (let at = 0; at < present.length; at++) {
    if (!present[at]) continue;
    features.restoreRow(1 + Math.floor(at / BLOCK_CORNERS), at % BLOCK_CORNERS, values, row++ * 8, step);
  }

  function make(grid: BlockGrid, coords: Int32Array): void {
    if (coords.length / 3 >= grid.maxBlocks)
      throw new FeltmapError(
        'out-of-memory',
        `The saved map has ${coords.length / 3} blocks, more than the memory for maps holds; raise map.memoryMiB.`,
      );
    makeBlocks(grid, coords);
  }
}
