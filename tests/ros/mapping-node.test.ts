import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTum } from '../../src/export/tum.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { compose, exp, identity, type Pose } from '../../src/geometry/se3.js';
import type { SlamService } from '../../src/host/client.js';
import type { HostEvent, SlamReplies, SlamRequest } from '../../src/host/protocol.js';
import { decodeDiagnosticArray } from '../../src/messages/diagnostics.js';
import { peekHeader } from '../../src/messages/header.js';
import { decodeOdometry, decodePath, decodeTFMessage, encodeTFMessage } from '../../src/messages/poses.js';
import { MappingNode } from '../../src/ros/mapping-node.js';
import { LOST_COVARIANCE } from '../../src/slam/covariance.js';
import { ParameterStore } from '../../src/ros/parameter-check.js';
import type { ScanResult } from '../../src/slam/types.js';
import { cloudBytes, FakePort, scanResult } from './helpers.js';
import { encodeSavedMap } from '../../src/field/saved/saved-map.js';
import { content } from '../field/saved/content.js';

const SAVED = encodeSavedMap(content());

/**
 * A SLAM thread that answers at once with what the test wants. Its tracker is `off` metres wrong in x, which the joint
 * optimisation puts right.
 */
class FakeSlam implements SlamService {
  readonly requests: SlamRequest[] = [];
  failure: Error | undefined;
  answer: (stampNs: bigint) => Partial<ScanResult> = () => ({});
  terminated = false;
  warnings: string[] = [];
  /** Numbers of the maps that there are. */
  maps: number[] = [0];
  off = 0;
  /** Resolves when a scan that was tracked may be mapped. */
  mapping: Promise<void> = Promise.resolve();
  /** What planners get, and when. */
  plan: { costmap: Uint8Array<ArrayBuffer>; slice?: Uint8Array<ArrayBuffer> } | undefined;
  planning: Promise<void> = Promise.resolve();
  #listeners = new Set<(event: HostEvent) => void>();
  #scans = 0;

