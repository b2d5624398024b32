import { expect, it } from 'vitest';
import { bodyOfCloud, Frames, type FramesOptions } from '../../src/bags/frames.js';
import { compose, exp, type Pose } from '../../src/geometry/se3.js';
import { TfBuffer } from '../../src/messages/tf-buffer.js';
import { smallScan } from './helpers.js';

const MAST = exp([0.1, 0, 0.3, 0, 0, 0]);
const LIDAR = exp([0, 0, 0.2, 0, 0.1, 0]);
const REAR = exp([-0.4, 0, 0.1, 0, 0, Math.PI]);

function transforms(...list: [parent: string, child: string, pose: Pose][]): TfBuffer {
  const tf = new TfBuffer();
  for (const [frameId, childFrameId, transform] of list)
    tf.set({ stampNs: 0n, frameId, childFrameId, transform }, true);
  return tf;
}

const frames = (tf: TfBuffer, options?: FramesOptions): Frames =>
  new Frames('/points', () => Promise.resolve(tf), options);
const scan = (frameId: string) => ({ ...smallScan(0n), frameId });

it('mounts clouds on base_link where fixed transforms connect it', async () => {
  const tf = transforms(['base_link', 'mast', MAST], ['mast', 'lidar', LIDAR], ['base_link', 'rear', REAR]);
  const on = frames(tf);
  const expected = compose(MAST, LIDAR);
  (await on.mounted(scan('/lidar')))!.mount!.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
  expect((await on.mounted(scan('rear')))!.mount).toEqual(REAR);
  expect([on.body, on.notes]).toEqual(['base_link', []]);
});

it('takes the sensor for the body without base_link, and leaves its clouds as they are', async () => {
  const one = scan('lidar');
  const alone = frames(transforms());
  expect(await alone.mounted(one)).toBe(one);
  expect([alone.body, alone.notes]).toEqual(['lidar', []]);
});

it('says that a base_link is not connected', async () => {
  const one = scan('lidar');
  const on = frames(transforms(['base_link', 'imu', MAST]));
  expect(await on.mounted(one)).toBe(one);
  expect(on.body).toBe('lidar');
  expect(on.notes).toEqual([expect.stringMatching(/'base_link' to 'lidar'.*poses are those of 'lidar'/)]);
});

it('takes the frame that is asked for, the sensor itself too, and refuses one that is not connected', async () => {
  const tf = transforms(['base_link', 'mast', MAST], ['mast', 'lidar', LIDAR]);
  const mast = frames(tf, { base: '/mast' });
  expect((await mast.mounted(scan('lidar')))!.mount).toEqual(LIDAR);
  expect(mast.body).toBe('mast');
  const itself = frames(tf, { base: 'lidar' });
  expect((await itself.mounted(scan('lidar')))!.mount).toBeUndefined();
  expect(itself.body).toBe('lidar');
  await expect(frames(tf, { base: 'odom' }).mounted(scan('lidar'))).rejects.toThrow(
    /no fixed transform from 'odom' to 'lidar'.*--base-frame/,
  );
});

it('mounts another LiDAR on the first where that is the body, then that one too, or leaves it out by name', async () => {
  const on = frames(transforms(['front', 'rear', REAR]));
  expect((await on.mounted(scan('front')))!.mount).toBeUndefined();
  expect((await on.mounted(scan('rear')))!.mount).toEqual(REAR);
  expect([...(await on.mounted(scan('front')))!.mount!]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
  expect(await on.mounted(scan('left'))).toBeUndefined();
  expect(on.notes).toEqual([expect.stringMatching(/those of 'left' are not used \(1\)/)]);
});

it('says what the body of a cloud would be', () => {
  const tf = transforms(['base_link', 'lidar', LIDAR]);
  expect(bodyOfCloud(tf, '/lidar')).toEqual({ body: 'base_link', T_body_sensor: LIDAR });
  expect(bodyOfCloud(tf, 'lidar', 'lidar')).toEqual({ body: 'lidar' });
  expect(bodyOfCloud(tf, 'other')).toMatchObject({
    body: 'other',
    missing: expect.stringMatching(/other/) as string,
  });
  expect(bodyOfCloud(transforms(), 'other')).toEqual({ body: 'other' });
});
