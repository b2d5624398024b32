import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { cameraSimulation, EFFECTS, runSimCamera, type SimCameraOptions } from '../../src/cli/sim-camera.js';
import { TOUCH_EFFECTS } from '../../src/cli/sim-touch.js';
import { buildProgram } from '../../src/cli/program.js';
import type { Actions } from '../../src/cli/command-options.js';
import { parseTum } from '../../src/export/tum.js';
import { compose, inverse } from '../../src/geometry/se3.js';
import { decodeCameraInfo, decodeCompressedImage, decodeImage } from '../../src/messages/images.js';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { decodeOdometry, decodeTFMessage } from '../../src/messages/poses.js';
import { messagesByTopic } from '../bags/helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-sim-camera-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { world: 'room', seed: 5, width: 64, duration: 0.2, threads: 0 } as const;
const run = (name: string, options: Partial<SimCameraOptions> = {}) =>
  runSimCamera({ ...OPTIONS, ...options, out: join(folder, name) });

describe('feltmap sim room', () => {
  it('writes images, camera_info, truth, IMU, frames and LiDAR of the simulation', async () => {
    const result = await run('a.mcap', { motion: 'robot', lidar: true, raw: true, beams: 16, columns: 256 });
    const truth = cameraSimulation({ ...OPTIONS, motion: 'robot', out: '' });
    expect(result).toMatchObject({ frames: 6, seconds: 0.2, interrupted: false });
    const topics = await messagesByTopic(result.path);
    expect(topics.get('/camera/depth/image_raw')!.length).toBe(6);
    topics.get('/camera/depth/image_raw')!.forEach(({ data }, k) => {
      const image = decodeImage(data);
      expect(image).toMatchObject({ encoding: '16UC1', width: 64, height: 48, step: 128, bigEndian: false });
      expect(image.stampNs).toBe(truth.depthStampNs(k));
      const values = new Uint16Array(image.data.slice().buffer);
      expect(values).toEqual(truth.depth(k));
    });
    topics.get('/camera/color/image_raw')!.forEach(({ data }, k) => {
      const image = decodeImage(data);
      expect(image).toMatchObject({ encoding: 'rgb8', step: 192, frameId: 'camera_color_optical_frame' });
      expect(image.stampNs).toBe(truth.colorStampNs(k));
      expect(image.data.slice()).toEqual(truth.color(k));
    });
    const info = decodeCameraInfo(topics.get('/camera/depth/camera_info')![0]!.data);
    const { fx, fy, cx, cy } = truth.model.depth;
    expect([...info.k]).toEqual([fx, 0, cx, 0, fy, cy, 0, 0, 1]);
    topics.get('/ground_truth')!.forEach(({ data }, k) => {
      decodeOdometry(data).pose.forEach((v, i) => expect(v).toBeCloseTo(truth.odomPose(k)[i]!, 9));
    });
    const tf = decodeTFMessage(topics.get('/tf_static')![0]!.data);
    const [camera, depth, color, lidar] = tf.map((t) => t.transform);
    expect(tf.map((t) => t.childFrameId)).toEqual([
      'camera_link', 'camera_depth_optical_frame', 'camera_color_optical_frame', 'lidar',
    ]); // prettier-ignore
    compose(camera!, depth!).forEach((v, i) => expect(v).toBeCloseTo(truth.depthMount[i]!, 9));
    compose(inverse(depth!), color!).forEach((v, i) =>
      expect(v).toBeCloseTo([1, 0, 0, 0.025, 0, 1, 0, 0, 0, 0, 1, 0][i]!, 9),
    );
    expect(lidar![11]! - camera![11]!).toBeCloseTo(0.25, 9);
    expect(topics.get('/points')!.length).toBeGreaterThan(0);
    expect(decodePointCloud2(topics.get('/points')![0]!.data).width).toBeGreaterThan(1000);
    expect(topics.get('/imu')!.length).toBeGreaterThan(35);
    const estimate = parseTum(readFileSync(result.truthPath, 'utf8'));
    expect(estimate.stampsNs).toEqual(truth.stamps());
  });

  it('compresses colour by default and depth if asked for, and threads do not change a byte', async () => {
    const a = await run('b.mcap', { compressedDepth: true });
    const b = await run('c.mcap', { compressedDepth: true, threads: 2 });
    expect(readFileSync(b.path).equals(readFileSync(a.path))).toBe(true);
    const truth = cameraSimulation({ ...OPTIONS, out: '' });
    const topics = await messagesByTopic(a.path);
    const color = decodeCompressedImage(topics.get('/camera/color/image_raw/compressed')![5]!.data);
    expect(color.format).toBe('rgb8; jpeg compressed bgr8');
    const rgb = await sharp(color.data).raw().toBuffer();
    const exact = truth.color(5);
    expect(exact.reduce((sum, v, i) => sum + Math.abs(v - rgb[i]!), 0) / exact.length).toBeLessThan(8);
    const depth = decodeCompressedImage(topics.get('/camera/depth/image_raw/compressedDepth')![5]!.data);
    expect(depth.format).toBe('16UC1; compressedDepth png');
    const raw = await sharp(depth.data.slice(12)).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    expect(new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2)).toEqual(truth.depth(5));
  });

  it('writes folders as TUM RGB-D has them', async () => {
    const result = await run('folder', { folder: true });
    const truth = cameraSimulation({ ...OPTIONS, folder: true, out: '' });
    expect(truth.model.depth).toEqual(truth.model.color);
    for (const name of [
      'rgb.txt',
      'depth.txt',
      'associations.txt',
      'groundtruth.txt',
      'camera_intrinsic.json',
    ])
      expect(existsSync(join(result.path, name))).toBe(true);
    expect(readdirSync(join(result.path, 'rgb')).length).toBe(6);
    const [stamp, name] = readFileSync(join(result.path, 'depth.txt'), 'utf8').split('\n')[2]!.split(' ') as [
      string,
      string,
    ];
    expect(BigInt(stamp.replace('.', '')) * 1000n).toBe((truth.depthStampNs(1) / 1000n) * 1000n);
    const raw = await sharp(join(result.path, name))
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer();
    const values = new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2);
    expect(values).toEqual(truth.depth(1).map((v) => 5 * v));
    const poses = parseTum(readFileSync(result.truthPath, 'utf8')).poses;
    compose(inverse(truth.depthPose(0)), truth.depthPose(5)).forEach((v, i) =>
      expect(poses[5]![i]).toBeCloseTo(v, 7),
    );
  });

  it('leaves out what it is told to, each effect by itself', () => {
    const model = (without: string[]) => cameraSimulation({ ...OPTIONS, without, out: '' }).model;
    const all = model([]);
    for (const effect of EFFECTS) expect(model([effect])).not.toEqual(all);
    const none = model([...EFFECTS]);
    expect(none).toMatchObject({
      readout: 0,
      delay: 0,
      colorNoise: { exposure: 0, autoExposure: false, noise: false },
    });
    expect(none.depthNoise).toEqual({
      noise: false,
      disparityStep: 0,
      fattening: 0,
      holes: false,
      shadow: false,
      bias: 0,
    });
    expect(() => model(['fog'])).toThrow(/no effect 'fog' to leave out; choose noise, steps/);
    expect(() => cameraSimulation({ ...OPTIONS, motion: 'smooth', out: '' })).toThrow(
      /choose gentle, fast, robot or arm/,
    );
  });

  it('offers on the command line what it can leave out', () => {
    const program = buildProgram({} as Actions, '', () => undefined);
    const sim = program.commands.find((c) => c.name() === 'sim')!;
    expect(sim.options.find((o) => o.long === '--without')!.argChoices).toEqual([
      ...new Set<string>([...EFFECTS, ...TOUCH_EFFECTS]),
    ]);
  });
});
