import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import type { MapFiles } from '../../src/field/saved/files.js';
import { finestVoxel, readManifest, writeManifest } from '../../src/field/saved/manifest.js';
import { openSavedMap } from '../../src/field/saved/saved-map.js';
import { compose, exp, inverse, translationNorm, type Pose } from '../../src/geometry/se3.js';
import { mapCloud } from '../../src/mesh/map-cloud.js';
import { simulate } from '../../src/sim/index.js';
import { createSlam } from '../../src/slam/create.js';
import type { Slam } from '../../src/slam/types.js';
import type { Mesh } from '../../src/mesh/mesh.js';

const MAPPED = 14;
const simulation = simulate({ world: 'street', beams: 32, columns: 512, seed: 3, duration: 2.2 });
const truth: Pose[] = simulation.odomPoses();
const errorOf = (pose: Pose, k: number): number => translationNorm(compose(inverse(truth[k]!), pose));

const configure = (...set: string[]): Promise<Config> =>
  loadConfig({ set: ['threads=1', 'map.memoryMiB=1024', 'map.voxel=0.2', ...set] });

async function mapStreet(config: Config): Promise<Slam> {
  const slam = await createSlam(config);
  for (let k = 0; k < MAPPED; k++) slam.process(simulation.scan(k));
  return slam;
}

/**
 * Distances (m) of one mesh's vertices from the other's surface, sorted. A vertex beyond the other's rim counts 0.15 m.
 */
function surfaceDistances(from: Mesh, to: Mesh): Float64Array {
  const side = 0.25;
  const cells = new Map<string, number[]>();
  const cellOf = (x: number, y: number, z: number): string =>
    `${Math.floor(x / side)},${Math.floor(y / side)},${Math.floor(z / side)}`;
  const corner = (t: number, k: number): number[] => [
    ...to.positions.subarray(3 * to.indices[t + k]!, 3 * to.indices[t + k]! + 3),
  ];
  for (let t = 0; t < to.indices.length; t += 3) {
    const [a, b, c] = [corner(t, 0), corner(t, 1), corner(t, 2)];
    const key = cellOf(...([0, 1, 2].map((k) => (a[k]! + b[k]! + c[k]!) / 3) as [number, number, number]));
    (cells.get(key) ?? cells.set(key, []).get(key)!).push(t);
  }
  const out: number[] = [];
  for (let i = 0; i < from.positions.length; i += 21) {
    const p = [...from.positions.subarray(i, i + 3)];
    let nearest = 0.15;
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dz = -1; dz <= 1; dz++)
          for (const t of cells.get(cellOf(p[0]! + dx * side, p[1]! + dy * side, p[2]! + dz * side)) ?? [])
            nearest = Math.min(nearest, triangleDistance(p, corner(t, 0), corner(t, 1), corner(t, 2)));
    out.push(nearest);
  }
  return Float64Array.from(out).sort();
}

/** Distance to a triangle where the point projects into it, else to its nearest edge. */
function triangleDistance(p: number[], a: number[], b: number[], c: number[]): number {
  const minus = (u: number[], v: number[]): number[] => u.map((x, k) => x - v[k]!);
  const dot = (u: number[], v: number[]): number => u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!;
  const [u, v, w] = [minus(b, a), minus(c, a), minus(p, a)];
  const [uu, uv, vv, wu, wv] = [dot(u, u), dot(u, v), dot(v, v), dot(w, u), dot(w, v)];
  const det = uu * vv - uv * uv;
  const [s, t] = [(vv * wu - uv * wv) / det, (uu * wv - uv * wu) / det];
  if (s >= 0 && t >= 0 && s + t <= 1) return Math.sqrt(Math.max(0, dot(w, w) - s * wu - t * wv));
  const edge = (from: number[], to: number[]): number => {
    const [d, q] = [minus(to, from), minus(p, from)];
    const f = Math.max(0, Math.min(1, dot(q, d) / (dot(d, d) || 1)));
    return Math.hypot(...q.map((x, k) => x - f * d[k]!));
  };
  return Math.min(edge(a, b), edge(b, c), edge(c, a));
}

