// Takes a field out of the pools bit by bit, and puts it back.
import { FeltmapError } from '../../../geometry/errors.js';
import type { EvictedBlocks, EvictedField } from '../../evicted-field.js';
import { ROW_FLOATS } from './features.js';
import { BLOCK_CORNERS, type BlockGrid } from './grid.js';
import { blocksAt, checkRoom, type FieldParts } from './restore.js';

/** Copies everything that a field holds. */
export function evictField({
  levels,
  features,
  fitSteps,
}: FieldParts & { readonly fitSteps: number }): EvictedField {
  const { grid, decoder } = features;
  const numbers = features.listRows();
  const corners = new Int32Array((grid.count - 1) * BLOCK_CORNERS);
  const rows = new Float32Array(numbers.length * ROW_FLOATS);
  // Rows are listed in the order of corners: each corner that has one has the next.
  let n = 0;
  grid.blocks.forEach((block, i) => {
    for (let c = 0; c < BLOCK_CORNERS; c++)
      if (grid.dataI32[block * BLOCK_CORNERS + c] !== 0) corners[i * BLOCK_CORNERS + c] = ++n;
  });
  numbers.forEach((row, i) =>
    rows.set(features.rows.subarray(row * ROW_FLOATS, (row + 1) * ROW_FLOATS), i * ROW_FLOATS),
  );
  return {
    levels: levels.map((level) => {
      const size = BLOCK_CORNERS * 2;
      const out = new Float32Array((level.count - 1) * size);
      level.blocks.forEach((block, i) =>
        out.set(level.data.subarray(block * size, (block + 1) * size), i * size),
      );
      return {
        ...tableOf(level),
        corners: out,
        ...(level.colour && { colours: coloursOf(level, level.colour) }),
      };
    }),
    features: {
      ...tableOf(grid),
      corners,
      rows,
      steps: numbers.map((row) => features.steps[row]!),
      decoder: decoder.slice(),
    },
    fitSteps,
  };
}

function coloursOf({ blocks }: BlockGrid, colour: Uint16Array): Uint16Array {
  const size = BLOCK_CORNERS * 4;
  const out = new Uint16Array(blocks.length * size);
  blocks.forEach((block, i) => out.set(colour.subarray(block * size, (block + 1) * size), i * size));
  return out;
}

function tableOf(grid: BlockGrid): EvictedBlocks {
  const coords = new Int32Array((grid.count - 1) * 4);
  grid.blocks.forEach((block, i) => coords.set(grid.coords.subarray(block * 4, block * 4 + 4), i * 4));
  return {
    voxel: grid.voxel,
    coords,
    change: Float32Array.from(grid.blocks, (block) => grid.change[block]!),
  };
}

/** @throws FeltmapError as {@link Field.admit} does; the field stays as it was */
export function admitField(field: FieldParts, { levels, features }: EvictedField): void {
  const voxels = [...field.levels, field.features.grid].map(({ voxel }) => voxel);
  const theirs = [...levels, features].map(({ voxel }) => voxel);
  if (voxels.join() !== theirs.join() || features.decoder.length !== field.features.decoder.length)
    throw new FeltmapError(
      'bad-input',
      `A field of voxels ${voxels.join(', ')} m cannot take one of ${theirs.join(', ')} m; admit it to a field of its own layout.`,
    );
  if (levels.some(({ colours }, i) => Boolean(colours) !== Boolean(field.levels[i]!.colour)))
    throw new FeltmapError(
      'bad-input',
      'A field with colours cannot take one without, nor the other way round; admit it to a field of its own layout.',
    );
  checkRoom(field, {
    levels: levels.map(({ change }) => change.length),
    features: features.change.length,
    rows: features.steps.length,
  });
  field.clear();
  levels.forEach((level, i) => {
    const grid = field.levels[i]!;
    const size = BLOCK_CORNERS * 2;
    putTable(grid, level).forEach((block, n) => {
      grid.data.set(level.corners.subarray(n * size, (n + 1) * size), block * size);
      grid.colour?.set(level.colours!.subarray(n * size * 2, (n + 1) * size * 2), block * size * 2);
    });
  });
  const own = field.features;
  own.decoder.set(features.decoder);
  putTable(own.grid, features).forEach((block, n) => {
    for (let c = 0; c < BLOCK_CORNERS; c++) {
      const from = features.corners[n * BLOCK_CORNERS + c]! - 1;
      if (from < 0) continue;
      const row = own.restoreRow(block, c, features.rows, from * ROW_FLOATS, 1);
      own.rows.set(features.rows.subarray(from * ROW_FLOATS, (from + 1) * ROW_FLOATS), row * ROW_FLOATS);
      own.steps[row] = features.steps[from]!;
    }
  });
}

/** Makes the blocks of a level; their numbers. */
function putTable(grid: BlockGrid, { coords, change }: EvictedBlocks): Uint32Array {
  const places = new Int32Array(change.length * 3);
  for (let n = 0; n < change.length; n++) places.set(coords.subarray(n * 4, n * 4 + 3), n * 3);
  const blocks = blocksAt(grid, places);
  blocks.forEach((block, n) => {
    grid.coords[block * 4 + 3] = coords[n * 4 + 3]!;
    grid.change[block] = change[n]!;
  });
  grid.noteWrite();
  return blocks;
}
