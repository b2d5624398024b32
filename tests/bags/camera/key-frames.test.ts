import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shiftBetween } from '../../../src/bags/camera/key-frames.js';
import { openScanSource } from '../../../src/bags/source.js';
import { Random } from '../../../src/geometry/random.js';
import { picture, png16 } from '../../images/helpers.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { matrix, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);
const [W, H] = [96, 72];
/** A texture without an end. */
const brightness = (x: number, y: number): number =>
  128 + 50 * Math.sin(0.11 * x + 0.02 * y) + 40 * Math.sin(0.07 * y - 0.05 * x) + 30 * Math.sin(0.23 * x);

const view = (x0: number, [width, height]: readonly [number, number]): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => brightness((i % width) + x0, Math.floor(i / width)));

/** Six images, each of which shows the texture by so many pixels farther right; a pixel is 1/100 rad. */
async function folderOf(name: string, pixels: number, numbers = [0, 1, 2, 3, 4, 5]): Promise<string> {
  for (const [k, number] of numbers.entries()) {
    const grey = view(k * pixels, [W, H]);
    write(
      `${name}/color/${number}.png`,
      await picture(
        Uint8Array.from({ length: 3 * W * H }, (_, i) => grey[Math.floor(i / 3)]!),
        W,
        H,
        'png',
      ),
    );
    write(`${name}/depth/${number}.png`, await png16(new Uint16Array(W * H).fill(1000), W, H));
    write(`${name}/pose/${number}.txt`, matrix(T(k)));
  }
  write(`${name}/intrinsics.txt`, '100 100 47.5 35.5');
  return join(folder, name);
}

const stampsOf = async (path: string): Promise<bigint[]> =>
  (await measured(await openScanSource(path))).frames.map((f) => f.stampNs);

describe('images without stamps', () => {
  it('that show the same from one to the next come at 30 Hz', async () => {
    // 2 pixels: 1.1°, 34°/s.
    expect(await stampsOf(await folderOf('video', 2))).toEqual([
      0n,
      33_333_333n,
      66_666_666n,
      100_000_000n,
      133_333_333n,
      166_666_666n,
    ]);
  });

  it('that turn by more than a hand does are key frames half a second apart, which is told, and so are their poses', async () => {
    // 12 pixels: 6.8°, 205°/s.
    const source = await openScanSource(await folderOf('keys', 12));
    const stamps = (await measured(source)).frames.map((f) => Number(f.stampNs) / 1e6);
    expect(stamps).toEqual([0, 500, 1000, 1500, 2000, 2500]);
    expect(source.description).toContain('stamped half a second apart by their numbers');
    expect(source.warnings.join()).toMatch(
      /moves by [678]° from one image to the next: these are taken for key frames/,
    );
    expect((await source.truth!()).stampsNs).toEqual((await measured(source)).frames.map((f) => f.stampNs));
  });

  it('that have nothing in common tell nothing', async () => {
    const path = await folderOf('noise', 12);
    const random = new Random('noise');
    for (let k = 0; k < 6; k++) {
      const pixels = Uint8Array.from({ length: 3 * W * H }, () => 256 * random.next());
      write(`noise/color/${k}.png`, await picture(pixels, W, H, 'png'));
    }
    expect((await stampsOf(path))[1]).toBe(33_333_333n);
  });

  it('stay where they are when their numbers keep them apart, or names tell their times', async () => {
    expect(await stampsOf(await folderOf('every20', 12, [0, 20, 40, 60, 80, 100]))).toHaveLength(6);
    expect((await stampsOf(join(folder, 'every20')))[1]).toBe(666_666_666n);
    const times = [0, 1, 2, 3, 4, 5].map((k) => 1_700_000_000_000 + 33 * k);
    expect((await stampsOf(await folderOf('timed', 12, times)))[1]).toBe(1_700_000_000_033_000_000n);
  });
});

describe('shiftBetween', () => {
  it.each([0, 5, -7])('finds a shift of %i pixels', (shift) => {
    const found = shiftBetween(view(0, [48, 36]), view(shift, [48, 36]), [48, 36]);
    expect(found).toMatchObject({ x: shift, y: 0 });
    expect(found.likeness).toBeGreaterThan(0.99);
  });

  it('finds none in images without contrast', () => {
    const flat = new Uint8Array(48 * 36).fill(9);
    expect(shiftBetween(flat, flat, [48, 36])).toEqual({ x: 0, y: 0, likeness: 0 });
  });
});
