import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { readManifest, writeManifest } from '../../src/field/saved/manifest.js';
import { openSavedMap } from '../../src/field/saved/saved-map.js';
import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../../src/geometry/se3.js';
import { createSlam } from '../../src/slam/create.js';
import type { Slam } from '../../src/slam/types.js';
import { frameAt, offSurface, truth } from './camera-room.js';

const FRAMES = 14;
const error = (pose: Pose, k: number): { metres: number; degrees: number } => {
  const off = compose(inverse(truth(k)), pose);
  return { metres: translationNorm(off), degrees: (rotationAngle(off) * 180) / Math.PI };
};
const configure = (...set: string[]): Promise<Config> =>
  loadConfig({ set: ['engine=wasm', 'threads=1', 'map.memoryMiB=700', 'sensor.kind=rgbd', ...set] });

describe('a map made with a camera', () => {
  let config: Config;
  let slam: Slam;
  const poses: Pose[] = [];
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    config = await configure();
    slam = await createSlam(config);
    for (let k = 0; k < FRAMES; k++) poses.push(slam.process(frameAt(k)).pose);
    files = slam.save();
  });
  afterAll(() => slam.close());

  it('follows the camera to millimetres and meshes the room in colour', () => {
    poses.forEach((pose, k) => {
      expect(error(pose, k).metres, `frame ${k}`).toBeLessThan(0.005);
      expect(error(pose, k).degrees, `frame ${k}`).toBeLessThan(0.2);
    });
    const { positions, colors } = slam.mesh();
    const off: number[] = [];
    for (let i = 0; i < positions.length; i += 3)
      off.push(offSurface([positions[i]!, positions[i + 1]!, positions[i + 2]!]));
    off.sort((a, b) => a - b);
    expect(off.length).toBeGreaterThan(3000);
    expect(off[Math.floor(0.9 * off.length)]!).toBeLessThan(0.006);
    expect(new Set(colors).size).toBeGreaterThan(100);
  });

  it('says what it was made with, and is gone on in with that only', async () => {
    const { sensor, frame, submaps } = openSavedMap(files);
    expect([sensor, frame]).toEqual(['rgbd', 'camera']);
    expect(submaps[0]!.grids[0]!.sizes.colour!.corners[0]).toBeGreaterThan(10_000);
    const lidar = await configure('sensor.kind=lidar');
    await expect(createSlam(lidar, files)).rejects.toThrow(
      /made with sensor\.kind rgbd, this run is with lidar/,
    );
  });

  it('is loaded with its colours, and the camera finds itself in it', async () => {
    const again = await createSlam(config, files);
    const [before, after] = [slam.mesh(), again.mesh()];
    expect(Math.abs(after.indices.length / before.indices.length - 1)).toBeLessThan(0.01);
    expect(after.colors).toHaveLength(after.positions.length);
    const states: string[] = [];
    // Not where the path ended, but on it: the pose must come from the map.
    for (let i = 0; i < 5; i++) {
      const { state, pose } = again.process(frameAt(6 + i, i));
      states.push(state);
      if (state === 'lost') continue;
      expect(error(pose, 6 + i).metres).toBeLessThan(0.01);
      expect(error(pose, 6 + i).degrees).toBeLessThan(0.4);
    }
    expect(states.at(-1)).toBe('tracking');
    expect(states.filter((state) => state === 'lost').length).toBeLessThan(2);
    expect(readManifest(again.save()).sensor).toBe('rgbd');
    await again.close();
  });

  it('loads without a colour layer, as one of an older program would', async () => {
    const manifest = structuredClone(readManifest(files));
    const [grid] = manifest.submaps[0]!.grids;
    grid!.layers = grid!.layers.filter(({ name }) => name !== 'colour');
    const again = await createSlam(config, new Map(files).set('manifest.json', writeManifest(manifest)));
    expect(again.mesh().indices.length).toBeGreaterThan(3000);
    expect(again.mesh().colors).toBeUndefined();
    await again.close();
  });

  it('is tracked in without being changed where mapping is off', () => {
    const before = slam.save();
    const blocks = slam.statistics().blocks;
    for (let k = FRAMES; k < FRAMES + 4; k++) {
      const { state, pose } = slam.process(frameAt(k), undefined, false);
      expect(state).not.toBe('lost');
      expect(error(pose, k).metres).toBeLessThan(0.008);
    }
    expect(slam.statistics().blocks).toBe(blocks);
    const after = slam.save();
    const layers = (of: Map<string, Uint8Array>): string[] =>
      [...of.keys()].filter((name) => name.includes('grid'));
    expect(layers(after)).toEqual(layers(before)); // names hold checksums
    // One of every three is mapped at this speed.
    for (let k = FRAMES + 4; k < FRAMES + 7; k++) expect(slam.process(frameAt(k)).state).not.toBe('lost');
    expect(layers(slam.save())).not.toEqual(layers(before));
  });
});
