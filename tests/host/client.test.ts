import { describe, expect, it } from 'vitest';
import { SlamClient } from '../../src/host/client.js';
import { openSavedMap } from '../../src/field/saved/saved-map.js';
import { configSchema } from '../../src/config/schema.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import type { ScanResult } from '../../src/slam/types.js';

const factoryUrl = new URL('../cli/fixtures/tiny-slam.mjs', import.meta.url).href;

function scan(i: number, x = 5): LidarScan {
  const positions = Float32Array.of(x, 0, 0);
  return { stampNs: BigInt(i) * 100_000_000n, frameId: 'lidar', count: 1, positions, timing: 'none' };
}

async function start(seed = 1, map?: Map<string, Uint8Array>) {
  const results: ScanResult[] = [];
  const client = await SlamClient.start({
    config: configSchema.parse({ seed }),
    factoryUrl,
    queue: 2,
    stopAtError: true,
    ...(map ? { map } : {}),
  });
  client.listen((event) => event.type === 'result' && results.push(event.result));
  return { client, results };
}

/** Scans that a saved map holds. */
function scansIn(map: ReadonlyMap<string, Uint8Array>): number {
  return openSavedMap(map).scans;
}

describe('SlamClient', () => {
  it('answers every scan in order with its own pose, and hands over the map at the end', async () => {
    const { client, results } = await start();
    for (let i = 0; i < 10; i++) await client.submit(scan(i));
    await client.drain();
    expect(results.map((r) => r.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The double reuses one pose array: copies must have been made.
    results.forEach((r, i) => expect(r.pose[3]).toBeCloseTo(0.1 * i, 12));
    expect(results[3]!.stampNs).toBe(300_000_000n);
    const final = await client.finish();
    expect([...final.mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect(final.mesh.positions.buffer).toBeInstanceOf(ArrayBuffer);
    expect(scansIn(final.map)).toBe(10);
    expect(final.statistics.triangles).toBe(1);
  });

  it('never has more scans in flight than the queue holds', async () => {
    const { client, results } = await start();
    let submitted = 0;
    for (let i = 0; i < 20; i++) {
      await client.submit(scan(i));
      submitted++;
      expect(submitted - results.length).toBeLessThanOrEqual(2);
    }
    await client.drain();
    expect(results).toHaveLength(20);
    await client.finish();
  });

  it('knows the warnings that came while it ran', async () => {
    const { client } = await start();
    expect(client.warnings).toEqual([]);
    for (const [i, x] of [5, 555, 5, 555].entries()) await client.submit(scan(i, x));
    await client.finish();
    expect(client.warnings).toEqual(['The engine was lost at scan 1.', 'The engine was lost at scan 3.']);
  });

  it('sends the pose of each scan before its result, to all that listen', async () => {
    const { client } = await start();
    const seen: string[] = [];
    const brief: string[] = [];
    client.listen((event) => {
      if (event.type === 'pose') seen.push(`pose ${event.index} ${event.pose[3]!.toFixed(1)}`);
      if (event.type === 'result') seen.push(`result ${event.result.index}`);
    });
    const end = client.listen(({ type }) => void brief.push(type));
    for (let i = 0; i < 2; i++) await client.submit(scan(i));
    await client.drain();
    expect(seen).toEqual(['pose 0 0.0', 'result 0', 'pose 1 0.1', 'result 1']);
    end();
    await client.submit(scan(2));
    await client.drain();
    expect([seen.length, brief.length]).toEqual([6, 4]);
    await client.finish();
  });

  it('gives the saved map to the factory', async () => {
    const { client: first } = await start();
    for (let i = 0; i < 3; i++) await first.submit(scan(i));
    const { map } = await first.finish();
    const { client } = await start(1, new Map(map));
    await client.submit(scan(3));
    expect(scansIn((await client.finish()).map)).toBe(4);
  });

  it('reports a scan that fails and still hands over what was mapped before', async () => {
    const { client, results } = await start();
    await client.submit(scan(0));
    await client.submit(scan(1, 666));
    await expect(client.drain()).rejects.toThrow('the scan is cursed');
    await expect(client.submit(scan(2))).rejects.toThrow('the scan is cursed');
    expect(scansIn((await client.finish()).map)).toBe(1);
    expect(results).toHaveLength(1);
  });

  it('fails to start with the reason', async () => {
    await expect(start(13)).rejects.toThrow('no memory for the map');
  });
});
