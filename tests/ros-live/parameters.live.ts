import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listParameters } from '../../src/ros/parameters.js';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph } from './graph.js';

describe('parameters', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;
  let folder: string;

  beforeAll(async () => {
    graph = await Graph.open();
    folder = await mkdtemp(join(tmpdir(), 'feltmap-params-'));
  });
  afterEach(async () => {
    await node?.discard();
  });
  afterAll(async () => {
    graph.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('are all declared with description and default, and changed or refused with the reason', async () => {
    node = new FeltmapProcess([]);
    const names = listParameters().map(({ name }) => name);
    const { result } = await graph.call<{ result: { names: string[] } }>(
      'rcl_interfaces/srv/ListParameters',
      '/feltmap/list_parameters',
      { prefixes: [], depth: 0n },
    );
    for (const name of names) expect(result.names).toContain(name);
    const { descriptors } = await graph.call<{ descriptors: { name: string; description: string }[] }>(
      'rcl_interfaces/srv/DescribeParameters',
      '/feltmap/describe_parameters',
      { names },
    );
    expect(descriptors.map(({ name }) => name)).toEqual(names);
    for (const { name, description } of descriptors) expect(description, name).not.toBe('');

    const set = (name: string, value: boolean | number | string | bigint) =>
      graph.setParameter('/feltmap', name, value);
    expect(await set('mesh_rate', 1.5)).toMatchObject({ successful: true });
    expect((await graph.getParameter('/feltmap', 'mesh_rate')).double_value).toBe(1.5);
    expect(await set('publish_odom_tf', false)).toMatchObject({ successful: true });
    expect(await set('mesh_color', 'normal')).toMatchObject({ successful: true });
    expect(await set('sensor.maxRange', 60)).toMatchObject({ successful: true });

    for (const [name, value, reason] of [
      ['mesh_rate', 1000, /30/],
      ['mesh_color', 'rainbow', /height/],
      ['sensor.maxRange', -1, /sensor\.maxRange/],
      ['base_frame', 'other', /while the node runs|read-only/],
      ['publish_odom_tf', 'yes', /publish_odom_tf|type/i],
    ] as const) {
      const answer = await set(name, value);
      expect(answer.successful, name).toBe(false);
      expect(answer.reason).toMatch(reason);
    }
    expect((await graph.getParameter('/feltmap', 'mesh_rate')).double_value).toBe(1.5);
    expect(node.running).toBe(true);
  });

  it.each([
    ['/**', '/**:'],
    ['its full name', '/robot1/mapper:'],
    ['its bare name', 'mapper:'],
  ])('of a file for %s reach a node with another name and a namespace', async (_, key) => {
    const file = join(folder, 'parameters.yaml');
    await writeFile(
      file,
      `${key}\n  ros__parameters:\n    base_frame: trunk\n    mesh_rate: 3.5\n    lidar_topics: [/a, /b]\n    sensor:\n      maxRange: 42.0\n`,
    );
    node = new FeltmapProcess(['-r', '__ns:=/robot1', '-r', '__node:=mapper', '--params-file', file]);
    expect((await graph.getParameter('/robot1/mapper', 'base_frame')).string_value).toBe('trunk');
    expect((await graph.getParameter('/robot1/mapper', 'mesh_rate')).double_value).toBe(3.5);
    expect((await graph.getParameter('/robot1/mapper', 'sensor.maxRange')).double_value).toBe(42);
    await node.stop();
  });

  it('wrong at the start: one sentence, and status 1', async () => {
    node = new FeltmapProcess([], { 'sensor.maxRange': '-5.0' });
    await node.printed(/sensor\.maxRange/);
    const { code } = await node.ended();
    expect(code).not.toBe(0);
    expect(node.stacks).toEqual([]);
  });
});
