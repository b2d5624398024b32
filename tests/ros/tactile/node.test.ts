import { afterEach, describe, expect, it } from 'vitest';
import { SlamHost } from '../../../src/host/slam-host.js';
import type { SlamService } from '../../../src/host/client.js';
import type { HostEvent, SlamReplies, SlamRequest } from '../../../src/host/protocol.js';
import { identity, type Pose } from '../../../src/geometry/se3.js';
import { encodeImage } from '../../../src/messages/images.js';
import { decodeDiagnosticArray } from '../../../src/messages/diagnostics.js';
import { decodeMarkerArray, MarkerAction } from '../../../src/messages/markers.js';
import { encodePointCloud2 } from '../../../src/messages/pointcloud2.js';
import { decodeOdometry, encodeTFMessage } from '../../../src/messages/poses.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import { contactCloud } from '../../../src/cli/sim-touch-recorder.js';
import { MappingNode } from '../../../src/ros/mapping-node.js';
import { ParameterStore } from '../../../src/ros/parameter-check.js';
import { tactileOf, tactilePitch } from '../../../src/ros/tactile/topics.js';
import { createSlam } from '../../../src/slam/create.js';
import { above, feel, floor } from '../../slam/touch/felt.js';
import { FakePort } from '../helpers.js';

/** The SLAM thread's side in this one. */
class LocalSlam implements SlamService {
  readonly failure = undefined;
  readonly events: HostEvent[] = [];
  readonly #listeners: ((event: HostEvent) => void)[] = [];
  #host!: SlamHost;

