import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McapWriter } from '@mcap/core';
import { describe, expect, it, vi } from 'vitest';
import { compressZstd, loadCompression } from '../../src/bags/compression.js';
import { RandomAccessFile } from '../../src/bags/files.js';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openBag } from '../../src/bags/reader.js';
import { openScanSource } from '../../src/bags/source.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { identity } from '../../src/geometry/se3.js';
import { decodePointCloud2 } from '../../src/messages/pointcloud2.js';
import {
  collect,
  countByTopic,
  fixture,
  inOrder,
  random,
  readAll,
  scratchFolder,
  smallScan,
} from './helpers.js';

const folder = scratchFolder();
const REAL = fixture('ros/bag_mcap/bag_mcap_0.mcap');

async function open(bytes: Uint8Array, name = 'test.mcap') {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return openBag(path);
}

describe('MCAP of a real ROS 2', () => {
  it('every message of every topic, in order', async () => {
    const bag = await openBag(REAL);
    const messages = await readAll(bag);
    expect(messages.length).toBe(127);
    expect(inOrder(messages)).toBe(true);
    const counts = countByTopic(messages);
    for (const topic of bag.topics()) expect(counts[topic.name] ?? 0, topic.name).toBe(topic.count);
    const range = bag.timeRange!;
    expect([messages[0]!.logTimeNs, messages.at(-1)!.logTimeNs]).toEqual([range.startNs, range.endNs]);
    expect(bag.warnings).toEqual([]);
    const cloud = decodePointCloud2(messages.find((m) => m.topic === '/fx/pointcloud2')!.data);
    expect(cloud.frameId).toBe('lidar_top');
    expect(bag.topics().find((t) => t.name === '/fx/imu')!.schema).toContain('linear_acceleration');
    await bag.close();
  });

  it('topics and times can be chosen', async () => {
    const bag = await openBag(REAL);
    const imu = await readAll(bag, { topics: ['/fx/imu'] });
    expect(imu.length).toBe(9);
    const startNs = imu[2]!.logTimeNs;
    const endNs = imu[5]!.logTimeNs;
    const part = await readAll(bag, { topics: ['/fx/imu'], startNs, endNs });
    expect(part.map((m) => m.logTimeNs)).toEqual(imu.slice(2, 5).map((m) => m.logTimeNs));
    expect(await readAll(bag, { topics: [] })).toEqual([]);
    await bag.close();
  });

  it('cut off in the index: nothing is lost, and it says so', async () => {
    const bag = await openBag(fixture('ros/bag_cut/bag_cut_0.mcap'));
    expect((await readAll(bag)).length).toBe(127);
    expect(bag.warnings).toEqual([expect.stringMatching(/cut off in the index .* no message is lost/)]);
    await bag.close();
  });

  it('cut off anywhere: never an exception, never fewer messages than a shorter cut', async () => {
    const bytes = new Uint8Array(readFileSync(REAL));
    let last = 0;
    for (const size of [8, 9, 20, 543, 560, 2000, 8000, 12000, 16000, 19000, 20088, 22000, 35411, 60000]) {
      const bag = await open(bytes.subarray(0, size));
      const messages = await readAll(bag);
      expect(inOrder(messages)).toBe(true);
      expect(messages.length).toBeGreaterThanOrEqual(last);
      expect(bag.warnings.length, `${size} bytes`).toBeGreaterThan(0);
      last = messages.length;
      await bag.close();
    }
    expect(last).toBe(127);
  });

  it('200 random mutations are read as far as they go', async () => {
    const r = random(5);
    const whole = new Uint8Array(readFileSync(REAL));
    for (let i = 0; i < 200; i++) {
      const bytes = whole.slice(0, r() < 0.3 ? 8 + Math.floor(r() * whole.length) : whole.length);
      for (let k = 0; k < 4; k++) bytes[8 + Math.floor(r() * (bytes.length - 8))] = Math.floor(r() * 256);
      try {
        const bag = await open(bytes);
        await readAll(bag);
        await bag.close();
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
      }
    }
  });
});

