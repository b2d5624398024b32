import { describe, expect, it } from 'vitest';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { exp } from '../../../src/geometry/se3.js';
import type { CameraIntrinsics, ColorImage, DepthImage } from '../../../src/sensors/camera/frame.js';
import { FrameBuilder } from '../../../src/sensors/camera/frame-builder.js';

const camera: CameraIntrinsics = {
  width: 4,
  height: 2,
  fx: 3,
  fy: 3,
  cx: 1.5,
  cy: 0.5,
  distortion: 'none',
  coefficients: [],
};
const depth =
  (width = 4, height = 2, value = 1000): (() => Promise<DepthImage>) =>
  () =>
    Promise.resolve({ width, height, data: new Uint16Array(width * height).fill(value), scale: 0.001 });
const color =
  (width = 4, height = 2): (() => Promise<ColorImage>) =>
  () =>
    Promise.resolve({ width, height, data: new Uint8Array(3 * width * height) });
const fails = () => Promise.reject(new FeltmapError('bad-input', 'The image is cut off'));
const T_depth_color = exp([1, 2, 3, 0.1, 0.2, 0.3]);
const setup = {
  name: '/depth',
  camera,
  color: { name: '/color', camera, T_depth_color },
  mount: exp([0, 0, 1, 0, 0, 0]),
};

describe('FrameBuilder', () => {
  it('puts depth, colour, intrinsics and places together', async () => {
    const builder = new FrameBuilder(setup);
    const frame = await builder.build({
      stampNs: 7n,
      frameId: 'd',
      depth: depth(),
      color: color(),
      delay: 0.004,
    });
    expect(frame).toMatchObject({ kind: 'rgbd', stampNs: 7n, frameId: 'd', camera, mount: setup.mount });
    expect(frame!.color).toMatchObject({ camera, T_depth_color, delay: 0.004 });
    expect('clockShiftNs' in frame!).toBe(false);
    expect(builder.notes).toEqual([]);
  });

  it('colour that cannot be read costs the colour, depth costs the frame; each is told once', async () => {
    const builder = new FrameBuilder(setup);
    const part = { stampNs: 1n, frameId: 'd' };
    expect(await builder.build({ ...part, depth: depth(), color: fails })).not.toHaveProperty('color');
    for (let i = 0; i < 3; i++)
      expect(await builder.build({ ...part, depth: fails, color: color() })).toBeUndefined();
    expect(await builder.build({ ...part, depth: depth() })).toBeDefined();
    expect(builder.skipped).toBe(3);
    expect(builder.notes).toEqual([
      '/color: depth is used without its colour: The image is cut off',
      '/depth: depth image skipped: The image is cut off (3 times, this was the first)',
    ]);
  });

  it('intrinsics of another size are scaled, those of another shape do not do', async () => {
    const builder = new FrameBuilder(setup);
    const part = { stampNs: 1n, frameId: 'd' };
    const frame = await builder.build({ ...part, depth: depth(8, 4), color: color(6, 2) });
    expect(frame!.camera).toMatchObject({ width: 8, height: 4, fx: 6, cx: 3.5 });
    expect(frame).not.toHaveProperty('color');
    expect(await builder.build({ ...part, depth: depth(4, 4) })).toBeUndefined();
    expect(builder.notes).toEqual([
      expect.stringMatching(/^\/color: .*6×2 pixels, but its intrinsics are for 4×2/),
      expect.stringMatching(/^\/depth: .*8×4 pixels.*4×2: they are scaled/),
      expect.stringMatching(/^\/depth: depth image skipped: .*4×4 pixels, but/),
    ]);
  });

  it('doubts about values are told, and the frame is used', async () => {
    const builder = new FrameBuilder(setup);
    const part = { stampNs: 1n, frameId: 'd' };
    expect(await builder.build({ ...part, depth: depth(4, 2, 3) })).toBeDefined();
    expect(await builder.build({ ...part, depth: depth(4, 2, 0) })).toBeDefined();
    expect(builder.notes).toEqual([
      expect.stringMatching(/^\/depth: the largest depth is 3 mm: are these metres/),
      expect.stringMatching(/^\/depth: the depth image holds no distance at all/),
    ]);
  });

  it('lets errors of the program through', async () => {
    const broken = () => Promise.reject(new TypeError('a bug'));
    await expect(new FrameBuilder(setup).build({ stampNs: 1n, frameId: 'd', depth: broken })).rejects.toThrow(
      'a bug',
    );
  });

  it('a single pixel', async () => {
    const one = { ...camera, width: 1, height: 1 };
    const builder = new FrameBuilder({ name: '/depth', camera: one });
    expect((await builder.build({ stampNs: 1n, frameId: 'd', depth: depth(1, 1) }))!.camera).toBe(one);
  });
});
