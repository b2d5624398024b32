import { isPosed } from '../../../src/sensors/measurement.js';
import { describe, expect, it } from 'vitest';
import { openScanSource } from '../../../src/bags/source.js';
import { compose, exp, identity, type Pose } from '../../../src/geometry/se3.js';
import { encodeImu } from '../../../src/messages/imu.js';
import { encodePointCloud2 } from '../../../src/messages/pointcloud2.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { CAMERA_ON_BODY } from '../../../src/sensors/camera/frame.js';
import { pointCloud2FromScan } from '../../../src/sensors/lidar/to-pointcloud2.js';
import { isImuBatch } from '../../../src/sensors/measurement.js';
import { scratchFolder, smallScan } from '../helpers.js';
import { cameraInfo, colorMessage, depthMessage, fixed, image, info, measured, writeBag } from './helpers.js';

const folder = scratchFolder();
const START = 1_700_000_000_000_000_000n;
const PERIOD = 33_333_333n;
const at = (k: number): bigint => START + BigInt(k) * PERIOD;
const T_depth_color = exp([0.015, -0.001, 0.002, 0.01, -0.02, 0.03]);

/** A camera of `n` frames whose colour comes 4 ms late. */
function camera(n: number, name = '/camera'): ReturnType<typeof image>[] {
  return [
    info(`${name}/depth/camera_info`, { ...cameraInfo('depth_optical'), stampNs: START }),
    info(`${name}/color/camera_info`, {
      ...cameraInfo('color_optical', { k: Float64Array.of(9, 0, 3, 0, 9, 2, 0, 0, 1) }),
      stampNs: START,
    }),
    ...Array.from({ length: n }, (_, k) => [
      image(`${name}/depth/image_raw`, depthMessage(at(k), k)),
      image(`${name}/color/image_raw`, colorMessage(at(k) + 4_000_000n, k)),
    ]).flat(),
  ];
}
const place = fixed('depth_optical', 'color_optical', T_depth_color);

