import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openBag } from '../../src/bags/reader.js';
import { readGroundTruth } from '../../src/bags/ground-truth.js';
import { runSim, type SimOptions } from '../../src/cli/sim.js';
import { decodeImu } from '../../src/messages/imu.js';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { decodeOdometry, decodeTFMessage } from '../../src/messages/poses.js';
import { simulate } from '../../src/sim/simulate.js';

const folder = mkdtempSync(join(tmpdir(), 'feltmap-sim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = { world: 'street', seed: 6, beams: 16, columns: 256, duration: 0.5 } as const;
const run = (name: string, options: Partial<SimOptions> = {}) =>
  runSim({ ...SMALL, ...options, out: join(folder, name) });

describe('feltmap sim', () => {
  it('writes the scans, IMU, truth and frames of the simulation, in order of time', async () => {
    const result = await run('a.mcap');
    const truth = simulate({ ...SMALL, frameId: 'lidar' });
    const scans = [...truth.scans()];
    expect(result).toMatchObject({ scans: 5, seconds: 0.5, interrupted: false });
    expect(result.points).toBe(scans.reduce((n, s) => n + s.count, 0));
    expect(result.metres).toBeCloseTo(truth.trajectory.distanceAt(0.5), 9);

    const counts: Record<string, number> = {};
    let last = 0n;
    const bag = await openBag(result.path);
    try {
      for await (const m of bag.messages()) {
        expect(m.logTimeNs >= last).toBe(true);
        last = m.logTimeNs;
        const k = (counts[m.topic] = (counts[m.topic] ?? 0) + 1) - 1;
        if (m.topic === '/points') {
          const cloud = decodePointCloud2(m.data);
          expect(cloud.width * cloud.height).toBe(scans[k]!.count);
          expect(cloud.stampNs).toBe(scans[k]!.stampNs);
          expect(cloud.fields.map((f) => f.name)).toEqual(
            expect.arrayContaining(['x', 'time', 'ring', 'intensity']),
          );
        } else if (m.topic === '/ground_truth') {
          const odometry = decodeOdometry(m.data);
          odometry.pose.forEach((v, i) => expect(v).toBeCloseTo(truth.odomPose(k)[i]!, 9));
          odometry.twist.forEach((v, i) =>
            expect(v).toBeCloseTo(truth.trajectory.twist(truth.stampTime(k))[i]!, 9),
          );
        } else if (m.topic === '/imu') {
          expect(decodeImu(m.data).orientationCovariance[0]).toBe(-1);
        } else {
          expect(decodeTFMessage(m.data).map((t) => [t.frameId, t.childFrameId])).toEqual([
            ['base_link', 'lidar'],
            ['base_link', 'imu'],
          ]);
        }
      }
    } finally {
      await bag.close();
    }
    expect(counts).toEqual({ '/points': 5, '/ground_truth': 5, '/imu': 101, '/tf_static': 1 });

    const tum = await readGroundTruth(result.truthPath);
    expect(tum.stampsNs).toEqual(truth.stamps());
    tum.poses.forEach((T, k) => T.forEach((v, i) => expect(v).toBeCloseTo(truth.odomPose(k)[i]!, 7)));
  });

  it('writes wheel odometry if asked for, whose covariance grows with the way', async () => {
    const { path } = await run('w.mcap', { odometry: true });
    const bag = await openBag(path);
    const messages = [];
    for await (const m of bag.messages({ topics: ['/odom'] })) messages.push(decodeOdometry(m.data));
    await bag.close();
    expect(messages).toHaveLength(26); // 50 Hz
    expect(messages[0]).toMatchObject({ frameId: 'wheel_odom', childFrameId: 'base_link' });
    const truth = simulate({ ...SMALL, frameId: 'lidar' }).odomPose(4);
    const [at, last] = [messages[20]!, messages[25]!];
    expect(at.pose[3]! / truth[3]!).toBeGreaterThan(0.97);
    expect(at.pose[3]! / truth[3]!).toBeLessThan(1.05);
    expect(at.poseCovariance[0]).toBeGreaterThan(0);
    expect(last.poseCovariance[0]).toBeGreaterThan(at.poseCovariance[0]!);
    expect(last.poseCovariance[14]).toBe(1e6); // wheels do not measure height
  });

  it('writes the same bytes for the same seed', async () => {
    const [a, b, c] = [await run('b1.mcap'), await run('b2.mcap'), await run('b3.mcap', { seed: 7 })];
    expect(readFileSync(a.path).equals(readFileSync(b.path))).toBe(true);
    expect(readFileSync(a.truthPath).equals(readFileSync(b.truthPath))).toBe(true);
    expect(readFileSync(a.path).equals(readFileSync(c.path))).toBe(false);
  });

  it('reports progress, and makes a whole, shorter recording when stopped', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const result = await run('c.mcap', {
      imu: false,
      signal: stop.signal,
      onProgress: (done, total) => {
        seen.push(`${done}/${total}`);
        if (done === 2) stop.abort();
      },
    });
    expect(seen).toEqual(['1/5', '2/5']);
    expect(result).toMatchObject({ scans: 2, interrupted: true });
    const bag = await openBag(result.path);
    const topics = new Set<string>();
    for await (const m of bag.messages()) topics.add(m.topic);
    await bag.close();
    expect([...topics].sort()).toEqual(['/ground_truth', '/points', '/tf_static']);
    expect((await readGroundTruth(result.truthPath)).poses).toHaveLength(2);
  });

  it('names what is wrong and leaves nothing behind', async () => {
    const before = readdirSync(folder);
    await expect(run('d.mcap', { world: 'moon' })).rejects.toThrow(/street, quad or corridor/);
    await expect(run('d.mcap', { motion: 'wild' })).rejects.toThrow(/smooth or violent/);
    await expect(run('d.mcap', { noise: -1 })).rejects.toThrow(/between 0 and 1/);
    await expect(run('d.mcap', { beams: 17 })).rejects.toThrow(/16, 32, 64 or 128/);
    await expect(run('d.mcap', { duration: 1e4 })).rejects.toThrow(/shorter duration/);
    expect(existsSync(join(folder, 'd.mcap'))).toBe(false);
    expect(readdirSync(folder)).toEqual(before);
  });
});
