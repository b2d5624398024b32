import { describe, expect, it } from 'vitest';
import { KernelMemory } from '../../src/compute/memory.js';

describe('kernel memory', () => {
  it('hands out zeroed places that do not overlap, aligned to cache-line pairs', () => {
    const memory = new KernelMemory(2 ** 20);
    const places = [100, 4096, 1, 128].map((bytes) => ({ at: memory.alloc(bytes), bytes }));
    for (const { at, bytes } of places) {
      expect(at % 128).toBe(0);
      expect(memory.u8(at, bytes).every((byte) => byte === 0)).toBe(true);
    }
    places.slice(1).forEach(({ at }, i) => {
      expect(at).toBeGreaterThanOrEqual(places[i]!.at + places[i]!.bytes);
    });
  });

  it('gives what was released to the next of the same size, zeroed, and to no other', () => {
    const memory = new KernelMemory(2 ** 20);
    const [a, b] = [memory.alloc(300), memory.alloc(300)];
    memory.u8(a, 300).fill(7);
    memory.release(a, 300);
    const other = memory.alloc(200);
    expect(other).toBeGreaterThan(b);
    expect(memory.alloc(300)).toBe(a);
    expect(memory.u8(a, 300).every((byte) => byte === 0)).toBe(true);
    expect(memory.alloc(300)).toBeGreaterThan(other); // only once
  });

  it('says how large it is when nothing is left', () => {
    const memory = new KernelMemory(2 ** 20);
    expect(() => memory.alloc(2 ** 20)).toThrow(/arena of 1 MiB is full; raise map\.memoryMiB/);
    expect(() => memory.addressOf(new Float32Array(4))).toThrow(RangeError);
  });
});
