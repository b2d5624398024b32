import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assumedStamps, numberIn, stampOfName, stampsOfScans } from '../../src/bags/folder-stamps.js';
import { openScanSource } from '../../src/bags/source.js';
import { collect, scratchFolder } from './helpers.js';

const folder = scratchFolder();
function write(name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

const tenths = (...frames: number[]): bigint[] => frames.map((frame) => BigInt(frame) * 100_000_000n);

describe('stamps of the scans of a folder', () => {
  it('are in a name', () => {
    expect(stampOfName('1583836591_182590976.pcd')).toBe(1_583_836_591_182_590_976n);
    expect(stampOfName('cloud_1583836591_5.pcd')).toBe(1_583_836_591_000_000_005n);
    expect(stampOfName('1583836591.5.bin')).toBe(1_583_836_591_500_000_000n);
    expect(stampOfName('1583836591182.bin')).toBe(1_583_836_591_182_000_000n);
    expect(stampOfName('1583836591182590976.bin')).toBe(1_583_836_591_182_590_976n);
    expect(stampOfName('n015__LIDAR_TOP__1532402927647951.pcd.bin')).toBe(1_532_402_927_647_951_000n);
    expect(stampOfName('0000000042.bin')).toBeUndefined();
    expect(stampOfName('scan_17.ply')).toBeUndefined();
  });

  it('are assumed by the numbers of the frames, so that missing ones leave a gap', () => {
    expect(['frame_0012.pcd', '7.bin', 'cloud.pcd'].map(numberIn)).toEqual(['12', '7', undefined]);
    expect(assumedStamps(['7.pcd', '8.pcd', '11.pcd'])).toEqual(tenths(0, 1, 4));
    expect(assumedStamps(['0000.bin', '0005.bin', '0015.bin'])).toEqual(tenths(0, 1, 3));
    expect(assumedStamps(['a.pcd', 'b.pcd'])).toEqual(tenths(0, 1));
    expect(assumedStamps(['a2.pcd', 'b1.pcd'])).toEqual(tenths(0, 1));
  });

  it('are the lines of a file, by the numbers of the frames where some are missing', async () => {
    write('listed/times.txt', [0, 1, 2, 3, 4].map((i) => `${100 + i / 8}`).join('\n'));
    const path = join(folder, 'listed');
    const { stamps, origin } = await stampsOfScans(path, ['000001.bin', '000004.bin']);
    expect(stamps).toEqual([100_125_000_000n, 100_500_000_000n]);
    expect(origin).toMatch(/times.txt, by their numbers/);
    const other = await stampsOfScans(path, ['000003.bin', '000005.bin']);
    expect(other.stamps).toEqual(tenths(0, 1));
    expect(other.assumed).toMatch(/10 Hz.*times.txt has 5 stamps for 2 scans and is not used/);
  });

  it('are those of the points where the files have no other times', async () => {
    const cloud = (seconds: number): string =>
      'VERSION 0.7\nFIELDS x y z timestamp\nSIZE 4 4 4 8\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH 3\nHEIGHT 1\nPOINTS 3\nDATA ascii\n' +
      [0, 1, 2].map((i) => `${i + 1} 2 3 ${(seconds + i / 32).toFixed(6)}\n`).join('');
    write('points/1.pcd', cloud(1_700_000_000));
    write('points/2.pcd', cloud(1_700_000_001.5));
    write('points/3.pcd', cloud(1_700_000_001.625));
    const source = await openScanSource(join(folder, 'points'));
    expect((await collect(source.scans())).map((scan) => scan.stampNs)).toEqual([
      1_700_000_000_000_000_000n,
      1_700_000_001_500_000_000n,
      1_700_000_001_625_000_000n,
    ]);
    expect(source.description).toMatch(/the times of their points/);
    expect(source.warnings.join()).not.toMatch(/10 Hz/);
  });
});