  async call<R extends SlamRequest>(request: R): Promise<SlamReplies[R['type']]> {
    this.requests.push(request);
    return (await this.#reply(request)) as SlamReplies[R['type']];
  }
  listen(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  emit(event: HostEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
  async terminate(): Promise<void> {
    this.terminated = true;
  }
  of<T extends SlamRequest['type']>(type: T): Extract<SlamRequest, { type: T }>[] {
    return this.requests.filter((r): r is Extract<SlamRequest, { type: T }> => r.type === type);
  }

  async #reply(request: SlamRequest): Promise<SlamReplies[keyof SlamReplies]> {
    if (request.type === 'cloud') {
      const { stampNs } = peekHeader(request.bytes);
      const statistics = {
        blocks: 1,
        featureRows: 2,
        triangles: 3,
        keyframes: 4,
        memoryBytes: 5,
        forgottenBlocks: 0,
      };
      const result = scanResult({ index: this.#scans++, stampNs, ...this.answer(stampNs) });
      const warnings = this.warnings.splice(0);
      if (warnings.length > 0) this.emit({ type: 'warnings', warnings });
      const pose = compose(exp([this.off, 0, 0, 0, 0, 0]), result.pose);
      this.emit({ ...result, type: 'pose', sensor: 'lidar', submap: 0, pose });
      await this.mapping;
      this.emit({ type: 'refined', poses: [{ index: result.index, pose: result.pose }] });
      this.emit({ type: 'result', result, statistics, keyframe: false, timing: 'field', decodeMs: 1 });
      return undefined;
    }
    if (request.type === 'plan') {
      await this.planning;
      return this.plan && (request.slice ? this.plan : { costmap: this.plan.costmap });
    }
    if (request.type === 'reset') return { warnings: [] };
    if (request.type === 'save-map') return this.maps.map((submap) => ({ submap, files: SAVED }));
    if (request.type === 'save-mesh')
      return this.maps.map((submap) => ({ submap, ply: Uint8Array.of(112, 108, 121), triangles: 1 }));
    return undefined;
  }
}

let port: FakePort;
let slam: FakeSlam;
let folder: string;
let started: { map?: ReadonlyMap<string, Uint8Array> | undefined }[];
let fatal: Error[];

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function node(parameters: [string, unknown][] = [], mount: Pose | null = identity()) {
  const store = new ParameterStore();
  store.start([
    ['diagnostics_rate', 0],
    ['path_rate', 0],
    ['mesh_rate', 0],
    ['save_directory', folder],
    ...parameters,
  ]);
  const made = new MappingNode({
    name: 'feltmap',
    parameters: store,
    port,
    startSlam: async (_, map) => {
      started.push({ map });
      return slam;
    },
    onFatal: (error) => fatal.push(error),
    version: '1.2.3',
  });
  await made.configure();
  made.activate();
  const transforms = ['lidar', 'rear'].map((childFrameId) => ({
    stampNs: 0n,
    frameId: 'base_link',
    childFrameId,
    transform: mount ?? identity(),
  }));
  if (mount) made.onTf(encodeTFMessage(transforms), true);
  return { node: made, store };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function feed(n: MappingNode, seconds: readonly number[], topic = 'lidar', frame = 'lidar') {
  for (const s of seconds) {
    n.onCloud(topic, cloudBytes(s, frame));
    await settle();
  }
}

beforeEach(async () => {
  port = new FakePort();
  slam = new FakeSlam();
  started = [];
  fatal = [];
  folder = await mkdtemp(join(tmpdir(), 'feltmap-ros-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('MappingNode', () => {
  it('lets more scans wait while a map is begun, and drops the oldest once it has caught up', async () => {
    const { node: n } = await node([['queue_size', 2]]);
    let release: () => void = () => undefined;
    const answer = slam.call.bind(slam) as SlamService['call'];
    slam.call = async (request) => {
      if (request.type === 'cloud') await new Promise<void>((resolve) => (release = resolve));
      return answer(request);
    };
    const drain = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        release();
        await settle();
      }
    };
    // The first scan is being worked on, slowly; fourteen more than may wait later.
    await feed(
      n,
      Array.from({ length: 15 }, (_, i) => 1 + i / 10),
    );
    await drain();
    expect(port.of('odometry')).toHaveLength(15);

    await feed(
      n,
      Array.from({ length: 15 }, (_, i) => 3 + i / 10),
    );
    await drain();
    const stamps = port.of('odometry').map((bytes) => Number(decodeOdometry(bytes).stampNs) / 1e9);
    expect(stamps.slice(15)).toEqual([3, 4.3, 4.4]);
  });

  it('does not stay behind for good where it never catches up: fewer and fewer scans wait', async () => {
    const { node: n } = await node([['queue_size', 2]]);
    let release: () => void = () => undefined;
    const answer = slam.call.bind(slam) as SlamService['call'];
    slam.call = async (request) => {
      if (request.type === 'cloud') await new Promise<void>((resolve) => (release = resolve));
      return answer(request);
    };
    // Twice as fast as they are processed.
    for (let i = 0; i < 60; i++) {
      await feed(n, [1 + i / 5, 1.1 + i / 5]);
      release();
    }
    const before = port.of('odometry').length;
    for (let i = 0; i < 30; i++) {
      await settle();
      release();
    }
    expect(before).toBeGreaterThanOrEqual(50);
    expect(port.of('odometry').length - before).toBeLessThanOrEqual(4);
  });

  it('publishes odometry and its transform at the stamps of the scans', async () => {
    const { node: n } = await node();
    slam.answer = (stampNs) => ({
      pose: exp([Number(stampNs) / 1e9 - 1, 0, 0, 0, 0, 0]),
      twist: Float64Array.of(1, 0, 0, 0, 0, 0),
      covariance: Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-6 : 0)),
      odomCovariance: Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-4 : 0)),
    });
    await feed(n, [1, 1.1, 1.2]);
    const odometry = port.of('odometry').map((bytes) => decodeOdometry(bytes));
    expect(odometry.map((o) => o.stampNs)).toEqual([1_000_000_000n, 1_100_000_000n, 1_200_000_000n]);
    expect(odometry[2]!.pose[3]).toBeCloseTo(0.2, 9);
    expect(odometry[2]!.twist[0]).toBeCloseTo(1, 9);
    expect(odometry[2]!.poseCovariance[0]).toBeCloseTo(1e-4, 9);
    // (1e-6 + 1e-6) / 0.1²: of the steps, not of the whole way.
    expect(odometry[2]!.twistCovariance[0]).toBeCloseTo(2e-4, 8);
    const tf = port.of('tf').flatMap((bytes) => decodeTFMessage(bytes));
    expect(tf.map((t) => [t.frameId, t.childFrameId, t.stampNs])).toEqual(
      odometry.map((o) => ['odom', 'base_link', o.stampNs]),
    );
    expect([...tf[2]!.transform]).toEqual([...odometry[2]!.pose]);
  });

  it('logs warnings of the SLAM system, once', async () => {
    const { node: n } = await node();
    await feed(n, [1]);
    slam.warnings = ['The GPU was lost.'];
    await feed(n, [1.1, 1.2]);
    expect(port.logs.filter(({ text }) => text === 'The GPU was lost.')).toEqual([
      { level: 'warn', text: 'The GPU was lost.' },
    ]);
  });

  it('odometry goes out when a scan is tracked, once and before it is mapped; the path gets the refined pose', async () => {
    const { node: n, store } = await node();
    port.listening.path = ['a'];
    slam.off = 0.5;
    slam.answer = (stampNs) => ({ pose: exp([Number(stampNs) / 1e9, 0, 0, 0, 0, 0]) });
    let mapped: () => void = () => undefined;
    slam.mapping = new Promise((resolve) => (mapped = resolve));
    await feed(n, [1]);
    expect(port.of('odometry').map((bytes) => decodeOdometry(bytes).pose[3])).toEqual([1.5]);
    expect(port.of('tf')).toHaveLength(1);
    mapped();
    await settle();
    await feed(n, [2, 3]);
    expect(port.of('odometry').map((bytes) => decodeOdometry(bytes).pose[3])).toEqual([1.5, 2.5, 3.5]);
    n.onParameters(store.change([['path_rate', 50]]));
    const path = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return decodePath(port.of('path').at(-1)!).poses.map(({ pose }) => [pose[3], pose[7]]);
    };
    expect(await path()).toEqual([1, 2, 3].map((x) => [x, 0]));
    expect(port.of('path')).toHaveLength(1);
    n.deactivate();
  });

  it('the path and the viewer follow a submap that moves, odometry does not', async () => {
    const free = await freePort();
    const { node: n, store } = await node([['viewer.port', free]], exp([0, 0, 2, 0, 0, 0]));
    port.listening.path = ['a'];
    slam.answer = (stampNs) => ({ pose: exp([Number(stampNs) / 1e9 - 1, 0, 0, 0, 0, 0]) });
    await feed(n, [1, 2, 3, 4]);
    slam.emit({ type: 'submaps', submaps: [{ id: 0, T_world_submap: exp([0, 5, 0, 0, 0, 0]) }] });
    n.onParameters(store.change([['path_rate', 50]]));
    await new Promise((resolve) => setTimeout(resolve, 60));
    n.deactivate();
    const { poses } = decodePath(port.of('path').at(-1)!);
    const places = poses.map(({ pose }) => [pose[3], pose[7], pose[11]]);
    expect(places).toEqual([0, 1, 2, 3].map((x) => [x, 5, 0]));
    const odometry = port.of('odometry').map((bytes) => decodeOdometry(bytes).pose[7]);
    expect(odometry).toEqual([0, 0, 0, 0]);
    const download = await fetch(`http://127.0.0.1:${free}/download/trajectory.tum`);
    const shown = parseTum(await download.text());
    expect(shown.poses.map((pose) => [pose[3], pose[7], pose[11]])).toEqual(places);
    await n.cleanup();
  });

  it('tf can be inverted or left out at run time', async () => {
    const { node: n, store } = await node([['invert_odom_tf', true]]);
    slam.answer = () => ({ pose: exp([2, 0, 0, 0, 0, 0]) });
    await feed(n, [1]);
    const [t] = decodeTFMessage(port.of('tf')[0]!);
    expect([t!.frameId, t!.childFrameId, t!.transform[3]]).toEqual(['base_link', 'odom', -2]);
    n.onParameters(store.change([['publish_odom_tf', false]]));
    await feed(n, [1.1]);
    expect(port.of('tf')).toHaveLength(1);
    expect(port.of('odometry')).toHaveLength(2);
  });

  it('without the transform of the sensor: nothing is published or mapped, and the warning names both frames', async () => {
    const { node: n } = await node([['tf_timeout', 0]], null);
    await feed(n, [1, 1.1, 1.2]);
    expect(port.sent).toEqual([]);
    expect(slam.of('cloud')).toEqual([]);
    const warnings = port.logs.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.text).toMatch(/'base_link' to 'lidar'/);
  });

