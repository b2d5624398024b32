import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameraInfo } from '../../src/cli/sim-camera-recorder.js';
import { encodeCameraInfo, encodeImage } from '../../src/messages/images.js';
import { decodeMarkerArray, type Marker, MarkerAction, MarkerType } from '../../src/messages/markers.js';
import { encodePointStamped } from '../../src/messages/point-stamped.js';
import { decodePoseStamped, encodeTFMessage } from '../../src/messages/poses.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../../src/sensors/camera/frame.js';
import { BALL, frameAt, RADIUS, UP } from '../host/completion/table-scene.js';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, type OdometryMessage } from './graph.js';
import { play } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { ownBuffer } from './recording.js';
import { settled, until } from './wait.js';

const FRAMES = 25;
/** Stamps of zero are taken for missing. */
const START_NS = 1_700_000_000_000_000_000n;

/** A ball on a floor, seen from one side by a depth camera, exact; what a click and the services make of it. */
describe('completed objects', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let completed: Buffer[];
  let next: Buffer[];
  let click: RclPublisher;

  beforeAll(async () => {
    graph = await Graph.open();
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    completed = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/completion', 'latched');
    next = graph.collectRaw('geometry_msgs/msg/PoseStamped', '/next_touch', 'latched');
    graph
      .advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1)
      .publish(
        ownBuffer(
          encodeTFMessage([
            { stampNs: 0n, frameId: 'body', childFrameId: 'camera', transform: CAMERA_ON_BODY },
          ]),
        ),
      );
    node = new FeltmapProcess([], {
      'sensor.kind': 'rgbd',
      'rgbd.voxel': '0.01',
      color_topic: 'none',
      base_frame: 'body',
    });
    const depth = await graph.publisher('sensor_msgs/msg/Image', '/rgbd/depth', 'sensor');
    const info = await graph.publisher('sensor_msgs/msg/CameraInfo', '/rgbd/camera_info', 'sensor');
    click = await graph.publisher('geometry_msgs/msg/PointStamped', '/clicked_point', 'reliable');
    await node.printed(/Ready\./);
    const frames = Array.from({ length: FRAMES }, (_, k) => frameAt(k));
    await play(
      depth,
      frames.map((frame, k) => depthImage(frame, k)),
      10,
      (k) =>
        info.publish(
          ownBuffer(encodeCameraInfo(cameraInfo(stampOf(k), frames[k]!.frameId, frames[k]!.camera))),
        ),
    );
    await settled('odometry messages', odometry, 0.9 * FRAMES);
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
  });

  it('~/complete before anything was chosen says so', async () => {
    const { success, message } = await graph.trigger('/feltmap/complete');
    expect(success).toBe(false);
    expect(message).toMatch(/nothing to complete/);
  });

  it('a clicked point: the whole ball, and a place to touch it', async () => {
    const top = [0, 1, 2].map((k) => BALL[k]! + RADIUS * UP[k]!) as [number, number, number];
    click.publish(ownBuffer(encodePointStamped({ stampNs: 0n, frameId: 'odom', point: top })));
    await until(
      () => `a completed object:\n${node.output}`,
      () => completed.length > 0 && next.length > 0,
    );
    expect(await graph.trigger('/feltmap/complete')).toMatchObject({
      success: true,
      message: '1 of 1 objects completed',
    });
    const marker = markers(completed).at(-1)!;
    expect(marker).toMatchObject({
      ns: 'object_1',
      frameId: 'odom',
      type: MarkerType.triangleList,
      action: MarkerAction.add,
    });
    const { points } = marker;
    const off: number[] = [];
    for (let i = 0; i < points.length; i += 3)
      off.push(Math.abs(Math.hypot(...[0, 1, 2].map((k) => points[i + k]! - BALL[k]!)) - RADIUS));
    off.sort((a, b) => a - b);
    console.info(
      `completion: median of ${off.length} corners ${(1000 * off[off.length >> 1]!).toFixed(1)} mm off`,
    );
    expect(off.length).toBeGreaterThan(1000);
    expect(off[off.length >> 1]).toBeLessThan(0.01);
    const { pose, frameId } = decodePoseStamped(next.at(-1)!);
    expect(frameId).toBe('odom');
    const at = [0, 1, 2].map((k) => pose[4 * k + 3]! - BALL[k]!);
    expect(Math.abs(Math.hypot(...at) - RADIUS)).toBeLessThan(0.02);
    // Its x axis points into the ball.
    expect(at.reduce((sum, v, k) => sum + v * pose[4 * k]!, 0)).toBeLessThan(0);
  });

  it('the same to one who comes late', async () => {
    const late = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/completion', 'latched');
    const touch = graph.collectRaw('geometry_msgs/msg/PoseStamped', '/next_touch', 'latched');
    await until('the object again', () => markers(late).some(({ ns }) => ns === 'object_1'));
    await until('the next touch again', () => touch.length > 0);
  });

  it('~/clear_completion takes it away', async () => {
    expect(await graph.trigger('/feltmap/clear_completion')).toMatchObject({ success: true });
    await until('its end', () => markers(completed).at(-1)!.action === MarkerAction.delete);
    expect(markers(completed).at(-1)!.ns).toBe('object_1');
    expect((await graph.trigger('/feltmap/complete')).success).toBe(false);
    expect(node.stacks).toEqual([]);
  });
});

const markers = (list: readonly Buffer[]): Marker[] => list.flatMap((bytes) => decodeMarkerArray(bytes));

const stampOf = (k: number): bigint => START_NS + BigInt(k) * 100_000_000n;

function depthImage({ depth, frameId }: RgbdFrame, k: number): Buffer {
  const { width, height, data } = depth;
  return ownBuffer(
    encodeImage({
      stampNs: stampOf(k),
      frameId,
      width,
      height,
      encoding: '32FC1',
      bigEndian: false,
      step: 4 * width,
      data: new Uint8Array(Float32Array.from(data).buffer),
    }),
  );
}
