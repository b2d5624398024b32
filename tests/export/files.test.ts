import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniform } from '../../src/eval/sampling.js';
import { toIoError, writeFileAtomic } from '../../src/export/atomic-file.js';
import { encodePng, pngDataUri } from '../../src/export/png.js';
import { FeltmapError } from '../../src/geometry/errors.js';

describe('writeFileAtomic', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feltmap-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('writes text, bytes and parts, makes folders, replaces what was there, leaves nothing else', async () => {
    const path = join(folder, 'a', 'b', 'x.txt');
    await writeFileAtomic(path, 'grüße\n');
    expect(await readFile(path, 'utf8')).toBe('grüße\n');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, [Uint8Array.of(4), new Uint8Array(0), Uint8Array.of(5, 6)]);
    expect([...(await readFile(path))]).toEqual([4, 5, 6]);
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['x.txt']);
  });
  it('keeps the old file and removes the temporary one when the data fails half-way', async () => {
    const path = join(folder, 'kept', 'y.txt');
    await writeFileAtomic(path, 'old');
    function* broken() {
      yield Uint8Array.of(1);
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    }
    await expect(writeFileAtomic(path, broken())).rejects.toThrow(/y\.txt: the disk is full/);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(folder, 'kept'))).toEqual(['y.txt']);
  });
  it('says what stands in the way', async () => {
    await mkdir(join(folder, 'taken'));
    await writeFile(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toThrow(/a folder of that name/);
    await expect(writeFileAtomic(join(folder, 'file', 'z'), 'x')).rejects.toThrow(/is a file, not a folder/);
    expect((await readdir(folder)).filter((f) => f.endsWith('.tmp'))).toEqual([]);
    const error = toIoError(Object.assign(new Error('EROFS'), { code: 'EROFS' }), '/x/y');
    expect(error).toBeInstanceOf(FeltmapError);
    expect(error.code).toBe('io');
  });
});

describe('PNG', () => {
  it.each([
    ['opaque noise', 37, 23, 255, true],
    ['transparent noise', 16, 9, undefined, true],
    ['a smooth gradient', 64, 40, 255, false],
    ['one pixel', 1, 1, 255, true],
  ])('decodes back to the pixels: %s', (_what, width, height, alpha, noise) => {
    const random = uniform(3);
    const rgba = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
      if (i % 4 === 3) return alpha ?? 256 * random();
      const p = i >> 2;
      return noise ? 256 * random() : (3 * (p % width) + 2 * Math.floor(p / width)) & 255;
    });
    const png = encodePng(rgba, width, height);
    expect(decode(png)).toEqual({ width, height, rgba });
    expect(Buffer.from(pngDataUri(png).split(',')[1]!, 'base64').equals(Buffer.from(png))).toBe(true);
    if (!noise) expect(png.length).toBeLessThan(rgba.length / 8); // the filters do work
  });
  it('refuses a size that does not fit the bytes', () => {
    expect(() => encodePng(new Uint8Array(12), 2, 2)).toThrow(RangeError);
  });
});

/** A reader by the standard, independent of the writer. */
function decode(png: Uint8Array): { width: number; height: number; rgba: Uint8Array } {
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const names: string[] = [];
  const data: Uint8Array[] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const name = Buffer.from(png.subarray(at + 4, at + 8)).toString('latin1');
    expect(view.getUint32(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    names.push(name);
    if (name === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect(names).toEqual(['IHDR', 'IDAT', 'IEND']);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  expect(png[24]).toBe(8);
  const bpp = png[25] === 2 ? 3 : 4;
  const raw = inflateSync(Buffer.concat(data));
  expect(raw.length).toBe(height * (1 + bpp * width));
  const rows = new Uint8Array(height * bpp * width);
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < bpp * width; i++) {
      const stride = bpp * width;
      const a = i >= bpp ? rows[y * stride + i - bpp]! : 0;
      const b = y > 0 ? rows[(y - 1) * stride + i]! : 0;
      const c = i >= bpp && y > 0 ? rows[(y - 1) * stride + i - bpp]! : 0;
      const p = a + b - c;
      const nearest = [a, b, c].sort((u, v) => Math.abs(p - u) - Math.abs(p - v) || 0)[0]!;
      const value =
        raw[y * (stride + 1) + 1 + i]! + [0, a, b, (a + b) >> 1, nearest][raw[y * (stride + 1)]!]!;
      rows[y * stride + i] = value;
      rgba[4 * (y * width + Math.floor(i / bpp)) + (i % bpp)] = value & 255;
    }
  return { width, height, rgba };
}
