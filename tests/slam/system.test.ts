import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { exp, identity } from '../../src/geometry/se3.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { simulate } from '../../src/sim/index.js';
import { bodyPose } from '../../src/slam/body-frame.js';
import { createSlam } from '../../src/slam/create.js';
import type { PoseEvent, PosesRefined, SlamEvent } from '../../src/slam/events.js';
import type { ScanResult, Slam } from '../../src/slam/types.js';

/** T_body_sensor of a LiDAR that is not the body. */
const MOUNT = exp([0.6, -0.1, 1.2, 0, 0.05, 0.3]);
const scans: LidarScan[] = [
  ...simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.6 }).scans(),
].map((scan) => ({ ...scan, mount: MOUNT }));
const EMPTY = { count: 0, positions: new Float32Array(0), times: new Float32Array(0) };

describe('what a system says while it works', () => {
  let slam: Slam;
  const events: SlamEvent[] = [];
  const results: ScanResult[] = [];
  /** Blocks of the map when each pose was published, and after each scan. */
  const blocks: { published: number[]; done: number[] } = { published: [], done: [] };
  beforeAll(async () => {
    slam = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
    slam.listen((event) => {
      events.push(event);
      if (event.type === 'pose') blocks.published.push(slam.statistics().blocks);
    });
    scans.forEach((scan, k) => {
      results.push(slam.process(k === 4 ? { ...scan, ...EMPTY } : scan));
      blocks.done.push(slam.statistics().blocks);
    });
  });
  afterAll(() => slam.close());

  const ofType = <T extends SlamEvent['type']>(type: T): Extract<SlamEvent, { type: T }>[] =>
    events.filter((event): event is Extract<SlamEvent, { type: T }> => event.type === type);

  it('begins with the submap that there is', () => {
    expect(events[0]).toEqual({ type: 'submaps', submaps: [{ id: 0, T_world_submap: identity() }] });
    expect(ofType('submaps')).toHaveLength(1);
  });

  it('publishes every pose before its scan is mapped, with the body at the origin first', () => {
    const poses: PoseEvent[] = ofType('pose');
    expect(poses.map(({ index }) => index)).toEqual(scans.map((_, k) => k));
    expect(poses.map(({ stampNs }) => stampNs)).toEqual(scans.map(({ stampNs }) => stampNs));
    expect(poses.map(({ state }) => state)).toEqual(results.map(({ state }) => state));
    expect(poses[0]!.pose).toEqual(identity());
    // The map has not grown yet. Scan 1 is left out: the first scan is mapped anew while it is tracked.
    for (const k of [0, 2, 3, 5]) expect(blocks.published[k]).toBe(k === 0 ? 0 : blocks.done[k - 1]);
    expect(blocks.done[5]!).toBeGreaterThan(blocks.done[3]!);
  });

  it('keeps the refined pose of the body, near the published one, as its trajectory', () => {
    const refined: PosesRefined[] = ofType('refined');
    expect(refined.length).toBeGreaterThan(2);
    expect(slam.trajectory.length).toBe(scans.length);
    results.forEach((result, k) => {
      const { pose, stampNs, index } = slam.trajectory.at(k)!;
      expect([index, stampNs]).toEqual([k, scans[k]!.stampNs]);
      bodyPose(result.pose, MOUNT).forEach((v, i) => expect(pose[i]).toBeCloseTo(v, 9));
    });
    for (const { poses } of refined) {
      expect(slam.trajectory.at(poses[0]!.index)!.pose).toBe(poses[0]!.pose);
      const published = ofType('pose')[poses[0]!.index]!.pose;
      for (const i of [3, 7, 11]) expect(Math.abs(published[i]! - poses[0]!.pose[i]!)).toBeLessThan(0.05);
    }
  });

  it('gives the velocity of the body, and a covariance about its origin', () => {
    const last = ofType('pose').at(-1)!;
    const result = results.at(-1)!;
    // 1.2 m below the sensor and 0.6 m behind: a turn that is uncertain moves the body more than the sensor.
    expect(last.covariance[0]! + last.covariance[7]! + last.covariance[14]!).not.toBe(
      result.covariance[0]! + result.covariance[7]! + result.covariance[14]!,
    );
    for (let r = 3; r < 6; r++)
      for (let c = 3; c < 6; c++) expect(last.covariance[r * 6 + c]).toBe(result.covariance[r * 6 + c]);
    const speed = (twist: Float64Array): number => Math.hypot(twist[0]!, twist[1]!, twist[2]!);
    expect(speed(last.twist)).toBeGreaterThan(1);
    expect(Math.abs(speed(last.twist) - speed(result.twist))).toBeLessThan(1);
  });

  it('says when the state changes, and only then', () => {
    const states = results.map(({ state }) => state);
    const changes = states.filter((state, k) => state !== states[k - 1]);
    expect(ofType('state').map(({ state }) => state)).toEqual(changes);
    expect(states[4]).toBe('lost');
    expect(ofType('state').find(({ state }) => state === 'lost')!.reason).toMatch(/\.$/);
  });

  it('says when the mesh has a newer version', () => {
    const versions = ofType('mesh').map(({ version }) => version);
    expect(versions.length).toBeGreaterThan(2);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(versions.at(-1)).toBe(slam.view!.meshVersion);
  });

  it('no longer says anything to who has stopped listening', async () => {
    const other = await createSlam(await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] }));
    const heard: SlamEvent[] = [];
    const stop = other.listen((event) => heard.push(event));
    stop();
    other.process(scans[0]!);
    expect(heard.map(({ type }) => type)).toEqual(['submaps']);
    await other.close();
  });
});