  it('a scan goes through as soon as its transform comes', async () => {
    const { node: n } = await node([['tf_timeout', 5]], null);
    await feed(n, [1]);
    expect(slam.of('cloud')).toEqual([]);
    const mount = exp([0, 0, 1, 0, 0, 0]);
    n.onTf(
      encodeTFMessage([{ stampNs: 0n, frameId: 'base_link', childFrameId: 'lidar', transform: mount }]),
      true,
    );
    await settle();
    expect([...slam.of('cloud')[0]!.mount]).toEqual([...mount]);
  });

  it('lost: a large covariance, predictions for a bounded time, then nothing; diagnostics say so', async () => {
    const { node: n } = await node([['lost_timeout', 0.25]]);
    await feed(n, [1, 1.1]);
    slam.answer = () => ({
      state: 'lost',
      reason: 'Only 3 % of the points fit the map.',
      odomCovariance: LOST_COVARIANCE,
    });
    await feed(n, [1.2, 1.3, 1.4, 1.5, 1.6]);
    const stamps = port.of('odometry').map((b) => Number(decodeOdometry(b).stampNs) / 1e9);
    expect(stamps).toEqual([1, 1.1, 1.2, 1.3, 1.4]);
    const last = decodeOdometry(port.of('odometry').at(-1)!);
    expect(last.poseCovariance[0]).toBe(100);
    expect(last.twistCovariance[0]).toBe(100);
    expect(port.of('tf')).toHaveLength(5);
    expect(port.logs.some(({ text }) => text.startsWith('Tracking is lost: Only 3 %'))).toBe(true);
    slam.answer = () => ({});
    await feed(n, [1.7]);
    expect(port.of('odometry')).toHaveLength(6);
    expect(port.logs.at(-1)!.text).toBe('Tracking is back.');
  });

