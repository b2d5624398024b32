import { describe, expect, it } from 'vitest';
import {
  FEATURE_LEVEL,
  fieldOfKey,
  gridOf,
  levelOfKey,
  MAX_FIELDS,
  REACH,
  NEWS,
  Z_BIT,
  zOfKey,
} from '../../../../src/field/backends/webgpu/layout.js';
import { PageTable } from '../../../../src/field/backends/webgpu/page-table.js';

describe('keys of blocks', () => {
  it('hold field, level and z, to the ends of their ranges and one beyond', () => {
    for (const z of [-REACH - 1, -REACH, -1, 0, 1, 12345, REACH, REACH + 1])
      // neighbours lie one beyond
      for (const field of [0, 1, 1023, MAX_FIELDS - 1])
        for (const level of [0, 1, 2, FEATURE_LEVEL]) {
          const word = (z << Z_BIT) | gridOf(field, level);
          expect([zOfKey(word), fieldOfKey(word), levelOfKey(word)]).toEqual([z, field, level]);
        }
  });

  it('leave room for the lists behind the counters', () => {
    const pages = 1000;
    const starts = [0, NEWS.tails, NEWS.list, NEWS.rowPages(pages), NEWS.free(pages), NEWS.words(pages)];
    const rooms = starts.slice(1).map((start, i) => start - starts[i]!);
    expect(rooms.slice(1)).toEqual([2 * MAX_FIELDS, pages, pages, pages]);
  });
});

describe('the table of pages', () => {
  it('counts the pages of every field', () => {
    const table = new PageTable();
    table.reset(10);
    table.tie(3, 0, 0, 7);
    table.tie(4, 2, 1, 7);
    table.tie(9, 2, 0, 8);
    expect([table.used, table.usedBy(0), table.usedBy(1), table.usedBy(2)]).toEqual([3, 1, 0, 2]);
    table.release(2);
    expect([table.used, table.usedBy(2), table.field[3], table.field[9]]).toEqual([1, 0, 0, -1]);
    table.tie(9, 0, 1, 1);
    expect([table.usedBy(0), table.level[9], table.block[9]]).toEqual([2, 1, 1]);
  });
});
