import { describe, expect, it } from 'vitest';
import { SlamClient } from '../../src/host/client.js';
import { transferScan } from '../../src/host/transfer.js';
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
    ...(map ? { map } : {}),
    onResult: (result) => results.push(result),
  });
  return { client, results };
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
    expect([...final.map.get('scans.bin')!]).toEqual([10, 0]);
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

  it('knows what befell the system while it ran', async () => {
    const { client } = await start();
    expect(client.warnings).toEqual([]);
    for (const [i, x] of [5, 555, 5, 555].entries()) await client.submit(scan(i, x));
    await client.finish();
    expect(client.warnings).toEqual(['The engine was lost at scan 1.', 'The engine was lost at scan 3.']);
  });

  it('gives the saved map to the factory', async () => {
    const { client } = await start(1, new Map([['scans.bin', Uint8Array.of(42)]]));
    expect([...(await client.finish()).map.get('scans.bin')!]).toEqual([0, 42]);
  });

  it('reports a scan that fails and still hands over what was mapped before', async () => {
    const { client, results } = await start();
    await client.submit(scan(0));
    await client.submit(scan(1, 666));
    await expect(client.drain()).rejects.toThrow('the scan is cursed');
    await expect(client.submit(scan(2))).rejects.toThrow('the scan is cursed');
    expect([...(await client.finish()).map.get('scans.bin')!]).toEqual([1, 0]);
    expect(results).toHaveLength(1);
  });

  it('fails to start with the reason', async () => {
    await expect(start(13)).rejects.toThrow('no memory for the map');
  });
});

describe('transferScan', () => {
  it('moves arrays that own their buffer and copies parts of larger ones', () => {
    const big = Float32Array.from({ length: 12 }, (_, i) => i);
    const times = Float32Array.of(0.5);
    const { scan: out, transfers } = transferScan({ ...scan(0), positions: big.subarray(3, 6), times });
    expect([...out.positions]).toEqual([3, 4, 5]);
    expect(out.positions.buffer.byteLength).toBe(12);
    expect(out.times!.buffer).toBe(times.buffer);
    expect(transfers).toHaveLength(2);
    structuredClone(out, { transfer: transfers });
    expect(times.byteLength).toBe(0); // gone without a copy
    expect(big.length).toBe(12);
  });

  it('names a buffer once when two arrays are views of all of it', () => {
    const buffer = new ArrayBuffer(12);
    const positions = new Float32Array(buffer);
    const intensities = new Float32Array(buffer);
    expect(transferScan({ ...scan(0), positions, intensities }).transfers).toHaveLength(1);
  });
});
