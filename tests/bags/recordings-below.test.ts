import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordingsBelow } from '../../src/bags/recordings-below.js';
import { openScanSource } from '../../src/bags/source.js';
import { scratchFolder } from './helpers.js';

const folder = scratchFolder();
function touch(name: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), '');
}

describe('a folder of recordings', () => {
  it('is refused with those that lie in it', async () => {
    for (const sequence of ['00', '01']) touch(`kitti/dataset/sequences/${sequence}/velodyne/000000.bin`);
    touch('bags/notes.txt');
    touch('bags/monday/a.bag');
    touch('empty/sub/readme.txt');
    const below = (name: string): Promise<string[]> => recordingsBelow(join(folder, name));
    expect(await below('kitti')).toEqual([
      join(folder, 'kitti/dataset/sequences/00'),
      join(folder, 'kitti/dataset/sequences/01'),
    ]);
    expect(await below('bags')).toEqual([join(folder, 'bags/monday/a.bag')]);
    for (const sequence of ['seq-01', 'seq-02']) touch(`heads/${sequence}/frame-000000.depth.png`);
    expect(await below('heads')).toEqual([join(folder, 'heads/seq-01'), join(folder, 'heads/seq-02')]);
    touch('drive/velodyne_points/some/0000000001.bin');
    touch('drive/velodyne_points/some/0000000002.bin');
    // Not laid out as KITTI's: neither the folder itself nor the one above can be opened.
    expect(await below('drive')).toEqual([join(folder, 'drive/velodyne_points/some')]);
    expect(await below('empty')).toEqual([]);
    await expect(openScanSource(join(folder, 'kitti/dataset'))).rejects.toThrow(
      /without a recording.*such as .*sequences\/00/,
    );
  });
});
