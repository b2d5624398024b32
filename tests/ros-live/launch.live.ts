import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Graph, type OdometryMessage } from './graph.js';
import { installPackage, ros2Has, Ros2Command } from './installed.js';
import { play } from './playback.js';
import { BAG, readClouds } from './recording.js';
import { freePort, viewerStatus } from './viewer-client.js';
import { settled, sleep, until } from './wait.js';

const canLaunch = ros2Has('launch', '--help');
const canPlay = canLaunch && ros2Has('bag', '--help') && ros2Has('pkg', 'prefix', 'rosbag2_storage_mcap');
const lacks = (what: boolean, packages: string): string =>
  what ? '' : ` (skipped: ros2 lacks it; install ${packages})`;

describe.skipIf(!canLaunch)(`ros2 launch${lacks(canLaunch, 'ros2launch')}`, () => {
  let graph: Graph;
  let prefix: string;
  let config: string;
  let command: Ros2Command | undefined;

  beforeAll(async () => {
    graph = await Graph.open();
    prefix = await mkdtemp(join(tmpdir(), 'feltmap-prefix-'));
    await installPackage(prefix);
    // On a machine that is busy with other things scans wait instead of being dropped, so that they can be counted.
    config = join(prefix, 'robot.yaml');
    const preset = await readFile(join(prefix, 'share/feltmap/config/velodyne.yaml'), 'utf8');
    await writeFile(config, `${preset}    queue_size: 100\n`);
  });
  afterEach(async () => {
    await command?.discard();
  });
  afterAll(async () => {
    graph.close();
    await rm(prefix, { recursive: true, force: true });
  });

  it('feltmap.launch.py: parameter file, namespace, viewer and frames reach the node; Ctrl-C ends everything', async () => {
    const port = await freePort();
    command = new Ros2Command(prefix, [
      'launch',
      'feltmap',
      'feltmap.launch.py',
      `config:=${config}`,
      'namespace:=robot1',
      'base_frame:=velodyne',
      `viewer:=${port}`,
      'viewer_host:=0.0.0.0',
      'viewer_token:=12345678',
    ]);
    await command.printed(/Ready\./);
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/robot1/odometry');
    // The topic of the file.
    const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/velodyne_points', 'reliable');
    expect((await graph.getParameter('/robot1/feltmap', 'sensor.minRange')).double_value).toBe(0.9);
    expect((await graph.getParameter('/robot1/feltmap', 'base_frame')).string_value).toBe('velodyne');
    await play(publisher, await readClouds(15));
    await settled('odometry messages', odometry, 13);
    expect((await viewerStatus(port, '12345678')).scans).toBe(odometry.length);

    const begin = performance.now();
    expect(await command.interrupt(), command.output.slice(-2000)).toBe(0);
    expect(performance.now() - begin).toBeLessThan(6000);
    expect(command.output).not.toMatch(/Traceback|process has died/);
    expect(command.remaining).toEqual([]);
    graph.unadvertise(publisher);
  });

  it('feltmap.launch.py: a preset by name; says what is wrong with an argument', async () => {
    command = new Ros2Command(prefix, ['launch', 'feltmap', 'feltmap.launch.py', 'config:=ouster']);
    await command.printed(/Ready\./);
    await until('a subscriber of its topic', () => graph.subscriberCount('/ouster/points') === 1);
    expect(await command.interrupt()).toBe(0);
    expect(command.output).toContain('process has finished cleanly');

    command = new Ros2Command(prefix, ['launch', 'feltmap', 'feltmap.launch.py', 'config:=velodine']);
    expect(await command.ended()).not.toBe(0);
    expect(command.output).toMatch(/config:=velodine is neither a preset \(.*velodyne.*\) nor a file/);
  });

  it.skipIf(!canPlay)('replay.launch.py ends when the node cannot start', async () => {
    const wrong = join(prefix, 'wrong.yaml');
    await writeFile(wrong, '/**:\n  ros__parameters:\n    mesh_rate: 1000.0\n');
    command = new Ros2Command(prefix, [
      'launch',
      'feltmap',
      'replay.launch.py',
      `bag:=${BAG}`,
      `config:=${wrong}`,
      'rviz:=false',
    ]);
    await command.ended();
    expect(command.output).toMatch(/mesh_rate = 1000 is refused/);
    expect(command.output).not.toMatch(/\[bag-/);
  });

  it('ros2 run feltmap feltmap_node', async () => {
    command = new Ros2Command(prefix, ['run', 'feltmap', 'feltmap_node', '--ros-args', '-r', '__ns:=/ran']);
    await command.printed(/Ready\./);
    expect(await graph.trigger('/ran/feltmap/pause')).toMatchObject({ success: true });
    expect(await command.interrupt(), command.output.slice(-2000)).toBe(0);
    expect(command.remaining).toEqual([]);
  });

  it.skipIf(!canPlay)(
    `replay.launch.py plays a bag into the node and ends${lacks(canPlay, 'ros2bag, rosbag2_transport and rosbag2_storage_mcap')}`,
    async () => {
      const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
      command = new Ros2Command(prefix, [
        'launch',
        'feltmap',
        'replay.launch.py',
        `bag:=${BAG}`,
        `config:=${config}`,
        'base_frame:=velodyne',
        'rviz:=false',
        'exit:=true',
      ]);
      await command.printed(/process started.*\n[^]*\[bag-/);
      expect(await command.ended(90_000), command.output.slice(-2000)).toBe(0);
      await sleep(500);
      expect(odometry.length).toBeGreaterThan(100); // of 154; a busy machine may not be through when all ends
      const { position } = odometry.at(-1)!.pose.pose;
      expect(Math.hypot(position.x, position.y)).toBeGreaterThan(50);
      expect(command.output).not.toMatch(/Traceback|process has died|gone back/);
      expect(command.remaining).toEqual([]);
    },
  );
});
