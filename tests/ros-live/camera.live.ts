import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateTrajectory } from '../../src/eval/trajectory.js';
import { parseTum } from '../../src/export/tum.js';
import { decodeMarkerArray, type Marker, MarkerAction } from '../../src/messages/markers.js';
import { dropped } from './diagnostics.js';
import { FeltmapProcess } from './feltmap-process.js';
import { type DiagnosticMessage, Graph, nanoseconds, type OdometryMessage, pathOf } from './graph.js';
import { Latency, load, quantile } from './latency.js';
import { playRecording } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { readMessages, type Recorded, ROOM_BAG, ROOM_TRUTH, stampOf } from './recording.js';
import { settled, sleep } from './wait.js';

const DEPTH = '/camera/depth/image_raw';
const COLOR = '/camera/color/image_raw/compressed';
const INFOS = ['/camera/depth/camera_info', '/camera/color/camera_info'];

/** The shipped room, published at the rate of its camera: depth raw, colour as JPEG, CameraInfo of both, places from tf. */
describe('a colour and depth camera at its own rate', () => {
  const latency = new Latency();
  let graph: Graph;
  let node: FeltmapProcess;
  let frames: Recorded[];
  let odometry: OdometryMessage[];
  let diagnostics: DiagnosticMessage[];
  let whilePlaying: DiagnosticMessage;
  let said: string;
  let meshes: Buffer[];
  let scans: Buffer[];

  beforeAll(async () => {
    graph = await Graph.open();
    const messages = await readMessages(ROOM_BAG, [DEPTH, COLOR, ...INFOS]);
    frames = messages.filter(({ topic }) => topic === DEPTH);
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry', 'reliable', latency.arrived);
    diagnostics = graph.collect('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics');
    meshes = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/mesh');
    scans = graph.collectRaw('sensor_msgs/msg/PointCloud2', '/cloud', 'sensor');
    const [mounts] = await readMessages(ROOM_BAG, ['/tf_static']);
    graph.advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1).publish(mounts!.data);
    node = new FeltmapProcess([], {
      depth_topic: DEPTH,
      color_topic: COLOR,
      camera_info_topic: INFOS[0]!,
      color_camera_info_topic: INFOS[1]!,
      base_frame: 'camera_link',
    });
    const publishers = new Map<string, RclPublisher>();
    for (const { topic, type } of messages)
      if (!publishers.has(topic)) publishers.set(topic, await graph.publisher(type, topic, 'sensor'));
    await node.printed(/Ready\./);
    await playRecording(publishers, messages, 1, ({ topic, data }) => {
      if (topic === DEPTH) latency.sent(stampOf(data));
    });
    [whilePlaying, said] = [diagnostics.at(-1)!, node.output];
    await settled('odometry messages', odometry, 0.9 * frames.length);
    await sleep(2500); // the last mesh and diagnostics
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
  });

  it('gives odometry of every frame, with its stamp', () => {
    const lost = dropped(diagnostics.at(-1)!);
    const ms = (share: number): string => quantile(latency.values, share).toFixed(1);
    console.info(
      `camera 480×360 at 15/s: ${odometry.length} of ${frames.length} frames, ${latency.rate.toFixed(1)} odometries/s, ` +
        `${lost} dropped, published to odometry ${ms(0.5)} ms median, ${ms(0.95)} ms 95 %, ` +
        load(),
    );
    expect(odometry.length).toBeGreaterThan(0.95 * frames.length);
    const sent = new Set(frames.map(({ data }) => stampOf(data)));
    const stamps = odometry.map((m) => nanoseconds(m.header.stamp));
    for (const stamp of stamps) expect(sent.has(stamp)).toBe(true);
    expect(new Set(stamps).size).toBe(stamps.length);
    for (const { header, child_frame_id } of odometry)
      expect([header.frame_id, child_frame_id]).toEqual(['odom', 'camera_link']);
    expect(odometry.length + lost).toBeLessThanOrEqual(frames.length);
  });

  it('follows the true path', async () => {
    const truth = parseTum(await readFile(ROOM_TRUTH, 'utf8'));
    const { ate, pathLength } = evaluateTrajectory(pathOf(odometry), truth);
    console.info(
      `camera: ATE ${(1000 * ate.translation.rmse).toFixed(1)} mm over ${pathLength.toFixed(2)} m`,
    );
    expect(pathLength).toBeGreaterThan(1);
    expect(ate.translation.rmse).toBeLessThan(0.02);
  });

  it('sends the mesh in the colours that the camera saw, not by height', () => {
    const markers = meshes.flatMap((bytes) => decodeMarkerArray(bytes));
    const added = markers.filter(({ action }) => action === MarkerAction.add);
    expect(new Set(added.map((m) => `${m.ns}/${m.id}`)).size).toBeGreaterThan(100);
    for (const { frameId, points, colors } of added) {
      expect(frameId).toBe('odom');
      expect(points.every(Number.isFinite)).toBe(true);
      expect(colors.length / 4).toBe(points.length / 3);
    }
    // By height, whatever the light, all vertices of one height have the same hue.
    const spread = spreadAtOneHeight(added);
    console.info(`camera: shares of red, green and blue spread by ${spread.toFixed(3)} at one height`);
    expect(spread).toBeGreaterThan(0.02);
  });

  it('sends the registered points, and reports no trouble with its inputs', () => {
    expect(scans.length).toBeGreaterThan(0.5 * 8 * 10);
    const inputs = whilePlaying.status.filter(({ name }) => name.includes(': input '));
    for (const topic of [DEPTH, COLOR, ...INFOS]) {
      const input = inputs.find(({ name }) => name.endsWith(`: input ${topic}`));
      expect(input?.message, topic).toBe('receiving');
    }
    for (const { level, name, message } of inputs) expect(Number(level), `${name}: ${message}`).toBe(0);
    expect(said).not.toMatch(/\[(WARN|ERROR)\]|Tracking is lost/);
    expect(node.stacks).toEqual([]);
  });
});

/** Standard deviation of the shares of red, green and blue among vertices within a centimetre of height, the largest of the channels, averaged over heights. */
function spreadAtOneHeight(markers: readonly Marker[]): number {
  const heights = new Map<number, number[][]>();
  for (const { points, colors } of markers)
    for (let i = 0; i < points.length / 3; i++) {
      const height = Math.round(points[3 * i + 2]! * 100);
      const list = heights.get(height) ?? [];
      heights.set(height, list);
      const [r, g, b] = [colors[4 * i]!, colors[4 * i + 1]!, colors[4 * i + 2]!];
      const sum = Math.max(r + g + b, 1e-3);
      list.push([r / sum, g / sum, b / sum]);
    }
  const spreads = [...heights.values()]
    .filter((list) => list.length > 100)
    .map((list) => Math.max(...[0, 1, 2].map((c) => deviation(list.map((color) => color[c]!)))));
  expect(spreads.length).toBeGreaterThan(20);
  return spreads.reduce((sum, v) => sum + v, 0) / spreads.length;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
