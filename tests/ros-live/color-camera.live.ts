import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inverse, transformPoint } from '../../src/geometry/se3.js';
import { decodeMarkerArray, type Marker, MarkerAction } from '../../src/messages/markers.js';
import { CarCamera } from '../../src/sim/camera/car-camera.js';
import { toSrgb } from '../../src/sim/looks/scene.js';
import { simulate } from '../../src/sim/simulate.js';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, type OdometryMessage } from './graph.js';
import { playRecording } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { readMessages, type Recorded } from './recording.js';
import { settled, sleep, until } from './wait.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SCANS = 30;
const RIDE = { seed: 3, duration: SCANS / 10, beams: 32, columns: 512 } as const;
const WIDTH = 414;
/** Topics of the recording, and where `color_cameras: [front]` reads them. */
const TOPICS = {
  '/points': '/points',
  '/camera/image_raw/compressed': '/front/image',
  '/camera/camera_info': '/front/camera_info',
} as const;

/** A car in a simulated street: a LiDAR makes the map, a camera without depth beside it colours it. */
describe('a camera that colours what the LiDAR maps', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let folder: string;
  let odometry: OdometryMessage[];
  let meshes: Buffer[];
  let said: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feltmap-colour-'));
    const bag = join(folder, 'street.mcap');
    const given = Object.entries(RIDE).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const args = ['sim', 'street', '--camera', '--no-imu', '--width', String(WIDTH), ...given, '--out', bag];
    const made = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
    const messages: Recorded[] = await readMessages(bag, Object.keys(TOPICS));
    const [mounts] = await readMessages(bag, ['/tf_static']);

    graph = await Graph.open();
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
    meshes = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/mesh');
    graph.advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1).publish(mounts!.data);
    const publishers = new Map<string, RclPublisher>();
    // Before the node: what it finds decides between Image and CompressedImage.
    for (const { topic, type } of messages)
      if (!publishers.has(topic))
        publishers.set(topic, graph.advertise(type, TOPICS[topic as keyof typeof TOPICS], 'sensor'));
    await sleep(500);
    node = new FeltmapProcess([], {
      lidar_topics: '[/points]',
      color_cameras: '[front]',
      base_frame: 'base_link',
    });
    await node.printed(/Ready\./);
    for (const topic of Object.values(TOPICS))
      await until(`a subscriber of ${topic}`, () => graph.subscriberCount(topic) > 0);
    await sleep(500);
    await playRecording(publishers, messages, 0.5);
    said = node.output;
    await settled('odometry messages', odometry, SCANS - 1);
    await sleep(2500); // the last pictures and mesh
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('the mesh has the colours of the street where the camera looked, in those of height it has not', async () => {
    const ride = new Ride();
    const seen = ride.compare(markersOf(meshes));
    // The same mesh by height: what these figures are without the camera.
    meshes.length = 0;
    expect(await graph.setParameter('/feltmap', 'mesh_color', 'height')).toMatchObject({ successful: true });
    await until('the mesh again', () => markersOf(meshes).length > 50);
    await sleep(3000);
    const byHeight = ride.compare(markersOf(meshes));
    console.info(
      `colour camera: ${seen.vertices} vertices that it saw, ${percent(seen.close)} within 24 grey levels of the truth ` +
        `(by height ${percent(byHeight.close)}), median ${seen.median.toFixed(1)} (${byHeight.median.toFixed(1)})`,
    );
    expect(seen.vertices).toBeGreaterThan(300);
    expect(byHeight.vertices).toBeGreaterThan(300);
    expect(seen.close).toBeGreaterThan(0.5);
    expect(seen.close).toBeGreaterThan(3 * byHeight.close);
    expect(seen.median).toBeLessThan(0.5 * byHeight.median);
  });

  it('is told of no trouble, and misses no scan', () => {
    expect(odometry.length).toBeGreaterThanOrEqual(SCANS - 1);
    expect(said).not.toMatch(/\[(WARN|ERROR)\]|does not colour|Tracking is lost/);
    expect(node.stacks).toEqual([]);
  });
});

/** The truth of what the camera saw on its way. */
class Ride {
  readonly #camera = new CarCamera(simulate({ world: 'street', ...RIDE }), { width: WIDTH });
  readonly #T_world_odom = inverse(simulate({ world: 'street', ...RIDE }).odomFromWorld());
  readonly #poses = [6, 12, 18, 24].map((k) => this.#camera.pose(k));
  readonly #gain = this.#camera.gain(SCANS >> 1);

  /** Vertices that an image shows: how many have their true colour, and the middle of the errors in grey levels. */
  compare(markers: readonly Marker[]): { vertices: number; close: number; median: number } {
    const errors: number[] = [];
    for (const { points, colors } of markers)
      for (let i = 0; i < points.length / 3; i += 7) {
        const p = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!] as const;
        const truth = this.#seen(p) ? this.#colour(p) : undefined;
        if (truth) errors.push(truth.reduce((s, c, k) => s + Math.abs(c - 255 * colors[4 * i + k]!) / 3, 0));
      }
    errors.sort((a, b) => a - b);
    const close = errors.filter((e) => e < 24).length / errors.length;
    return { vertices: errors.length, close, median: errors[errors.length >> 1] ?? NaN };
  }

  /** Whether an image shows the point (odom) from 20 m or less with nothing before it. */
  #seen(p: readonly [number, number, number]): boolean {
    const { width, height, fx, fy, cx, cy } = this.#camera.camera;
    return this.#poses.some((pose) => {
      const [x, y, z] = transformPoint(inverse(pose), ...p);
      const [u, v] = [fx * (x / z) + cx, fy * (y / z) + cy];
      if (!(z > 2 && z < 20 && u >= 0 && v >= 0 && u < width && v < height)) return false;
      const from = transformPoint(this.#T_world_odom, pose[3]!, pose[7]!, pose[11]!);
      const way = transformPoint(this.#T_world_odom, ...p).map((c, k) => c - from[k]!);
      const range = Math.hypot(...way);
      const [a, b, c] = way.map((w) => w / range) as [number, number, number];
      return this.#camera.scene.world.raycast(...from, a, b, c, range, 0) > range - 0.2;
    });
  }

  #colour(p: readonly [number, number, number]): number[] | undefined {
    const linear = new Float64Array(3);
    const distance = this.#camera.scene.colourAt(...transformPoint(this.#T_world_odom, ...p), linear);
    return Math.abs(distance) > 0.1 ? undefined : Array.from(linear, (v) => toSrgb(this.#gain * v));
  }
}

/** The newest marker of each block. */
function markersOf(messages: readonly Buffer[]): Marker[] {
  const newest = new Map<string, Marker>();
  for (const marker of messages.flatMap((bytes) => decodeMarkerArray(bytes)))
    if (marker.action === MarkerAction.add) newest.set(`${marker.ns}/${marker.id}`, marker);
  return [...newest.values()];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
