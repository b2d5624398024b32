import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBag } from '../../src/bags/reader.js';
import { openScanSource } from '../../src/bags/source.js';
import { convertRecording, describeConversion } from '../../src/cli/convert.js';
import { decodeImu } from '../../src/messages/imu.js';
import { collect, fixture, readAll, scratchFolder } from '../bags/helpers.js';

const folder = scratchFolder();

describe('feltmap convert', () => {
  it('ROS 1 → MCAP: the same scans and messages, the unknown type named', async () => {
    const output = join(folder, 'ros1.mcap');
    const result = await convertRecording(fixture('ros1/lz4.bag'), output);
    expect(result.written).toEqual({ '/points': 10, '/imu': 10, '/pose': 10 });
    expect(result.warnings).toEqual([
      expect.stringMatching(/\/note \(10 messages\) is left out: std_msgs\/msg\/String/),
    ]);
    expect(describeConversion(result)).toMatch(/\/imu: 10 messages/);
    const before = await openScanSource(fixture('ros1/lz4.bag'));
    const after = await openScanSource(output);
    expect(await collect(after.scans())).toEqual(await collect(before.scans()));
    await before.close();
    await after.close();
    const bag = await openBag(output);
    const imu = await readAll(bag, { topics: ['/imu'] });
    expect(imu.map((m) => decodeImu(m.data).angularVelocity[2])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(imu[0]!.encoding).toBe('cdr');
    await bag.close();
  });

  it('rosbag2 SQLite → MCAP: every byte as it was', async () => {
    const output = join(folder, 'sqlite.mcap');
    await convertRecording(fixture('ros/bag_sqlite'), output);
    const [a, b] = [await openBag(fixture('ros/bag_sqlite')), await openBag(output)];
    const [from, to] = [await readAll(a), await readAll(b)];
    expect(to.length).toBe(128);
    const key = (m: (typeof to)[number]): string =>
      `${m.topic} ${m.type} ${m.logTimeNs} ${Buffer.from(m.data).toString('hex')}`;
    expect(to.map(key).sort()).toEqual(from.map(key).sort());
    expect(to[0]!.schema).toBe(from.find((m) => m.topic === to[0]!.topic)!.schema);
    await a.close();
    await b.close();
  });

  it('a KITTI folder → MCAP with point times', async () => {
    const data = join(folder, 'kitti/velodyne_points/data');
    mkdirSync(data, { recursive: true });
    const points = Float32Array.of(5, 1, 0, 0.25, -5, 1, 0, 0.5, -5, -1, 0, 0.75);
    for (const i of [0, 1]) writeFileSync(join(data, `000000000${i}.bin`), new Uint8Array(points.buffer));
    writeFileSync(join(data, '../timestamps.txt'), '2011-09-26 13:04:32.1\n2011-09-26 13:04:32.2\n');
    const output = join(folder, 'kitti.mcap');
    const result = await convertRecording(join(folder, 'kitti'), output);
    expect(result.written).toEqual({ '/velodyne_points': 2 });
    const source = await openScanSource(output);
    const scans = await collect(source.scans());
    const original = await openScanSource(join(folder, 'kitti'));
    const [first] = await collect(original.scans());
    expect(scans[0]!.times).toEqual(first!.times);
    expect(scans[0]!.timing).toBe('field');
    expect(scans[1]!.stampNs - scans[0]!.stampNs).toBe(100_000_000n);
    await source.close();
  });

  it('refuses to overwrite its input and leaves nothing behind on failure', async () => {
    const input = fixture('ros1/lz4.bag');
    await expect(convertRecording(input, input)).rejects.toThrow(/the input itself/);
    const output = join(folder, 'nothing.mcap');
    await expect(convertRecording(join(folder, 'missing.bag'), output)).rejects.toThrow(/does not exist/);
    expect(readdirSync(folder).filter((n) => n.includes('nothing'))).toEqual([]);
  });
});
