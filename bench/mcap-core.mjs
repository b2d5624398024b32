// Would the reader of @mcap/core do? The damaged files of mutated-bags.mjs, and hostile ones, through it and through ours.
// node bench/mcap-core.mjs
import { fork } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import zstd from '@foxglove/wasm-zstd';
import { McapIndexedReader, McapStreamReader } from '@mcap/core';
import { decodeLz4Frame } from '../dist/bags/lz4.js';
import { openBag } from '../dist/bags/reader.js';
import { writeHostile } from './lib/hostile.mjs';
import { mutate } from './lib/mutate.mjs';

const COUNT = 100;
const FIXTURES = ['ros/bag_mcap/bag_mcap_0.mcap', 'ros/lz4.mcap'];
const HOSTILE = [
  '12 chunks of 400 MiB.mcap',
  '12 overlapping chunks of 100 MiB.mcap',
  'zstd, 100 GB, claims 500 MB.mcap',
];
const READERS = { '@mcap/core': readWithCore, ours: readWithOurs };

await zstd.isLoaded;
if (process.argv[2] !== undefined) {
  await READERS[process.argv[2]](process.argv[3]);
  process.send(Math.round(process.resourceUsage().maxRSS / 1024));
} else {
  const work = mkdtempSync(join(tmpdir(), 'feltmap-core-'));
  for (const name of Object.keys(READERS)) await compare(name, work);
  rmSync(work, { recursive: true });
}

async function compare(name, work) {
  const path = join(work, 'damaged.mcap');
  const sum = { silent: 0, ended: 0, kept: 0, all: 0 };
  for (const fixture of FIXTURES) {
    const original = readFileSync(fileURLToPath(new URL(`../tests/fixtures/${fixture}`, import.meta.url)));
    writeFileSync(path, original);
    const whole = await READERS[name](path);
    for (let i = 0; i < COUNT; i++) {
      writeFileSync(path, mutate(original, 1_000_000 + i).bytes);
      const { counts, told, ended } = await READERS[name](path);
      if (ended) sum.ended++;
      const less = Object.entries(whole.counts).some(([topic, n]) => (counts[topic] ?? 0) < n);
      if (less && !told) sum.silent++;
      sum.kept += Math.min(total(counts), total(whole.counts));
      sum.all += total(whole.counts);
    }
  }
  console.log(
    `${name}: of ${COUNT * FIXTURES.length} damaged files ${sum.silent} with silent losses, ${sum.ended} ended by an error, ` +
      `${((100 * sum.kept) / sum.all).toFixed(1)} % of the messages read`,
  );
  for (const hostile of HOSTILE) {
    const start = performance.now();
    const child = fork(fileURLToPath(import.meta.url), [name, await writeHostile(work, hostile)]);
    const mib = await new Promise((resolve) => child.once('message', resolve));
    console.log(`  ${hostile}: ${((performance.now() - start) / 1000).toFixed(1)} s, ${mib} MiB`);
  }
}

function total(counts) {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

async function readWithOurs(path) {
  const counts = {};
  try {
    const bag = await openBag(path);
    for await (const { topic } of bag.messages()) counts[topic] = (counts[topic] ?? 0) + 1;
    await bag.close();
    return { counts, told: bag.warnings.length > 0, ended: false };
  } catch {
    return { counts, told: true, ended: true };
  }
}

/** As its documentation shows: by the index, or as a stream where that fails. */
async function readWithCore(path) {
  const counts = {};
  const take = (topic) => (counts[topic] = (counts[topic] ?? 0) + 1);
  const decompressHandlers = {
    zstd: (bytes, size) => zstd.decompress(bytes, Number(size)),
    lz4: (bytes, size) => {
      const out = new Uint8Array(Number(size));
      decodeLz4Frame(bytes, out);
      return out;
    },
  };
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const readable = {
    size: async () => BigInt(size),
    read: async (offset, length) => {
      const bytes = new Uint8Array(Number(length));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, Number(offset));
      if (bytesRead < bytes.length) throw new Error('the file ends here');
      return bytes;
    },
  };
  try {
    const indexed = await McapIndexedReader.Initialize({ readable, decompressHandlers }).catch(
      () => undefined,
    );
    if (indexed) {
      for await (const { channelId } of indexed.readMessages())
        take(indexed.channelsById.get(channelId).topic);
    } else {
      const stream = new McapStreamReader({ decompressHandlers });
      const topics = new Map();
      for await (const part of createReadStream(path)) {
        stream.append(part);
        for (let record = stream.nextRecord(); record; record = stream.nextRecord()) {
          if (record.type === 'Channel') topics.set(record.id, record.topic);
          else if (record.type === 'Message') take(topics.get(record.channelId));
        }
      }
    }
    return { counts, told: false, ended: false };
  } catch {
    return { counts, told: true, ended: true };
  } finally {
    await handle.close();
  }
}
