import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBag } from '../../src/bags/reader.js';
import { openScanSource } from '../../src/bags/source.js';
import { cameraSimulation, runSimCamera } from '../../src/cli/sim-camera.js';
import { loadConfig } from '../../src/config/load.js';
import { compose, inverse, translationNorm } from '../../src/geometry/se3.js';
import type { SlamService } from '../../src/host/client.js';
import type { HostEvent, ResultEvent, SlamRequest } from '../../src/host/protocol.js';
import { SlamHost } from '../../src/host/slam-host.js';
import { decodeOdometry } from '../../src/messages/poses.js';
import { MappingNode } from '../../src/ros/mapping-node.js';
import { ParameterStore } from '../../src/ros/parameter-check.js';
import { isFrame, isImuBatch } from '../../src/sensors/measurement.js';
import { createSlam } from '../../src/slam/create.js';
import { FakePort } from '../ros/helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-one-camera-'));
const path = join(folder, 'room.mcap');
/** Colour and depth of two cameras side by side, packed as JPEG and PNG. */
const SIMULATION = {
  world: 'room',
  seed: 3,
  width: 160,
  duration: 0.6,
  threads: 0,
  imu: true,
  compressedDepth: true,
  out: path,
} as const;
const SETTINGS: readonly (readonly [string, unknown])[] = [
  ['engine', 'wasm'],
  ['threads', 1],
  ['map.memoryMiB', 1024],
];

beforeAll(async () => void (await runSimCamera(SIMULATION)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Result = ResultEvent['result'];

async function makeHost(take: (event: HostEvent) => void): Promise<SlamHost> {
  const config = await loadConfig({
    set: [...SETTINGS, ['sensor.kind', 'rgbd']].map(([k, v]) => `${k}=${v}`),
  });
  return SlamHost.create(createSlam, { config }, take);
}

/** As `feltmap replay` reads it. */
async function replayed(useImu: boolean): Promise<Result[]> {
  const results: Result[] = [];
  const host = await makeHost((event) => event.type === 'result' && results.push(event.result));
  const source = await openScanSource(path, { sensor: 'rgbd', imu: useImu ? '/imu' : 'none' });
  for await (const one of source.measurements())
    if (isFrame(one)) await host.handle({ type: 'scan', scan: one });
    else if (isImuBatch(one)) await host.handle({ type: 'imu', batch: one });
  expect(source.warnings).toEqual([expect.stringMatching(/colour images come 4\.0 ms after/)]);
  await source.close();
  await host.close();
  return results;
}

/** As the node takes it, message by message in the order of their arrival, faster than it works on them. */
async function live(useImu: boolean, until: number): Promise<{ results: Result[]; port: FakePort }> {
  const port = new FakePort();
  const listeners = new Set<(event: HostEvent) => void>();
  const results: Result[] = [];
  const host = await makeHost((event) => {
    if (event.type === 'result') results.push(event.result);
    for (const listener of listeners) listener(event);
  });
  const slam = {
    failure: undefined,
    call: async (request: SlamRequest) => host.handle(request),
    listen: (listener: (event: HostEvent) => void) => {
      listeners.add(listener);
      return () => undefined;
    },
    terminate: () => host.close(),
  } as unknown as SlamService;
  const parameters = new ParameterStore();
  parameters.start([
    ...SETTINGS,
    ['depth_topic', '/camera/depth/image_raw'],
    ['camera_info_topic', '/camera/depth/camera_info'],
    ['color_topic', '/camera/color/image_raw'],
    ['color_camera_info_topic', '/camera/color/camera_info'],
    ['rgbd_input', 'compressed'],
    ['use_imu', useImu],
    ['queue_size', 100],
    ['tf_timeout', 10],
    ['mesh_rate', 0],
  ]);
  const node = new MappingNode({
    name: 'feltmap',
    parameters,
    port,
    startSlam: async () => slam,
    onFatal: (error) => expect.unreachable(error.message),
    version: '',
  });
  await node.configure();
  node.activate();
  const bag = await openBag(path);
  const topics = new Map(node.cameras[0]!.topics.map((topic) => [topic.name, topic]));
  for await (const { topic, data } of bag.messages()) {
    const taken = topics.get(topic);
    if (topic === '/tf_static') node.onTf(data.slice(), true);
    else if (topic === '/imu' && useImu) node.onImu(data.slice());
    else if (taken) node.onCamera(0, taken, data.slice());
  }
  await bag.close();
  const late = performance.now() + 15_000;
  while (results.length < until && performance.now() < late) await sleep(5);
  await node.cleanup();
  return { results, port };
}

const bytes = (results: readonly Result[]): string[] =>
  results.map(({ stampNs, pose }) => `${stampNs} ${[...pose].join(' ')}`);

describe('one recording of a depth camera', () => {
  it.each([false, true])(
    'gives the same trajectory, bit by bit, through replay and through the node; IMU: %s',
    async (useImu) => {
      const replay = await replayed(useImu);
      const truth = cameraSimulation(SIMULATION);
      expect(replay).toHaveLength(truth.frameCount);
      // The node cannot know that the last images are the last.
      const most = truth.frameCount - 2;
      const { results, port } = await live(useImu, most);
      expect(port.logs.filter(({ level }) => level !== 'info')).toEqual([]);
      expect(port.logs.filter(({ text }) => /colour images come 4\.0 ms after/.test(text))).toHaveLength(1);
      expect(bytes(results)).toEqual(bytes(replay).slice(0, results.length));
      const odometry = port.of('odometry').map((message) => decodeOdometry(message));
      expect(odometry.length).toBeGreaterThanOrEqual(most);
      odometry.forEach(({ stampNs, pose, frameId, childFrameId }, k) => {
        expect([stampNs, frameId, childFrameId]).toEqual([truth.depthStampNs(k), 'odom', 'base_link']);
        const off = translationNorm(compose(inverse(truth.odomPose(k)), pose));
        expect(off).toBeLessThan(0.03);
      });
    },
  );
});
