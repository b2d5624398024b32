import { describe, expect, it } from 'vitest';
import { BatchColors, hasColor, UNKNOWN_COLOR } from '../../src/mesh/vertex-colors.js';

const GREY = [UNKNOWN_COLOR, UNKNOWN_COLOR, UNKNOWN_COLOR];

describe('colours of a batch of blocks', () => {
  it('asks once for all blocks, in order, and cuts the answer up again', () => {
    const batch = new BatchColors();
    const asked: number[][] = [];
    for (const positions of [[1, 2, 3], [], [4, 5, 6, 7, 8, 9]]) batch.add(Float32Array.from(positions));
    batch.ask((points) => {
      asked.push([...points]);
      return Uint8Array.of(10, 20, 30, 255, 1, 2, 3, 255, 7, 8, 9, 0);
    });
    expect(asked).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9]]);
    expect([...batch.next(1)!]).toEqual([10, 20, 30]);
    expect(batch.next(0)).toBeUndefined();
    expect([...batch.next(2)!]).toEqual([1, 2, 3, ...GREY]);
  });

  it('gives no colours to blocks without a known one, without a layer, or without vertices at all', () => {
    const batch = new BatchColors();
    batch.add(Float32Array.of(1, 2, 3));
    batch.ask(() => Uint8Array.of(10, 20, 30, 0));
    expect(batch.next(1)).toBeUndefined();
    batch.add(Float32Array.of(1, 2, 3));
    batch.ask(() => new Uint8Array(0));
    expect(batch.next(1)).toBeUndefined();
    let calls = 0;
    batch.ask(() => new Uint8Array(calls++));
    expect(calls).toBe(0);
    expect(batch.next(0)).toBeUndefined();
  });

  it('tells a surface that is mid grey from one without colour', () => {
    const batch = new BatchColors();
    batch.add(new Float32Array(6));
    batch.ask(() => Uint8Array.of(...GREY, 255, ...GREY, 0));
    const colors = batch.next(2)!;
    expect([hasColor(colors, 0), hasColor(colors, 1)]).toEqual([true, false]);
    expect([...colors.subarray(0, 3)].every((c) => Math.abs(c - UNKNOWN_COLOR) <= 1)).toBe(true);
  });

  it('refuses an answer of another length', () => {
    const batch = new BatchColors();
    batch.add(new Float32Array(6));
    expect(() => batch.ask(() => new Uint8Array(4))).toThrow(/2 points/);
  });
});
