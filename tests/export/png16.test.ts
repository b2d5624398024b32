import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePng16 } from '../../src/export/png16.js';
import { Random } from '../../src/geometry/random.js';

describe('PNG of 16 bits', () => {
  it('is read back value by value by another decoder', async () => {
    const random = new Random(1);
    const data = Uint16Array.from({ length: 37 * 23 }, () => random.int(65536));
    const png = encodePng16(37, 23, data);
    const image = sharp(png);
    expect(await image.metadata()).toMatchObject({ width: 37, height: 23, depth: 'ushort', channels: 1 });
    const raw = await image.toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    expect(new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2)).toEqual(data);
  });

  it('rejects data of another size', () => {
    expect(() => encodePng16(4, 4, new Uint16Array(15))).toThrow('A 4×4 image needs 16 values, got 15.');
  });
});
