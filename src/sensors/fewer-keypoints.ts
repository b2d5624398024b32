import type { SurfaceSamples } from './observation.js';

/** Fewer keypoints than these are not divided any further. */
const LEAST = 500;

/**
 * A LiDAR's surface with the first half or quarter of its keypoints, which are spread as evenly as all of them, where there are many; to come near a pose, or to
 * compare poses, they are enough. A camera's surface stays as it is.
 *
 * @param parts what to divide their number by
 * @example
 * const half = fewerKeypoints(observation.surface, 2); // 2000 of 4000
 */
export function fewerKeypoints(surface: SurfaceSamples, parts: 2 | 4): SurfaceSamples {
  const { keypoints, information } = surface;
  if (information) return surface;
  const by = [4, 2].find((n) => n <= parts && keypoints.length >= n * LEAST);
  return by ? { ...surface, keypoints: keypoints.subarray(0, Math.ceil(keypoints.length / by)) } : surface;
}