  it('nothing before the first tracked scan', async () => {
    const { node: n } = await node();
    slam.answer = () => ({ state: 'lost', reason: 'Only 3 points.' });
    await feed(n, [1, 1.1]);
    expect(port.of('odometry')).toEqual([]);
  });

  it('diagnostics report state, rates and drops', async () => {
    const { node: n, store } = await node();
    await feed(n, [1, 1.1, 1.1]);
    n.onParameters(store.change([['diagnostics_rate', 10]]));
    await new Promise((resolve) => setTimeout(resolve, 130));
    n.deactivate();
    const { status } = decodeDiagnosticArray(port.of('diagnostics')[0]!);
    expect(status.map((s) => s.name)).toEqual([
      'feltmap: tracking',
      'feltmap: input lidar',
      'feltmap: input imu',
      'feltmap: map',
      'feltmap: process',
    ]);
    expect(status[0]).toMatchObject({ level: 0, message: 'tracking' });
    const values = Object.fromEntries(status.flatMap((s) => s.values.map(({ key, value }) => [key, value])));
    expect(values).toMatchObject({ state: 'tracking', dropped_duplicate: '1', triangles: '3' });
  });

  it('several LiDARs: the others join when the first has a map, and no stamp is published twice', async () => {
    const { node: n } = await node([['lidar_topics', ['lidar', 'rear']]]);
    await feed(n, [1], 'rear', 'rear');
    expect(slam.of('cloud')).toEqual([]);
    await feed(n, [1.1, 1.2, 1.3]);
    await feed(n, [1.3, 1.35], 'rear', 'rear');
    expect(slam.of('cloud')).toHaveLength(5);
    expect(port.of('odometry')).toHaveLength(4);
  });

  it('a recording that loops starts everything anew and says so', async () => {
    const { node: n } = await node();
    slam.answer = (stampNs) => ({ pose: exp([Number(stampNs) / 1e9, 0, 0, 0, 0, 0]) });
    await feed(n, [100, 100.1, 100.2]);
    await feed(n, [50, 50.1, 50.2, 50.3]);
    expect(slam.of('reset')).toHaveLength(1);
    expect(port.logs.some(({ text }) => /^Time has gone back by 50\.0 s/.test(text))).toBe(true);
    expect(port.of('odometry').map((b) => Number(decodeOdometry(b).stampNs) / 1e9)).toEqual([
      100, 100.1, 100.2, 50.2, 50.3,
    ]);
  });

