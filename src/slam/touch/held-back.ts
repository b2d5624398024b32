import { firstOf, type FeltGel } from './felt-gels.js';

/** Share of the touches up to which those that nothing overlaps are few. Where they are more, they are what there is. */
const FEW = 0.1;

/**
 * Touches to be left out of the map until others overlap them: nothing but the arm says where they were, while nearly all
 * others are known far better than it is. A fine grid says of all that it holds that it is known to its voxel; four of 240
 * that were off by the arm's 4 mm made three quarters of the squared error of a mug. None where the arm knows the voxel, and
 * none whose contact another touch overlaps or that a camera saw.
 *
 * @param overlaps of each touch, how many others it was compared with
 * @param arm standard deviation of the arm's places (m) @param voxel of the grid (m)
 * @example
 * const left = heldBack(gels, bundle.overlaps, 0.002, 0.001);
 * for (const gel of gels) if (!left.has(gel)) fuse(gel);
 */
export function heldBack(
  gels: readonly FeltGel[],
  overlaps: ArrayLike<number>,
  arm: number,
  voxel: number,
): ReadonlySet<FeltGel> {
  if (!(arm > voxel)) return new Set();
  const known = new Set<FeltGel>();
  gels.forEach((gel, i) => {
    if (overlaps[i]! > 0 || gel.prior.seen) known.add(firstOf(gel));
  });
  const alone = gels.filter((gel) => !known.has(firstOf(gel)));
  return new Set(alone.length <= FEW * gels.length ? alone : []);
}

/** One sentence for the user. */
export function heldBackNotice(left: number, all: number, arm: number): string {
  return `${left} of ${all} touches overlap no other, so nothing but the arm says where they were (to ${(1e3 * arm).toFixed(1)} mm), and they are left out of the map, whose other touches are known far better; touch beside them and they are taken.`;
}
