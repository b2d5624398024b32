import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { McapWriter } from '@mcap/core';
import { describe, expect, it } from 'vitest';
import { HOSTILE, writeHostile } from '../../bench/lib/hostile.mjs';
import { mutate } from '../../bench/lib/mutate.mjs';
import { compressZstd, loadCompression } from '../../src/bags/compression.js';
import { openBag } from '../../src/bags/reader.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { countByTopic, fixture, readAll, scratchFolder } from './helpers.js';

const folder = scratchFolder();
const DB3 = fixture('ros/bag_sqlite/bag_sqlite_0.db3');
const MCAP = fixture('ros/bag_mcap/bag_mcap_0.mcap');
const METADATA = readFileSync(fixture('ros/bag_sqlite/metadata.yaml'), 'utf8');

/** What can be read of a file, and what is said about the rest. */
async function contentOf(
  path: string,
): Promise<{ counts: Record<string, number>; warnings: readonly string[] }> {
  const bag = await openBag(path);
  try {
    const counts = countByTopic(await readAll(bag));
    return { counts, warnings: [...bag.warnings] };
  } finally {
    await bag.close();
  }
}

/** As {@link contentOf}, but counted by topic and time. */
async function timesOf(path: string): ReturnType<typeof contentOf> {
  const bag = await openBag(path);
  try {
    const messages = await readAll(bag);
    const named = messages.map((m) => ({ ...m, topic: `${m.topic} at ${m.logTimeNs}` }));
    return { counts: countByTopic(named), warnings: [...bag.warnings] };
  } finally {
    await bag.close();
  }
}

async function contentOfBytes(bytes: Uint8Array, name: string) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return contentOf(path);
}

const leftInTemporaryFolder = (): string[] => readdirSync(tmpdir()).filter((n) => n.endsWith('.unpacked'));

describe('recordings compressed as a whole', () => {
  const pack = async (path: string): Promise<Uint8Array> => {
    await loadCompression();
    return compressZstd(readFileSync(path), 3);
  };

  it.each([DB3, MCAP, fixture('ros1/none.bag')])('%s: the same messages as unpacked', async (path) => {
    const before = leftInTemporaryFolder();
    const packed = await contentOfBytes(await pack(path), `${basename(path)}.zstd`);
    expect(packed).toEqual(await contentOf(path));
    expect(leftInTemporaryFolder()).toEqual(before);
  });

  it('folders with and without metadata, whichever name the metadata gives; an unpacked file comes first', async () => {
    const whole = await contentOf(fixture('ros/bag_sqlite'));
    const packed = METADATA.replace(/compression_mode: .*/, 'compression_mode: FILE');
    const cases = {
      named: packed.replaceAll('.db3', '.db3.zstd'),
      plain: packed,
      bare: undefined,
      both: packed.replaceAll('.db3', '.db3.zstd'),
    };
    for (const [name, metadata] of Object.entries(cases)) {
      const path = join(folder, `packed-${name}`);
      mkdirSync(path);
      writeFileSync(join(path, 'bag_sqlite_0.db3.zstd'), await pack(DB3));
      if (metadata !== undefined) writeFileSync(join(path, 'metadata.yaml'), metadata);
      if (name === 'both') copyFileSync(DB3, join(path, 'bag_sqlite_0.db3'));
      const { counts, warnings } = await contentOf(path);
      expect(counts, name).toEqual(whole.counts);
      expect(warnings.length, name).toBe(metadata === undefined ? 1 : 0);
    }
  });

  it('cut off: what is whole is read, and it says so', async () => {
    await loadCompression();
    const all = readFileSync(DB3);
    const most = 4096 * Math.floor((0.85 * all.length) / 4096);
    const frames = [all.subarray(0, most), all.subarray(most)].map((part) => compressZstd(part, 3));
    const bytes = Buffer.concat(frames);
    expect(await contentOfBytes(bytes, 'two frames.db3.zstd')).toEqual(await contentOf(DB3));
    const { counts, warnings } = await contentOfBytes(bytes.subarray(0, -9), 'cut.db3.zstd');
    expect(Object.keys(counts).length).toBeGreaterThan(5);
    expect(warnings[0]).toMatch(/cannot be unpacked beyond byte \d+ of \d+: it is cut off; the \d+ bytes/);
    await expect(contentOfBytes(bytes.subarray(0, 30), 'stub.zst')).rejects.toThrow(/cannot be unpacked/);
    await expect(contentOfBytes(compressZstd(new Uint8Array(5000), 3), 'zeros.zst')).rejects.toThrow(
      /no recording that Feltmap knows/,
    );
  });
});

