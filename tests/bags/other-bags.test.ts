import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBag } from '../../src/bags/reader.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { decodeImu, decodePointCloud2, decodePoseStamped } from '../../src/messages/index.js';
import { scanFromPointCloud2 } from '../../src/sensors/lidar/pointcloud2.js';
import { countByTopic, fixture, inOrder, random, readAll, scratchFolder } from './helpers.js';

const folder = scratchFolder();

async function open(bytes: Uint8Array, name: string) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return openBag(path);
}

describe('ROS 1 bags', () => {
  for (const kind of ['none', 'lz4', 'bz2']) {
    it(`${kind}: every message, with its values`, async () => {
      const bag = await openBag(fixture(`ros1/${kind}.bag`));
      expect(bag.format).toBe('ros1-bag');
      const messages = await readAll(bag);
      expect(countByTopic(messages)).toEqual({ '/points': 10, '/imu': 10, '/pose': 10, '/note': 10 });
      expect(inOrder(messages)).toBe(true);
      const of = (topic: string) => messages.filter((m) => m.topic === topic);
      of('/points').forEach((m, k) => {
        const scan = scanFromPointCloud2(decodePointCloud2(m.data, m.encoding));
        expect(scan.stampNs).toBe(1_600_000_000_000_000_000n + BigInt(k) * 100_000_000n);
        expect([scan.count, scan.positions[3 * 7], scan.positions[3 * 7 + 1]]).toEqual([40, 7 + k, -7]);
        expect(scan.times![39]).toBeCloseTo(0.0975, 7);
      });
      of('/imu').forEach((m, k) =>
        expect([...decodeImu(m.data, 'ros1').angularVelocity]).toEqual([0.1, 0.2, k]),
      );
      of('/pose').forEach((m, k) => expect(decodePoseStamped(m.data, 'ros1').pose[3]).toBe(k));
      expect(bag.topics().map((t) => [t.type, t.count])[0]).toEqual(['sensor_msgs/msg/PointCloud2', 10]);
      expect(bag.warnings).toEqual([]);
      await bag.close();
    });

    it(`${kind}: cut off anywhere, what is whole is read`, async () => {
      const bytes = new Uint8Array(readFileSync(fixture(`ros1/${kind}.bag`)));
      let last = 0;
      for (let share = 0.2; share < 1; share += 0.1) {
        const bag = await open(bytes.subarray(0, Math.floor(bytes.length * share)), 'cut.bag');
        const messages = await readAll(bag);
        expect(inOrder(messages)).toBe(true);
        expect(messages.length).toBeGreaterThanOrEqual(last);
        expect(bag.warnings.length).toBeGreaterThan(0);
        last = messages.length;
        await bag.close();
      }
      expect(last).toBeGreaterThan(20);
    });
  }

  it('100 random mutations never end in another error', async () => {
    const r = random(17);
    for (let i = 0; i < 100; i++) {
      const bytes = new Uint8Array(readFileSync(fixture(`ros1/${['none', 'lz4', 'bz2'][i % 3]}.bag`)));
      for (let k = 0; k < 4; k++) bytes[13 + Math.floor(r() * (bytes.length - 13))] = Math.floor(r() * 256);
      const bag = await open(bytes, 'mutated.bag');
      await readAll(bag);
      await bag.close();
    }
  });
});

describe('rosbag2 SQLite', () => {
  const DB3 = fixture('ros/bag_sqlite/bag_sqlite_0.db3');

  it('directory and single file hold the same messages as MCAP of that time', async () => {
    for (const path of [DB3, fixture('ros/bag_sqlite')]) {
      const bag = await openBag(path);
      expect(bag.format).toBe('rosbag2-sqlite');
      const messages = await readAll(bag);
      expect(messages.length).toBe(128);
      expect(inOrder(messages)).toBe(true);
      const cloud = decodePointCloud2(messages.find((m) => m.topic === '/fx/pointcloud2')!.data);
      expect([cloud.frameId, cloud.width]).toEqual(['lidar_top', 3]);
      const imu = await readAll(bag, { topics: ['/fx/imu'] });
      expect(imu.length).toBe(9);
      const part = await readAll(bag, {
        topics: ['/fx/imu'],
        startNs: imu[3]!.logTimeNs,
        endNs: imu[6]!.logTimeNs,
      });
      expect(part.length).toBe(3);
      expect(bag.warnings).toEqual([]);
      await bag.close();
    }
    const withMetadata = await openBag(fixture('ros/bag_sqlite'));
    expect(withMetadata.topics().find((t) => t.name === '/fx/pointcloud2')!.count).toBe(9);
    await withMetadata.close();
  });

  it('cut off: what is whole is read, and it says so', async () => {
    const bytes = new Uint8Array(readFileSync(DB3));
    const bag = await open(bytes.subarray(0, 110_000), 'cut.db3');
    const messages = await readAll(bag);
    expect(messages.length).toBeGreaterThan(10);
    expect(messages.length).toBeLessThan(128);
    expect(bag.warnings.join('\n')).toMatch(/cut off or damaged at page/);
    await bag.close();
  });

  it('100 random mutations never end in another error', async () => {
    const r = random(23);
    for (let i = 0; i < 100; i++) {
      const bytes = new Uint8Array(readFileSync(DB3));
      for (let k = 0; k < 6; k++) bytes[16 + Math.floor(r() * (bytes.length - 16))] = Math.floor(r() * 256);
      try {
        const bag = await open(bytes, 'mutated.db3');
        await readAll(bag);
        await bag.close();
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
      }
    }
  });
});

describe('rosbag2 folders', () => {
  it('split bags are read one after another; a lost part is a warning', async () => {
    const path = join(folder, 'split');
    mkdirSync(path);
    copyFileSync(fixture('ros/bag_mcap/bag_mcap_0.mcap'), join(path, 'split_0.mcap'));
    writeFileSync(
      join(path, 'metadata.yaml'),
      'rosbag2_bagfile_information:\n  relative_file_paths:\n    - split_0.mcap\n    - split_1.mcap\n',
    );
    const bag = await openBag(path);
    expect((await readAll(bag)).length).toBe(127);
    expect(bag.warnings).toEqual([expect.stringMatching(/split_1\.mcap is listed .* but missing/)]);
    await bag.close();
  });

  it('without metadata.yaml the files are found by name', async () => {
    const path = join(folder, 'bare');
    mkdirSync(path);
    copyFileSync(fixture('ros/bag_mcap/bag_mcap_0.mcap'), join(path, 'bare_0.mcap'));
    copyFileSync(fixture('ros/bag_mcap/bag_mcap_0.mcap'), join(path, 'bare_1.mcap'));
    const bag = await openBag(path);
    expect((await readAll(bag)).length).toBe(254);
    expect(bag.topics().find((t) => t.name === '/fx/imu')!.count).toBe(18);
    expect(bag.warnings).toEqual([expect.stringMatching(/no usable metadata.yaml/)]);
    await bag.close();
  });
});

describe('what is no bag', () => {
  it('one clear error each', async () => {
    await expect(openBag(join(folder, 'nowhere'))).rejects.toThrow(/does not exist/);
    await expect(open(new Uint8Array(0), 'empty')).rejects.toThrow(/no recording that Feltmap knows/);
    await expect(open(new TextEncoder().encode('hello, this is text'), 'text')).rejects.toThrow(FeltmapError);
    await expect(open(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0), 'x.zst')).rejects.toThrow(
      /cannot be unpacked/,
    );
    const path = join(folder, 'hollow');
    mkdirSync(path);
    await expect(openBag(path)).rejects.toThrow(/without a recording/);
  });
});
