import { beforeEach, describe, expect, it } from 'vitest';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import type { HostEvent, SlamReplies, SlamRequest } from '../../../src/host/protocol.js';
import type { SlamService } from '../../../src/host/client.js';
import { type CameraInfo, encodeCameraInfo, encodeImage, type Image } from '../../../src/messages/images.js';
import { encodePointCloud2, PointType } from '../../../src/messages/pointcloud2.js';
import { decodeDiagnosticArray } from '../../../src/messages/diagnostics.js';
import { decodeOdometry, encodeTFMessage } from '../../../src/messages/poses.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import type { CameraInput } from '../../../src/ros/camera/topics.js';
import { MappingNode } from '../../../src/ros/mapping-node.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import type { RgbdFrame } from '../../../src/sensors/camera/frame.js';
import { cameraInfo, colorMessage, depthMessage, HEIGHT, WIDTH } from '../../bags/camera/helpers.js';
import { FakePort, scanResult } from '../helpers.js';

/** A SLAM thread that answers frames at once, or when the test lets it. */
class FakeSlam implements SlamService {
  readonly frames: RgbdFrame[] = [];
  readonly streams: (number | undefined)[] = [];
  failure: Error | undefined;
  hold: Promise<void> = Promise.resolve();
  #listener: (event: HostEvent) => void = () => undefined;

  async call<R extends SlamRequest>(request: R): Promise<SlamReplies[R['type']]> {
    if (request.type === 'scan') {
      await this.hold;
      const { scan, stream } = request;
      const { stampNs } = scan;
      const result = scanResult({ index: this.frames.length, stampNs });
      this.frames.push(scan as RgbdFrame);
      this.streams.push(stream);
      this.#listener({ ...result, type: 'pose', sensor: 'rgbd', submap: 0, pose: result.pose });
      const sizes = {
        blocks: 1,
        featureRows: 2,
        triangles: 3,
        keyframes: 4,
        memoryBytes: 5,
        forgottenBlocks: 0,
      };
      this.#listener({
        type: 'result',
        result,
        statistics: sizes,
        keyframe: false,
        timing: 'none',
        decodeMs: 0,
      });
    }
    return (request.type === 'reset' ? { warnings: [] } : undefined) as SlamReplies[R['type']];
  }
  listen(listener: (event: HostEvent) => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }
  async terminate(): Promise<void> {}
}

const MS = 1_000_000n;
const stamp = (k: number): bigint => 1_000n * MS + BigInt(k) * 33n * MS;
/** Waits for what has to come, on a busy machine as well. */
async function until(holds: () => boolean): Promise<void> {
  const late = performance.now() + 10_000;
  while (!holds() && performance.now() < late) await settle(2);
  expect(holds()).toBe(true);
}
const settle = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let port: FakePort;
let slam: FakeSlam;
let node: MappingNode;

async function start(parameters: [string, unknown][] = []): Promise<void> {
  const store = new ParameterStore();
  store.start([
    ['sensor.kind', 'rgbd'],
    ['mesh_rate', 0],
    ['path_rate', 0],
    ['diagnostics_rate', 0],
    ['tf_timeout', 0.05],
    ...parameters,
  ]);
  node = new MappingNode({
    name: 'feltmap',
    parameters: store,
    port,
    startSlam: async () => slam,
    onFatal: (error) => expect.unreachable(error.message),
    version: '',
  });
  await node.configure();
  node.activate();
}

function tf(childFrameId: string, transform: Pose = identity(), frameId = 'base_link'): void {
  node.onTf(encodeTFMessage([{ stampNs: 0n, frameId, childFrameId, transform }]), true);
}

function send(input: CameraInput, bytes: Uint8Array, camera = 0, type?: string): void {
  const topic = node.cameras[camera]!.topics.find((t) => t.input === input)!;
  node.onCamera(camera, { ...topic, ...(type !== undefined && { type }) }, bytes.slice());
}
const info = (changes: Partial<CameraInfo> = {}) => encodeCameraInfo(cameraInfo('depth_optical', changes));
const colorInfo = () => encodeCameraInfo(cameraInfo('color_optical'));
const depth = (k: number, changes: Partial<Image> = {}) =>
  encodeImage({ ...depthMessage(stamp(k), k), ...changes });
const color = (k: number) => encodeImage(colorMessage(stamp(k) + 2n * MS, k));

/** Frames 0 … n − 1 with everything that they need. */
async function feed(n: number): Promise<void> {
  for (let k = 0; k < n; k++) {
    send('depth', depth(k));
    send('color', color(k));
    await settle();
  }
}
const published = (): bigint[] => port.of('odometry').map((bytes) => decodeOdometry(bytes).stampNs);
/** What the last diagnostics say of the process. */
function dropped(): Record<string, string> {
  const last = port.of('diagnostics').at(-1);
  if (!last) return {};
  const { status } = decodeDiagnosticArray(last);
  return Object.fromEntries(status.at(-1)!.values.map(({ key, value }) => [key, value]));
}
const warnings = (): string[] => port.logs.filter(({ level }) => level === 'warn').map(({ text }) => text);

