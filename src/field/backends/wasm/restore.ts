import { FeltmapError } from '../../../geometry/errors.js';
import type { FieldContent } from '../../saved/content.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import { FEATURES, ROW_FLOATS, type FeatureLevel } from './features.js';
import { BLOCK_CORNERS, type BlockGrid } from './grid.js';

/** The parts of a field that are saved. */
export interface FieldParts {
  readonly levels: readonly BlockGrid[];
  readonly features: FeatureLevel;
  clear(): void;
}

/** Summed change of a restored block, metres: enough to be meshed anew, after what changes now. */
const RESTORED_CHANGE = 0.1;
const BLOCK_FLOATS = BLOCK_CORNERS * 2;

/** Views of a field for saving. Corners are not copied. */
export function fieldContent({ levels, features }: FieldParts, cellVoxels: number): FieldContent {
  const { grid, rows, decoder } = features;
  const { voxel, truncation } = levels[0]!;
  return {
    spec: {
      voxel,
      truncation,
      pyramid: levels.slice(1).map((level) => Math.round(level.voxel / voxel)),
      layers: [
        { name: 'distance', wordsPerCorner: 2, stride: 1 },
        { name: 'features', wordsPerCorner: 1, stride: cellVoxels },
      ],
    },
    layers: {
      distance: levels.map((level) => ({
        truncation: level.truncation,
        coords: coordsOf(level),
        corners: (block) => level.data.subarray((block + 1) * BLOCK_FLOATS, (block + 2) * BLOCK_FLOATS),
      })),
      features: {
        coords: coordsOf(grid),
        decoder,
        rows: (block) => grid.dataI32.subarray((block + 1) * BLOCK_CORNERS, (block + 2) * BLOCK_CORNERS),
        features: (row) => rows.subarray(row * ROW_FLOATS, row * ROW_FLOATS + FEATURES),
      },
    },
  };
}

/** bx by bz of every block but the empty one. */
function coordsOf({ count, coords }: BlockGrid): Int32Array {
  const out = new Int32Array((count - 1) * 3);
  for (let n = 0; n < count - 1; n++) out.set(coords.subarray(n * 4 + 4, n * 4 + 7), n * 3);
  return out;
}

/**
 * Fills a field from a saved one; when it throws, the old field is still there.
 *
 * @param makeBlocks appends blocks (bx by bz each) to a grid, in order
 * @throws FeltmapError out-of-memory, not-found, bad-input
 */
export function restoreField(
  field: FieldParts,
  saved: SavedGrid,
  makeBlocks: (grid: BlockGrid, coords: Int32Array) => void,
): void {
  const { levels, features } = field;
  checkFit(field, saved);
  const { distance, features: learned } = saved.content().layers;
  if (learned && learned.decoder.length !== features.decoder.length)
    throw new FeltmapError(
      'bad-input',
      'The decoder of the saved map is not that of this program; map anew.',
    );
  field.clear();
  distance!.forEach(({ coords, corners }, i) => {
    const grid = levels[i]!;
    makeBlocks(grid, coords);
    for (let n = 0; n < coords.length / 3; n++) {
      grid.data.set(corners(n), (n + 1) * BLOCK_FLOATS);
      grid.change[n + 1] = RESTORED_CHANGE;
    }
    grid.noteWrite();
  });
  if (!learned) return;
  features.decoder.set(learned.decoder);
  makeBlocks(features.grid, learned.coords);
  for (let n = 0; n < learned.coords.length / 3; n++)
    learned.rows(n).forEach((row, corner) => {
      if (row !== 0) features.restoreRow(n + 1, corner, learned.features(row), 0, 1);
    });
}

/** Before anything is unpacked: a wrong or huge map must cost neither the old one nor much memory. */
function checkFit({ levels, features }: FieldParts, { spec, sizes }: SavedGrid): void {
  const { voxel } = levels[0]!;
  const same = (a: number, b: number): boolean => Math.abs(a / b - 1) <= 1e-6;
  const cell = spec.layers.find(({ name }) => name === 'features')?.stride;
  const voxels = [1, ...spec.pyramid].map((factor) => spec.voxel * factor);
  if (
    !sizes.distance ||
    voxels.length !== levels.length ||
    !voxels.every((length, i) => same(length, levels[i]!.voxel)) ||
    (cell !== undefined && !same(cell * voxel, features.grid.voxel))
  )
    throw new FeltmapError(
      'bad-input',
      'The saved map is laid out in another way than this program does; map anew.',
    );
  const f = sizes.features;
  const tooLarge =
    sizes.distance.blocks.some((blocks, i) => blocks >= levels[i]!.maxBlocks) ||
    (f &&
      (f.blocks[0]! >= features.grid.maxBlocks || (f.corners[0]! + 1) * ROW_FLOATS > features.rows.length));
  if (tooLarge)
    throw new FeltmapError(
      'out-of-memory',
      `The saved map (${sizes.distance.blocks[0]!} blocks) needs more than map.memoryMiB allows; raise it.`,
    );
}
