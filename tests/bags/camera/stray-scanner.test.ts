import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { toQuaternion } from '../../../src/geometry/se3.js';
import { scratchFolder } from '../helpers.js';
import { measured } from './helpers.js';
import { colorFile, confidencePng, depthPng, expectTruth, T, writerIn } from './image-folder.js';

const folder = scratchFolder();
const write = writerIn(folder);
const STEM = 'timestamp, frame, x, y, z, qx, qy, qz, qw\n';

/** Two images and three lines, as the app writes them. */
async function scan(name: string): Promise<string> {
  for (const k of [0, 1]) write(`${name}/depth/00000${k}.png`, await depthPng(1000 + k));
  write(`${name}/camera_matrix.csv`, '1440.0,0.0,959.5\n0.0,1440.0,719.5\n0.0,0.0,1.0\n');
  const row = (k: number) => {
    const [x, y, z] = [3, 7, 11].map((i) => T(k)[i]);
    return `${3000.25 + k / 60}, 00000${k}, ${x}, ${y}, ${z}, ${toQuaternion(T(k)).join(', ')}\n`;
  };
  write(`${name}/odometry.csv`, STEM + [0, 1, 2].map(row).join(''));
  write(`${name}/rgb.mp4`, 'a video');
  return join(folder, name);
}

describe('Stray Scanner', () => {
  it('reads depth with the intrinsics at its size, stamps and poses; the video is told', async () => {
    const source = await openScanSource(await scan('stray'));
    expect(source.description).toMatch(
      /^Stray Scanner folder .*2 depth images.*none with colour, stamps from odometry\.csv/,
    );
    const { frames } = await measured(source);
    // 1920 pixels with f 1440 are 8 with f 6; the middle stays the middle.
    expect(frames[0]!.camera).toMatchObject({ width: 8, height: 6, cx: 3.5, cy: 2.5 });
    expect(frames[0]!.camera.fx).toBeCloseTo(6, 10);
    expect(frames[0]!.stampNs).toBe(3_000_250_000_000n);
    expect(frames[1]!.depth).toMatchObject({ scale: 0.001 });
    expect(frames[1]!.color).toBeUndefined();
    expectTruth((await source.truth!()).poses, [T(0), T(1)]);
    expect(source.warnings.join()).toMatch(
      /the video rgb\.mp4, which is not read.*ffmpeg -i rgb\.mp4 rgb\/%06d\.png/,
    );
  });

  it('uses the frames of the video where somebody has put them, counted from 1', async () => {
    const path = await scan('frames');
    for (const k of [1, 2]) write(`frames/rgb/00000${k}.png`, await colorFile(k, 'png', [16, 12]));
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect(frames.map((f) => f.color!.image.data[0])).toEqual([20, 40]);
    expect(frames[0]!.color!.camera.fx).toBeCloseTo(12, 10);
    expect(source.warnings.join()).not.toMatch(/rgb\.mp4/);
  });

  it('takes no depth that the phone is not sure of; a confidence of another size is told', async () => {
    const path = await scan('sure');
    // Of a real recording of the app: further columns, of which the last are empty.
    const more = STEM.replace('\n', ', fx, fy, cx, cy, distortion_center_x, distortion_center_y\n');
    const row = (k: number) =>
      `65575.${597600791 + 16669250 * k}, 00000${k}, -0.0557, 0.0192, 0.239, 0.71036303, -0.58647335, -0.07790033, 0.38126758, 1597.8881, 1597.8881, 955.3694, 717.7071, , \n`;
    write('sure/odometry.csv', more + row(0) + row(1));
    write('sure/confidence/000000.png', await confidencePng());
    write('sure/confidence/000001.png', await confidencePng([4, 3]));
    const source = await openScanSource(path);
    const { frames } = await measured(source);
    expect([...frames[0]!.depth.data.slice(0, 6)]).toEqual([0, 0, 0, 1003, 1004, 1005]);
    expect([...frames[1]!.depth.data.slice(0, 6)]).toEqual([0, 0, 1003, 1004, 1005, 1006]);
    expect(frames[1]!.stampNs - frames[0]!.stampNs).toBe(16_669_250n);
    expect(source.warnings.join()).toMatch(
      /as if its camera were sure of it: the confidence of depth has 4×3 pixels for 8×6/,
    );
  });

  it('leaves out images that no line is for, and names a line of nonsense', async () => {
    const path = await scan('part');
    write('part/depth/000007.png', await depthPng(1000));
    const source = await openScanSource(path);
    expect((await measured(source)).frames).toHaveLength(2);
    expect(source.warnings.join()).toMatch(/1 of the 3 depth images .* no line in odometry\.csv/);
    write('part/odometry.csv', `${STEM}1.0, 000000, 1, 2, x, 0, 0, 0, 1\n`);
    await expect(openScanSource(path)).rejects.toThrow(/odometry\.csv, line 2: expected timestamp/);
    write('part/odometry.csv', STEM);
    await expect(openScanSource(path)).rejects.toThrow(/has no line for any of the images/);
    write('part/camera_matrix.csv', '1440, 1440\n');
    await expect(openScanSource(path)).rejects.toThrow(/camera_matrix\.csv holds 2 numbers/);
  });
});
