import { describe, expect, it } from 'vitest';
import { exp, identity, type Pose } from '../../../src/geometry/se3.js';
import type { SlamReplies, SlamRequest } from '../../../src/host/protocol.js';
import { encodeCameraInfo, encodeImage } from '../../../src/messages/images.js';
import { encodeTFMessage } from '../../../src/messages/poses.js';
import { encodePointCloud2 } from '../../../src/messages/pointcloud2.js';
import { MappingNode } from '../../../src/ros/mapping-node.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import type { ColorFrame } from '../../../src/sensors/camera/frame.js';
import { pointCloud2FromScan } from '../../../src/sensors/lidar/to-pointcloud2.js';
import { cameraInfo, colorMessage } from '../../bags/camera/helpers.js';
import { smallScan } from '../../bags/helpers.js';
import { FakePort } from '../helpers.js';

const MS = 1_000_000n;
const stamp = (ms: number): bigint => 1_000_000n * MS + BigInt(ms) * MS;
const MOUNT = exp([0.3, 0, -0.1, -1.5, 0, -1.5]);
const settle = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** More than images are apart that are used. */
const LATER = 170;
/** So long nothing is said of what an image lacks, and some. */
const PATIENCE = 1000;

/** A node with a LiDAR and colour cameras; what it hands to the SLAM thread of their images. */
async function started(cameras: readonly string[] = ['front', 'rear']) {
  const pictures: { frame: ColorFrame; stream: number | undefined }[] = [];
  const port = new FakePort();
  const parameters = new ParameterStore();
  parameters.start([
    ['color_cameras', [...cameras]],
    ['base_frame', ''],
    ['mesh_rate', 0],
    ['path_rate', 0],
  ]);
  const call = async <R extends SlamRequest>(request: R): Promise<SlamReplies[R['type']]> => {
    if (request.type === 'picture') pictures.push({ frame: request.frame, stream: request.stream });
    return undefined as SlamReplies[R['type']];
  };
  const slam = { call, listen: () => () => undefined, terminate: async () => undefined, failure: undefined };
  const node = new MappingNode({
    ...{ name: 'feltmap', parameters, port, version: '' },
    startSlam: async () => slam,
    onFatal: (error) => expect.unreachable(error.message),
  });
  await node.configure();
  node.activate();
  const send = (camera: string, input: 'image' | 'imageInfo', bytes: Uint8Array): void => {
    const index = node.cameras.findIndex(({ name }) => name === camera);
    node.onCamera(
      index,
      node.cameras[index]!.topics.find((t) => t.input === input)!,
      bytes.slice(),
    );
  };
  const image = (camera: string, ms: number, k = 20): void =>
    send(camera, 'image', encodeImage(colorMessage(stamp(ms), k, `${camera}_optical`)));
  const info = (camera: string): void =>
    send(camera, 'imageInfo', encodeCameraInfo(cameraInfo(`${camera}_optical`)));
  const tf = (camera: string, transform: Pose = identity()): void =>
    node.onTf(
      encodeTFMessage([{ stampNs: 0n, frameId: 'lidar', childFrameId: `${camera}_optical`, transform }]),
      true,
    );
  const cloud = (ms: number): void =>
    node.onCloud('lidar', encodePointCloud2(pointCloud2FromScan(smallScan(stamp(ms)))));
  const warnings = (): string[] => port.logs.filter(({ level }) => level === 'warn').map(({ text }) => text);
  return { node, pictures, image, info, tf, cloud, warnings };
}

describe('colour cameras of the node', () => {
  it('bring images with their place and intrinsics to the SLAM thread, some a second', async () => {
    const { node, pictures, image, info, tf, cloud, warnings } = await started();
    expect(node.topics).toEqual(
      expect.arrayContaining(['front/image', 'front/camera_info', 'rear/image', 'rear/camera_info']),
    );
    for (const camera of ['front', 'rear']) info(camera);
    tf('front', MOUNT);
    tf('rear');
    image('front', 0); // nobody knows the body yet
    await settle(LATER);
    expect(pictures).toEqual([]);
    cloud(0);
    image('front', 10, 30);
    image('front', 20, 40); // too soon after that one
    image('rear', 15, 50);
    await settle(LATER);
    image('front', 200, 60);
    await settle(50);
    expect(pictures.map(({ frame, stream }) => [frame.stampNs, frame.image.data[0], stream])).toEqual([
      [stamp(10), 30, 0],
      [stamp(15), 50, 1],
      [stamp(200), 60, 0],
    ]);
    const { frame } = pictures[0]!;
    expect(frame).toMatchObject({ kind: 'color', frameId: 'front_optical', camera: { fx: 10, cy: 2.5 } });
    frame.mount.forEach((value, i) => expect(value).toBeCloseTo(MOUNT[i]!, 12));
    expect(warnings().filter((text) => text.includes('/image'))).toEqual([]);
    await node.cleanup();
  });

  it('say what they lack, and colour the map once it has come', async () => {
    const { node, pictures, image, info, tf, cloud, warnings } = await started(['front']);
    cloud(0);
    // The first image may be there before its camera_info.
    image('front', 0);
    await settle(LATER);
    expect(warnings().filter((text) => text.includes('/image'))).toEqual([]);
    await settle(PATIENCE);
    image('front', 100);
    await settle(LATER);
    expect(warnings().join()).toMatch(/front\/image does not colour the map: no usable camera_info .*front\/camera_info/); // prettier-ignore
    info('front');
    image('front', 200);
    await settle(LATER);
    expect(warnings().join()).toMatch(/does not colour the map: there is no transform from 'lidar' to 'front_optical'/); // prettier-ignore
    tf('front', MOUNT);
    image('front', 400);
    await settle(50);
    expect(pictures).toHaveLength(1);
    await node.cleanup();
  });

  it('are none unless they are named', async () => {
    const { node } = await started(['none']);
    expect(node.cameras).toEqual([]);
    await node.cleanup();
  });
});
