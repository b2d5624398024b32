import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openBag } from '../../src/bags/reader.js';
import { openScanSource } from '../../src/bags/source.js';
import { decodeGlb } from '../../src/export/glb-reader.js';
import { readManifest } from '../../src/field/saved/manifest.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { scratchFolder } from './helpers.js';

const folder = scratchFolder();

async function bag(name: string, topics: number, messages: number): Promise<string> {
  const path = join(folder, name);
  const writer = await McapBagWriter.create(path);
  for (let i = 0; i < topics; i++)
    for (let k = 0; k < messages; k++)
      await writer.writeRaw(`/t${i}`, ROS_TYPES.pointCloud2, BigInt(k), Uint8Array.of(0, 1, 0, 0));
  await writer.close();
  return path;
}

function glb(json: string): Uint8Array {
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / 4) * 4));
  const head = Buffer.from(Uint32Array.of(0x46546c67, 2, 20 + text.length, text.length, 0x4e4f534a).buffer);
  return Buffer.concat([head, text]);
}

describe('what only keeps readers busy is refused', () => {
  it('more topics than there can be', async () => {
    const path = await bag('topics.mcap', 20_001, 1);
    await expect(openBag(path)).rejects.toThrow(/claims to have 20001 topics/);
  });

  it('names a few of many topics to choose from', async () => {
    const path = await bag('choice.mcap', 30, 1);
    await expect(openScanSource(path)).rejects.toThrow(/\/t19 \(1\), and 10 more; choose with --topic/);
  });

  it('a topic without a single readable message is given up', async () => {
    const path = await bag('hopeless.mcap', 1, 30_000);
    const reader = await openBag(path);
    await reader.close();
    await expect(openScanSource(path)).rejects.toThrow(/no scan on \/t0 can be read.*too early/);
  });

  it('GLB with a million nodes, or what is none', async () => {
    const nodes = JSON.stringify({
      asset: { version: '2.0' },
      nodes: Array.from({ length: 6000 }, () => ({})),
    });
    await expect(decodeGlb(glb(nodes), 'a.glb')).rejects.toThrow(/a\.glb.*6000 nodes/);
    await expect(decodeGlb(glb('[1]'), 'a.glb')).rejects.toThrow(/none of glTF/);
    await expect(decodeGlb(glb('{"a":'), 'a.glb')).rejects.toThrow(/no JSON/);
    await expect(decodeGlb(Uint8Array.of(1, 2), 'a.glb')).rejects.toThrow(/does not begin as binary glTF/);
  });

  it('manifests of brackets', () => {
    for (const text of ['['.repeat(1e6), `{"submaps":[${'{},'.repeat(1e6)}{}]}`])
      expect(() => readManifest(new Map([['manifest.json', Buffer.from(text)]]))).toThrow(
        /nests too deep, or too often/,
      );
  });
});
