import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph, type OdometryMessage } from './graph.js';
import { play } from './playback.js';
import { readClouds } from './recording.js';
import { freePort, ViewerClient, viewerStatus } from './viewer-client.js';
import { settled, until } from './wait.js';

describe('the browser viewer of the node', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;
  let clouds: Buffer[];
  let odometry: OdometryMessage[];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds(25);
    odometry = graph.collect('nav_msgs/msg/Odometry', '/odometry');
  });
  afterEach(async () => {
    await node?.discard();
    odometry.length = 0;
  });
  afterAll(() => graph.close());

  it.each([
    ['a plain node', {}],
    ['a managed node that starts itself', { lifecycle: 'true' }],
  ])(
    '%s: page, status and mesh while it maps; all anew after ~/reset; ends at once with a page open',
    async (_, extra) => {
      const port = await freePort();
      node = new FeltmapProcess(['-r', 'lidar:=/points'], {
        base_frame: 'velodyne',
        'viewer.port': String(port),
        ...extra,
      });
      await node.printed(new RegExp(`Viewer: http://(127\\.0\\.0\\.1|localhost):${port}`));
      const publisher = await graph.publisher('sensor_msgs/msg/PointCloud2', '/points', 'reliable');
      expect((await viewerStatus(port)).scans).toBe(0);
      const page = await fetch(`http://127.0.0.1:${port}/`);
      expect(page.headers.get('content-type')).toMatch(/html/);
      expect(await page.text()).toMatch(/<script/);

      const client = await ViewerClient.open(port);
      await play(publisher, clouds);
      await settled('odometry messages', odometry, 20);
      const status = await viewerStatus(port);
      expect(status).toMatchObject({
        scans: odometry.length,
        phase: 'running',
        state: 'tracking',
        clients: 1,
      });
      const shown = (): string => `the mesh: ${client.blocks.size} blocks, ${client.triangles} triangles`;
      await until(shown, () => client.blocks.size > 300 && client.triangles > 20_000);
      expect(client.poses).toBeGreaterThan(0);

      const late = await ViewerClient.open(port);
      await until(
        () => `the same blocks for one who comes late: ${late.blocks.size} of ${client.blocks.size}`,
        () => late.blocks.size >= 0.95 * client.blocks.size,
      );
      expect(await graph.trigger('/feltmap/reset')).toMatchObject({ success: true });
      await until('an empty view', () => client.blocks.size === 0 && late.blocks.size === 0);
      expect((await viewerStatus(port)).scans).toBe(0);

      const begin = performance.now();
      expect(await node.stop('SIGINT'), node.output).toEqual({ code: 0, signal: null });
      expect(performance.now() - begin).toBeLessThan(5000);
      client.close();
      late.close();
      graph.unadvertise(publisher);
    },
  );

  it('for other machines: asks for the token; a port that is taken does not keep it from mapping', async () => {
    const port = await freePort();
    const token = 'a-secret-of-the-test';
    node = new FeltmapProcess(['-r', 'lidar:=/points'], {
      base_frame: 'velodyne',
      'viewer.port': String(port),
      'viewer.host': '0.0.0.0',
      'viewer.token': token,
    });
    await node.printed(/Ready\./);
    expect(node.output).not.toContain(token);
    expect((await fetch(`http://127.0.0.1:${port}/status.json`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${port}/?token=wrong-wrong`)).status).toBe(401);
    expect((await viewerStatus(port, token)).scans).toBe(0);
    (await ViewerClient.open(port, token)).close();

    const second = new FeltmapProcess(['-r', 'lidar:=/points', '-r', '__ns:=/second'], {
      base_frame: 'velodyne',
      'viewer.port': String(port),
    });
    try {
      await second.printed(/No viewer: .*\n[^]*Ready\./);
    } finally {
      await second.discard();
    }
  });
});