/** Twenty clouds, out of order in the file, with the given writer settings. */
async function write(options: Partial<ConstructorParameters<typeof McapWriter>[0]>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0n;
  const writable = {
    position: () => size,
    write: async (b: Uint8Array) => {
      parts.push(b.slice());
      size += BigInt(b.length);
    },
  };
  const writer = new McapWriter({ writable, chunkSize: 200, ...options });
  await writer.start({ profile: 'ros2', library: 'test' });
  const schemaId = await writer.registerSchema({
    name: 'a/msg/B',
    encoding: 'ros2msg',
    data: new Uint8Array(0),
  });
  const channel = { schemaId, messageEncoding: 'cdr', metadata: new Map<string, string>() };
  const ids = [
    await writer.registerChannel({ ...channel, topic: '/a' }),
    await writer.registerChannel({ ...channel, topic: '/b' }),
  ];
  for (let i = 0; i < 20; i++) {
    const logTime = BigInt((i * 7) % 20) * 1000n + 5n;
    const data = new Uint8Array(30).fill(i);
    await writer.addMessage({ channelId: ids[i % 2]!, sequence: i, logTime, publishTime: logTime, data });
  }
  await writer.end();
  return Buffer.concat(parts);
}

describe('MCAP of every shape', () => {
  const zstd = (b: Uint8Array) => ({ compression: 'zstd', compressedData: compressZstd(b, 1) });
  const shapes: Record<string, Partial<ConstructorParameters<typeof McapWriter>[0]>> = {
    'chunks without compression': {},
    'zstd chunks': { compressChunk: zstd },
    'no chunks': { useChunks: false },
    'no chunks, no summary': {
      useChunks: false,
      useStatistics: false,
      useSummaryOffsets: false,
      repeatChannels: false,
      repeatSchemas: false,
    },
    'no index at all': {
      useMessageIndex: false,
      useChunkIndex: false,
      useStatistics: false,
      useSummaryOffsets: false,
      repeatChannels: false,
      repeatSchemas: false,
    },
    'no chunk index': { useChunkIndex: false },
    'no message index': { useMessageIndex: false },
    'one chunk': { chunkSize: 1 << 20 },
  };
  for (const [name, options] of Object.entries(shapes)) {
    it(name, async () => {
      await loadCompression();
      const bag = await open(await write(options));
      const messages = await readAll(bag);
      expect(messages.map((m) => m.logTimeNs)).toEqual(
        Array.from({ length: 20 }, (_, i) => BigInt(i) * 1000n + 5n),
      );
      expect(new Set(messages.map((m) => m.data[0])).size).toBe(20);
      expect(bag.topics().map((t) => [t.name, t.count])).toEqual([
        ['/a', 10],
        ['/b', 10],
      ]);
      expect(bag.warnings).toEqual([]);
      expect((await readAll(bag, { topics: ['/b'] })).every((m) => m.topic === '/b')).toBe(true);
      await bag.close();
    });
  }

  it('whole messages of a cut chunk without compression are saved', async () => {
    const bytes = await write({ chunkSize: 1 << 20 });
    const whole = await open(bytes);
    const first = await readAll(whole);
    const end = bytes.indexOf(Uint8Array.from(first[19]!.data)) + 30;
    expect(end).toBeGreaterThan(30);
    await whole.close();
    for (const cut of [60, 200, 400]) {
      const bag = await open(bytes.subarray(0, end - cut));
      const messages = await readAll(bag);
      expect(messages.length).toBeGreaterThan(0);
      expect(messages.length).toBeLessThan(20);
      expect(bag.warnings.join('\n')).toMatch(/cut off/);
      expect(bag.warnings.join('\n')).toMatch(/bytes were saved/);
      await bag.close();
    }
  });

  it('many small chunks without an index take few reads, and what empty ones were said to hold is told', async () => {
    const head = await write({ chunkSize: 1 << 20, useMessageIndex: false, useChunkIndex: false, useStatistics: false, useSummaryOffsets: false, repeatChannels: false, repeatSchemas: false }); // prettier-ignore
    const record = (op: number, content: Uint8Array): Buffer => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(content.length));
      return Buffer.concat([Buffer.from([op]), length, content]);
    };
    const end = head.length - record(15, Buffer.alloc(4)).length - record(2, Buffer.alloc(20)).length - 8;
    const [EMPTY, PRIVATE] = [Buffer.alloc(0), record(0x80, Buffer.alloc(0))].map((records) => {
      const content = Buffer.alloc(40); // times, size, checksum, no compression, length
      content[16] = content[32] = records.length;
      return record(6, Buffer.concat([content, records]));
    }) as [Buffer, Buffer];
    // Index of channel 0 (/a) with two messages that are not there.
    const promise = Buffer.alloc(6 + 32);
    promise.writeUInt32LE(32, 2);
    const bag = await open(
      Buffer.concat([
        head.subarray(0, end),
        ...Array.from({ length: 3000 }, () => EMPTY),
        record(7, promise),
        ...Array.from({ length: 3000 }, () => PRIVATE),
        head.subarray(end),
      ]),
    );
    const read = vi.spyOn(RandomAccessFile.prototype, 'read');
    expect((await readAll(bag)).length).toBe(20);
    expect(read.mock.calls.length).toBeLessThan(100);
    read.mockRestore();
    expect(bag.warnings).toContainEqual(expect.stringContaining('/a: 2 of the 12 messages'));
    await bag.close();
  });

  it('a damaged chunk costs only itself', async () => {
    const bytes = await write({});
    const marker = bytes.indexOf(new Uint8Array(30).fill(6));
    bytes[marker + 3] = 99;
    const bag = await open(bytes);
    const messages = await readAll(bag);
    expect(messages.length).toBeGreaterThan(10);
    expect(messages.length).toBeLessThan(20);
    expect(bag.warnings.slice(1)).toEqual(
      ['/a', '/b'].map((topic) => {
        const lost = 10 - messages.filter((m) => m.topic === topic).length;
        return expect.stringContaining(`${topic}: ${lost} of the 10 messages`) as unknown;
      }),
    );
    expect(bag.warnings.slice(0, 1)).toEqual([
      expect.stringMatching(/chunk at byte \d+ does not match its checksum/),
    ]);
    await bag.close();
  });
});

