import { configSchema } from '../../src/config/schema.js';
import type { MapperOptions } from '../../src/slam/mapping/mapper.js';
import type { TrackerOptions } from '../../src/slam/tracking/tracker.js';
import type { TestField } from '../field/test-field.js';

const { map, tracking, training } = configSchema.parse({});

/** The tracker's options as createSlam gives them at the default scale, from the default configuration. */
export function trackerOptions(field: TestField, changes: Partial<TrackerOptions> = {}): TrackerOptions {
  const { voxel } = field.levels[0]!;
  return {
    ...tracking,
    levelWeights: [1, 0.05, 0.01, 0],
    coarseKernels: [voxel * 4, voxel * 8, 0],
    translationTolerance: 1e-3,
    rotationTolerance: 1e-4,
    ...changes,
  };
}

/** The mapper's options likewise, with a batch that suits the small scans of tests. */
export function mapperOptions(field: TestField, changes: Partial<MapperOptions> = {}): MapperOptions {
  return {
    ...training,
    poseSigma: field.levels[0]!.voxel / 7.5, // how wrong the poses of the tests are
    batch: 4096,
    samplePoints: 1024,
    keyframeAngle: (training.keyframeAngle * Math.PI) / 180,
    carveEvery: map.carveEvery,
    freeSpaceRange: 40,
    band: 1.7 * field.levels[0]!.voxel,
    seed: 1,
    ...changes,
  };
}