describe('a bag with a depth camera', () => {
  it('brings frames with colour, intrinsics and the place of colour to depth', async () => {
    const source = await openScanSource(await writeBag(folder, 'plain.mcap', [...camera(12), place]));
    expect(source).toMatchObject({
      sensor: 'rgbd',
      topic: '/camera/depth/image_raw',
      sensorFrame: 'depth_optical',
      scanCount: 12,
    });
    expect(source.firstInterval).toBeCloseTo(1 / 30, 6);
    expect(source.description).toMatch(/not registered to colour; tf_static: colour at \(15, -1, 2\) mm/);
    const { frames } = await measured(source);
    expect(frames.map((f) => f.stampNs)).toEqual(Array.from({ length: 12 }, (_, k) => at(k)));
    for (const [k, frame] of frames.entries()) {
      expect(frame.depth.data[5]).toBe(1005 + 10 * k);
      expect(frame.depth.scale).toBe(0.001);
      expect(frame.camera).toMatchObject({ fx: 10, fy: 11, cx: 3.5, cy: 2.5, distortion: 'none' });
      expect(frame.mount).toEqual(CAMERA_ON_BODY);
      expect(Array.from(frame.color!.image.data.subarray(0, 3))).toEqual([k, 2 * k, 3 * k]);
      expect(frame.color!.camera).toMatchObject({ fx: 9, cx: 3 });
      expect(frame.color!.delay).toBeCloseTo(0.004, 9);
      for (let i = 0; i < 12; i++) expect(frame.color!.T_depth_color[i]).toBeCloseTo(T_depth_color[i]!, 12);
    }
    expect(source.warnings).toEqual([
      expect.stringMatching(
        /colour images come 4\.0 ms after .* \(12 pairs, 0 depth images without colour\)/,
      ),
    ]);
    await source.close();
  });

  it('can be read in part, and again', async () => {
    const source = await openScanSource(await writeBag(folder, 'part.mcap', [...camera(12), place]));
    const { frames } = await measured(source, { startS: 0.09, durationS: 0.1 });
    expect(frames.map((f) => f.stampNs)).toEqual([at(3), at(4), at(5)]);
    expect((await measured(source)).frames).toHaveLength(12);
    await source.close();
  });

  it('that nobody placed to its colour camera: both are one, and a warning says so', async () => {
    const source = await openScanSource(await writeBag(folder, 'unplaced.mcap', camera(3)));
    const { frames } = await measured(source);
    expect(frames[0]!.color!.T_depth_color).toEqual(identity());
    expect(source.warnings.join()).toMatch(/no transform from 'depth_optical' to 'color_optical'.*tf_static/);
    await source.close();
  });

  it('in one frame with colour is registered, and takes its intrinsics where it has none', async () => {
    const source = await openScanSource(
      await writeBag(folder, 'registered.mcap', [
        info('/rgb/camera_info', cameraInfo('rgb_optical')),
        ...[0, 1, 2].flatMap((k) => [
          image('/rgb/image_raw', colorMessage(at(k), k, 'rgb_optical')),
          image('/depth_to_rgb/image_raw', depthMessage(at(k), k, 'rgb_optical')),
        ]),
      ]),
    );
    expect(source.description).toMatch(/registered to colour/);
    const { frames } = await measured(source);
    expect(frames).toHaveLength(3);
    expect(frames[0]!.camera.fx).toBe(10);
    expect(frames[0]!.color!.T_depth_color).toEqual(identity());
    await source.close();
  });

  it('is mounted on base_link where tf knows it, and an IMU with it', async () => {
    const T_base_depth = compose(exp([0.3, 0, 0.5, 0, 0, 0.4]), CAMERA_ON_BODY);
    const T_depth_imu = exp([0.01, 0.02, 0.03, 0, 0, 1]);
    const imu = (k: number): ReturnType<typeof image> => [
      '/imu',
      ROS_TYPES.imu,
      at(k) - 5_000_000n,
      encodeImu({
        stampNs: at(k) - 5_000_000n,
        frameId: 'imu',
        orientation: Float64Array.of(0, 0, 0, 1),
        orientationCovariance: new Float64Array(9),
        angularVelocity: Float64Array.of(0, 0, k),
        angularVelocityCovariance: new Float64Array(9),
        linearAcceleration: Float64Array.of(0, 0, 9.8),
        linearAccelerationCovariance: new Float64Array(9),
      }),
    ];
    const messages = [
      ...camera(6),
      place,
      fixed('depth_optical', 'imu', T_depth_imu),
      ...[1, 2, 3, 4, 5].map(imu),
    ];
    const based = await openScanSource(
      await writeBag(folder, 'based.mcap', [...messages, fixed('base_link', 'depth_optical', T_base_depth)]),
    );
    const bare = await openScanSource(await writeBag(folder, 'bare.mcap', messages));
    for (const [source, T_body_depth] of [
      [based, T_base_depth],
      [bare, CAMERA_ON_BODY],
    ] as const) {
      const { all, frames } = await measured(source);
      frames[0]!.mount!.forEach((v, i) => expect(v).toBeCloseTo(T_body_depth[i]!, 12));
      const batches = all.filter(isImuBatch);
      expect(batches.flatMap((b) => [...b.rates].filter((_, i) => i % 3 === 2))).toEqual([1, 2, 3, 4, 5]);
      const T_body_imu = compose(T_body_depth, T_depth_imu);
      batches[0]!.T_body_imu.forEach((v, i) => expect(v).toBeCloseTo(T_body_imu[i]!, 12));
      // Each reading comes before the frame that follows it, and after the frame before.
      expect(all.map((one) => ('depth' in one ? 'frame' : 'imu')).join(' ')).toBe(
        'frame imu frame imu frame imu frame imu frame imu frame',
      );
      expect(frames).toHaveLength(6);
      await source.close();
    }
  });

  it('beside a LiDAR is used with it where tf connects them, else when it is asked for', async () => {
    const clouds = [0, 1, 2].map((k): ReturnType<typeof image> => [
      '/points',
      ROS_TYPES.pointCloud2,
      at(k),
      encodePointCloud2(pointCloud2FromScan(smallScan(at(k)))),
    ]);
    const path = await writeBag(folder, 'both.mcap', [...camera(3), place, ...clouds]);
    const lidar = await openScanSource(path);
    expect([lidar.sensor, lidar.topic]).toEqual(['lidar', '/points']);
    expect(lidar.warnings.join()).toMatch(/depth camera as well, which is not used.*tf_static/);
    await lidar.close();
    const rgbd = await openScanSource(path, { sensor: 'rgbd' });
    expect((await measured(rgbd)).frames).toHaveLength(3);
    await rgbd.close();
    const onLidar = fixed(lidar.sensorFrame, 'depth_optical', CAMERA_ON_BODY);
    const connected = await writeBag(folder, 'joint.mcap', [...camera(3), place, onLidar, ...clouds]);
    const both = await openScanSource(connected);
    expect([both.sensor, both.scanCount]).toEqual(['lidar+rgbd', 6]);
    const mounts: unknown[] = [];
    for await (const one of both.measurements()) if (isPosed(one)) mounts.push(one.mount);
    expect(mounts.length).toBeGreaterThan(3); // small clouds are put together
    expect(mounts).not.toContain(undefined);
    await both.close();
  });
});

it('a frame with the axes of a body, not of an image, is told: poses would be turned by a quarter', async () => {
  const bag = async (name: string, frame: string, T: Pose): Promise<string> => {
    const path = await writeBag(folder, `${name}.mcap`, [
      info('/depth/camera_info', cameraInfo(frame)),
      image('/depth/image', depthMessage(1_000_000_000n, 0, frame)),
      fixed('base_link', frame, T),
    ]);
    const source = await openScanSource(path);
    await source.close();
    return source.warnings.join();
  };
  const level = exp([0.1, 0, 0.3, 0, 0, 0.4]);
  expect(await bag('level', 'camera_link', level)).toMatch(
    /'camera_link' looks straight up from 'base_link'.*REP 103/,
  );
  expect(await bag('optical', 'camera_link', compose(level, CAMERA_ON_BODY))).toBe('');
  // One that says what it is may look at the ceiling.
  expect(await bag('ceiling', 'camera_optical_frame', level)).toBe('');
});

it('a base_link that nothing connects to the camera: the camera is the body, and a warning says so', async () => {
  const lone = fixed('base_link', 'arm', identity());
  const source = await openScanSource(await writeBag(folder, 'lone.mcap', [...camera(3), place, lone]));
  expect((await measured(source)).frames[0]!.mount).toEqual(CAMERA_ON_BODY);
  expect(source.warnings.join()).toMatch(/no fixed transform from 'base_link' to it.*the camera is the body/);
  await source.close();
});
