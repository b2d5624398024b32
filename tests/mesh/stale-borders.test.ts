import { describe, expect, it } from 'vitest';
import type { BlockTable } from '../../src/field/field.js';
import { mostChanged } from '../../src/mesh/most-changed.js';
import { StaleBorders } from '../../src/mesh/stale-borders.js';

type Skips = Parameters<StaleBorders['mark']>[3];

const LEAST = 0.02 / 3;
const nowhere: Skips = () => false;

/** Blocks 1, 2, … at some places, each changed by so much. */
function tableOf(places: readonly (readonly [number, number, number])[], changes: readonly number[] = []) {
  const coords = new Int32Array(4 * (places.length + 1));
  places.forEach((place, i) => coords.set(place, 4 * (i + 1)));
  const change = Float32Array.of(0, ...places.map((_, i) => changes[i] ?? 0));
  const blocks = Uint32Array.from(places, (_, i) => i + 1);
  return { voxel: 0.02, truncation: 0.06, count: places.length + 1, blocks, coords, change } as BlockTable;
}

const due = ({ change, blocks }: BlockTable): number[] => mostChanged(change, blocks, 100, LEAST);

/** Meshes the blocks that are due, as a mesher does. */
function mesh(borders: StaleBorders, table: BlockTable, skips: Skips = nowhere): number[] {
  const blocks = due(table);
  const changed = borders.changed(table, blocks);
  for (const block of blocks) table.change[block] = 0;
  borders.mark(table, changed, blocks, skips);
  return blocks;
}

describe('stale borders', () => {
  const places = [[0, 0, 0], [1, -1, 1], [-1, 0, 0], [2, 0, 0], [-5, 3, 7]] as const; // prettier-ignore

  it('are meshed once after a block beside them, even at a corner, and make no others due', () => {
    const borders = new StaleBorders(LEAST);
    const table = tableOf(places, [1]);
    expect(mesh(borders, table)).toEqual([1]);
    expect(mesh(borders, table)).toEqual([2, 3]);
    expect(mesh(borders, table)).toEqual([]);
  });

  it('are not due where they were meshed along with it', () => {
    const borders = new StaleBorders(LEAST);
    const table = tableOf(places, [1, 0.5, 0.5]);
    expect(mesh(borders, table)).toEqual([1, 2, 3]);
    expect(mesh(borders, table)).toEqual([4]); // beside the second
    expect(mesh(borders, table)).toEqual([]);
  });

  it('come after all that changed themselves, and lose nothing of what they changed', () => {
    const borders = new StaleBorders(LEAST);
    const table = tableOf(places, [1, 0, 0.9 * LEAST, 0, 1.01 * LEAST]);
    expect(mostChanged(table.change, table.blocks, 1, LEAST)).toEqual([1]);
    const changed = borders.changed(table, [1]);
    table.change[1] = 0;
    borders.mark(table, changed, [1], nowhere);
    expect(mostChanged(table.change, table.blocks, 1, LEAST)).toEqual([5]);
    expect(due(table)).toEqual([2, 3, 5]);
    // What changes itself from now on makes others due.
    table.change[2]! += LEAST;
    expect(borders.changed(table, due(table))).toEqual([2, 5]);
  });

  it('stay as they are where they must', () => {
    const borders = new StaleBorders(LEAST);
    const table = tableOf(places, [1]);
    mesh(borders, table, (x) => x === 1);
    expect(due(table)).toEqual([3]);
  });

  it('are found among blocks that were made and dropped since', () => {
    const borders = new StaleBorders(LEAST);
    mesh(borders, tableOf(places, [1]));
    const fewer = tableOf([[7, 7, 7], [0, 1, 0]], [1]); // prettier-ignore
    expect(mesh(borders, fewer)).toEqual([1]);
    expect(due(fewer)).toEqual([]);
    const more = tableOf([[7, 7, 7], [0, 1, 0], [8, 8, 6]], [1]); // prettier-ignore
    expect(mesh(borders, more)).toEqual([1]);
    expect(due(more)).toEqual([3]);
  });
});
