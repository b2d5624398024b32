import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onlyExisting, readImageList } from '../../../src/bags/camera/listed-images.js';
import { scratchFolder } from '../helpers.js';

const folder = scratchFolder();
const list = async (name: string, lines: readonly string[]) => {
  writeFileSync(join(folder, name), lines.join('\n'));
  const { images, untimed } = await readImageList(folder, name);
  return { untimed, stamps: images.map((i) => i.stampNs), files: images.map((i) => i.file.slice(-13)) };
};
const named = (k: number): string => `depth/${String(k).padStart(5, '0')}.png`;

describe('a list of images', () => {
  it('is sorted by its stamps where only a few lines are out of order', async () => {
    const stamps = Array.from({ length: 20 }, (_, k) => `${100 + k}.5`);
    const lines = stamps.map((t, k) => `${t} depth/${t}.png # ${k}`);
    [lines[3], lines[4]] = [lines[4]!, lines[3]!];
    const { untimed, stamps: read } = await list('sorted.txt', ['# stamp file', ...lines]);
    expect(untimed).toBe(false);
    expect(read).toEqual(stamps.map((_, k) => BigInt(100 + k) * 1_000_000_000n + 500_000_000n));
  });

  it('whose first column goes up and down while the numbers of its files go up is stamped by these', async () => {
    const lines = [0.0058, 0.0071, 0.0154, 0.0148, 0.0163, 0.012, 0.0059].map(
      (t, k) => `${t} ${named(k + 2)}`,
    );
    const { untimed, stamps, files } = await list('durations.txt', lines);
    expect(untimed).toBe(true);
    expect(files[6]).toBe('pth/00008.png');
    expect(stamps[0]).toBe(2_000_000_000n / 30n);
    expect(stamps[6]).toBe(8_000_000_000n / 30n);
  });

  it('in any order whose files are named by their stamps keeps these', async () => {
    const times = [5, 3, 4, 1, 2, 0];
    const { untimed, stamps } = await list('shuffled.txt', times.map((t) => `${t}.0 ${named(t)}`)); // prettier-ignore
    expect(untimed).toBe(false);
    expect(stamps).toEqual([0n, 1n, 2n, 3n, 4n, 5n].map((s) => s * 1_000_000_000n));
  });
});

describe('listed images that are missing', () => {
  mkdirSync(join(folder, 'depth'), { recursive: true });
  mkdirSync(join(folder, 'rgb'), { recursive: true });
  for (const k of [0, 1, 2]) writeFileSync(join(folder, named(k)), '');
  writeFileSync(join(folder, 'rgb/0.png'), '');
  const frames = [0, 1, 2, 3, 4].map((k) => ({
    stampNs: BigInt(k),
    depth: join(folder, named(k)),
    ...(k < 2 && { color: join(folder, `rgb/${k}.png`), delay: 0 }),
  }));

  it('are left out and counted, colour and depth apart', async () => {
    const { frames: there, notes } = await onlyExisting(frames, 'depth.txt');
    expect(there.map((f) => [f.stampNs, 'color' in f])).toEqual([
      [0n, true],
      [1n, false],
      [2n, false],
    ]);
    expect(notes[0]).toMatch(
      /^2 of the 5 depth images that depth\.txt lists are missing, such as .*00003\.png/,
    );
    expect(notes[1]).toMatch(/^1 of the colour images/);
    expect((await onlyExisting(frames.slice(2, 3), 'depth.txt')).notes).toEqual([]);
  });

  it('are an error where none is there', async () => {
    await expect(onlyExisting(frames.slice(3), 'depth.txt')).rejects.toThrow(
      /None of the 2 depth images that depth\.txt lists is there/,
    );
  });
});