const sizesOf = (files: ReadonlyMap<string, Uint8Array>) => openSavedMap(files).submaps[0]!.grids[0]!.sizes;
/** Everything but the manifest. */
const dataOf = (files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> =>
  new Map([...files].filter(([name]) => name !== 'manifest.json'));

describe('a saved map', () => {
  let config: Config;
  let files: Map<string, Uint8Array>;
  let mesh: Mesh;
  beforeAll(async () => {
    config = await configure();
    const slam = await mapStreet(config);
    mesh = slam.mesh();
    files = slam.save();
    expect(slam.save()).toEqual(files);
    await slam.close();
  });

  it('has the same bytes when the same scans are mapped again', async () => {
    const again = await mapStreet(config);
    expect(again.save()).toEqual(files);
    await again.close();
  });

  it('loads to the same surface, and saves to the same bytes', async () => {
    const slam = await createSlam(config, files);
    const loaded = slam.mesh();
    for (const distances of [surfaceDistances(loaded, mesh), surfaceDistances(mesh, loaded)]) {
      expect(distances[Math.floor(0.99 * distances.length)]).toBeLessThan(0.006);
      expect(distances[Math.floor(0.5 * distances.length)]).toBeLessThan(0.002);
    }
    expect(dataOf(slam.save())).toEqual(dataOf(files));
    expect(slam.warnings).toEqual([]);
    const { positions: cloud } = mapCloud(slam.surface());
    expect(cloud.length).toBeGreaterThan(0.3 * loaded.positions.length);
    expect(cloud.length).toBeLessThan(loaded.positions.length);
    await slam.close();
  });

  it('is continued where the first run ended', async () => {
    const slam = await createSlam(config, files);
    for (let k = MAPPED; k < simulation.scanCount; k++) {
      const result = slam.process(simulation.scan(k));
      expect(result.state).toBe('tracking');
      expect(errorOf(result.pose, k)).toBeLessThan(0.06);
    }
    const saved = slam.save();
    expect(readManifest(saved).scans).toBe(simulation.scanCount);
    expect(sizesOf(saved).distance!.corners[0]).toBeGreaterThan(sizesOf(files).distance!.corners[0]!);
    await slam.close();
  });

  it('tells a second run where it is, whichever way that looks', async () => {
    for (const [k, degrees] of [
      [5, 50],
      [5, 150],
      [11, -75],
      [8, 171],
    ] as const) {
      const slam = await createSlam(config, files);
      const turn = exp([0, 0, 0, 0, 0, (degrees * Math.PI) / 180]);
      const scan = simulation.scan(k);
      const positions = scan.positions.map((_, i, all) => {
        const [c, at] = [i % 3, i - (i % 3)];
        return turn[c]! * all[at]! + turn[4 + c]! * all[at + 1]! + turn[8 + c]! * all[at + 2]!;
      });
      const { state, pose } = slam.process({ ...scan, positions });
      expect(state, `${degrees}°`).toBe('tracking');
      expect(translationNorm(compose(inverse(compose(truth[k]!, turn)), pose))).toBeLessThan(0.3);
      await slam.close();
    }
  });

  it('tells a second run where it is, also when that starts in the middle', async () => {
    const slam = await createSlam(config, files);
    for (let k = 6; k < 10; k++) {
      const result = slam.process(simulation.scan(k));
      expect(result.state).toBe('tracking');
      expect(errorOf(result.pose, k)).toBeLessThan(0.06);
    }
    await slam.close();
  });

  it('is left alone by scans of another place', async () => {
    const slam = await createSlam(config, files);
    const quad = simulate({ world: 'quad', beams: 32, columns: 512, seed: 1, duration: 0.3 });
    for (const scan of quad.scans()) {
      const result = slam.process(scan);
      expect(result.state).toBe('lost');
      expect(result.reason).toMatch(/not found in the loaded map/);
    }
    expect(dataOf(slam.save())).toEqual(dataOf(files));
    await slam.close();
  });

  it('keeps its voxels whatever the configuration says, and says so', async () => {
    const slam = await createSlam(await configure('map.voxel=0.3', 'map.featureCell=2'), files);
    expect(slam.warnings!.join()).toMatch(
      /voxels of 0\.2 m, the configuration 0\.3 m.*feature cells of 4 voxels/,
    );
    expect(slam.process(simulation.scan(MAPPED)).state).toBe('tracking');
    expect(finestVoxel(readManifest(slam.save()))).toBe(0.2);
    await slam.close();
  });

  it('without features is smaller by them, and comes through the same code', async () => {
    const plain = await mapStreet(await configure('training.iterations=0'));
    const withoutFeatures = plain.save();
    await plain.close();
    expect(sizesOf(withoutFeatures).features).toBeUndefined();
    const rows = sizesOf(files).features!.corners[0]!;
    const bytes = (map: MapFiles) => [...map.values()].reduce((sum, file) => sum + file.length, 0);
    const features = bytes(files) - bytes(withoutFeatures);
    expect(features).toBeGreaterThan(rows);
    expect(features).toBeLessThan(rows * 8);
    const loaded = await createSlam(await configure('training.iterations=0'), withoutFeatures);
    expect(loaded.process(simulation.scan(MAPPED)).state).toBe('tracking');
    await loaded.close();
  });

  it('that does not fit into memory, or is damaged, says so', async () => {
    const huge = readManifest(files);
    const { levels } = huge.submaps[0]!.grids[0]!.layers[0]!.parameters as {
      levels: { blocks: number; bytes: number }[];
    };
    levels[0]!.blocks = 4 * levels[0]!.bytes;
    const forged = new Map(files).set('manifest.json', writeManifest(huge));
    await expect(createSlam(config, forged)).rejects.toThrow(/raise it/);
    const DISTANCE = [...files.keys()].find((name) => name.includes('.distance.'))!;
    const cut = new Map(files).set(DISTANCE, files.get(DISTANCE)!.subarray(0, 5000));
    await expect(createSlam(config, cut)).rejects.toThrow(/cut off/);
    await expect(createSlam(config, new Map())).rejects.toThrow(/no manifest\.json/);
  });
});

describe('a saved map of several submaps', () => {
  it('is refused for now, in one sentence', async () => {
    const config = await configure();
    const slam = await createSlam(config);
    const files = slam.save();
    await slam.close();
    const manifest = readManifest(files);
    const forge = (change: (m: typeof manifest) => void): Map<string, Uint8Array> => {
      const m = structuredClone(manifest);
      change(m);
      return new Map(files).set('manifest.json', writeManifest(m));
    };
    const two = forge((m) => m.submaps.push({ ...structuredClone(m.submaps[0]!), id: 1 }));
    await expect(createSlam(config, two)).rejects.toThrow(/2 submaps.*newer Feltmap/);
    const moved = forge((m) => (m.submaps[0]!.T_world_submap[3] = 1));
    await expect(createSlam(config, moved)).rejects.toThrow(/does not lie at the origin/);
  });
});

describe('finding a place', () => {
  it('takes a start that is turned away from the path', async () => {
    const config = await configure();
    const slam = await mapStreet(config);
    const files = slam.save();
    await slam.close();
    // The sensor mounted the other way round: the same scan, turned by 120° about z.
    const turn = exp([0, 0, 0, 0, 0, (120 * Math.PI) / 180]);
    const scan = simulation.scan(4);
    const positions = scan.positions.slice();
    for (let i = 0; i < positions.length; i += 3)
      for (let r = 0; r < 3; r++)
        positions[i + r] = [0, 1, 2].reduce((s, c) => s + turn[r * 4 + c]! * scan.positions[i + c]!, 0);
    const second = await createSlam(config, files);
    const { frameId, stampNs, count, times, timing } = scan;
    const result = second.process({
      frameId,
      stampNs,
      count,
      timing,
      positions,
      ...(times ? { times } : {}),
    });
    expect(result.state).toBe('tracking');
    expect(errorOf(compose(result.pose, turn), 4)).toBeLessThan(0.1);
    await second.close();
  });
});