describe('losses are told', () => {
  /** Six messages without checksums; each holds its number 500 times. */
  async function sixMessages(): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let size = 0n;
    const writable = {
      position: () => size,
      write: async (part: Uint8Array) => {
        parts.push(Uint8Array.from(part));
        size += BigInt(part.length);
      },
    };
    const writer = new McapWriter({ writable });
    await writer.start({ profile: 'ros2', library: 'test' });
    const schemaId = await writer.registerSchema({ name: 'a/msg/B', encoding: 'ros2msg', data: new Uint8Array(0) });
    const channelId = await writer.registerChannel({ schemaId, topic: '/a', messageEncoding: 'cdr', metadata: new Map() });
    for (let i = 0; i < 6; i++) {
      const time = BigInt(i);
      await writer.addMessage({ channelId, sequence: i, logTime: time, publishTime: time, data: new Uint8Array(500).fill(i + 1) });
    }
    await writer.end();
    return Buffer.concat(parts);
  } // prettier-ignore

  it('MCAP in which the length of a record lies: by its statistics', async () => {
    const bytes = await sixMessages();
    expect((await contentOfBytes(bytes, 'six.mcap')).counts).toEqual({ '/a': 6 });
    const third = bytes.indexOf(new Uint8Array(100).fill(3));
    const spoiled = Buffer.from(bytes);
    spoiled.writeBigUInt64LE(1500n, third - 22 - 8); // reaches over the next two
    for (let at = 8; at < third; at++)
      if (spoiled[at] === 6 && spoiled.readBigUInt64LE(at + 1) < 10_000n)
        spoiled.writeUInt32LE(0, at + 9 + 24);
    const { counts, warnings } = await contentOfBytes(spoiled, 'lies.mcap');
    expect(counts['/a']).toBeLessThan(6);
    expect(warnings.join('\n')).toContain(
      `/a: ${6 - counts['/a']!} of the 6 messages that its index lists are lost`,
    );
  });

  it('ROS 1 bag with zeros in the middle: by its index', async () => {
    const bytes = readFileSync(fixture('ros1/none.bag'));
    const { counts, warnings } = await contentOfBytes(bytes.fill(0, 9000, 10_000), 'zeros.bag');
    const lost = 40 - Object.values(counts).reduce((a, b) => a + b, 0);
    expect(lost).toBeGreaterThan(0);
    const told = [...warnings.join('\n').matchAll(/: (\d+) of the 10 messages/g)].map((m) => Number(m[1]));
    expect(told.reduce((a, b) => a + b, 0)).toBe(lost);
  });

  it('SQLite in which a page holds the content of another: by its index', async () => {
    const whole = await contentOf(DB3);
    const bytes = readFileSync(DB3);
    let lossy = 0;
    for (let page = 3; page * 4096 < bytes.length; page++) {
      const spoiled = Buffer.from(bytes);
      spoiled.copyWithin(4096 * (page - 1), 4096 * 9, 4096 * 10);
      const { counts, warnings } = await contentOfBytes(spoiled, 'page.db3');
      const lost = Object.entries(whole.counts).some(([topic, n]) => (counts[topic] ?? 0) < n);
      if (lost) lossy++;
      if (lost) expect(warnings, `page ${page}`).not.toEqual([]);
    }
    expect(lossy).toBeGreaterThan(5);
  });

  it('a folder of which the files hold less than its metadata lists', async () => {
    const path = join(folder, 'less');
    mkdirSync(path);
    copyFileSync(DB3, join(path, 'bag_sqlite_0.db3'));
    writeFileSync(join(path, 'metadata.yaml'), METADATA.replace(/message_count: 9\b/, 'message_count: 12'));
    const { warnings } = await contentOf(path);
    expect(warnings).toEqual([
      expect.stringMatching(/3 of the 12 messages that metadata.yaml lists are missing/),
    ]);
  });

  it.each([DB3, MCAP, fixture('ros1/none.bag'), fixture('ros1/bz2.bag')])(
    '%s: 60 kinds of damage lose nothing without a word',
    async (path) => {
      const whole = await timesOf(path);
      const bytes = readFileSync(path);
      let lossy = 0;
      for (let seed = 0; seed < 60; seed++) {
        const { kind, bytes: damaged } = mutate(bytes, seed);
        try {
          const file = join(folder, `mutated-${basename(path)}`);
          writeFileSync(file, damaged);
          const { counts, warnings } = await timesOf(file);
          const lost = Object.entries(whole.counts).filter(([topic, n]) => (counts[topic] ?? 0) < n);
          if (lost.length > 0) lossy++;
          if (lost.length > 0) expect(warnings, `${kind}, seed ${seed}`).not.toEqual([]);
        } catch (error) {
          if (!(error instanceof FeltmapError)) throw error;
        }
      }
      expect(lossy).toBeGreaterThan(5);
    },
  );
});

describe('hostile files are bounded', () => {
  // Those that take a moment are for bench/hostile-files.mjs, which also measures memory.
  const slow = /100 MiB|million|claims 100 MB|110 MiB|20 GB.db3.zstd|tiny blocks.*db3/;
  it.each(HOSTILE.filter((name) => !slow.test(name)))('%s', async (name) => {
    const path = await writeHostile(folder, name);
    const start = performance.now();
    const said = await contentOf(path).then(
      ({ warnings }) => warnings[0],
      (error: unknown) => (error instanceof FeltmapError ? error.message : Promise.reject(error as Error)),
    );
    expect(said).toMatch(/\w{3}/);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