  static async start(...[config]: Parameters<typeof createSlam>): Promise<LocalSlam> {
    const slam = new LocalSlam();
    slam.#host = await SlamHost.create(createSlam, { config }, (event) => {
      slam.events.push(event);
      slam.#listeners.forEach((listener) => listener(event));
    });
    return slam;
  }
  async call<R extends SlamRequest>(request: R): Promise<SlamReplies[R['type']]> {
    return (await this.#host.handle(request)) as SlamReplies[R['type']];
  }
  listen(listener: (event: HostEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }
  async terminate(): Promise<void> {
    await this.#host.close();
  }
}

const stamp = (k: number): bigint => 1_000_000_000n + BigInt(k) * 40_000_000n;

async function until(holds: () => boolean): Promise<void> {
  const late = performance.now() + 20_000;
  while (!holds() && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

let port: FakePort;
let node: MappingNode | undefined;
let slam: LocalSlam;

async function start(...parameters: [string, unknown][]): Promise<MappingNode> {
  const store = new ParameterStore();
  store.start([
    ['sensor.kind', 'touch'],
    ['threads', 1],
    ['engine', 'wasm'],
    ['map.memoryMiB', 900],
    ['mesh_rate', 0],
    ['path_rate', 0],
    ['diagnostics_rate', 0],
    ['tf_timeout', 0.05],
    ...parameters,
  ]);
  port = new FakePort();
  port.listening = { touch: ['rviz'] };
  node = new MappingNode({
    name: 'feltmap',
    parameters: store,
    port,
    startSlam: async (config) => (slam = await LocalSlam.start(config)),
    onFatal: (error) => expect.unreachable(error.message),
    version: '',
  });
  await node.configure();
  node.activate();
  return node;
}

afterEach(async () => {
  await node?.cleanup();
  node = undefined;
});

const tf = (k: number, transform: Pose): Uint8Array =>
  encodeTFMessage([{ stampNs: stamp(k), frameId: 'base_link', childFrameId: 'gel', transform }]);

/** Heights of a floor at a pose, 32FC1. */
function depthImage(k: number, T: Pose): Uint8Array {
  const { width, height, depth } = feel(floor(), T);
  return encodeImage({
    stampNs: stamp(k),
    frameId: 'gel',
    width,
    height,
    encoding: '32FC1',
    bigEndian: false,
    step: 4 * width,
    data: new Uint8Array(depth.buffer),
  });
}

const touched = (): Extract<HostEvent, { type: 'touch' }>[] =>
  slam.events.filter((event) => event.type === 'touch');

describe('a node with a tactile sensor', () => {
  it('maps depth images where tf has the sensor, and shows the patches', async () => {
    const n = await start(['tactile_input', 'depth'], ['touch.pitch', 5e-4]);
    expect(n.topics).toContain('tactile/depth');
    const topic = n.tactile[0]!;
    for (let k = 0; k < 3; k++) {
      const T = above(0.01 * k, 0, 0);
      n.onTf(tf(k, T), false);
      n.onTactile(0, topic, depthImage(k, T));
      await until(() => touched().length === k + 1);
    }
    const { positions } = await slam.call({ type: 'finish' }).then(({ mesh }) => mesh);
    expect(positions.length).toBeGreaterThan(3 * 500);
    for (let i = 2; i < positions.length; i += 3) expect(Math.abs(positions[i]!)).toBeLessThan(1e-4);
    const sent = port.of('touch').flatMap((bytes) => decodeMarkerArray(bytes));
    // Newcomers get them again.
    const patches = [...new Map(sent.map((marker) => [marker.id, marker])).values()];
    expect(patches.map(({ ns, id, frameId }) => [ns, id, frameId])).toEqual(
      [0, 1, 2].map((id) => ['gel', id, 'odom']),
    );
    touched()[2]!.result.pose.forEach((v, i) => expect(patches[2]!.pose[i]).toBeCloseTo(v, 9));
    expect(patches[0]!.points.length).toBeGreaterThan(300);
    // What the arm stands on stands.
    const { pose } = decodeOdometry(port.of('odometry').at(-1)!);
    expect([...pose]).toEqual([...identity()]);
  }, 60_000);

  it('says what it lacks: a transform, a pitch, a calibration', async () => {
    const n = await start(['tactile_input', 'depth']);
    const topic = n.tactile[0]!;
    n.onTactile(0, topic, depthImage(0, above(0, 0, 0)));
    await until(() => port.logs.some(({ text }) => /no transform from 'base_link' to 'gel'/.test(text)));
    n.onTf(tf(1, above(0, 0, 0)), false);
    n.onTactile(0, topic, depthImage(1, above(0, 0, 0)));
    await until(() => port.logs.some(({ text }) => /need the size of a pixel on the gel/.test(text)));
    await n.cleanup();

    const images = await start();
    images.onTf(tf(0, above(0, 0, 0)), false);
    const image = { width: 4, height: 4, encoding: 'rgb8', bigEndian: false, step: 12 };
    const bytes = encodeImage({ ...image, stampNs: stamp(0), frameId: 'gel', data: new Uint8Array(48) });
    images.onTactile(0, images.tactile[0]!, bytes);
    await until(() => port.logs.some(({ text }) => /The gel gel has no calibration/.test(text)));
  }, 60_000);

  it('take the references of gels anew when asked', async () => {
    const n = await start();
    const [width, height] = [64, 48];
    const depths = Float32Array.from({ length: 256 }, (_, i) => 1e-5 * i);
    const gel = { sensor: 'test', width, height, pitch: 1e-4, markers: false, sigma: 5e-5 };
    await slam.call({ type: 'calibrate-touch', calibration: { kind: 'table', ...gel, depths } });
    n.onTf(tf(0, above(0, 0, 0)), true);
    /** Grey, darker by so much in a square in the middle. */
    const show = async (k: number, darker: number): Promise<void> => {
      const data = new Uint8Array(3 * width * height).fill(180);
      for (let y = 14; y < 34; y++) data.fill(180 - darker, 3 * (y * width + 22), 3 * (y * width + 42));
      const layout = { width, height, encoding: 'rgb8', bigEndian: false, step: 3 * width } as const;
      const before = touched().length;
      n.onTactile(0, n.tactile[0]!, encodeImage({ ...layout, stampNs: stamp(k), frameId: 'gel', data }));
      await until(() => touched().length > before);
    };
    const felt = (): number => touched().at(-1)!.result.touch.points.length;
    // Something touches the gel when it is switched on.
    for (let k = 0; k < 4; k++) await show(k, 60);
    expect(await n.services.retakeReference()).toMatchObject({ success: true });
    for (let k = 4; k < 7; k++) await show(k, 0);
    await show(7, 0);
    expect(felt()).toBe(0);
    await show(8, 60);
    expect(felt()).toBeGreaterThan(30);
  }, 60_000);

  it('takes points of contact, and has a status for touches', async () => {
    const n = await start(['tactile_input', 'points'], ['diagnostics_rate', 10]);
    const T = above(0, 0, 0.02);
    n.onTf(tf(0, T), false);
    const points = Float32Array.from({ length: 90 }, (_, i) => (i % 3 === 2 ? 0.02 : 1e-3 * (i % 7)));
    const normals = Float32Array.from({ length: 90 }, (_, i) => (i % 3 === 2 ? -1 : 0));
    const cloud = contactCloud({ kind: 'touch-points', stampNs: stamp(0), frameId: 'gel', points, normals, sigma: 1e-3 }); // prettier-ignore
    n.onTactile(0, { ...n.tactile[0]!, type: ROS_TYPES.pointCloud2 }, encodePointCloud2(cloud));
    await until(() => touched().length === 1);
    expect(touched()[0]!.result.touch.points).toHaveLength(90);
    const answer = await n.services.retakeReference();
    expect(answer).toMatchObject({
      success: false,
      message: expect.stringMatching(/no gel with a reference/) as string,
    });
    const statuses = (): string[] =>
      port.of('diagnostics').flatMap((bytes) => decodeDiagnosticArray(bytes).status.map(({ name }) => name));
    await until(() => statuses().includes('feltmap: touch'));
  }, 60_000);
});

describe('patches', () => {
  it('are sent again to who comes late, and taken away with the map', async () => {
    const n = await start(['tactile_input', 'depth'], ['touch.pitch', 5e-4], ['diagnostics_rate', 10]);
    n.onTf(tf(0, above(0, 0, 0)), false);
    n.onTactile(0, n.tactile[0]!, depthImage(0, above(0, 0, 0)));
    await until(() => port.of('touch').length >= 1);
    const before = port.of('touch').length;
    port.listening = { touch: ['rviz', 'late'] };
    await until(() => port.of('touch').length > before);
    expect(decodeMarkerArray(port.of('touch').at(-1)!)).toHaveLength(1);
    await n.services.reset();
    const gone = decodeMarkerArray(port.of('touch').at(-1)!);
    expect(gone.map(({ ns, id, action }) => [ns, id, action])).toEqual([['gel', 0, MarkerAction.delete]]);
  }, 60_000);
});

describe('parameters of tactile sensors', () => {
  const store = (...values: [string, unknown][]): ParameterStore => {
    const p = new ParameterStore();
    p.start(values);
    return p;
  };

  it('name a topic for each sensor, and none where the map is made without touch', () => {
    expect(tactileOf(store())).toEqual([]);
    const two = store(['sensor.kind', 'rgbd+touch'], ['tactile_sensors', ['left', 'right']]);
    expect(tactileOf(two).map(({ name, type }) => [name, type])).toEqual([
      ['left/image', ROS_TYPES.image],
      ['right/image', ROS_TYPES.image],
    ]);
  });

  it('know how large a pixel is by preset, unless it is given', () => {
    const digit = [['sensor.kind', 'touch'], ['tactile_preset', 'digit']] as [string, unknown][]; // prettier-ignore
    expect(tactilePitch(store(...digit))).toBeCloseTo(0.0142 / 240, 9);
    expect(tactilePitch(store(...digit, ['touch.pitch', 1e-4]))).toBe(1e-4);
    expect(tactilePitch(store(['sensor.kind', 'touch']))).toBe(0);
  });

  it('refuse what contradicts them', () => {
    expect(() => store(['tactile_preset', 'digit'])).toThrow(/tactile_preset is for tactile sensors/);
    expect(() => store(['sensor.kind', 'touch'], ['base_frame', ''])).toThrow(/base_frame is empty/);
  });
});
