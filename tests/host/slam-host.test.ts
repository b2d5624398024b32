import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { exp, identity } from '../../src/geometry/se3.js';
import type { HostEvent } from '../../src/host/protocol.js';
import { SlamHost } from '../../src/host/slam-host.js';
import type { ImuBatch } from '../../src/sensors/imu/batch.js';
import type { OdometryBatch } from '../../src/sensors/odometry/batch.js';
import type { RgbdFrame } from '../../src/sensors/camera/frame.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import type { PosedMeasurement } from '../../src/sensors/measurement.js';
import type { SlamListener } from '../../src/slam/events.js';
import { Trajectory } from '../../src/slam/trajectory.js';
import type { Slam, SlamView } from '../../src/slam/types.js';
import { scanResult } from '../ros/helpers.js';

const scan = (i: number): LidarScan => ({
  stampNs: BigInt(i),
  frameId: 'lidar',
  count: 1,
  positions: new Float32Array(3),
  timing: 'none',
});

/** A system that says where a scan is before it maps it; every array of it is reused. Mapping scan 3 fails. */
class EarlySlam implements Slam {
  readonly log: string[] = [];
  readonly trajectory = new Trajectory();
  readonly #pose = exp([0, 0, 0, 0, 0, 0]);
  #listener: SlamListener = () => undefined;
  #index = 0;

