import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, nanoseconds, type OdometryMessage } from './graph.js';
import { play } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { readClouds, stampOf, withStamp } from './recording.js';
import { settled, sleep, until } from './wait.js';

describe('the life of a node', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;
  let clouds: Buffer[];
  let publisher: RclPublisher;
  let odometry: OdometryMessage[];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds(60);
    publisher = graph.advertise('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
  });
  afterEach(async () => {
    await node?.discard();
    await until('the end of its subscription', () => graph.subscriberCount('/points') === 0, 60_000);
    odometry.length = 0;
  });
  afterAll(() => graph.close());

  const start = async (args: string[] = [], parameters: Record<string, string> = {}): Promise<void> => {
    node = new FeltmapProcess(['-r', 'lidar:=/points', ...args], { base_frame: 'velodyne', ...parameters });
    await until(
      () => `a subscriber:\n${node!.output}`,
      () => graph.subscriberCount('/points') > 0,
    );
    await sleep(300);
  };
  const odometries = (count: number): Promise<void> => settled('odometry messages', odometry, count);

  it('killed and started again: it works again, from zero', async () => {
    await start();
    await play(publisher, clouds.slice(0, 20));
    await odometries(17);
    expect(await node!.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    odometry.length = 0;
    await until('the end of its subscription', () => graph.subscriberCount('/points') === 0, 60_000);
    await start();
    await play(publisher, clouds.slice(20, 40));
    await odometries(17);
    const { position } = odometry[0]!.pose.pose;
    expect(Math.hypot(position.x, position.y, position.z)).toBeLessThan(0.5);
    expect((await node!.stop('SIGTERM')).code).toBe(0);
  });

  it('a bag that loops: said once, and everything begins anew', async () => {
    await start();
    await play(publisher, clouds.slice(0, 40));
    await odometries(36);
    odometry.length = 0;
    await play(publisher, clouds.slice(0, 20));
    await node!.printed(/gone back/);
    await odometries(14);
    expect(node!.output.match(/gone back/g)).toHaveLength(1);
    const { position } = odometry[0]!.pose.pose;
    expect(Math.hypot(position.x, position.y, position.z)).toBeLessThan(2);
    const sent = new Set(clouds.slice(0, 20).map(stampOf));
    for (const { header } of odometry) expect(sent.has(nanoseconds(header.stamp))).toBe(true);
  });

  it('bad clouds: empty, cut off, NaN stamps twice; none ends it, each is reported', async () => {
    await start();
    await play(publisher, clouds.slice(0, 10));
    await odometries(8);
    const before = odometry.length;
    const first = clouds[10]!;
    const cut = Buffer.alloc(2000);
    first.copy(cut, 0, 0, 2000);
    publisher.publish(cut);
    await sleep(300);
    publisher.publish(clouds[9]!); // the same stamp again
    await sleep(300);
    publisher.publish(withStamp(first, stampOf(clouds[3]!))); // out of order
    await sleep(300);
    expect(odometry.length).toBeLessThanOrEqual(before + 1);
    await play(publisher, clouds.slice(11, 25));
    await odometries(before + 11);
    expect(node!.running).toBe(true);
    expect(node!.stacks).toEqual([]);
  });

  it('with use_sim_time and a best-effort /clock: its diagnostics follow the clock', async () => {
    const diagnostics = graph.collect<{ header: { stamp: { sec: number; nanosec: number } } }>(
      'diagnostic_msgs/msg/DiagnosticArray',
      '/diagnostics',
    );
    const clock = graph.advertise('rosgraph_msgs/msg/Clock', '/clock', 'sensor');
    await start([], { use_sim_time: 'true' });
    const tick = (index: number): void => {
      const stamp = stampOf(clouds[index]!);
      clock.publish({
        clock: { sec: Number(stamp / 1_000_000_000n), nanosec: Number(stamp % 1_000_000_000n) },
      });
    };
    await play(publisher, clouds.slice(0, 40), 10, tick);
    await odometries(36);
    const [from, to] = [stampOf(clouds[0]!), stampOf(clouds[39]!)];
    expect(node!.output).not.toMatch(/gone back/);
    const stamps = diagnostics.map((m) => nanoseconds(m.header.stamp)).filter((stamp) => stamp > 0n);
    expect(stamps.length).toBeGreaterThan(1);
    for (const stamp of stamps) {
      expect(stamp).toBeGreaterThanOrEqual(from);
      expect(stamp).toBeLessThanOrEqual(to);
    }

    // The player begins anew: the clock goes back before the first cloud does.
    odometry.length = 0;
    await play(publisher, clouds.slice(0, 20), 10, tick);
    await odometries(17);
    expect(node!.output.match(/gone back/g)).toHaveLength(1);
    const { position } = odometry[0]!.pose.pose;
    expect(Math.hypot(position.x, position.y, position.z)).toBeLessThan(2);
    graph.unadvertise(clock);
  });

  it('as a lifecycle node: inactive gives nothing, active maps, and back', async () => {
    const parameters = { base_frame: 'velodyne', lifecycle: 'true', autostart: 'false' };
    node = new FeltmapProcess(['-r', 'lidar:=/points'], parameters);
    const state = async (): Promise<string> =>
      (
        await graph.call<{ current_state: { label: string } }>(
          'lifecycle_msgs/srv/GetState',
          '/feltmap/get_state',
          {},
        )
      ).current_state.label;
    const change = (id: number): Promise<{ success: boolean }> =>
      graph.call('lifecycle_msgs/srv/ChangeState', '/feltmap/change_state', {
        transition: { id, label: '' },
      });
    expect(await state()).toBe('unconfigured');
    expect((await change(1)).success).toBe(true);
    expect(await state()).toBe('inactive');
    await play(publisher, clouds.slice(0, 5));
    expect(odometry).toEqual([]);
    expect((await change(3)).success).toBe(true);
    expect(await state()).toBe('active');
    await until('a subscriber', () => graph.subscriberCount('/points') > 0);
    await sleep(300);
    await play(publisher, clouds.slice(5, 25));
    await odometries(16);
    expect((await change(4)).success).toBe(true);
    expect(await state()).toBe('inactive');
    await sleep(500);
    const before = odometry.length;
    await play(publisher, clouds.slice(25, 30));
    expect(odometry.length).toBe(before);
    expect((await change(2)).success).toBe(true);
    expect(await state()).toBe('unconfigured');
    expect((await node!.stop()).code).toBe(0);
  });

  it('as a lifecycle node with autostart: active by itself', async () => {
    await start([], { lifecycle: 'true' });
    await play(publisher, clouds.slice(0, 15));
    await odometries(12);
  });
});
