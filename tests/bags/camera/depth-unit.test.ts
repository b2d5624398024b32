import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { collectInfo } from '../../../src/cli/info.js';
import { picture, png16 } from '../../images/helpers.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';

const folder = scratchFolder();
const [W, H] = [40, 30];

/** A folder of images of a slope from 1.2 to 3.6 m, in whole millimetres, stored in units of which so many make one. */
async function slope(name: string, unitsAMillimetre: number, files: Record<string, string>): Promise<string> {
  const path = join(folder, name);
  mkdirSync(join(path, 'depth'), { recursive: true });
  for (const k of [0, 1]) {
    const words = Uint16Array.from({ length: W * H }, (_, i) => (1200 + 2 * i + k) * unitsAMillimetre);
    writeFileSync(join(path, 'depth', `${k}.png`), await png16(words, W, H));
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const pinhole = { 'intrinsics.txt': '40 40 19.5 14.5\n' };
const listed = { ...pinhole, 'depth.txt': '0.0 depth/0.png\n0.1 depth/1.png\n' };

/** The first depth in metres, and what is told. */
async function first(path: string, options = {}): Promise<{ metres: number; told: string }> {
  const source = await openScanSource(path, options);
  const [frame] = (await measured(source)).frames;
  return { metres: frame!.depth.data[0]! * frame!.depth.scale, told: source.warnings.join('\n') };
}

describe('the unit of the depth images of a folder', () => {
  it.each([
    ['folders, millimetres', 1, pinhole, /depth in millimetres, which no file states, .*--depth-scale/],
    [
      'folders, fifths',
      5,
      pinhole,
      /depth in 1\/5000 m, which no file states, as all values are multiples of five/,
    ],
    ['a list, fifths', 5, listed, /depth in 1\/5000 m, which no file states/],
    [
      'a list, millimetres',
      1,
      listed,
      /depth in millimetres, which no file states, as in 1\/5000 m half of it would lie/,
    ],
  ])('%s: found out, and told with why', async (name, units, files, says) => {
    const { metres, told } = await first(await slope(name, units, files));
    expect(metres).toBeCloseTo(1.2, 6);
    expect(told).toMatch(says);
    expect(told).toMatch(/intrinsics from intrinsics\.txt/);
  });

  it('is not made up where the images say nothing', async () => {
    const empty = await first(await slope('empty', 0, pinhole));
    expect(empty.told).toMatch(/usually have it; the images that were looked at hold no depth/);
    const bytes = await slope('bytes', 1, pinhole);
    for (const k of [0, 1])
      writeFileSync(join(bytes, 'depth', `${k}.png`), await picture(new Uint8Array(3 * W * H).fill(9), W, H));
    expect((await openScanSource(bytes)).warnings.join()).toMatch(
      /usually have it \(.*0\.png has 3 channel\(s\) of 8 bits/,
    );
  });

  it('what a file states holds, and what is asked for holds before it', async () => {
    const camera = { fx: 40, fy: 40, cx: 19.5, cy: 14.5, depth_scale: 1000 };
    const path = await slope('stated', 5, { 'camera.json': JSON.stringify(camera) });
    const stated = await first(path);
    expect(stated.metres).toBeCloseTo(6, 6);
    expect(stated.told).toMatch(/intrinsics from camera\.json, depth in millimetres by camera\.json/);
    const asked = await first(path, { depthScale: 1 / 5000 });
    expect(asked.metres).toBeCloseTo(1.2, 6);
    expect(asked.told).toMatch(/depth in 1\/5000 m, as asked for/);
  });

  it('is refused where there are no such images', async () => {
    const scans = join(folder, 'scans');
    mkdirSync(scans);
    writeFileSync(join(scans, '0.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 0.5, 2, 3, 4, 0.5).buffer));
    for (const read of [openScanSource, collectInfo])
      await expect(read(scans, { depthScale: 0.001 })).rejects.toThrow(
        /no folder of depth images .*leave out --depth-scale/,
      );
    const bag = join('bags', 'rgbd_room.mcap');
    await expect(collectInfo(bag, { depthScale: 0.001 })).rejects.toThrow(/leave out --depth-scale/);
  });

  it('of other files than PNGs is not known: they are named', async () => {
    const path = join(folder, 'arrays');
    mkdirSync(join(path, 'depth'), { recursive: true });
    writeFileSync(join(path, 'depth', '0001.npy'), 'x');
    await expect(openScanSource(path)).rejects.toThrow(
      /0001\.npy is no PNG or PGM; depth is read from those of 16/,
    );
    await expect(collectInfo(path)).rejects.toThrow(/0001\.npy is no PNG/);
  });
});
