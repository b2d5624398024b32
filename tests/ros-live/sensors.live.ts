import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mapCloud } from './clouds.js';
import { valuesOf } from './diagnostics.js';
import { FeltmapProcess } from './feltmap-process.js';
import {
  type DiagnosticMessage,
  Graph,
  nanoseconds,
  type OdometryMessage,
  type TransformMessage,
} from './graph.js';
import { play } from './playback.js';
import { readClouds, stampOf } from './recording.js';
import { transform } from './transforms.js';
import { settled, sleep, until } from './wait.js';

const CLOUD = 'sensor_msgs/msg/PointCloud2';

describe('sensors', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;
  let clouds: Buffer[];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds(45);
  });
  afterEach(async () => {
    await node?.discard();
  });
  afterAll(() => graph.close());

  it('two LiDARs, the second one turned round: both are mapped, one odometry per instant', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const diagnostics = graph.collect<DiagnosticMessage>(
      'diagnostic_msgs/msg/DiagnosticArray',
      '/diagnostics',
    );
    const mounted = graph.advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1);
    mounted.publish({
      transforms: [
        transform('base_two', 'velodyne', 0n, [0.5, 0, 1.7]),
        transform('base_two', 'rear', 0n, [-0.5, 0, 1.2], Math.PI),
      ],
    });
    node = new FeltmapProcess([], { base_frame: 'base_two', lidar_topics: '[/front, /rear]' });
    const front = await graph.publisher(CLOUD, '/front', 'reliable');
    const rear = await graph.publisher(CLOUD, '/rear', 'reliable');
    // The same world, seen from there: T_rear_velodyne = T_base_rear⁻¹ · T_base_velodyne.
    const seenFromRear = (cloud: Buffer): Buffer =>
      mapCloud(
        cloud,
        (p) => {
          [p[0], p[1], p[2]] = [-(p[0] + 1), -p[1], p[2] + 0.5];
        },
        'rear',
      );
    const behind = clouds.slice(0, 30).map(seenFromRear);
    await play(front, clouds.slice(0, 30), 5, (index) => rear.publish(behind[index]!));
    await settled('odometry messages', odometry, 28);

    const stamps = odometry.map((m) => nanoseconds(m.header.stamp));
    expect(new Set(stamps).size).toBe(stamps.length);
    const { position, orientation } = odometry.at(-1)!.pose.pose;
    // 29 scans at some 6 m/s straight ahead; were the second mount not applied, the two would contradict each other.
    expect(position.x).toBeGreaterThan(8);
    expect(Math.abs(position.y)).toBeLessThan(2);
    expect(Math.abs(orientation.w)).toBeGreaterThan(0.98);
    await sleep(1200);
    const last = diagnostics.at(-1)!;
    for (const topic of ['input /front', 'input /rear'])
      expect(Number(valuesOf(last, topic).get('messages')), topic).toBeGreaterThan(25);
    expect(Number(valuesOf(last, ': tracking').get('inlier_ratio'))).toBeGreaterThan(0.5);
    expect(valuesOf(last, ': tracking').get('state')).toBe('tracking');
    expect(node.output).not.toMatch(/\[ERROR\]|Tracking is lost/);
    for (const publisher of [front, rear, mounted]) graph.unadvertise(publisher);
  });

  it('lost: says so, predicts with a large covariance for lost_timeout only, then is silent', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const sent = graph.collect<{ transforms: TransformMessage[] }>('tf2_msgs/msg/TFMessage', '/tf');
    const diagnostics = graph.collect<DiagnosticMessage>(
      'diagnostic_msgs/msg/DiagnosticArray',
      '/diagnostics',
    );
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'velodyne', lost_timeout: '0.5' });
    const publisher = await graph.publisher(CLOUD, '/points', 'reliable');
    await play(publisher, clouds.slice(0, 20));
    await settled('odometry messages', odometry, 18);
    const good = odometry.length;
    expect(Math.max(...odometry.slice(2).map((m) => m.pose.covariance[0]!))).toBeLessThan(1);

    // Another place altogether: nothing of it is where the map has something.
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const nowhere = clouds.slice(20, 45).map((cloud) =>
      mapCloud(cloud, (p) => {
        for (let k = 0; k < 3; k++) p[k] = (random() - 0.5) * (k === 2 ? 20 : 100);
      }),
    );
    await play(publisher, nowhere);
    await node.printed(/Tracking is lost/);
    await until('the end of odometry', async () => {
      const before = odometry.length;
      await sleep(1500);
      return odometry.length === before;
    });
    const predicted = odometry.slice(good);
    expect(predicted.length).toBeGreaterThan(0);
    const first = predicted.find((m) => m.pose.covariance[0]! >= 100);
    expect(first, 'a prediction with a large covariance').toBeDefined();
    const from = nanoseconds(first!.header.stamp);
    const to = nanoseconds(odometry.at(-1)!.header.stamp);
    expect(Number(to - from) * 1e-9).toBeLessThanOrEqual(0.51);
    for (const m of predicted.filter((p) => nanoseconds(p.header.stamp) >= from))
      for (let i = 0; i < 6; i++) expect(m.pose.covariance[i * 7]).toBeGreaterThanOrEqual(1);
    // tf stops with it.
    const tf = sent.flatMap((m) => m.transforms).filter((t) => t.child_frame_id === 'velodyne');
    expect(nanoseconds(tf.at(-1)!.header.stamp)).toBe(to);
    expect(to).toBeLessThan(stampOf(nowhere.at(-1)!));
    const last = diagnostics.at(-1)!.status.find((s) => s.name.endsWith(': tracking'))!;
    expect(Number(last.level)).toBe(2);
    expect(last.message).toMatch(/lost/);
    graph.unadvertise(publisher);
  });

  it('an IMU is heard and used; publish_odom_tf is switched off while it runs', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const sent = graph.collect<{ transforms: TransformMessage[] }>('tf2_msgs/msg/TFMessage', '/tf');
    const diagnostics = graph.collect<DiagnosticMessage>(
      'diagnostic_msgs/msg/DiagnosticArray',
      '/diagnostics',
    );
    node = new FeltmapProcess(['-r', 'lidar:=/points', '-r', 'imu:=/imu/data'], { base_frame: 'velodyne' });
    const publisher = await graph.publisher(CLOUD, '/points', 'reliable');
    const imu = await graph.publisher('sensor_msgs/msg/Imu', '/imu/data', 'sensor');
    const at = (stamp: bigint): object => ({
      header: {
        stamp: { sec: Number(stamp / 1_000_000_000n), nanosec: Number(stamp % 1_000_000_000n) },
        frame_id: 'velodyne',
      },
      orientation: { x: 0, y: 0, z: 0, w: 1 },
      orientation_covariance: new Float64Array(9).fill(-1),
      angular_velocity: { x: 0, y: 0, z: 0 },
      angular_velocity_covariance: new Float64Array(9),
      linear_acceleration: { x: 0, y: 0, z: 9.81 },
      linear_acceleration_covariance: new Float64Array(9),
    });
    const drive = (from: number, to: number): Promise<void> =>
      play(publisher, clouds.slice(from, to), 10, (index) => {
        for (let k = 0n; k < 10n; k++) imu.publish(at(stampOf(clouds[from + index]!) + k * 10_000_000n));
      });
    await drive(0, 20);
    await settled('odometry messages', odometry, 18);
    const own = (): number =>
      sent.flatMap((m) => m.transforms).filter((t) => t.child_frame_id === 'velodyne').length;
    expect(own()).toBe(odometry.length);
    expect(await graph.setParameter('/feltmap', 'publish_odom_tf', false)).toMatchObject({
      successful: true,
    });
    const [before, transforms] = [odometry.length, own()];
    await drive(20, 30);
    await settled('odometry messages', odometry, before + 8);
    expect(own()).toBe(transforms);
    await sleep(1200);
    expect(Number(valuesOf(diagnostics.at(-1)!, 'input /imu/data').get('messages'))).toBeGreaterThan(200);
    expect(Number(odometry.at(-1)!.pose.pose.position.x)).toBeGreaterThan(5);
    for (const p of [publisher, imu]) graph.unadvertise(p);
  });
});
