import { FeltmapError } from '../../../geometry/errors.js';
import { restoreScalars } from '../../saved/quantise.js';
import type { Manifest } from '../../saved/manifest.js';
import { decodeSavedField, type FieldContent } from '../../saved/saved-field.js';
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
 * Fills a field from a saved one; when it throws, the old field is still there.
 *
 * @param makeBlocks appends blocks (bx by bz each) to a grid, in order
 * @throws FeltmapError out-of-memory, not-found, bad-input
 */
export function restoreField(
  field: FieldParts,
  files: ReadonlyMap<string, Uint8Array>,
  manifest: Manifest,
  makeBlocks: (grid: BlockGrid, coords: Int32Array) => void,
): void {
  const { levels, features } = field;
  checkFit(field, manifest);
  const saved = decodeSavedField(files, manifest);
  field.clear();
  saved.levels.forEach((level, i) => {
    const grid = levels[i]!;
    const { truncation } = manifest.levels[i]!;
    makeBlocks(grid, level.coords);
    for (let n = 0; n < level.coords.length / 3; n++) {
      const from = (n + 1) * BLOCK_CORNERS * 2;
      restoreScalars(level, n, truncation, grid.data.subarray(from, from + BLOCK_CORNERS * 2));
      grid.change[n + 1] = RESTORED_CHANGE;
    }
    grid.noteWrite();
  });
  if (!saved.features) return;
  const { coords, present, values, decoder } = saved.features;
  if (decoder.length !== features.decoder.length)
    throw new FeltmapError(
      'bad-input',
      'The decoder of the saved map is not that of this program; map anew.',
    );
  features.decoder.set(decoder);
  makeBlocks(features.grid, coords);
  const step = manifest.features!.step;
  let row = 0;
  for (let at = 0; at < present.length; at++) {
    if (!present[at]) continue;
    features.restoreRow(1 + Math.floor(at / BLOCK_CORNERS), at % BLOCK_CORNERS, values, row++ * 8, step);
  }
}

/** Before anything is decoded: a wrong or huge map must cost neither the old one nor much memory. */
function checkFit({ levels, features }: FieldParts, manifest: Manifest): void {
  const f = manifest.features;
  if (
    manifest.levels.length !== levels.length ||
    manifest.levels.some(({ voxel }, i) => Math.abs(voxel / levels[i]!.voxel - 1) > 1e-6) ||
    (f && f.decoderFloats !== features.decoder.length) ||
    (f && Math.abs((f.cellVoxels * levels[0]!.voxel) / features.grid.voxel - 1) > 1e-6)
  )
    throw new FeltmapError(
      'bad-input',
      'The saved map is laid out in another way than this program does; map anew.',
    );
  const tooLarge =
    manifest.levels.some(({ blocks }, i) => blocks >= levels[i]!.maxBlocks) ||
    (f && (f.blocks >= features.grid.maxBlocks || (f.rows + 1) * ROW_FLOATS > features.rows.length));
  if (tooLarge)
    throw new FeltmapError(
      'out-of-memory',
      `The saved map (${manifest.levels[0]!.blocks} blocks) needs more than map.memoryMiB allows; raise it.`,
    );
}