describe('MCAP writer', () => {
  async function record(path: string): Promise<void> {
    const writer = await McapBagWriter.create(path, { chunkSize: 2000 });
    for (let i = 0; i < 10; i++) {
      const stampNs = 1_000_000_000n + BigInt(i) * 100_000_000n;
      await writer.writeScan('/points', smallScan(stampNs, 64, i + 1));
      await writer.writePose('/ground_truth', { stampNs, frameId: 'map', pose: identity() });
      await writer.writeTransforms([
        { stampNs, frameId: 'map', childFrameId: 'lidar', transform: identity() },
      ]);
    }
    await writer.close();
  }

  it('what is written is read, indexed and without warnings', async () => {
    const path = join(folder, 'written.mcap');
    await record(path);
    const bag = await openBag(path);
    expect(bag.topics().map((t) => [t.name, t.type, t.count])).toEqual([
      ['/points', 'sensor_msgs/msg/PointCloud2', 10],
      ['/ground_truth', 'geometry_msgs/msg/PoseStamped', 10],
      ['/tf', 'tf2_msgs/msg/TFMessage', 10],
    ]);
    await bag.close();
    const source = await openScanSource(path);
    const scans = await collect(source.scans());
    expect(scans.length).toBe(10);
    expect(scans[3]).toEqual(smallScan(1_300_000_000n, 64, 4));
    expect(source.warnings).toEqual([]);
    await source.close();
  });

  it('the same calls give the same bytes', async () => {
    const [a, b] = [join(folder, 'a.mcap'), join(folder, 'b.mcap')];
    await record(a);
    await record(b);
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  });

  it('nothing appears under the name before close, nothing stays after abort', async () => {
    const path = join(folder, 'never.mcap');
    const writer = await McapBagWriter.create(path);
    await writer.writeScan('/points', smallScan(0n));
    expect(readdirSync(folder)).not.toContain('never.mcap');
    await writer.abort();
    expect(readdirSync(folder).filter((n) => n.includes('never'))).toEqual([]);
  });

  it('says where it cannot write and what does not fit', async () => {
    await expect(McapBagWriter.create(join(folder, 'no/such/folder.mcap'))).rejects.toThrow(
      /Cannot write .*no\/such\/folder\.mcap: the folder does not exist/,
    );
    const writer = await McapBagWriter.create(join(folder, 'x.mcap'));
    await writer.writeScan('/points', smallScan(0n));
    await expect(writer.writeRaw('/points', 'a/msg/B', 0n, new Uint8Array(4), 'x')).rejects.toThrow(
      /holds sensor_msgs/,
    );
    await expect(writer.writeRaw('/b', 'a/msg/B', 0n, new Uint8Array(4))).rejects.toThrow(/no definition/);
    await writer.abort();
  });
});