  constructor(private readonly sent: readonly HostEvent[]) {}
  listen(listener: SlamListener): () => void {
    this.#listener = listener;
    return () => undefined;
  }
  odometry(batch: OdometryBatch): void {
    this.log.push(`odometry ${batch.stampsNs.length}`);
  }
  imu(batch: ImuBatch): void {
    this.log.push(`imu ${batch.stampsNs.length}`);
  }
  process({ stampNs }: PosedMeasurement) {
    const index = this.#index++;
    const result = scanResult({ index, stampNs, pose: this.#pose });
    this.#pose[3] = index + 0.5;
    this.#listener({ ...result, type: 'pose', sensor: 'lidar', submap: 4, pose: this.#pose });
    this.log.push(`mapping ${index} after ${this.sent.length} events`);
    if (index === 3) throw new Error('the map is full');
    this.#pose[3] = index;
    this.#listener({ type: 'mesh', submap: 4, version: index });
    return result;
  }
  mesh = () => ({ positions: new Float32Array(9), indices: new Uint32Array(3) });
  surface = () => ({ mesh: this.mesh(), grids: [{ voxel: 0.15, triangles: 1 }] });
  save = () => new Map<string, Uint8Array>();
  statistics = () => ({
    blocks: 0,
    featureRows: 0,
    triangles: 0,
    keyframes: 0,
    memoryBytes: 0,
    forgottenBlocks: 0,
  });
  view: SlamView = {
    submap: 4,
    blockSizes: [1],
    meshVersion: 0,
    meshChanges: () => ({ blocks: [], deleted: [], version: 0 }),
    newestKeyframe: undefined,
    points: () => new Float32Array(3),
  };
  close = async () => undefined;
}

async function host(options: { stopAtError?: boolean; view?: boolean } = {}) {
  const sent: HostEvent[] = [];
  const made: EarlySlam[] = [];
  const make = async () => {
    made.push(new EarlySlam(sent));
    return made.at(-1)!;
  };
  const config = configSchema.parse({});
  const host = await SlamHost.create(make, { config, ...options }, (event) => sent.push(event));
  return { host, sent, made, config };
}

const brief = (event: HostEvent): string => {
  if (event.type === 'pose') return `pose ${event.index} at ${event.pose[3]} in ${event.submap}`;
  return event.type === 'result' ? `result ${event.result.index} at ${event.result.pose[3]}` : event.type;
};

describe('SlamHost', () => {
  it('sends the tracked pose before the scan is mapped, the refined one after, each a copy', async () => {
    const { host: h, sent, made } = await host();
    for (let i = 0; i < 2; i++) await h.handle({ type: 'scan', scan: scan(i) });
    expect(sent.map(brief)).toEqual([
      'pose 0 at 0.5 in 4',
      'mesh',
      'result 0 at 0',
      'pose 1 at 1.5 in 4',
      'mesh',
      'result 1 at 1',
    ]);
    expect(made[0]!.log).toEqual(['mapping 0 after 1 events', 'mapping 1 after 4 events']);
  });

  it('hands readings of an IMU and of an odometry to the system before the scan that follows', async () => {
    const { host: h, made } = await host();
    const batch = {
      stampsNs: BigInt64Array.of(1n, 2n),
      rates: new Float64Array(6),
      T_body_imu: exp([0, 0, 0, 0, 0, 0]),
    };
    await h.handle({ type: 'imu', batch });
    await h.handle({
      type: 'odometry',
      batch: { stampsNs: BigInt64Array.of(1n), poses: identity(), T_body_child: identity() },
    });
    await h.handle({ type: 'scan', scan: scan(0) });
    expect(made[0]!.log.slice(0, 2)).toEqual(['imu 2', 'odometry 1']);
  });

  it('a live system goes on after a scan that failed, a replay ends there', async () => {
    for (const stopAtError of [false, true]) {
      const { host: h, sent } = await host({ stopAtError });
      for (let i = 0; i < 3; i++) await h.handle({ type: 'scan', scan: scan(i) });
      await expect(h.handle({ type: 'scan', scan: scan(3) })).rejects.toThrow('the map is full');
      const next = h.handle({ type: 'scan', scan: scan(4) });
      if (stopAtError) await expect(next).rejects.toThrow('the map is full');
      else await next;
      expect(sent.filter(({ type }) => type === 'result')).toHaveLength(stopAtError ? 3 : 4);
      expect(await h.handle({ type: 'finish' })).toHaveProperty('mesh');
    }
  });

  it('shows what a camera saw, from where it is, to those who watch', async () => {
    const { host: h, sent } = await host({ view: true });
    const camera = {
      width: 2,
      height: 1,
      fx: 1,
      fy: 1,
      cx: 0.5,
      cy: 0,
      distortion: 'none',
      coefficients: [],
    } as const;
    const size = { width: 2, height: 1 };
    const frame: RgbdFrame = {
      kind: 'rgbd',
      stampNs: 7n,
      frameId: 'depth',
      depth: { ...size, data: new Uint16Array(2), scale: 0.001 },
      camera,
      color: {
        image: { ...size, data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
        camera,
        T_depth_color: exp([0, 0.25, 0, 0, 0, 0]),
        delay: 0,
      },
    };
    const shown = () => sent.flatMap((event) => (event.type === 'view' ? (event.update.camera ?? []) : []));
    await h.handle({ type: 'scan', scan: frame });
    expect(shown()).toEqual([]);
    await h.handle({ type: 'watch', active: true });
    await h.handle({ type: 'scan', scan: frame, stream: 1 });
    await h.handle({ type: 'flush-view' });
    const [one, ...more] = shown();
    expect(more).toEqual([]);
    expect(one).toMatchObject({ stream: 1, stampNs: 7n, rgb: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    // The second scan is refined to 1 m along x; the colour camera sits beside the depth camera.
    expect([3, 7, 11].map((i) => one!.T_odom_camera[i])).toEqual([1, 0.25, 0]);
    await h.close();
  });

  it('after a reset hears of the new system', async () => {
    const { host: h, sent, made, config } = await host();
    await h.handle({ type: 'scan', scan: scan(0) });
    expect(await h.handle({ type: 'reset', config })).toEqual({ warnings: [] });
    sent.length = 0;
    await h.handle({ type: 'scan', scan: scan(1) });
    expect(made).toHaveLength(2);
    expect(sent.map(({ type }) => type)).toEqual(['pose', 'mesh', 'result']);
  });
});

describe('touches that are found together', () => {
  /** A system in which that takes three pieces after each touch. */
  class FeelingSlam extends EarlySlam {
    readonly calls: string[] = [];
    #left = 0;
    override process(one: PosedMeasurement) {
      this.#left = 3;
      const result = super.process(one);
      const none = new Float32Array(0);
      const kinematics = { translation: 0.002, rotation: 0.02 };
      const felt = { points: none, normals: none, sigma: 1e-4 };
      return {
        ...result,
        touch: { state: 'registered' as const, predicted: identity(), kinematics, ...felt },
      };
    }
    settle(until: () => boolean = () => false) {
      while (this.#left > 1) {
        this.#left--;
        this.calls.push('piece');
        if (until()) return undefined;
      }
      const touches = this.#left === 0 ? [] : [{ index: 0, pose: identity() }];
      this.#left = 0;
      this.calls.push(`${touches.length} moved`);
      return touches;
    }
  }
  const hosted = async (settles: boolean) => {
    const events: HostEvent[] = [];
    const slam = new FeelingSlam(events);
    const host = await SlamHost.create(
      () => Promise.resolve(slam),
      { config: configSchema.parse({}), settles },
      (event) => events.push(event),
    );
    const refined = () => events.filter(({ type }) => type === 'touches-refined').length;
    return { host, slam, refined };
  };
  const fake = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  afterEach(() => vi.useRealTimers());

  it('are when none came for a while, once', async () => {
    fake();
    const { host, slam, refined } = await hosted(true);
    await host.handle({ type: 'scan', scan: scan(0) });
    vi.advanceTimersByTime(2000);
    await host.handle({ type: 'scan', scan: scan(1) });
    vi.advanceTimersByTime(2900);
    expect(slam.calls).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(refined()).toBe(1);
    const { length } = slam.calls;
    vi.advanceTimersByTime(20_000);
    expect(slam.calls).toHaveLength(length);
    await host.close();
  });

  it('are in pieces, between which scans are mapped', async () => {
    fake();
    const { host, slam, refined } = await hosted(true);
    await host.handle({ type: 'scan', scan: scan(0) });
    const clock = vi.spyOn(performance, 'now');
    let now = 0;
    clock.mockImplementation(() => (now += 100));
    vi.advanceTimersByTime(3000);
    expect(slam.calls).toEqual(['piece']);
    vi.advanceTimersByTime(25);
    expect(slam.calls).toEqual(['piece', 'piece']);
    expect(refined()).toBe(0);
    vi.advanceTimersByTime(25);
    expect(refined()).toBe(1);
    clock.mockRestore();
    await host.close();
  });

  it('are before a map is saved; in a replay at its end alone, whatever the time', async () => {
    fake();
    const live = await hosted(true);
    await live.host.handle({ type: 'scan', scan: scan(0) });
    await live.host.handle({ type: 'save-map' });
    expect(live.refined()).toBe(1);
    const replay = await hosted(false);
    await replay.host.handle({ type: 'scan', scan: scan(0) });
    vi.advanceTimersByTime(60_000);
    await replay.host.handle({ type: 'save-map' });
    expect(replay.refined()).toBe(0);
    await replay.host.handle({ type: 'finish' });
    expect(replay.refined()).toBe(1);
    await live.host.close();
  });
});
