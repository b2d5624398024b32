import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SlamClient } from '../../src/host/client.js';
import type { Box } from '../../src/completion/complete-region.js';
import type { RegionSurface } from '../../src/host/completion/region-surface.js';
import type { HostEvent, ResultEvent, SlamReplies } from '../../src/host/protocol.js';
import { unpackBlocks } from '../../src/host/viewer-feed/view-update.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { decodePly } from '../../src/export/ply-reader.js';
import { compiledUrl } from '../../src/compute/compiled-url.js';
import { identity } from '../../src/geometry/se3.js';
import { decodeMarkerArray } from '../../src/messages/markers.js';
import { decodePointCloud2, encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import { simulate } from '../../src/sim/index.js';

const factoryUrl = compiledUrl(import.meta.url.replace('/tests/', '/src/'), '../slam/create.js').href;
const clouds = [
  ...simulate({ world: 'street', beams: 16, columns: 512, seed: 3, duration: 0.8 }).scans(),
].map((scan) => encodePointCloud2(pointCloud2FromScan(scan)));

describe('the SLAM thread as the node uses it', () => {
  let config: Config;
  let link: SlamClient;
  let events: HostEvent[] = [];
  /** Of the last scan that was mapped. */
  let lastStatistics: ResultEvent['statistics'];
  beforeAll(async () => {
    config = await loadConfig({ set: ['threads=1', 'map.memoryMiB=1024'] });
    link = await SlamClient.start({ config, factoryUrl, view: true });
    link.listen((event) => void events.push(event));
  });
  afterAll(() => link.terminate());

  const scan = async (bytes: Uint8Array): Promise<ResultEvent> => {
    events = [];
    await link.call({ type: 'cloud', bytes, mount: identity(), undistorted: true });
    return of('result')[0]!;
  };
  const of = <T extends HostEvent['type']>(type: T) =>
    events.filter((event): event is Extract<HostEvent, { type: T }> => event.type === type);
  const mesh = (restart = false) =>
    link.call({
      type: 'mesh',
      restart,
      repeat: false,
      header: { stampNs: 1n, frameId: 'odom' },
      color: { mode: 'height', range: [-2, 8] },
      maxBytes: 1e8,
    });

  it('takes messages in CDR, hands back poses and the deskewed cloud', async () => {
    for (const bytes of clouds) {
      const { result, cloud, timing } = await scan(bytes);
      const kinds = events.map(({ type }) => type);
      expect(kinds.indexOf('pose')).toBeLessThan(kinds.indexOf('result'));
      expect(of('pose')).toMatchObject([{ index: result.index, stampNs: result.stampNs, submap: 0 }]);
      expect(result.state, result.reason).not.toBe('lost');
      expect(timing).toBe('field');
      lastStatistics = of('result')[0]!.statistics;
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

  it('catches up with the mesh when no scan comes any more', async () => {
    const { triangles } = lastStatistics;
    await new Promise((resolve) => setTimeout(resolve, 600));
    let sent = 0;
    for (let message = await mesh(true); message; message = await mesh()) sent += message.blocks;
    const [{ triangles: saved }] = [...(await link.call({ type: 'save-mesh', frame: 'odom' }))] as [
      SlamReplies['save-mesh'][0],
    ];
    const shown = decodeMarkerArray((await mesh(true))!.bytes);
    const live = shown.reduce((sum, marker) => sum + marker.points.length / 9, 0);
    expect(sent).toBeGreaterThan(0);
    // The saved one lacks small loose pieces.
    expect(live).toBeGreaterThanOrEqual(saved);
    expect(live).toBeLessThan(1.2 * saved);
    expect(live).toBeGreaterThan(1.2 * triangles);
  });

  it('encodes the mesh: all, then what changed, then all again', async () => {
    const all = decodeMarkerArray((await mesh(true))!.bytes);
    expect(all.length).toBeGreaterThan(50);
    expect(await mesh()).toBeUndefined();
    expect(decodeMarkerArray((await mesh(true))!.bytes)).toHaveLength(all.length);
    events = [];
    await link.call({ type: 'watch', active: true });
    await link.call({ type: 'flush-view' });
    const updates = of('view').map(({ update }) => update);
    expect(updates.flatMap((update) => [...unpackBlocks(update, () => 0)])).toHaveLength(all.length - 1);
    expect(updates[0]!.scan!.points.length).toBeGreaterThan(3000);
    await link.call({ type: 'flush-view' });
    expect(of('view')).toHaveLength(updates.length);
    await link.call({ type: 'watch', active: false });
  });

  it('hands over the surface around a box, and keeps its own', async () => {
    const { points } = decodeMarkerArray((await mesh(true))!.bytes).find(
      (marker) => marker.points.length > 0,
    )!;
    const box = [-0.2, -0.2, -0.2, 0.2, 0.2, 0.2].map((d, i) => points[i % 3]! + d) as unknown as Box;
    const first = await link.call({ type: 'region', box });
    expect(first.grids).toHaveLength(1);
    const [{ voxel, positions, indices }] = first.grids as [RegionSurface['grids'][0]];
    expect(voxel).toBeCloseTo(0.15, 6);
    let nearest = Infinity;
    for (let i = 0; i < positions.length; i += 3)
      nearest = Math.min(nearest, Math.hypot(...[0, 1, 2].map((k) => positions[i + k]! - points[k]!)));
    expect(nearest).toBeLessThan(1e-5);
    expect(Math.max(...indices)).toBeLessThan(positions.length / 3);
    // Whole blocks: 1.2 m a side.
    expect(indices.length).toBeLessThan(3 * 8 * 512 * 5);
    expect(await link.call({ type: 'region', box })).toEqual(first);
    const away = box.map((v) => v + 1e4) as unknown as Box;
    expect((await link.call({ type: 'region', box: away })).grids).toEqual([]);
  });

  it('saves the mesh and the map, starts anew, and continues the saved map', async () => {
    const [{ ply, triangles }] = [...(await link.call({ type: 'save-mesh', frame: 'odom' }))] as [
      SlamReplies['save-mesh'][0],
    ];
    expect(triangles).toBeGreaterThan(1000);
    expect(decodePly(ply).indices.length / 3).toBe(triangles);
    const [{ files }] = [...(await link.call({ type: 'save-map' }))] as [SlamReplies['save-map'][0]];
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
    const idle = await SlamClient.start({ config: await loadConfig(), factoryUrl: nothing });
    let points = 0;
    idle.listen((event) => event.type === 'result' && (points = event.result.points.input));
    const bytes = clouds[0]!.slice();
    await idle.call({ type: 'cloud', bytes, mount: identity(), undistorted: false });
    expect(points).toBe(decodePointCloud2(bytes).width);
    await idle.terminate();
  });
});
