import { describe, expect, it } from 'vitest';
import { readThumbnail } from '../../src/images/thumbnail.js';
import { picture } from './helpers.js';

describe('readThumbnail', () => {
  it('gives brightness at the size asked for', async () => {
    // The left half is black, the right half white.
    const pixels = Uint8Array.from({ length: 3 * 40 * 20 }, (_, i) =>
      Math.floor(i / 3) % 40 < 20 ? 0 : 255,
    );
    const small = await readThumbnail(await picture(pixels, 40, 20, 'png'), 'halves', [8, 4]);
    expect(small).toHaveLength(32);
    for (let y = 0; y < 4; y++) {
      expect(small[8 * y]).toBeLessThan(10);
      expect(small[8 * y + 7]).toBeGreaterThan(245);
    }
  });

  it('names what is no image', async () => {
    await expect(readThumbnail(new Uint8Array(9), 'no image', [8, 4])).rejects.toThrow(/no image/);
  });
});
