import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateTrajectory } from '../../src/eval/trajectory.js';
import { parseTum } from '../../src/export/tum.js';
import { decodeMarkerArray, MarkerAction, MarkerType } from '../../src/messages/markers.js';
import { FeltmapProcess } from './feltmap-process.js';
import {
  type DiagnosticMessage,
  Graph,
  type HeaderMessage,
  nanoseconds,
  pathOf,
  type OdometryMessage,
  type TransformMessage,
} from './graph.js';
import { play } from './playback.js';
import { readClouds, stampOf, TRUTH } from './recording.js';
import { settled, sleep, until } from './wait.js';

/** The shipped drive, published at the rate of the sensor from one process into the node in another. */
describe('a drive at sensor rate', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let clouds: Buffer[];
  let odometry: OdometryMessage[];
  let transforms: { transforms: TransformMessage[] }[];
  let diagnostics: DiagnosticMessage[];
  let whileDriving: DiagnosticMessage[];
  let paths: { header: HeaderMessage; poses: { header: HeaderMessage }[] }[];
  let meshes: Buffer[];
  let scans: Buffer[];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds();
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
    transforms = graph.collect('tf2_msgs/msg/TFMessage', '/tf');
    diagnostics = graph.collect('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics');
    paths = graph.collect('nav_msgs/msg/Path', '/path', 'latched');
    meshes = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/mesh');
    scans = graph.collectRaw('sensor_msgs/msg/PointCloud2', '/cloud', 'sensor');
    node = new FeltmapProcess(['-r', 'lidar:=/velodyne_points'], {
      base_frame: 'velodyne',
      cloud_rate: '100', // scans that had to wait come faster than ten a second
    });
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/velodyne_points', 'sensor');
    await play(publisher, clouds);
    whileDriving = diagnostics.slice(5);
    await settled('odometry messages', odometry, 0.9 * clouds.length);
    await sleep(2500); // the last mesh, path and diagnostics
  }, 120_000);

  afterAll(async () => {
    await node.discard();
    graph.close();
  });

  it('gives odometry at the rate of the scans, with their stamps', () => {
    expect(odometry.length).toBeGreaterThan(0.95 * clouds.length);
    const sent = new Set(clouds.map(stampOf));
    const stamps = odometry.map((m) => nanoseconds(m.header.stamp));
    for (const stamp of stamps) expect(sent.has(stamp)).toBe(true);
    expect(new Set(stamps).size).toBe(stamps.length);
    for (const { header, child_frame_id } of odometry) {
      expect([header.frame_id, child_frame_id]).toEqual(['odom', 'velodyne']);
    }
  });

  it('follows the true path', async () => {
    const truth = parseTum(await readFile(TRUTH, 'utf8'));
    const { ate, pathLength } = evaluateTrajectory(pathOf(odometry), truth);
    expect(pathLength).toBeGreaterThan(65);
    // Offline 0.21 m; live a scan or two may be dropped on a loaded machine.
    expect(ate.translation.rmse).toBeLessThan(0.4);
  });

  it('fills covariance and twist', () => {
    const moving = odometry.slice(20);
    for (const { pose, twist } of moving) {
      for (const covariance of [pose.covariance, twist.covariance]) {
        expect(covariance.length).toBe(36);
        for (let i = 0; i < 6; i++) {
          expect(covariance[i * 7]).toBeGreaterThan(0);
          expect(covariance[i * 7]).toBeLessThan(1);
          for (let j = 0; j < 6; j++) expect(covariance[i * 6 + j]).toBeCloseTo(covariance[j * 6 + i]!, 9);
        }
      }
    }
    // The car does 2 to 8 m/s; the velocity is that of the base in its own frame, so nearly all along x.
    for (const { twist } of moving) {
      const { linear } = twist.twist;
      const speed = Math.hypot(linear.x, linear.y, linear.z);
      expect(speed).toBeGreaterThan(1);
      expect(speed).toBeLessThan(12);
      expect(linear.x).toBeGreaterThan(0.9 * speed);
    }
  });

  it('sends odom → base with every odometry, and it is the same pose', () => {
    const own = transforms
      .flatMap((m) => m.transforms)
      .filter((t) => t.header.frame_id === 'odom' && t.child_frame_id === 'velodyne');
    const byStamp = new Map(own.map((t) => [nanoseconds(t.header.stamp), t.transform]));
    for (const { header, pose } of odometry) {
      const transform = byStamp.get(nanoseconds(header.stamp));
      expect(transform?.translation).toEqual(pose.pose.position);
      expect(transform?.rotation).toEqual(pose.pose.orientation);
    }
  });

  it('shows the mesh as one valid triangle list per block', () => {
    const markers = meshes.flatMap((bytes) => decodeMarkerArray(bytes));
    const added = markers.filter((m) => m.action === MarkerAction.add);
    expect(new Set(added.map((m) => `${m.ns}/${m.id}`)).size).toBeGreaterThan(500);
    for (const marker of added) {
      expect(marker.type).toBe(MarkerType.triangleList);
      expect(marker.frameId).toBe('odom');
      expect(marker.points.length).toBeGreaterThan(0);
      expect(marker.points.length % 9).toBe(0);
      expect(marker.colors.length / 4).toBe(marker.points.length / 3);
      expect(marker.scale).toEqual([1, 1, 1]);
      expect([...marker.pose]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
      expect(marker.points.every(Number.isFinite)).toBe(true);
    }
  });

  it('sends the deskewed scan and the path', () => {
    expect(scans.length).toBeGreaterThan(0.8 * clouds.length);
    const last = paths.at(-1);
    expect(last?.header.frame_id).toBe('odom');
    expect(last?.poses.length).toBeGreaterThan(10);
  });

  it('reports its state', () => {
    expect(whileDriving.length).toBeGreaterThan(5);
    for (const { status } of whileDriving) {
      expect(status.length).toBeGreaterThan(2);
      for (const { level, name, message } of status) expect(Number(level), `${name}: ${message}`).toBe(0);
    }
    const keys = new Set(whileDriving.at(-1)!.status.flatMap(({ values }) => values.map(({ key }) => key)));
    for (const key of ['odometry_rate_hz', 'latency_ms_median', 'memory_mib', 'state'])
      expect(keys).toContain(key);
  });

  it('sends the whole mesh to one who comes late', async () => {
    const late = graph.collectRaw('visualization_msgs/msg/MarkerArray', '/mesh');
    const all = new Set(meshes.flatMap((bytes) => decodeMarkerArray(bytes)).map((m) => `${m.ns}/${m.id}`));
    const seen = (): number =>
      new Set(late.flatMap((b) => decodeMarkerArray(b)).map((m) => `${m.ns}/${m.id}`)).size;
    await until(
      () => `the mesh again: ${seen()} of about ${all.size} blocks`,
      () => seen() > 0.9 * all.size,
    );
  });

  it('ends on SIGINT, quickly and with status 0', async () => {
    const start = performance.now();
    expect(await node.stop('SIGINT'), node.output).toEqual({ code: 0, signal: null });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
