import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { collectInfo, describeInfo } from '../../src/cli/info.js';
import { fixture, scratchFolder, smallScan } from '../bags/helpers.js';

const folder = scratchFolder();

describe('feltmap info', () => {
  it('topics, counts, rates, frames, fields and gaps', async () => {
    const path = join(folder, 'gap.mcap');
    const writer = await McapBagWriter.create(path);
    for (let i = 0; i < 50; i++) {
      if (i >= 20 && i < 27) continue; // 0.8 s without a scan
      await writer.writeScan('/points', smallScan(BigInt(i) * 100_000_000n));
    }
    await writer.close();
    const info = await collectInfo(path);
    expect([info.format, info.messages, info.durationS]).toEqual(['mcap', 43, 4.9]);
    const [topic] = info.topics;
    expect(topic).toMatchObject({
      name: '/points',
      type: 'sensor_msgs/msg/PointCloud2',
      count: 43,
      frames: ['lidar'],
    });
    expect(topic!.rateHz).toBeCloseTo(42 / 4.9, 9);
    expect(topic!.gapCount).toBe(1);
    expect(topic!.gaps[0]!.atS).toBeCloseTo(1.9, 9);
    expect(topic!.gaps[0]!.lengthS).toBeCloseTo(0.8, 9);
    expect(topic!.points).toMatch(/64×1 points of 24 bytes: x float32 @0, .*time float32 @12/);
    const text = describeInfo(info);
    expect(text).toMatch(/\/points +sensor_msgs\/msg\/PointCloud2 +43 +8\.6 +lidar/);
    expect(text).toMatch(/1 gap\(s\) .*0\.80 s at 1\.90 s/);
  });

  it('a real bag: frames from headers and transforms', async () => {
    const info = await collectInfo(fixture('ros/bag_sqlite'));
    const of = (name: string) => info.topics.find((t) => t.name === name)!;
    expect(of('/fx/imu').frames).toEqual(['imu_link']);
    expect(of('/fx/path').frames).toEqual(['odom']);
    expect(of('/fx/tf').frames).toEqual(['odom → base_link', 'base_link → lidar_top']);
    expect(of('/fx/clock').frames).toEqual([]);
    expect(of('/parameter_events').count).toBe(0);
    expect(info.messages).toBe(128);
  });

  it('a ROS 1 bag, and a cut one with its warnings', async () => {
    expect(describeInfo(await collectInfo(fixture('ros1/bz2.bag')))).toMatch(/\/imu .* 10 /);
    const cut = await collectInfo(fixture('ros/bag_cut/bag_cut_0.mcap'));
    expect(describeInfo(cut)).toMatch(/warning: .*cut off/);
  });
});
