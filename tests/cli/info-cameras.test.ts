import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectInfo, describeInfo } from '../../src/cli/info.js';
import { exp } from '../../src/geometry/se3.js';
import {
  cameraInfo,
  colorMessage,
  compressed,
  depthMessage,
  fixed,
  image,
  info,
  writeBag,
} from '../bags/camera/helpers.js';
import { scratchFolder } from '../bags/helpers.js';
import { picture, png16 } from '../images/helpers.js';

const folder = scratchFolder();
const at = (k: number): bigint => 1_700_000_000_000_000_000n + BigInt(k) * 33_333_333n;
const frames = Array.from({ length: 12 }, (_, k) => k);

describe('feltmap info', () => {
  it('the cameras of a bag: size, encoding, rate, pairs, offset, intrinsics, registration', async () => {
    const path = await writeBag(folder, 'camera.mcap', [
      info('/cam/depth/camera_info', cameraInfo('depth_optical')),
      info('/cam/color/camera_info', cameraInfo('color_optical', { d: Float64Array.of(0.1, 0, 0, 0, 0) })),
      fixed('depth_optical', 'color_optical', exp([0.025, 0, 0, 0, 0, 0])),
      ...frames.map((k) => image('/cam/depth/image_raw', depthMessage(at(k), k))),
      ...frames.slice(2).map((k) => image('/cam/color/image_raw', colorMessage(at(k) - 5_000_000n, k))),
      ...frames.map((k) =>
        compressed('/far/depth/compressedDepth', {
          ...{ stampNs: at(k), frameId: 'far', format: '16UC1; compressedDepth rvl' },
          data: new Uint8Array(20),
        }),
      ),
    ]);
    const found = await collectInfo(path);
    expect(found.topics.find((t) => t.name === '/cam/depth/image_raw')).toMatchObject({
      image: '8×6 16UC1',
      frames: ['depth_optical'],
      count: 12,
    });
    expect(found.cameras).toHaveLength(2);
    expect(found.cameras[0]).toMatchObject({
      ...{ depth: '/cam/depth/image_raw', color: '/cam/color/image_raw', depthImages: 12, pairs: 10 },
      depthIntrinsics: '8×6, f (10.0, 11.0), c (3.5, 2.5), no distortion',
      colorIntrinsics: '8×6, f (10.0, 11.0), c (3.5, 2.5), plumb_bob',
      registration: expect.stringMatching(/not registered.*\(25, 0, 0\) mm/) as string,
    });
    expect(found.cameras[0]!.meanDelayS).toBeCloseTo(-0.005, 9);
    const text = describeInfo(found);
    expect(text).toMatch(/pairs +10 of 12 depth images, colour 5\.0 ms before depth on average/);
    expect(text).toMatch(
      /\/cam\/depth\/camera_info[^\n]*\n +8×6, f \(10\.0, 11\.0\), c \(3\.5, 2\.5\), plumb_bob/,
    );
    expect(text).toMatch(/depth camera +\/far\/depth\/compressedDepth\n +depth +no calibration/);
    expect(text).toMatch(/warning: .*no camera_info for \/far/);
  });

  it('a folder of images', async () => {
    const path = join(folder, 'freiburg3_tiny');
    mkdirSync(path);
    const [depth, rgb] = [['# depth'], ['# rgb']];
    writeFileSync(join(path, 'd.png'), await png16(new Uint16Array(48).fill(5000), 8, 6));
    writeFileSync(join(path, 'c.png'), await picture(new Uint8Array(144), 8, 6));
    for (const k of frames) {
      depth.push(`${(100 + k / 30).toFixed(4)} d.png`);
      rgb.push(`${(100.002 + k / 30).toFixed(4)} c.png`);
    }
    writeFileSync(join(path, 'depth.txt'), depth.join('\n'));
    writeFileSync(join(path, 'rgb.txt'), rgb.join('\n'));
    const found = await collectInfo(path);
    expect(found.topics[0]).toMatchObject({ count: 12, type: 'images' });
    expect(found.topics[0]!.rateHz).toBeCloseTo(30, 1);
    const text = describeInfo(found);
    expect(text).toMatch(/depth +640×480, f \(535\.4, 539\.2\), c \(320\.1, 247\.6\), no distortion/);
    expect(text).toMatch(/colour +the same intrinsics/);
    expect(text).toMatch(/pairs +12 of 12 depth images, colour 2\.0 ms after depth/);
    expect(text).toMatch(/depth is registered to colour/);
  });
});
