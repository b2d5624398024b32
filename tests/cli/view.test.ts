import { EventEmitter } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayOptions } from '../../src/cli/command-options.js';
import { replay } from '../../src/cli/replay.js';
import { viewCommand } from '../../src/cli/view-command.js';
import { encodeGlb } from '../../src/export/glb.js';
import { encodePly } from '../../src/export/ply.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { compiledUrl } from '../../src/compute/compiled-url.js';
import { encodeClientFrame } from '../../src/viewer/protocol/index.js';
import { randomMesh } from '../export/made-up-mesh.js';
import { closeAll, join as joinViewer, until, type Client } from '../viewer/server/helpers.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-view-'));
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(closeAll);

const factoryUrl = new URL('./fixtures/tiny-slam.mjs', import.meta.url).href;

/** The surroundings of a command, and where its viewer is. */
function surroundings() {
  const signals = new EventEmitter();
  let stderr = '';
  let stdout = '';
  const opened: string[] = [];
  return {
    env: {
      factoryUrl,
      signals,
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      openBrowser: (url: string) => opened.push(url),
    },
    opened,
    stdout: () => stdout,
    stderr: () => stderr,
    async client(): Promise<Client> {
      await until(() => /Viewer: \S+/.test(stderr), `an address: ${stderr}`);
      return joinViewer(/Viewer: (http:\S+)\//.exec(stderr)![1]!);
    },
    stop: () => signals.emit('SIGINT'),
  };
}

describe('feltmap view', () => {
  const TUM = '0.5 0 0 0 0 0 0 1\n1.5 3 0 0 0 0 0 1\n';
  const show = (path: string, more: { trajectory?: string; open?: boolean } = {}) => {
    const around = surroundings();
    const done = viewCommand(path, { port: 0, host: '127.0.0.1', ...more }, around.env);
    return { ...around, done };
  };

  it.each(['ply', 'glb'])(
    'shows a .%s with all its triangles, and a trajectory, until Ctrl-C',
    async (kind) => {
      const mesh = randomMesh(500, 900);
      const path = join(dir, `mesh.${kind}`);
      if (kind === 'glb') await writeFile(path, await encodeGlb(mesh));
      else await writeFile(path, encodePly(mesh, []));
      const trajectory = join(dir, 'path.tum');
      await writeFile(trajectory, TUM);
      const { client: connect, done, stop, opened, stderr } = show(path, { trajectory, open: true });
      const client = await connect();
      await until(() => client.of('snapshotEnd').length === 1, 'the snapshot');
      expect(client.of('hello')[0]).toMatchObject({ mode: 'view', title: `mesh.${kind}` });
      const triangles = [...client.blocks.values()].reduce((sum, block) => sum + block.indices.length / 3, 0);
      expect(triangles).toBe(mesh.indices.length / 3);
      expect(client.poses).toBe(2);
      await until(() => client.of('status').length > 0, 'status');
      expect(client.of('status')[0]).toMatchObject({ phase: 'finished', distance: 3, triangles });
      expect(opened[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      expect(stderr()).toContain('until Ctrl-C');
      stop();
      expect(await done).toBe(0);
    },
  );

  it("shows a run's folder with its trajectory", async () => {
    const run = join(dir, 'run');
    await mkdir(join(run, 'map'), { recursive: true });
    await writeFile(join(run, 'mesh.ply'), encodePly(randomMesh(500, 900), []));
    await writeFile(join(run, 'trajectory.tum'), TUM);
    const report = {
      summary: { scans: 40, recordedSeconds: 3.9 },
      map: { blocks: 10, keyframes: 7, memoryBytes: 1234 },
    };
    await writeFile(join(run, 'report.json'), JSON.stringify(report));
    const { client: connect, done, stop } = show(run);
    const client = await connect();
    await until(() => client.poses === 2 && client.blocks.size > 0, 'mesh and trajectory');
    await until(() => client.of('status').length > 0, 'status');
    // As the page showed them while it ran.
    expect(client.of('status')[0]).toMatchObject({
      scans: 40,
      blocks: 10,
      voxels: 5120,
      keyframes: 7,
      mapMemory: 1234,
      replay: { total: 40, position: 3.9 },
    });
    stop();
    expect(await done).toBe(0);
  });

  it('shows a saved map: its surface extracted anew, with the trajectory beside it', async () => {
    const bag = fileURLToPath(new URL('../../bags/kitti_0005.mcap', import.meta.url));
    const real = compiledUrl(
      new URL('../../src/cli/actions.ts', import.meta.url).href,
      '../slam/create.js',
    ).href;
    const out = join(dir, 'real');
    const run = surroundings();
    await replay(
      bag,
      { out, set: ['sensor.maxRange=40'], maxLost: 5, duration: 0.35, json: true },
      { ...run.env, factoryUrl: real },
    );
    const { scans } = JSON.parse(run.stdout()) as { scans: number };
    const mesh = decodePly(await readFile(join(out, 'mesh.ply')));
    const around = surroundings();
    const options = { port: 0, host: '127.0.0.1' };
    const done = viewCommand(join(out, 'map'), options, { ...around.env, factoryUrl: real });
    const client = await around.client();
    await until(() => client.of('snapshotEnd').length === 1, 'the snapshot');
    expect(client.poses).toBe(scans);
    const triangles = [...client.blocks.values()].reduce((sum, block) => sum + block.indices.length / 3, 0);
    expect(triangles).toBeGreaterThan(0.95 * (mesh.indices.length / 3)); // a saved map is quantised
    expect(triangles).toBeLessThan(1.05 * (mesh.indices.length / 3));
    expect(client.of('hello')[0]!.voxel).toBeCloseTo(0.06, 6);
    around.stop();
    expect(await done).toBe(0);
  });

  it('says what is wrong with the path', async () => {
    const fails = (path: string) =>
      viewCommand(path, { port: 0, host: '127.0.0.1' }, surroundings().env).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    expect(await fails(join(dir, 'nowhere'))).toMatch(/There is no .*nowhere/);
    const empty = join(dir, 'empty');
    await mkdir(empty);
    expect(await fails(empty)).toMatch(/neither a mesh nor a map/);
    await writeFile(join(empty, 'a.txt'), 'x');
    expect(await fails(join(empty, 'a.txt'))).toMatch(/no mesh that can be shown/);
    await writeFile(join(empty, 'a.glb'), 'not a mesh');
    expect(await fails(join(empty, 'a.glb'))).toMatch(/cannot be read as GLB/);
    const points = { positions: Float32Array.of(1, 2, 3), indices: new Uint32Array(0) };
    await writeFile(join(empty, 'points.ply'), encodePly(points, []));
    expect(await fails(join(empty, 'points.ply'))).toMatch(/points but no triangles/);
    await copyFile(join(empty, 'a.txt'), join(empty, 'mesh.ply'));
    expect(await fails(empty)).toMatch(/mesh\.ply/);
  });
});

describe('feltmap replay --view', () => {
  // Every scan takes 10 ms: time enough for a browser to come.
  const recording = async (name: string, scans: number): Promise<string> => {
    const path = join(dir, name);
    await mkdir(join(path, 'velodyne'), { recursive: true });
    const points = Buffer.from(Float32Array.of(777, 1, 0, 0.5, 4, -1, 0, 0.5).buffer);
    for (let i = 0; i < scans; i++)
      await writeFile(join(path, 'velodyne', `${String(i).padStart(6, '0')}.bin`), points);
    await writeFile(join(path, 'times.txt'), Array.from({ length: scans }, (_, i) => i / 10).join('\n'));
    return path;
  };
  const start = async (scans: number, options: Partial<ReplayOptions> = {}) => {
    const around = surroundings();
    const name = `run-${Math.random().toString(36).slice(2)}`;
    const done = replay(
      await recording(name, scans),
      { out: join(dir, `${name}-out`), set: [], maxLost: 5, view: 0, ...options },
      around.env,
    );
    return { ...around, done };
  };

  it('goes on when the one who paused it has left', { timeout: 40_000 }, async () => {
    const { client: connect, done, stop, stderr } = await start(300);
    const client = await connect();
    await until(() => client.poses > 0, 'a pose');
    client.socket.send(encodeClientFrame({ type: 'control', command: 'pause', value: 0 }));
    await until(() => client.of('status').at(-1)?.phase === 'paused', 'the pause');
    const at = client.poses;
    expect(at).toBeLessThan(250);
    client.socket.close();
    await until(() => stderr().includes('until Ctrl-C'), 'the end', 30_000);
    stop();
    await done;
  });

  it('shows every pose, prints its results at the end and stays open until Ctrl-C', async () => {
    const { client: connect, done, stop, stdout, stderr } = await start(40, { json: true });
    await until(() => stderr().includes('until Ctrl-C'), 'the end');
    expect((JSON.parse(stdout()) as { scans: number }).scans).toBe(40);
    const client = await connect();
    await until(() => client.poses === 40, 'the poses');
    await until(() => client.of('status').length > 0, 'status');
    expect(client.of('status')[0]).toMatchObject({
      phase: 'finished',
      scans: 40,
      replay: { total: 40, paused: false },
    });
    stop();
    expect(await done).toBe(0);
    await until(() => client.closed !== undefined, 'goodbye');
  });

  it('pauses, changes speed and resumes', async () => {
    const { client: connect, done, stop, stderr } = await start(400);
    const client = await connect();
    const control = (command: 'pause' | 'resume' | 'speed', value = 0) =>
      client.socket.send(encodeClientFrame({ type: 'control', command, value }));
    control('pause');
    await until(() => client.of('status').at(-1)?.replay?.paused === true, 'the pause');
    const settled = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return client.poses;
    };
    const held = await settled();
    expect(held).toBeLessThan(400);
    expect(await settled()).toBe(held);
    control('speed', 5);
    control('resume');
    await until(() => client.poses > held, 'more');
    expect(client.of('status').at(-1)!.replay!.speed).toBe(5);
    expect(await settled()).toBeLessThan(400);
    control('speed', 0);
    await until(() => client.poses === 400, 'the end');
    await until(() => stderr().includes('until Ctrl-C'), 'the end');
    stop();
    expect(await done).toBe(0);
  });

  it('ends by itself with --view-exit, and at once after Ctrl-C', async () => {
    const { done, stderr } = await start(5, { viewExit: true });
    expect(await done).toBe(0);
    expect(stderr()).not.toContain('until Ctrl-C');
    const { client: connect, done: stopped, stop } = await start(400);
    const client = await connect();
    client.socket.send(encodeClientFrame({ type: 'control', command: 'speed', value: 1 }));
    await until(
      () => (client.of('status').at(-1)?.replay?.speed ?? 0) === 1 && client.poses > 0,
      'the speed',
    );
    stop();
    expect(await stopped).toBe(130);
  });
});
