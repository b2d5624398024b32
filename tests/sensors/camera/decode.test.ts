import { describe, expect, it } from 'vitest';
import type { Image } from '../../../src/messages/images.js';
import { colorFromImage, isColorEncoding } from '../../../src/sensors/camera/decode-color.js';
import { depthFromImage } from '../../../src/sensors/camera/decode-depth.js';

/** An image of rows of bytes, with `padding` more bytes after each but the last. */
function image(
  encoding: string,
  rows: readonly (readonly number[])[],
  changes: Partial<Image> = {},
  padding = 0,
): Image {
  const step = rows[0]!.length + padding;
  const data = new Uint8Array(step * rows.length - padding).fill(99);
  rows.forEach((row, y) => data.set(row, y * step));
  const pixelBytes: Record<string, number> = {
    rgb8: 3,
    bgr8: 3,
    '8UC3': 3,
    rgba8: 4,
    bgra8: 4,
    '8UC4': 4,
    mono16: 2,
    '16UC1': 2,
    '32FC1': 4,
    rgb16: 6,
    bgr16: 6,
  };
  const bytes = pixelBytes[encoding] ?? (/^(yuv|yuyv|uyvy)/.test(encoding) ? 2 : 1);
  return {
    stampNs: 0n,
    frameId: 'c',
    width: rows[0]!.length / bytes,
    height: rows.length,
    encoding,
    bigEndian: false,
    step,
    data,
    ...changes,
  };
}
const colors = (one: Image): number[] => Array.from(colorFromImage(one).data);