beforeEach(() => {
  port = new FakePort();
  slam = new FakeSlam();
});

describe('a depth camera of the node', () => {
  const ORDERS: readonly Exclude<CameraInput, 'image' | 'imageInfo'>[][] = [
    ['depth', 'color', 'info', 'colorInfo'],
    ['color', 'depth', 'colorInfo', 'info'],
    ['colorInfo', 'info', 'color', 'depth'],
  ];
  it.each(ORDERS)('publishes poses whatever comes first: %s %s %s %s', async (...order) => {
    await start([['tf_timeout', 5]]);
    const mount = exp([0.1, 0.2, 0.3, 0, 0, 1]);
    const T_depth_color = exp([0.025, 0, 0, 0, 0, 0]);
    const make = { depth, color, info: () => info(), colorInfo: () => colorInfo(), points: depth };
    for (let k = 0; k < 6; k++) {
      for (const input of order) send(input, make[input](k));
      if (k === 1) {
        tf('depth_optical', mount);
        tf('color_optical', T_depth_color, 'depth_optical');
      }
      await settle(15);
    }
    await until(() => slam.frames.length >= 4);
    expect(published().slice(0, 4)).toEqual([0, 1, 2, 3].map(stamp));
    expect(warnings()).toEqual([]);
    const frame = slam.frames[1]!;
    expect(frame).toMatchObject({ stampNs: stamp(1), frameId: 'depth_optical', kind: 'rgbd' });
    frame.mount!.forEach((value, i) => expect(value).toBeCloseTo(mount[i]!, 12));
    frame.color!.T_depth_color.forEach((value, i) => expect(value).toBeCloseTo(T_depth_color[i]!, 12));
    expect(frame.color!.delay).toBeCloseTo(0.002, 9);
    expect(frame.camera).toMatchObject({ fx: 10, fy: 11, cx: 3.5, cy: 2.5 });
    expect(frame.depth.data[5]! * frame.depth.scale).toBeCloseTo(1.015, 9);
    expect([...frame.color!.image.data.slice(0, 3)]).toEqual([1, 2, 3]);
  });

  it('drops the oldest when frames come too fast, and counts them', async () => {
    await start([['queue_size', 3], ['diagnostics_rate', 10]]); // prettier-ignore
    tf('depth_optical');
    send('info', info());
    let release: () => void = () => undefined;
    await feed(14);
    await until(() => slam.frames.length >= 12); // the start is over: ten frames were tracked
    await settle(20);
    const before = slam.frames.length;
    slam.hold = new Promise((resolve) => (release = resolve));
    for (let k = 14; k < 30; k++) {
      send('depth', depth(k));
      send('color', color(k));
    }
    await settle();
    release();
    await until(() => slam.frames.at(-1)!.stampNs >= stamp(27));
    // One was being worked on, one being decoded, three waited; the first and the newest ones are there.
    expect(slam.frames.length - before).toBeLessThanOrEqual(5);
    await until(() => Number(dropped()['dropped_queue_full']) >= 8);
    expect(warnings()).toContainEqual(
      expect.stringMatching(/^rgbd\/depth: frames arrive faster.*oldest is dropped/),
    );
  });

  it('without camera_info: no odometry, and a warning that says what to do; it goes on once that comes', async () => {
    await start();
    tf('depth_optical');
    await feed(6);
    await until(() => warnings().length > 0);
    expect(slam.frames).toEqual([]);
    expect(warnings()).toEqual([
      expect.stringMatching(/^rgbd\/depth: no odometry.*camera_info.*rgbd\/camera_info/),
    ]);
    send('info', info());
    for (let k = 6; k < 10; k++) {
      send('depth', depth(k));
      send('color', color(k));
      await settle();
    }
    await until(() => published().length >= 2);
  });

  it('a camera_info that cannot be used is told with its topic', async () => {
    await start();
    tf('depth_optical');
    send('info', info({ k: new Float64Array(9), p: new Float64Array(12) }));
    expect(warnings()).toEqual([expect.stringMatching(/^rgbd\/camera_info: .*not calibrated/)]);
  });

  it('without the transform of the camera: a warning that names both frames, and nothing is mapped', async () => {
    await start();
    send('info', info());
    await feed(6);
    await until(() => warnings().length > 0);
    expect(slam.frames).toEqual([]);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /no transform from 'base_link' to 'depth_optical' at the stamp of the image.*camera_link/,
      ),
    ]);
  });

  it('without the place of colour: depth alone, and a warning that names both frames', async () => {
    await start();
    tf('depth_optical');
    send('info', info());
    send('colorInfo', colorInfo());
    await feed(8);
    await until(() => slam.frames.length >= 3);
    expect(slam.frames.every((frame) => frame.color === undefined)).toBe(true);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^rgbd\/color: depth is used without colour.*from 'depth_optical' to 'color_optical'/,
      ),
    ]);
    tf('color_optical', identity(), 'depth_optical');
    for (let k = 8; k < 12; k++) {
      send('depth', depth(k));
      send('color', color(k));
      await settle();
    }
    await until(() => slam.frames.at(-1)!.color !== undefined);
  });

  it('images of another kind or type cost their frames, with a warning each', async () => {
    await start();
    tf('depth_optical');
    send('info', info());
    send('colorInfo', colorInfo());
    tf('color_optical', identity(), 'depth_optical');
    for (let k = 0; k < 4; k++) {
      send('depth', encodeImage(colorMessage(stamp(k), k, 'depth_optical')));
      send('color', color(k));
      await settle();
    }
    await until(() => warnings().length > 0);
    expect(slam.frames).toEqual([]);
    expect(warnings()).toEqual([expect.stringMatching(/^rgbd\/depth: depth image skipped: .*rgb8/)]);
    send('depth', Uint8Array.of(0, 1, 0), 0, ROS_TYPES.compressedImage);
    expect(warnings().some((text) => /^rgbd\/depth: .*the message ends/.test(text))).toBe(true);
  });

  it('depth goes on without colour where none comes', async () => {
    await start();
    tf('depth_optical');
    send('info', info());
    for (let k = 0; k < 40; k++) send('depth', depth(k));
    await until(() => slam.frames.length >= 3);
    expect(slam.frames.every((frame) => frame.color === undefined)).toBe(true);
  });

  it('takes depth alone at once where colour is not wanted', async () => {
    await start([['color_topic', 'none']]);
    tf('depth_optical');
    send('info', info());
    send('depth', depth(0));
    await until(() => slam.frames.length === 1);
    expect(published()).toEqual([stamp(0)]);
  });

  it('several cameras: the others wait for the first one, each is a stream of its own', async () => {
    await start([
      ['rgbd_cameras', ['front', 'rear']],
      ['color_topic', 'none'],
    ]);
    tf('depth_optical');
    tf('rear_optical', exp([-1, 0, 0, 0, 0, 3]));
    for (const camera of [0, 1]) send('info', info(), camera);
    for (let k = 0; k < 6; k++) {
      send('depth', depth(k));
      send('depth', encodeImage(depthMessage(stamp(k) + 10n * MS, k, 'rear_optical')), 1);
      await until(() => slam.streams.filter((stream) => stream === 0).length > k);
    }
    await until(() => slam.streams.length >= 9);
    expect(slam.streams.slice(0, 3)).toEqual([0, 0, 0]);
    expect(slam.streams.filter((stream) => stream === 0)).toHaveLength(6);
    expect(node.topics).toEqual([
      'front/depth',
      'front/camera_info',
      'rear/depth',
      'rear/camera_info',
      'imu',
    ]);
  });

  it('an organised cloud is taken in the place of images', async () => {
    await start([['rgbd_input', 'points']]);
    tf('depth_optical');
    const [width, height] = [WIDTH * 4, HEIGHT * 4];
    const data = new Uint8Array(16 * width * height);
    const view = new DataView(data.buffer);
    for (let i = 0; i < width * height; i++) {
      const z = 1 + i / 500;
      const xyz = [(z * ((i % width) - 15)) / 30, (z * (Math.floor(i / width) - 11)) / 30, z];
      xyz.forEach((c, k) => view.setFloat32(16 * i + 4 * k, c, true));
      view.setUint32(16 * i + 12, 0x0a141e, true);
    }
    const fields = ['x', 'y', 'z', 'rgb'].map((name, k) => ({
      name,
      offset: 4 * k,
      datatype: PointType.FLOAT32,
      count: 1,
    }));
    const layout = { width, height, fields, data, pointStep: 16, rowStep: 16 * width, bigEndian: false };
    const message = { stampNs: stamp(0), frameId: 'depth_optical', ...layout, isDense: true };
    send('points', encodePointCloud2(message));
    await until(() => slam.frames.length === 1);
    expect(published()).toEqual([stamp(0)]);
    const [frame] = slam.frames;
    expect(frame!.camera.fx).toBeCloseTo(30, 3);
    expect(frame!.depth.data[7]).toBeCloseTo(1.014, 6);
    expect([...frame!.color!.image.data.slice(0, 3)]).toEqual([10, 20, 30]);
    send('points', encodePointCloud2({ ...message, stampNs: stamp(1), width: width * height, height: 1 }));
    await until(() => warnings().length > 0);
    expect(warnings()).toEqual([expect.stringMatching(/^rgbd\/points: .*not organised/)]);
  });

  it('diagnostics count dropped frames and name the inputs', async () => {
    await start([['diagnostics_rate', 10]]);
    await feed(4);
    await until(() => Number(dropped()['dropped_no_transform']) >= 1);
    const { status } = decodeDiagnosticArray(port.of('diagnostics').at(-1)!);
    expect(status.map(({ name }) => name)).toContain('feltmap: input rgbd/depth');
    node.deactivate();
  });
});
