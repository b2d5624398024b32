import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, nanoseconds, type OdometryMessage } from './graph.js';
import { play } from './playback.js';
import type { RclPublisher } from './rcl.js';
import { readClouds, stampOf } from './recording.js';
import { settled, sleep } from './wait.js';

/** One drive, stopped and continued by services; the tests build on each other. */
describe('services', () => {
  let graph: Graph;
  let node: FeltmapProcess;
  let clouds: Buffer[];
  let publisher: RclPublisher;
  let odometry: OdometryMessage[];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'feltmap-save-'));
    graph = await Graph.open();
    clouds = await readClouds(80);
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'velodyne', save_directory: folder });
    publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
  });

  afterAll(async () => {
    await node.discard();
    graph.close();
    await rm(folder, { recursive: true, force: true });
  });

  const arrived = (count: number): Promise<void> => settled('odometry messages', odometry, count);

  it('~/save_map before the first scan says that there is nothing to save', async () => {
    const { success, message } = await graph.trigger('/feltmap/save_map');
    expect(success).toBe(false);
    expect(message).toMatch(/scan|empty|nothing|no map/i);
    expect(await readdir(folder)).toEqual([]);
  });

  it('~/pause stops odometry, ~/resume goes on', async () => {
    await play(publisher, clouds.slice(0, 20));
    await arrived(19);
    expect((await graph.trigger('/feltmap/pause')).success).toBe(true);
    await sleep(500);
    const before = odometry.length;
    await play(publisher, clouds.slice(20, 25));
    await sleep(500);
    expect(odometry.length).toBe(before);
    expect((await graph.trigger('/feltmap/resume')).success).toBe(true);
    await play(publisher, clouds.slice(25, 40));
    await arrived(before + 12);
  });

  it('~/save_map and ~/save_mesh write files while scans come in', async () => {
    const playing = play(publisher, clouds.slice(40, 60));
    await sleep(500);
    const map = await graph.trigger('/feltmap/save_map');
    expect(map, map.message).toMatchObject({ success: true });
    expect(map.message).toContain(folder);
    const mesh = await graph.trigger('/feltmap/save_mesh');
    expect(mesh, mesh.message).toMatchObject({ success: true });
    await playing;
    await arrived(1);
    const ply = (await readdir(folder)).find((name) => name.endsWith('.ply'));
    expect(ply).toBeDefined();
    const head = (await readFile(join(folder, ply!))).subarray(0, 1000).toString('latin1');
    const vertices = Number(/element vertex (\d+)/.exec(head)?.[1]);
    expect(vertices).toBeGreaterThan(10_000);
  });

  it('~/reset begins anew at zero', async () => {
    const answer = await graph.trigger('/feltmap/reset');
    expect(answer, answer.message).toMatchObject({ success: true });
    odometry.length = 0;
    await play(publisher, clouds.slice(60, 65));
    await arrived(4);
    const { position } = odometry[0]!.pose.pose;
    expect(Math.hypot(position.x, position.y, position.z)).toBeLessThan(0.5);
  });

  it('~/load_map continues the saved map: the robot finds its place in it', async () => {
    const answer = await graph.trigger('/feltmap/load_map');
    expect(answer, answer.message).toMatchObject({ success: true });
    odometry.length = 0;
    // From where the drive began: the map's own origin.
    const again = clouds.slice(0, 20);
    await play(publisher, again);
    await arrived(12);
    const last = odometry.at(-1)!;
    expect(again.map(stampOf)).toContain(nanoseconds(last.header.stamp));
    const { position } = last.pose.pose;
    // 20 scans at 2 to 6 m/s.
    expect(Math.hypot(position.x, position.y)).toBeGreaterThan(2);
    expect(Math.hypot(position.x, position.y)).toBeLessThan(25);
  });

  it('~/load_map without a saved map says so, and keeps the map', async () => {
    const set = await graph.setParameter('/feltmap', 'save_directory', join(folder, 'elsewhere'));
    expect(set, set.reason).toMatchObject({ successful: true });
    const { success, message } = await graph.trigger('/feltmap/load_map');
    expect(success).toBe(false);
    expect(message).toContain('elsewhere');
    expect(existsSync(join(folder, 'elsewhere', 'map'))).toBe(false);
    expect(node.running).toBe(true);
  });
});