describe('colorFromImage', () => {
  it.each([
    ['rgb8', [[1, 2, 3, 4, 5, 6]]],
    ['bgr8', [[3, 2, 1, 6, 5, 4]]],
    ['8UC3', [[3, 2, 1, 6, 5, 4]]],
    ['rgba8', [[1, 2, 3, 200, 4, 5, 6, 0]]],
    ['bgra8', [[3, 2, 1, 200, 6, 5, 4, 0]]],
    ['8UC4', [[3, 2, 1, 200, 6, 5, 4, 0]]],
  ])('%s, with and without padding', (encoding, [row]) => {
    for (const padding of [0, 1, 5]) {
      const both = colors(image(encoding, [row!, [...row!].reverse().map((v) => v + 10)], {}, padding));
      expect(both.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(both).toHaveLength(12);
    }
  });

  it('mono8, 8UC1 and both orders of mono16: grey', () => {
    const grey = [7, 7, 7, 250, 250, 250];
    expect(colors(image('mono8', [[7, 250]]))).toEqual(grey);
    expect(colors(image('8UC1', [[7, 250]]))).toEqual(grey);
    expect(colors(image('mono16', [[33, 7, 44, 250]]))).toEqual(grey);
    expect(colors(image('mono16', [[7, 33, 250, 44]], { bigEndian: true }))).toEqual(grey);
  });

  it('rgb16 and bgr16: the upper byte of each channel', () => {
    expect(colors(image('rgb16', [[0, 1, 0, 2, 0, 3]]))).toEqual([1, 2, 3]);
    expect(colors(image('bgr16', [[3, 0, 2, 0, 1, 0]], { bigEndian: true }))).toEqual([1, 2, 3]);
  });

  it('yuv422 in both orders: grey and the corners of BT.601', () => {
    // Y, U, V of black, white, red and blue in video range.
    const [black, white, red, blue] = [
      [16, 128, 128],
      [235, 128, 128],
      [81, 90, 240],
      [41, 240, 110],
    ] as const;
    for (const [yuv, rgb] of [
      [black, [0, 0, 0]],
      [white, [255, 255, 255]],
      [red, [255, 0, 0]],
      [blue, [0, 0, 255]],
    ] as const) {
      const [y, u, v] = yuv;
      for (const encoding of ['yuv422', 'uyvy'])
        colors(image(encoding, [[u, y, v, y]])).forEach((c, i) =>
          expect(Math.abs(c - rgb[i % 3]!)).toBeLessThan(3),
        );
      for (const encoding of ['yuv422_yuy2', 'yuyv'])
        colors(image(encoding, [[y, u, y, v]])).forEach((c, i) =>
          expect(Math.abs(c - rgb[i % 3]!)).toBeLessThan(3),
        );
    }
    // Two pixels of one pair have brightness of their own.
    expect(colors(image('yuv422', [[128, 16, 128, 235]]))).toEqual([0, 0, 0, 255, 255, 255]);
    expect(() => colors(image('yuv422', [[1, 2, 3, 4]], { width: 1 }))).toThrow(/odd width/);
  });

  it.each(['rggb', 'bggr', 'gbrg', 'grbg'])('bayer_%s8: a plain colour comes out everywhere', (pattern) => {
    const rgb = { r: 200, g: 90, b: 30 };
    const rows = Array.from({ length: 5 }, (_, y) =>
      Array.from({ length: 7 }, (_, x) => rgb[pattern[(x & 1) + 2 * (y & 1)] as 'r' | 'g' | 'b']),
    );
    const out = colors(image(`bayer_${pattern}8`, rows, {}, 3));
    expect(out).toEqual(Array.from({ length: 35 }, () => [200, 90, 30]).flat());
  });

  it('bayer_rggb8: gradients are interpolated where they are straight', () => {
    const rows = Array.from({ length: 6 }, (_, y) => Array.from({ length: 6 }, (_, x) => 10 * x + 3 * y));
    const { data } = colorFromImage(image('bayer_rggb8', rows));
    for (let y = 1; y < 5; y++)
      for (let x = 1; x < 5; x++)
        for (let c = 0; c < 3; c++)
          expect(Math.abs(data[3 * (6 * y + x) + c]! - (10 * x + 3 * y))).toBeLessThan(2);
  });

  it('one pixel of each', () => {
    for (const pattern of ['rggb', 'bggr', 'gbrg', 'grbg'])
      expect(colors(image(`bayer_${pattern}8`, [[50]]))).toEqual([50, 50, 50]);
    expect(colors(image('rgb8', [[1, 2, 3]]))).toEqual([1, 2, 3]);
  });

  it('is an array of its own', () => {
    const message = image('rgb8', [[1, 2, 3]]);
    const { data } = colorFromImage(message);
    message.data.fill(0);
    expect(Array.from(data)).toEqual([1, 2, 3]);
  });

  it('refuses what is not there, before anything is allocated', () => {
    const good = image('rgb8', [[1, 2, 3, 4, 5, 6]]);
    const bad = (changes: Partial<Image>) => () => colorFromImage({ ...good, ...changes });
    expect(bad({ data: good.data.subarray(0, 5) })).toThrow(/2×1 rgb8 has 5 bytes, but needs 6/);
    expect(bad({ step: 5 })).toThrow(/rows of 5 bytes, but they need 6/);
    expect(bad({ width: 0xffffffff, height: 0xffffffff, step: 0xffffffff })).toThrow(
      /claims 4294967295×4294967295/,
    );
    expect(bad({ width: 0 })).toThrow(/claims 0×1/);
    expect(bad({ height: 4000, width: 4000, step: 12_000 })).toThrow(/but needs/);
    expect(bad({ encoding: 'jpeg2000' })).toThrow(/'jpeg2000', which is not known/);
    expect(colorFromImage({ ...good, step: 0 }).data).toHaveLength(6);
  });

  it('knows which encodings it reads', () => {
    expect(['rgb8', 'bayer_gbrg8', 'yuv422_yuy2', 'mono16'].every(isColorEncoding)).toBe(true);
    expect(['16UC1', '32FC1', 'bayer_rggb16', 'toString', ''].some(isColorEncoding)).toBe(false);
  });
});

describe('depthFromImage', () => {
  const bytesOf = (values: number[], size: 2 | 4, little: boolean): number[] => {
    const view = new DataView(new ArrayBuffer(size * values.length));
    values.forEach((v, i) =>
      size === 2 ? view.setUint16(2 * i, v, little) : view.setFloat32(4 * i, v, little),
    );
    return Array.from(new Uint8Array(view.buffer));
  };

  it.each([
    ['16UC1', 2, 0.001],
    ['mono16', 2, 0.001],
    ['32FC1', 4, 1],
  ] as const)('%s in either endianness, with padding', (encoding, size, scale) => {
    const rows = [
      [1.5, 2.25, 300],
      [0, 4000, 65000],
    ].map((row) => row.map((v) => (size === 2 ? Math.floor(v) : v)));
    for (const bigEndian of [false, true])
      for (const padding of [0, 3, 8]) {
        const bytes = rows.map((row) => bytesOf(row, size, !bigEndian));
        const depth = depthFromImage(image(encoding, bytes, { bigEndian }, padding));
        expect(Array.from(depth.data)).toEqual(rows.flat());
        expect([depth.width, depth.height, depth.scale]).toEqual([3, 2, scale]);
      }
  });

  it('refuses other encodings and missing bytes', () => {
    expect(() => depthFromImage(image('rgb8', [[1, 2, 3]]))).toThrow(/'rgb8'; depth is 16UC1 .* or 32FC1/);
    const cut = image('16UC1', [[1, 0, 2, 0]]);
    expect(() => depthFromImage({ ...cut, data: cut.data.subarray(0, 3) })).toThrow(
      /2×1 16UC1 has 3 bytes, but needs 4/,
    );
  });
});
