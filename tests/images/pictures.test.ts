import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { pictureSize, readColor, readWords } from '../../src/images/pictures.js';
import { patched, picture, png16, withPngSize } from './helpers.js';

const W = 16;
const H = 8;
const words = Uint16Array.from({ length: W * H }, (_, i) => (i * 521 + 3) % 65536);
/** A slow gradient, which JPEG keeps. */
const rgb = Uint8Array.from({ length: 3 * W * H }, (_, i) => 60 + 40 * (i % 3) + Math.floor(i / 3 / W) * 4);
const refused = (promise: Promise<unknown>, message: RegExp) =>
  expect(promise).rejects.toMatchObject({
    name: 'FeltmapError',
    message: expect.stringMatching(message) as string,
  });

describe('readWords', () => {
  it('gives all 16 bits as they are', async () => {
    const read = await readWords(await png16(words, W, H), 'depth');
    expect(read).toEqual({ width: W, height: H, data: words });
    expect(await pictureSize(await png16(words, W, H), 'depth')).toEqual({ width: W, height: H });
  });

  it('refuses pictures of other pixels', async () => {
    await refused(
      readWords(await picture(rgb, W, H), 'depth.png'),
      /depth\.png has 3 channel.*8 bits.*16 bits/,
    );
    const grey8 = await sharp(new Uint8Array(W * H), { raw: { width: W, height: H, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    await refused(readWords(new Uint8Array(grey8), 'depth.png'), /1 channel\(s\) of 8 bits/);
  });

  it('says where a PNG is cut off or damaged', async () => {
    // Noise, so that the pixels are more than a few bytes.
    const noise = Uint16Array.from({ length: 64 * 64 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 16);
    const png = await png16(noise, 64, 64);
    expect((await readWords(png, 'x')).data).toEqual(noise);
    for (const length of [0, 1, 20, 60, png.length >> 1, png.length - 200])
      await refused(
        readWords(png.subarray(0, length), 'depth 7'),
        /^depth 7 cannot be decoded .*damaged or cut off/,
      );
    const broken = png.slice();
    broken.fill(0x55, 100, 140);
    await refused(readWords(broken, 'depth 7'), /depth 7 cannot be decoded/);
  });

  it('believes no size that its bytes cannot hold', async () => {
    const png = await png16(words, W, H);
    await refused(readWords(withPngSize(png, 100_000, 100_000), 'd'), /^d /);
    await refused(readWords(withPngSize(png, 5000, 5000), 'd'), /5000×5000 pixels claimed by \d+ bytes/);
    await refused(readWords(withPngSize(png, 0, 8), 'd'), /^d /);
    await refused(readWords(withPngSize(png, 64, 64), 'd'), /^d cannot be decoded/);
    await refused(readWords(patched(png, 16, 17), 'd'), /^d /);
  });
});

describe('readColor', () => {
  it('PNG: every pixel', async () => {
    expect(await readColor(await picture(rgb, W, H), 'c')).toEqual({ width: W, height: H, data: rgb });
  });

  it('JPEG: to within a few grey levels', async () => {
    const { data, width } = await readColor(await picture(rgb, W, H, 'jpeg'), 'c');
    expect(width).toBe(W);
    expect(data).toHaveLength(rgb.length);
    data.forEach((v, i) => expect(Math.abs(v - rgb[i]!)).toBeLessThan(4));
  });

  it('transparency, grey, palettes and 16 bits become three channels of 8', async () => {
    const rgba = Uint8Array.from({ length: 4 * W * H }, (_, i) => (i % 4 === 3 ? 0 : 10 * (1 + (i % 4))));
    const clear = await sharp(rgba, { raw: { width: W, height: H, channels: 4 } })
      .png()
      .toBuffer();
    expect((await readColor(new Uint8Array(clear), 'c')).data.subarray(0, 6)).toEqual(
      Uint8Array.of(10, 20, 30, 10, 20, 30),
    );
    const grey = Uint8Array.from({ length: W * H }, (_, i) => i);
    const mono = await sharp(grey, { raw: { width: W, height: H, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await readColor(new Uint8Array(mono), 'c')).data.subarray(15, 21)).toEqual(
      Uint8Array.of(5, 5, 5, 6, 6, 6),
    );
    const two = Uint8Array.from({ length: 3 * W * H }, (_, i) => (Math.floor(i / 3) % 2 === 0 ? 255 : 0));
    const palette = await sharp(two, { raw: { width: W, height: H, channels: 3 } })
      .png({ palette: true })
      .toBuffer();
    expect((await readColor(new Uint8Array(palette), 'c')).data).toEqual(two);
    const wide = Uint16Array.from({ length: 3 * W * H }, (_, i) => 256 * (i % 200) + 7);
    const deep = await sharp(wide, { raw: { width: W, height: H, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await readColor(new Uint8Array(deep), 'c')).data).toEqual(Uint8Array.from(wide, (v) => v >> 8));
  });

  it('one pixel', async () => {
    const one = await readColor(await picture(Uint8Array.of(9, 8, 7), 1, 1), 'c');
    expect(one).toEqual({ width: 1, height: 1, data: Uint8Array.of(9, 8, 7) });
    expect((await readWords(await png16(Uint16Array.of(4321), 1, 1), 'd')).data).toEqual(
      Uint16Array.of(4321),
    );
  });

  it('says where a JPEG is cut off, and what is no image', async () => {
    const noise = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
    const jpeg = await picture(noise, 64, 64, 'jpeg');
    for (const length of [2, 30, 200, jpeg.length >> 1, jpeg.length - 100])
      await refused(
        readColor(jpeg.subarray(0, length), '/color'),
        /^\/color cannot be decoded .*damaged or cut off/,
      );
    await refused(
      readColor(new TextEncoder().encode('no image at all'), '/color'),
      /\/color cannot be decoded/,
    );
    await refused(
      readColor(
        new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        '/color',
      ),
      /format svg.*JPEG and PNG/,
    );
  });
});
