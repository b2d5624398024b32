import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { openBag } from '../../src/bags/reader.js';
import type { BagMessage, BagReader, MessageQuery } from '../../src/bags/types.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** A folder that is removed after the tests of the file. */
export function scratchFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'feltmap-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function readAll(bag: BagReader, query?: MessageQuery): Promise<BagMessage[]> {
  const out: BagMessage[] = [];
  for await (const message of bag.messages(query)) out.push(message);
  return out;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

export function inOrder(messages: readonly BagMessage[]): boolean {
  return messages.every((m, i) => i === 0 || m.logTimeNs >= messages[i - 1]!.logTimeNs);
}

export function countByTopic(messages: readonly BagMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const m of messages) counts[m.topic] = (counts[m.topic] ?? 0) + 1;
  return counts;
}

/** A seeded generator (mulberry32), uniform in [0, 1). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A small scan on a grid that float32 holds exactly. */
export function smallScan(stampNs: bigint, count = 64, seed = 1): LidarScan {
  const r = random(seed);
  return {
    stampNs,
    frameId: 'lidar',
    count,
    positions: Float32Array.from({ length: 3 * count }, () => Math.round((r() - 0.5) * 4096) / 64),
    times: Float32Array.from({ length: count }, (_, i) => -0.05 + (0.1 * i) / count),
    intensities: Float32Array.from({ length: count }, () => Math.floor(r() * 256)),
    rings: Uint16Array.from({ length: count }, (_, i) => i % 16),
    timing: 'field',
  };
}

/** The messages of a file by topic, in memory of their own. */
export async function messagesByTopic(path: string): Promise<Map<string, BagMessage[]>> {
  const out = new Map<string, BagMessage[]>();
  const bag = await openBag(path);
  try {
    for await (const m of bag.messages()) {
      const own = { ...m, data: m.data.slice() };
      out.set(m.topic, [...(out.get(m.topic) ?? []), own]);
    }
  } finally {
    await bag.close();
  }
  return out;
}
