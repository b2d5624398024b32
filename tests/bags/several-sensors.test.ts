import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../src/bags/source.js';
import type { ScanSource } from '../../src/bags/scan-source.js';
import { colorsOf, namesOf, withOthers } from '../../src/bags/several-sensors.js';
import { compose, exp, inverse, rotationAngle, translationNorm } from '../../src/geometry/se3.js';
import { encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { CAMERA_ON_BODY } from '../../src/sensors/camera/frame.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import { isScan } from '../../src/sensors/measurement.js';
import { simulate } from '../../src/sim/index.js';
import { FRONT, half, REAR } from '../slam/halves.js';
import {
  cameraInfo,
  colorMessage,
  depthMessage,
  fixed,
  image,
  info,
  measured,
  writeBag,
  type Written,
} from './camera/helpers.js';
import { collect, scratchFolder } from './helpers.js';

const folder = scratchFolder();
const at = (k: number): bigint => 1_700_000_000_000_000_000n + BigInt(k) * 33_333_333n;

describe('names of topics', () => {
  it('are split at commas', () => {
    expect([namesOf(undefined), namesOf('/a'), namesOf('/a, /b')]).toEqual([[], ['/a'], ['/a', '/b']]);
  });

  it('of colour go with those of depth, one for each, none for all, or found by themselves', () => {
    expect(colorsOf(['/a', '/b'], '/c,/d')).toEqual(['/c', '/d']);
    expect(colorsOf(['/a', '/b'], 'none')).toEqual(['none', 'none']);
    expect(colorsOf(['/a', '/b'], undefined)).toEqual([undefined, undefined]);
    expect(colorsOf([], '/c')).toEqual(['/c']);
    expect(() => colorsOf(['/a', '/b'], '/c')).toThrow(/--color names 1 topics for 2 of depth/);
  });
});

describe('a source with others of its kind', () => {
  const closed: string[] = [];
  const named = (name: string): ScanSource => ({
    sensor: 'lidar',
    description: name,
    sensorFrame: name,
    warnings: [],
    async *scans() {},
    async *measurements() {},
    close: async () => void closed.push(name),
  });

  it('closes those that are open where one cannot be opened', async () => {
    const broken = (): Promise<ScanSource> => Promise.reject(new Error('no such topic'));
    await expect(withOthers(named('a'), [async () => named('b'), broken])).rejects.toThrow('no such topic');
    expect(closed).toEqual(['b']);
  });

  it('names the leading one first', async () => {
    const source = await withOthers(named('a'), [async () => named('b'), async () => named('c')]);
    expect(source.description).toBe('a; b; c');
    expect(await withOthers(source, [])).toBe(source);
  });
});

/** What a camera of that name publishes. */
function camera(name: string, delayNs: bigint): Written[] {
  const [depth, color] = [`${name}_depth`, `${name}_color`];
  const later = (k: number): bigint => at(k) + delayNs;
  return [
    info(`/${name}/depth/camera_info`, { ...cameraInfo(depth), stampNs: later(0) }),
    info(`/${name}/color/camera_info`, { ...cameraInfo(color), stampNs: later(0) }),
    fixed(depth, color, exp([0.015, 0, 0, 0, 0, 0])),
    ...Array.from({ length: 6 }, (_, k) => [
      image(`/${name}/depth/image_raw`, depthMessage(later(k), k, depth)),
      image(`/${name}/color/image_raw`, colorMessage(later(k), k, color)),
    ]).flat(),
  ];
}

describe('two depth cameras of a bag', () => {
  const [DELAY, BETWEEN] = [10_000_000n, exp([0, 0, -0.4, 0, Math.PI, 0])];
  const topics = '/left/depth/image_raw,/right/depth/image_raw';
  const both = [...camera('left', 0n), ...camera('right', DELAY)];

  it('have to be chosen', async () => {
    const path = await writeBag(folder, 'choose.mcap', both);
    await expect(openScanSource(path)).rejects.toThrow(
      /several depth topics.*several cameras of one body with commas between/,
    );
  });

  it('are on the body of the first, which is that camera where nothing else is known', async () => {
    const placed = [...both, fixed('left_depth', 'right_depth', BETWEEN)];
    const source = await openScanSource(await writeBag(folder, 'both.mcap', placed), { depth: topics });
    const { frames } = await measured(source);
    expect(frames.map(({ frameId }) => frameId.slice(0, 4))).toEqual(Array.from({ length: 12 }, (_, i) => (i % 2 ? 'righ' : 'left'))); // prettier-ignore
    const [left, right] = frames;
    expect(left!.mount).toEqual(CAMERA_ON_BODY);
    const off = compose(inverse(compose(CAMERA_ON_BODY, BETWEEN)), right!.mount!);
    expect(Math.max(translationNorm(off), rotationAngle(off))).toBeLessThan(1e-9);
    expect(frames.every(({ color }) => color !== undefined)).toBe(true);
    expect([source.sensor, source.scanCount]).toEqual(['rgbd', 12]);
    await source.close();
  });

  it('are on base_link where tf has them there', async () => {
    const [L, R] = [exp([0.2, 0.1, 0, -1.5, 0, -1.5]), exp([-0.2, 0.1, 0, -1.5, 0, 1.5])];
    const placed = [...both, fixed('base_link', 'left_depth', L), fixed('base_link', 'right_depth', R)];
    const source = await openScanSource(await writeBag(folder, 'base.mcap', placed), {
      depth: topics,
      color: 'none',
    });
    const { frames } = await measured(source);
    expect(source.bodyFrame).toBe('base_link');
    for (const [k, T] of [L, R].entries())
      expect(translationNorm(compose(inverse(T), frames[k]!.mount!))).toBeLessThan(1e-9);
    expect(frames.some(({ color }) => color !== undefined)).toBe(false);
    await source.close();
  });

  it('are refused by name where nothing connects them', async () => {
    const path = await writeBag(folder, 'apart.mcap', both);
    await expect(openScanSource(path, { depth: topics })).rejects.toThrow(
      /\/right\/depth\/image_raw: there is no fixed transform from 'left_depth' to 'right_depth'/,
    );
  });
});

it('two LiDARs of a bag are one stream, each from its own topic, on the body of the first', async () => {
  const simulation = simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.5 });
  const cloud = (topic: string, scan: LidarScan): Written => [
    topic,
    ROS_TYPES.pointCloud2,
    scan.stampNs,
    encodePointCloud2(pointCloud2FromScan(scan)),
  ];
  const messages = [...simulation.scans()].flatMap((scan) => [
    cloud('/front/points', half(scan, 'front')),
    cloud('/rear/points', half(scan, 'rear')),
  ]);
  const path = await writeBag(folder, 'halves.mcap', [...messages, fixed('front', 'rear', REAR)]);
  await expect(openScanSource(path)).rejects.toThrow(
    /several point cloud topics.*several LiDARs of one body with commas between/,
  );
  const source = await openScanSource(path, { topic: '/front/points,/rear/points' });
  const scans = (await collect(source.measurements())).filter(isScan);
  expect(scans.map(({ frameId }) => frameId)).toEqual(Array.from({ length: messages.length }, (_, i) => (i % 2 ? 'rear' : 'front'))); // prettier-ignore
  for (const [i, T] of [FRONT, REAR].entries())
    expect(translationNorm(compose(inverse(T), scans[i]!.mount!))).toBeLessThan(1e-6);
  expect(source.scanCount).toBe(messages.length);
  await source.close();
});
