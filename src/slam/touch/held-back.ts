/** What a grid holds is known to this share of its voxel. */
const SHARE = 0.5;
/** Share of the touches up to which those that are not are few. Where they are more, they are what there is. */
const FEW = 0.11;

/**
 * Which touches are to be left out of the map until others overlap them: hardly anything but the arm says where they were,
 * while nearly all others are known far better. A fine grid says of all that it holds that it is known to a part of its voxel;
 * 14 of 240 that were not, by up to 4 mm, made three quarters of the squared error of a mug.
 *
 * @param sigmas of each touch (m), by {@link looseSigmas} @param voxel of the grid (m)
 * @example
 * const left = heldBack(sigmas, 0.001);
 * const kept = poses.filter((_, i) => !left.has(i));
 */
export function heldBack(sigmas: Float64Array, voxel: number): ReadonlySet<number> {
  const loose = Array.from(sigmas.keys()).filter((i) => sigmas[i]! > SHARE * voxel);
  return new Set(loose.length <= FEW * sigmas.length ? loose : []);
}

/** One sentence for the user. */
export function heldBackNotice(left: ReadonlySet<number>, sigmas: Float64Array): string {
  const least = Math.min(...Array.from(left, (i) => sigmas[i]!));
  return `${left.size} of ${sigmas.length} touches overlap others too little to say where they were (by ${(1e3 * least).toFixed(1)} mm or more, one standard deviation), and they are left out of the map, whose other touches are known far better; touch beside them and they are taken.`;
}
