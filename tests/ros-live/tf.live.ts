import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, nanoseconds, type OdometryMessage, type TransformMessage } from './graph.js';
import { play } from './playback.js';
import { readClouds, stampOf } from './recording.js';
import { transform } from './transforms.js';
import { settled, sleep, until } from './wait.js';

describe('tf', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;
  let clouds: Buffer[];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds(50);
  });
  afterEach(async () => {
    await node?.discard();
  });
  afterAll(() => graph.close());

  it('missing: no odometry and a warning that names both frames; there at last: odometry', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const sent = graph.collect<{ transforms: TransformMessage[] }>('tf2_msgs/msg/TFMessage', '/tf');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'base_a' });
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
    await play(publisher, clouds.slice(0, 20));
    await node.printed(/base_a.*velodyne|velodyne.*base_a/);
    expect(odometry).toEqual([]);
    expect(sent.flatMap((m) => m.transforms)).toEqual([]);
    // Throttled: one line for many scans.
    const lines = node.output.split('\n').filter((line) => /base_a/.test(line) && /velodyne/.test(line));
    expect(lines.length).toBeLessThan(4);

    const mounted = graph.advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1);
    mounted.publish({ transforms: [transform('base_a', 'velodyne', 0n, [0.3, 0, 1.7])] });
    await sleep(500);
    await play(publisher, clouds.slice(20, 50));
    await settled('odometry messages', odometry, 25);
    expect(odometry.every((m) => m.child_frame_id === 'base_a')).toBe(true);
    // The base began at the origin, not the LiDAR 1.7 m above it.
    const { position } = odometry[0]!.pose.pose;
    expect(Math.hypot(position.x, position.y, position.z)).toBeLessThan(0.6);
    graph.unadvertise(mounted);
    graph.unadvertise(publisher);
  });

  it('static, published before the node started: is heard; inverted odometry is the inverse', async () => {
    const mounted = graph.advertise('tf2_msgs/msg/TFMessage', '/tf_static', 'latched', 1);
    mounted.publish({ transforms: [transform('base_b', 'velodyne', 0n, [0, 0, 1])] });
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const sent = graph.collect<{ transforms: TransformMessage[] }>('tf2_msgs/msg/TFMessage', '/tf');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'base_b', invert_odom_tf: 'true' });
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
    await play(publisher, clouds.slice(0, 20));
    await settled('odometry messages', odometry, 17);
    const inverted = new Map(
      sent.flatMap((m) => m.transforms).map((t) => [nanoseconds(t.header.stamp), t] as const),
    );
    const last = odometry.at(-1)!;
    const t = inverted.get(nanoseconds(last.header.stamp))!;
    expect([t.header.frame_id, t.child_frame_id]).toEqual(['base_b', 'odom']);
    const [p, q] = [last.pose.pose.position, t.transform.translation];
    expect(Math.hypot(q.x, q.y, q.z)).toBeCloseTo(Math.hypot(p.x, p.y, p.z), 6);
    expect(q.x).toBeLessThan(0);
    graph.unadvertise(mounted);
    graph.unadvertise(publisher);
  });

  it('moving mount: looked up at the stamp of the scan', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'base_c' });
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
    const moving = await graph.publisher('tf2_msgs/msg/TFMessage', '/tf', 'reliable');
    // The LiDAR slides forward on the base as fast as 1 m/s: the base must seem that much slower.
    const first = stampOf(clouds[0]!);
    const slide = (stamp: bigint): [number, number, number] => [Number(stamp - first) * 1e-9, 0, 0];
    await play(publisher, clouds.slice(0, 30), 10, (index) => {
      for (const later of [-50_000_000n, 60_000_000n]) {
        const stamp = stampOf(clouds[index]!) + later;
        moving.publish({ transforms: [transform('base_c', 'velodyne', stamp, slide(stamp))] });
      }
    });
    await settled('odometry messages', odometry, 21);
    const last = odometry.at(-1)!; // the next node publishes there, too
    const at = nanoseconds(last.header.stamp);
    const fixed = Number(at - first) * 1e-9;
    graph.unadvertise(moving);
    await node.stop();

    const straight = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'velodyne' });
    await until('the node', () => graph.subscriberCount('/points') > 0);
    await sleep(500);
    await play(publisher, clouds.slice(0, 30));
    await settled('odometry messages', straight, 21);
    const same = straight.find((m) => nanoseconds(m.header.stamp) === at)!;
    const difference = same.pose.pose.position.x - last.pose.pose.position.x;
    expect(Math.abs(difference - fixed)).toBeLessThan(0.15 * fixed);
    graph.unadvertise(publisher);
  });
});
