import type { SurfaceSamples } from '../../sensors/observation.js';

/** Mean information of the samples that are registered, by which sums of weights compare with those of others; 1 without. */
export function meanInformation({ information, keypoints }: SurfaceSamples): number {
  if (!information || keypoints.length === 0) return 1;
  let sum = 0;
  for (const i of keypoints) sum += information[i]!;
  return sum > 0 ? sum / keypoints.length : 1;
}
