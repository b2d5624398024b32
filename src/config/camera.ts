import type { Config } from './schema.js';

/** Robust scales in voxels: the first reaches far, the last is exact. */
const FIRST_KERNEL = 15;
const LAST_KERNEL = 1;
/** Of a voxel of the LiDAR's map, by which lengths of the training follow the voxel (m). */
const LIDAR_VOXEL = 0.15;

/**
 * The configuration of a map that is made with cameras: what is tuned for LiDARs is replaced by what `rgbd` says. Lengths
 * are not scaled by the range, but go by the voxel.
 */
export function cameraConfig(config: Config): Config {
  const { rgbd, map, training, tracking, mesh } = config;
  const { voxel } = rgbd;
  const scale = voxel / LIDAR_VOXEL;
  return {
    ...config,
    map: {
      ...map,
      voxel,
      truncation: rgbd.truncation,
      maxRange: rgbd.maxRange,
      maxWeight: rgbd.maxWeight,
      carveEvery: 0,
    },
    training: {
      ...training,
      iterations: rgbd.iterations,
      // Fused distances and poses are better as they are: trained along, both get worse (docs/benchmarks.md).
      scalarRate: 0,
      window: 0,
      huber: training.huber * scale,
      outputScale: training.outputScale * scale,
      replayRadius: rgbd.maxRange,
      keyframeDistance: 0.25,
    },
    tracking: {
      ...tracking,
      maxIterations: 25,
      kernelStart: FIRST_KERNEL * voxel,
      kernelEnd: LAST_KERNEL * voxel,
      anneal: 0.6,
      minWeight: 0,
      minConditioning: rgbd.minConditioning,
    },
    // A surface seen once from 4 m has a weight of 0.005.
    mesh: { ...mesh, minWeight: 1e-6 },
  };
}
