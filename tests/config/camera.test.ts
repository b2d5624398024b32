import { describe, expect, it } from 'vitest';
import { cameraConfig } from '../../src/config/camera.js';
import { configSchema } from '../../src/config/schema.js';

const settings = (rgbd: object = {}) =>
  configSchema.parse({ sensor: { kind: 'rgbd' }, rgbd, seed: 7, map: { memoryMiB: 700 } });

describe('cameraConfig', () => {
  it('lays the map out by what rgbd says', () => {
    const config = cameraConfig(settings({ voxel: 0.04, truncation: 2, maxRange: 5, maxWeight: 30 }));
    expect(config.map).toMatchObject({
      voxel: 0.04,
      truncation: 2,
      maxRange: 5,
      maxWeight: 30,
      carveEvery: 0,
    });
    expect(config.training.replayRadius).toBe(5);
  });

  it('scales what is tuned for voxels of 15 cm, and the robust scales, with the voxel', () => {
    const lidar = configSchema.parse({}).training;
    for (const voxel of [0.01, 0.02, 0.15]) {
      const { training, tracking } = cameraConfig(settings({ voxel }));
      expect(training.huber / lidar.huber).toBeCloseTo(voxel / 0.15, 9);
      expect(training.outputScale / lidar.outputScale).toBeCloseTo(voxel / 0.15, 9);
      expect(tracking.kernelStart).toBeCloseTo(15 * voxel, 9);
      expect(tracking.kernelEnd).toBeCloseTo(voxel, 9);
    }
    // 0.30 m and 2 cm at the default voxel.
    const { tracking, training } = cameraConfig(settings());
    expect([tracking.kernelStart, tracking.kernelEnd]).toEqual([0.3, 0.02]);
    expect(training.iterations).toBe(0);
    expect(cameraConfig(settings({ iterations: 4 })).training.iterations).toBe(4);
  });

  it('leaves everything else and its argument alone', () => {
    const before = settings();
    const copy = structuredClone(before);
    const config = cameraConfig(before);
    expect(before).toEqual(copy);
    expect(config).toMatchObject({
      seed: 7,
      sensor: before.sensor,
      rgbd: before.rgbd,
      engine: before.engine,
    });
    expect(config.map.memoryMiB).toBe(700);
    expect(config.tracking.minInlierRatio).toBe(before.tracking.minInlierRatio);
  });

  it('meshes what was seen once from far away', () => {
    const sigma = (z: number): number => 0.0012 + 0.0019 * (z - 0.4) ** 2;
    const weight = (sigma(1) / sigma(8)) ** 2 * 0.17; // at the largest range, askance
    expect(cameraConfig(settings()).mesh.minWeight).toBeLessThan(weight);
  });
});
