import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackBlocks } from '../../src/host/viewer-feed/view-update.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { compiledUrl } from '../../src/compute/compiled-url.js';
import { identity } from '../../src/geometry/se3.js';
import { decodeMarkerArray } from '../../src/messages/markers.js';
import { decodePointCloud2, encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { SlamLink } from '../../src/ros/slam-link.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import { simulate } from '../../src/sim/index.js';

const factoryUrl = compiledUrl(import.meta.url.replace('/tests/', '/src/'), '../slam/create.js').href;
const clouds = [
  ...simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.8 }).scans(),
].map((scan) => encodePointCloud2(pointCloud2FromScan(scan)));

describe('the SLAM thread of the node', () => {
  let config: Config;
  let link: SlamLink;
  beforeAll(async () => {
    config = await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] });
    link = await SlamLink.start({ config, factoryUrl });
  });
  afterAll(() => link.terminate());

  const scan = (bytes: Uint8Array) =>
    link.call({ type: 'scan', bytes, mount: identity(), secondary: false, cloud: true });
  const mesh = (restart = false) =>
    link.call({
      type: 'mesh',
      restart,
      header: { stampNs: 1n, frameId: 'odom' },
      origin: identity(),
      color: { mode: 'height', range: [-2, 8] },
      maxBytes: 1e8,
    });

  it('takes messages in CDR, hands back poses and the deskewed cloud', async () => {
    for (const bytes of clouds) {
      const { result, cloud, timing } = await scan(bytes);
      expect(result.state, result.reason).not.toBe('lost');
      expect(timing).toBe('field');
      const deskewed = decodePointCloud2(cloud!);
      expect(deskewed).toMatchObject({ stampNs: result.stampNs, frameId: decodePointCloud2(bytes).frameId });
      expect(deskewed.width).toBe(result.points.mapped);
    }
  });

  it('a message that is not what it claims is refused and changes nothing', async () => {
    await expect(scan(clouds[0]!.subarray(0, 500))).rejects.toMatchObject({ code: 'bad-input' });
    const empty = encodePointCloud2({ ...decodePointCloud2(clouds[0]!), width: 0, data: new Uint8Array(0) });
    await expect(scan(empty)).rejects.toThrow(/is empty/);
    expect(link.failure).toBeUndefined();
  });

  it('encodes the mesh: all, then what changed, then all again', async () => {
    const all = decodeMarkerArray((await mesh())!.bytes);
    expect(all.length).toBeGreaterThan(50);
    expect(await mesh()).toBeUndefined();
    expect(decodeMarkerArray((await mesh(true))!.bytes)).toHaveLength(all.length);
    const view = (await link.call({ type: 'view', all: true }))!;
    expect([...unpackBlocks(view, () => 0)]).toHaveLength(all.length - 1);
    expect(view.scan!.points.length).toBeGreaterThan(3000);
    expect(await link.call({ type: 'view', all: true })).toBeUndefined();
  });

  it('saves the mesh and the map, starts anew, and continues the saved map', async () => {
    const { ply, triangles } = await link.call({ type: 'save-mesh', origin: identity(), frame: 'odom' });
    expect(triangles).toBeGreaterThan(1000);
    expect(decodePly(ply).indices.length / 3).toBe(triangles);
    const { files } = await link.call({ type: 'save-map' });
    await link.call({ type: 'reset', config });
    expect((await mesh())!.blocks).toBe(0);
    await link.call({ type: 'reset', config, map: files });
    const { result } = await scan(clouds.at(-1)!);
    expect(result.state, result.reason).not.toBe('lost');
    expect(result.pose[3]).toBeGreaterThan(1); // where the drive had come to
    const broken = new Map([...files].map(([name, bytes]) => [name, bytes.slice(0, 20)]));
    await expect(link.call({ type: 'reset', config, map: broken })).rejects.toThrow();
    expect((await scan(clouds.at(-1)!)).result.state).not.toBe('lost');
  });

  it('says when it is gone', async () => {
    await link.terminate();
    await expect(scan(clouds[0]!)).rejects.toThrow(/SLAM thread ended/);
    expect(link.failure).toBeInstanceOf(Error);
  });

  it('runs the benchmark’s system that does nothing (bench/lib/decode-only-slam.mjs)', async () => {
    const nothing = new URL('../../bench/lib/decode-only-slam.mjs', import.meta.url).href;
    const idle = await SlamLink.start({ config: await loadConfig(), factoryUrl: nothing });
    const bytes = clouds[0]!.slice();
    const { result } = await idle.call({
      type: 'scan',
      bytes,
      mount: identity(),
      secondary: false,
      cloud: false,
    });
    expect(result.points.input).toBe(decodePointCloud2(bytes).width);
    await idle.terminate();
  });
});
