import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { exp } from '../../../src/geometry/se3.js';
import { encodePointCloud2 } from '../../../src/messages/pointcloud2.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { pointCloud2FromScan } from '../../../src/sensors/lidar/to-pointcloud2.js';
import { isColorFrame, isScan, type Measurement } from '../../../src/sensors/measurement.js';
import { scratchFolder, smallScan } from '../helpers.js';
import { cameraInfo, colorMessage, depthMessage, fixed, image, info, measured, writeBag } from './helpers.js';

const folder = scratchFolder();
const START = 1_700_000_000_000_000_000n;
const at = (ms: number): bigint => START + BigInt(Math.round(ms * 1e6));
const T_lidar_left = exp([0.2, 0.1, -0.1, -1.5, 0.02, -1.5]);

const clouds = (n: number): ReturnType<typeof image>[] =>
  Array.from({ length: n }, (_, k) => [
    '/points',
    ROS_TYPES.pointCloud2,
    at(100 * k),
    encodePointCloud2(pointCloud2FromScan(smallScan(at(100 * k)))),
  ]);
/** Images of a colour camera, 10 a second, 30 ms after the scans. */
const camera = (name: string, n: number): ReturnType<typeof image>[] => [
  info(`/${name}/camera_info`, { ...cameraInfo(name), stampNs: START }),
  ...Array.from({ length: n }, (_, k) =>
    image(`/${name}/image_raw`, colorMessage(at(100 * k + 30), 10 + k, name)),
  ),
];
const placed = (name: string) => fixed('lidar', name, T_lidar_left);

const words = (all: readonly Measurement[]): string =>
  all.map((one) => (isScan(one) ? 's' : isColorFrame(one) ? `${one.frameId[0]}` : '?')).join('');

describe('a bag with a LiDAR and colour cameras', () => {
  it('brings the images of those that are placed, in order of their stamps, with place and intrinsics', async () => {
    const path = await writeBag(folder, 'two.mcap', [
      ...clouds(4),
      ...camera('left', 5),
      ...camera('right', 3),
      placed('left'),
    ]);
    const source = await openScanSource(path);
    expect([source.sensor, source.topic, source.scanCount]).toEqual(['lidar', '/points', 4]);
    expect(source.description).toMatch(/\/points.*colours from \/left\/image_raw$/);
    const { all } = await measured(source);
    // The last images come after all scans: nobody would know where they were taken.
    expect(words(all)).toBe('slslsls');
    const images = all.filter(isColorFrame);
    for (const [k, frame] of images.entries()) {
      expect(frame.stampNs).toBe(at(100 * k + 30));
      expect(Array.from(frame.image.data.subarray(0, 3))).toEqual([10 + k, 20 + 2 * k, 30 + 3 * k]);
      expect(frame.camera).toMatchObject({ fx: 10, cy: 2.5 });
      for (let i = 0; i < 12; i++) expect(frame.mount[i]).toBeCloseTo(T_lidar_left[i]!, 12);
    }
    expect(source.warnings).toContainEqual(
      expect.stringMatching(/^\/right\/image_raw does not colour the map: .*'lidar' to 'right'.*tf_static/),
    );
    await source.close();
  });

  it('leaves them out where that is asked for, and says why a wanted one cannot be used', async () => {
    const path = await writeBag(folder, 'asked.mcap', [
      ...clouds(3),
      ...camera('left', 3),
      image('/blind/image_raw', colorMessage(at(10), 1, 'left')),
      ...camera('right', 3),
      ...[placed('left'), placed('right')],
    ]);
    const without = await openScanSource(path, { color: 'none' });
    expect(words((await measured(without)).all)).toBe('sss');
    await without.close();
    const one = await openScanSource(path, { color: '/right/image_raw' });
    expect(words((await measured(one)).all)).toBe('srsrs');
    await one.close();
    await expect(openScanSource(path, { color: '/up/image_raw' })).rejects.toThrow(
      /has no image topic \/up\/image_raw; colour topics: .*\/left\/image_raw/,
    );
    const bare = await writeBag(folder, 'bare.mcap', [
      ...clouds(3),
      image('/left/image_raw', colorMessage(at(10), 1, 'left')),
      placed('left'),
    ]);
    await expect(openScanSource(bare, { color: '/left/image_raw' })).rejects.toThrow(
      /\/left\/image_raw does not colour the map: there is no camera_info/,
    );
  });

  it('uses a range of it', async () => {
    const path = await writeBag(folder, 'range.mcap', [...clouds(9), ...camera('left', 9), placed('left')]);
    const source = await openScanSource(path);
    const { all } = await measured(source, { startS: 0.3, durationS: 0.3 });
    expect(words(all)).toBe('slsls');
    expect(all.filter(isColorFrame).map((one) => one.stampNs)).toEqual([at(330), at(430)]);
    await source.close();
  });

  it('takes a depth camera for one of colour where depth is not wanted', async () => {
    const path = await writeBag(folder, 'deep.mcap', [
      ...clouds(3),
      info('/camera/depth/camera_info', { ...cameraInfo('depth_optical'), stampNs: START }),
      image('/camera/depth/image_raw', depthMessage(at(20))),
      ...camera('left', 3),
      ...[placed('left'), fixed('left', 'depth_optical', exp([0, 0, 0, 0, 0, 0]))],
    ]);
    const both = await openScanSource(path);
    expect(both.sensor).toBe('lidar+rgbd');
    await both.close();
    const coloured = await openScanSource(path, { depth: 'none' });
    expect(coloured.sensor).toBe('lidar');
    expect(words((await measured(coloured)).all)).toBe('slsls');
    await coloured.close();
  });
});
