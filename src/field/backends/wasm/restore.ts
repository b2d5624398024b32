import { FeltmapError } from '../../../geometry/errors.js';
import { BlockIndex } from '../../saved/block-order.js';
import type { ColourCorners, FieldContent } from '../../saved/content.js';
import { damaged } from '../../saved/damage.js';
import type { SavedGrid } from '../../saved/saved-map.js';
import { FEATURES, ROW_FLOATS, type FeatureLevel } from './features.js';
import { coordsOf } from './forget.js';
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
const BLOCK_COLOURS = BLOCK_CORNERS * 4;
const COLOUR = { name: 'colour', wordsPerCorner: 2, stride: 1 } as const;

/** Views of a field for saving. Corners are not copied. */
export function fieldContent({ levels, features }: FieldParts, cellVoxels: number): FieldContent {
  const { grid, rows, decoder } = features;
  const [fine] = levels;
  const { voxel, truncation, colour } = fine!;
  return {
    spec: {
      voxel,
      truncation,
      pyramid: levels.slice(1).map((level) => Math.round(level.voxel / voxel)),
      layers: [
        { name: 'distance', wordsPerCorner: 2, stride: 1 },
        { name: 'features', wordsPerCorner: 1, stride: cellVoxels },
        ...(colour ? [COLOUR] : []),
      ],
    },
    layers: {
      distance: levels.map((level) => ({
        truncation: level.truncation,
        coords: coordsOf(level, level.blocks),
        corners: (n) => {
          const block = level.blocks[n]!;
          return level.data.subarray(block * BLOCK_FLOATS, (block + 1) * BLOCK_FLOATS);
        },
      })),
      features: {
        coords: coordsOf(grid, grid.blocks),
        decoder,
        rows: (n) => {
          const block = grid.blocks[n]!;
          return grid.dataI32.subarray(block * BLOCK_CORNERS, (block + 1) * BLOCK_CORNERS);
        },
        features: (row) => rows.subarray(row * ROW_FLOATS, row * ROW_FLOATS + FEATURES),
      },
      ...(colour && {
        colour: {
          coords: coordsOf(fine!, fine!.blocks),
          corners: (n: number) => {
            const block = fine!.blocks[n]!;
            return colour.subarray(block * BLOCK_COLOURS, (block + 1) * BLOCK_COLOURS);
          },
        },
      }),
    },
  };
}

/**
 * Fills a field from a saved one; when it throws, the old field is still there.
 *
 * @throws FeltmapError out-of-memory, not-found, bad-input
 */
export function restoreField(field: FieldParts, saved: SavedGrid): void {
  const { levels, features } = field;
  checkFit(field, saved);
  const { distance, features: learned, colour } = saved.content().layers;
  if (learned && learned.decoder.length !== features.decoder.length)
    throw new FeltmapError(
      'bad-input',
      'The decoder of the saved map is not that of this program; map anew.',
    );
  const coloured = colour && placesOf(colour, distance![0]!.coords);
  field.clear();
  distance!.forEach(({ coords, corners }, i) => {
    const grid = levels[i]!;
    blocksAt(grid, coords).forEach((block, n) => {
      grid.data.set(corners(n), block * BLOCK_FLOATS);
      grid.change[block] = RESTORED_CHANGE;
    });
    grid.noteWrite();
  });
  restoreColours(levels[0]!, colour, coloured);
  if (!learned) return;
  features.decoder.set(learned.decoder);
  blocksAt(features.grid, learned.coords).forEach((block, n) => {
    learned.rows(n).forEach((row, corner) => {
      if (row !== 0) features.restoreRow(block, corner, learned.features(row), 0, 1);
    });
  });
}

/**
 * Where coloured blocks stand among those that have distances.
 *
 * @throws FeltmapError bad-input for one that is not among them
 */
function placesOf(colour: ColourCorners, coords: Int32Array): Int32Array {
  const index = new BlockIndex(coords);
  return Int32Array.from({ length: colour.coords.length / 3 }, (_, n) => {
    const [bx, by, bz] = colour.coords.subarray(n * 3, n * 3 + 3);
    const at = index.at(bx!, by!, bz!);
    if (at < 0) throw damaged('The colours');
    return at;
  });
}

/** A field without a layer for them does without. @param places of {@link placesOf} */
function restoreColours(grid: BlockGrid, colour?: ColourCorners, places?: Int32Array): void {
  if (!colour || !places || !grid.colour) return;
  const { blocks } = grid;
  places.forEach((at, n) => {
    const block = blocks[at];
    if (block !== undefined) grid.colour!.set(colour.corners(n), block * BLOCK_COLOURS);
  });
}

/**
 * Makes the blocks of an empty grid (bx by bz each).
 *
 * @returns their numbers, in the same order
 * @throws FeltmapError bad-input when one is listed twice
 */
export function blocksAt(grid: BlockGrid, coords: Int32Array): Uint32Array {
  grid.pool.make(grid, coords);
  const { blocks } = grid;
  if (blocks.length !== coords.length / 3 && !grid.overflowed)
    throw new FeltmapError('bad-input', 'The saved map lists a block twice; it is damaged, map anew.');
  return blocks;
}

/** Before anything is unpacked: a wrong or huge map must cost neither the old one nor much memory. */
function checkFit(field: FieldParts, { spec, sizes }: SavedGrid): void {
  const { levels, features } = field;
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
  checkRoom(field, {
    levels: sizes.distance.blocks,
    features: f?.blocks[0] ?? 0,
    rows: f?.corners[0] ?? 0,
  });
}

/**
 * Whether blocks and rows in the place of what a field holds would fit.
 *
 * @throws FeltmapError out-of-memory
 */
export function checkRoom(
  { levels, features }: FieldParts,
  wanted: { levels: readonly number[]; features: number; rows: number },
): void {
  const held = levels.reduce((sum, { count }) => sum + count - 1, 0);
  const { pool } = levels[0]!;
  const tooLarge =
    wanted.levels.some((blocks, i) => blocks >= levels[i]!.maxBlocks) ||
    wanted.levels.reduce((sum, blocks) => sum + blocks, 0) > pool.maxBlocks - pool.used + held ||
    wanted.features >= features.grid.room ||
    wanted.rows >= features.room;
  if (tooLarge)
    throw new FeltmapError(
      'out-of-memory',
      `The map to load (${wanted.levels[0]!} blocks) needs more than map.memoryMiB allows; raise it.`,
    );
}