  it('/clock that jumps back does so at once', async () => {
    const { node: n } = await node();
    n.onClock(10_000_000_000n);
    await feed(n, [10]);
    n.onClock(1_000_000_000n);
    await feed(n, [1, 1.1]);
    expect(slam.of('reset')).toHaveLength(1);
    expect(port.of('odometry')).toHaveLength(3);
  });

  it('pauses and resumes', async () => {
    const { node: n } = await node();
    await feed(n, [1]);
    expect(n.pause()).toMatchObject({ success: true });
    await feed(n, [1.1, 1.2]);
    expect(n.resume()).toMatchObject({ success: true, message: 'resumed' });
    await feed(n, [1.3]);
    expect(slam.of('cloud')).toHaveLength(2);
    n.deactivate();
    expect(n.pause()).toMatchObject({ success: false, message: 'the node is inactive' });
  });

  it('saves map and mesh, loads the map, and refuses with a reason', async () => {
    const { node: n } = await node();
    expect(await n.services.saveMap()).toEqual({ success: false, message: 'nothing is mapped yet' });
    expect((await n.services.loadMap()).message).toMatch(/saved map/);
    await feed(n, [1]);
    for (let i = 0; i < 2; i++) expect(await n.services.saveMap()).toMatchObject({ success: true });
    expect(await n.services.saveMesh()).toMatchObject({
      success: true,
      message: expect.stringContaining('1 triangles'),
    });
    expect((await readdir(folder)).sort()).toEqual(['map', 'mesh.ply']);
    expect((await readdir(join(folder, 'map'))).sort()).toEqual([...SAVED.keys()].sort());
    // After a long loss there are two.
    slam.maps = [0, 1];
    slam.emit({ type: 'new-map', stampNs: 1n, submap: 1 });
    expect((await n.services.saveMap()).message).toMatch(/map \(.*not connected to it.*map-1 \(/);
    await n.services.saveMesh();
    expect((await readdir(folder)).sort()).toEqual(['map', 'map-1', 'mesh-1.ply', 'mesh.ply']);
    expect(port.logs.some(({ level, text }) => level === 'warn' && /a new map starts/.test(text))).toBe(true);
    expect(await n.services.loadMap()).toMatchObject({ success: true });
    expect([...slam.of('reset')[0]!.map!.keys()].sort()).toEqual([...SAVED.keys()].sort());
    expect(await n.services.reset()).toMatchObject({ success: true });
    expect(slam.of('reset')[1]!.map).toBeUndefined();
  });

  it('continues a saved map from the start when asked to', async () => {
    const { node: first } = await node();
    await feed(first, [1]);
    await first.services.saveMap();
    await node([['load_map', true]]);
    expect([...started.at(-1)!.map!.keys()].sort()).toEqual([...SAVED.keys()].sort());
  });

  it('parameters that can act at once do, others wait for the next map and say so', async () => {
    const { node: n, store } = await node();
    expect(n.onParameters(store.change([['tracking.minInlierRatio', 0.5]]))).toBe('');
    await settle();
    expect(slam.of('configure')[0]!.settings).toEqual([['tracking.minInlierRatio', 0.5]]);
    expect(n.onParameters(store.change([['sensor.maxRange', 40]]))).toMatch(/sensor\.maxRange: .*~\/reset/);
    await n.services.reset();
    expect(slam.of('reset')[0]!.config.sensor.maxRange).toBe(40);
  });

  it('the path goes to who listens, once per change and again to newcomers', async () => {
    const { node: n, store } = await node();
    slam.answer = (stampNs) => ({ pose: exp([Number(stampNs) / 1e9, 0, 0, 0, 0, 0]) });
    await feed(n, [1, 2, 3]);
    n.onParameters(store.change([['path_rate', 50]]));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(port.of('path')).toEqual([]);
    port.listening.path = ['a'];
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(port.of('path')).toHaveLength(1);
    expect(decodePath(port.of('path')[0]!).poses).toHaveLength(3);
    port.listening.path = ['b'];
    await new Promise((resolve) => setTimeout(resolve, 80));
    n.deactivate();
    expect(port.of('path')).toHaveLength(2);
  });

  it('survives scans that cannot be read, and gives up when the SLAM thread is gone', async () => {
    const { node: n } = await node();
    const call = vi.spyOn(slam, 'call');
    call.mockRejectedValueOnce(new FeltmapError('bad-input', 'PointCloud2: no field x'));
    await feed(n, [1, 1.1]);
    expect(port.of('odometry')).toHaveLength(1);
    slam.failure = new Error('the SLAM thread ended with code 1');
    call.mockRejectedValueOnce(slam.failure);
    await feed(n, [1.2]);
    expect(fatal).toEqual([slam.failure]);
  });

  it('shows itself in a viewer, and maps without one that cannot start', async () => {
    const free = await freePort();
    const { node: n } = await node([['viewer.port', free]], exp([0, 0, 2, 0, 0, 0]));
    expect(port.logs.some(({ text }) => text === `Viewer: http://127.0.0.1:${free}/`)).toBe(true);
    const status = async () => (await fetch(`http://127.0.0.1:${free}/status.json`)).json();
    expect(await status()).toMatchObject({ phase: 'waiting', scans: 0 });
    await feed(n, [1, 1.1]);
    expect(await status()).toMatchObject({ phase: 'running', scans: 2, state: 'tracking' });

    const { node: other } = await node([['viewer.port', free]]);
    expect(port.logs.some(({ text }) => text.startsWith('No viewer:') && text.includes(`${free}`))).toBe(
      true,
    );
    await feed(other, [1]);
    expect(port.of('odometry').length).toBeGreaterThan(2);
    await other.cleanup();

    n.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await status()).toMatchObject({ phase: 'paused' });
    await n.cleanup();
    await expect(status()).rejects.toThrow();
  });

  it('asks for the token it was given and keeps it out of the log', async () => {
    const free = await freePort();
    const { node: n } = await node([
      ['viewer.port', free],
      ['viewer.token', 'only-for-the-crew-1'],
    ]);
    expect((await fetch(`http://127.0.0.1:${free}/status.json`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${free}/status.json?token=only-for-the-crew-1`)).status).toBe(200);
    expect(port.logs.map(({ text }) => text).join(' ')).not.toContain('only-for');
    await n.cleanup();
  });

  it('cleans up', async () => {
    const { node: n } = await node();
    await feed(n, [1]);
    await n.cleanup();
    expect(slam.terminated).toBe(true);
    expect(n.activity).toBe('unconfigured');
    await feed(n, [1.1]);
    expect(port.of('odometry')).toHaveLength(1);
  });
});

describe('for planners the node', () => {
  const COSTMAP = Uint8Array.of(1, 2, 3);
  const SLICE = Uint8Array.of(4, 5);

  it('publishes cost map and distances while somebody subscribes, from where the robot is', async () => {
    const { node: n } = await node([['costmap.period', 0.02]]);
    slam.plan = { costmap: COSTMAP, slice: SLICE };
    port.listening = { costmap: ['a'] };
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(slam.of('plan')).toEqual([]); // there is no map yet
    slam.answer = () => ({ pose: exp([1, 2, 3, 0, 0, 0]) });
    await feed(n, [1]);
    await vi.waitFor(() => expect(port.of('costmap').length).toBeGreaterThan(1));
    expect(port.of('costmap')[0]).toEqual(COSTMAP);
    expect(port.of('distance_slice')).toEqual([]);
    expect(slam.of('plan')[0]).toMatchObject({
      robot: [1, 2, 3],
      slice: false,
      header: { stampNs: 1_000_000_000n, frameId: 'odom' },
    });
    port.listening = { distance_slice: ['b'] };
    await vi.waitFor(() => expect(port.of('distance_slice').length).toBeGreaterThan(0));
    port.listening = {};
    await settle();
    const { length } = slam.of('plan');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(slam.of('plan')).toHaveLength(length);
    await n.cleanup();
  });

  it('publishes none with a period of 0, and none of a map that is gone', async () => {
    const { node: n, store } = await node([['costmap.period', 0]]);
    slam.plan = { costmap: COSTMAP };
    port.listening = { costmap: ['a'] };
    await feed(n, [1]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(slam.of('plan')).toEqual([]);
    let answer = (): void => undefined;
    slam.planning = new Promise((resolve) => (answer = resolve));
    n.onParameters(store.change([['costmap.period', 0.02]]));
    await vi.waitFor(() => expect(slam.of('plan')).toHaveLength(1));
    await n.services.reset();
    answer();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(port.of('costmap')).toEqual([]);
    await n.cleanup();
  });
});
