import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FeltmapProcess } from './feltmap-process.js';
import { Graph } from './graph.js';
import { play } from './playback.js';
import { readClouds } from './recording.js';

const CLOUD = 'sensor_msgs/msg/PointCloud2';
/** Within which silence is told (s). */
const LIMIT = 5;

describe('silence is told within five seconds', () => {
  let graph: Graph;
  let node: FeltmapProcess | undefined;

  beforeAll(async () => {
    graph = await Graph.open();
  });
  afterEach(async () => {
    await node?.discard();
  });
  afterAll(() => graph.close());

  const told = async (warning: RegExp, what: string): Promise<void> => {
    const since = performance.now();
    await node!.printed(warning);
    const seconds = (performance.now() - since) / 1000;
    console.info(`silence: ${what} told after ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(LIMIT);
  };

  it('a wrong topic name: names the right one', async () => {
    const publisher = graph.advertise(CLOUD, '/driver/points', 'sensor');
    node = new FeltmapProcess(['-r', 'lidar:=/driver/pionts'], { base_frame: 'velodyne' });
    await node.printed(/Ready\./);
    await told(/Nobody publishes \/driver\/pionts.*\/driver\/points/, 'a wrong name');
    graph.unadvertise(publisher);
  });

  it('a driver that sends nothing, and one that stops', async () => {
    node = new FeltmapProcess(['-r', 'lidar:=/points'], { base_frame: 'velodyne' });
    const publisher = await graph.publisher(CLOUD, '/points', 'sensor');
    await node.printed(/Ready\./);
    await told(/Nothing arrives on \/points/, 'a silent publisher');
    await play(publisher, await readClouds(5));
    await told(/Nothing more arrives on \/points/, 'one that stopped');
    graph.unadvertise(publisher);
  });
});
