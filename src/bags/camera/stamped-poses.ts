import type { Pose } from '../../geometry/se3.js';

/** Poses of a camera, each with the stamp of its image. */
export interface StampedPoses {
  readonly stampsNs: readonly bigint[];
  readonly poses: readonly Pose[];
}

/**
 * The poses that are known, each with the stamp of its image.
 *
 * @param poses in the order of the images, undefined where one is not known; those beyond the last image are left out
 */
export function stampedPoses(
  stampsNs: readonly bigint[],
  poses: readonly (Pose | undefined)[],
): StampedPoses {
  const known = stampsNs.flatMap((stampNs, i) => {
    const pose = poses[i];
    return pose ? [{ stampNs, pose }] : [];
  });
  return { stampsNs: known.map((one) => one.stampNs), poses: known.map((one) => one.pose) };
}

/** The same as a folder has them, which were read already; nothing where none is known. */
export function posesAsRead(
  stampsNs: readonly bigint[],
  poses: readonly (Pose | undefined)[],
): { readonly poses?: () => Promise<StampedPoses> } {
  const known = stampedPoses(stampsNs, poses);
  return known.poses.length > 0 ? { poses: () => Promise.resolve(known) } : {};
}
