import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeMarkerArray, MarkerAction } from '../../src/messages/markers.js';
import { dropped } from './diagnostics.js';
import { FeltmapProcess } from './feltmap-process.js';
import { type DiagnosticMessage, Graph, type OdometryMessage } from './graph.js';
import { Latency, load, quantile } from './latency.js';
import { play } from './playback.js';
import { readClouds, stampOf } from './recording.js';
import { settled, sleep, until } from './wait.js';

const CLOUD = 'sensor_msgs/msg/PointCloud2';
const MARKERS = 'visualization_msgs/msg/MarkerArray';
const QUEUE = 3;
const RATE = 3;

describe('under load', () => {
  let graph: Graph;
  let clouds: Buffer[];
  let nodes: FeltmapProcess[] = [];

  beforeAll(async () => {
    graph = await Graph.open();
    clouds = await readClouds();
  });
  afterEach(async () => {
    for (const node of nodes) await node.discard();
    nodes = [];
  });
  afterAll(() => graph.close());

  const start = (args: string[], parameters: Record<string, string> = {}): FeltmapProcess => {
    const node = new FeltmapProcess(['-r', 'lidar:=/points', ...args], {
      base_frame: 'velodyne',
      ...parameters,
    });
    nodes.push(node);
    return node;
  };

  it('two nodes and three times as many scans as the LiDAR has: odometry is as fresh as the queue lets it be', async () => {
    const names = ['one', 'two'];
    const latencies = names.map(() => new Latency());
    const odometry = names.map((name, k) =>
      graph.collect<OdometryMessage>(
        'nav_msgs/msg/Odometry',
        `/${name}/odometry`,
        'reliable',
        latencies[k]!.arrived,
      ),
    );
    const diagnostics = names.map((name) =>
      graph.collect<DiagnosticMessage>('diagnostic_msgs/msg/DiagnosticArray', `/${name}/diagnostics`),
    );
    for (const name of names) start(['-r', `__ns:=/${name}`], { queue_size: String(QUEUE) });
    const publisher = await graph.publisher(CLOUD, '/points', 'sensor');
    for (const node of nodes) await node.printed(/Ready\./);
    await until('both subscribers', () => graph.subscriberCount('/points') === 2);
    await sleep(300);
    // The start of a map is gentle: scans wait until the node has caught up.
    await play(publisher, clouds.slice(0, 20), 5);
    for (const list of odometry) await settled('odometry messages', list, 18, 500);
    for (const latency of latencies) latency.values.length = latency.arrivals.length = 0;
    await play(publisher, clouds.slice(20), 10 * RATE, (k) => {
      for (const latency of latencies) latency.sent(stampOf(clouds[20 + k]!));
    });
    await sleep(2500);
    for (const [k, latency] of latencies.entries()) {
      const { arrivals } = latency;
      // The median, so that a pause does not loosen the bound.
      const perScan = quantile(
        arrivals.slice(1).map((at, i) => at - arrivals[i]!),
        0.5,
      );
      const median = quantile(latency.values, 0.5);
      const lost = dropped(diagnostics[k]!.at(-1)!);
      console.info(
        `rate ${RATE}, node ${k + 1} of 2: ${latency.values.length} of ${clouds.length - 20} scans, ${lost} dropped, ` +
          `${perScan.toFixed(0)} ms a scan, published to odometry ${median.toFixed(0)} ms median, ` +
          `${quantile(latency.values, 0.95).toFixed(0)} ms 95 %, bound ${((QUEUE + 1) * perScan).toFixed(0)} ms, ${load()}`,
      );
      expect(latency.values.length).toBeGreaterThan(10);
      expect(median).toBeLessThan((QUEUE + 1) * perScan);
      expect(nodes[k]!.output).not.toMatch(/Tracking is lost/);
    }
    graph.unadvertise(publisher);
  });

  it('a second subscriber of the mesh gets all of it, and changes nothing for the first', async () => {
    const odometry = graph.collect<OdometryMessage>('nav_msgs/msg/Odometry', '/odometry');
    const first = graph.collectRaw(MARKERS, '/mesh');
    start([]);
    const publisher = await graph.publisher(CLOUD, '/points', 'reliable');
    await play(publisher, clouds.slice(0, 40));
    await settled('odometry messages', odometry, 36);
    await settled('meshes', first, 1, 3000);
    const before = shown(first);
    const heard = first.length;
    expect(before.size).toBeGreaterThan(300);

    const second = graph.collectRaw(MARKERS, '/mesh');
    await until(
      () => `the whole mesh: ${shown(second).size} of ${before.size} blocks`,
      () => shown(second).size >= before.size,
    );
    await settled('meshes', second, 1, 3000);
    const later = first.slice(heard).flatMap((bytes) => decodeMarkerArray(bytes));
    expect(later.filter(({ action }) => action !== MarkerAction.add)).toEqual([]);
    expect(shown(first)).toEqual(before);
    expect(shown(second)).toEqual(before);
    graph.unadvertise(publisher);
  });
});

/** What RViz shows after these messages: the corners of each block as text. */
function shown(messages: readonly Buffer[]): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  for (const { ns, id, action, points } of messages.flatMap((bytes) => decodeMarkerArray(bytes)))
    if (action === MarkerAction.deleteAll) blocks.clear();
    else if (action === MarkerAction.delete) blocks.delete(`${ns}/${id}`);
    else blocks.set(`${ns}/${id}`, points.join(' '));
  return blocks;
}
