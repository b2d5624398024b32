/** What a grid holds is known to this share of its voxel. */
const SHARE = 0.3;
/** Share of all that was felt that is left out at most: the worst of it. What is more is what there is. */
const LITTLE = 0.1;

/**
 * Which touches are to be left out of the map until others overlap them: hardly anything but the arm says where they were,
 * while nearly all others are known far better. A fine grid says of all that it holds that it is known to a part of its voxel;
 * 14 of 240 that were not, by up to 4 mm, made three quarters of the squared error of a mug.
 *
 * @param sigmas of each touch (m), by {@link weaklyHeldSigmas} @param felt samples of each @param voxel of the grid (m)
 * @example
 * const left = heldBack(sigmas, touches.map(({ patch }) => patch.samples.length), 0.001);
 * const kept = poses.filter((_, i) => !left.has(i));
 */
export function heldBack(sigmas: Float64Array, felt: readonly number[], voxel: number): ReadonlySet<number> {
  const weak = Array.from(sigmas.keys()).filter((i) => sigmas[i]! > SHARE * voxel);
  weak.sort((i, j) => (sigmas[i]! === sigmas[j]! ? i - j : sigmas[j]! - sigmas[i]!));
  let room = LITTLE * felt.reduce((sum, n) => sum + n, 0);
  return new Set(weak.filter((i) => (room -= felt[i]!) >= 0));
}

/** One sentence for the user. */
export function heldBackNotice(left: ReadonlySet<number>, sigmas: Float64Array): string {
  const known = Array.from(left, (i) => sigmas[i]!).filter(Number.isFinite);
  const least = (1e3 * Math.min(...known)).toFixed(1);
  const why = [
    known.length > 0 &&
      `${known.length} overlap others too little to say where they were (by ${least} mm or more, one standard deviation)`,
    known.length < left.size && `${left.size - known.length} do not lie on those that they overlap`,
  ].filter(Boolean);
  return `${left.size} of ${sigmas.length} touches are left out of the map, whose other touches are known far better: ${why.join(', ')}; touch beside them and they are taken.`;
}
