/** What a grid holds is known to this share of its voxel. */
const SHARE = 0.5;
/** Share of all that was felt up to which what is not is little. Where it is more, it is what there is. */
const LITTLE = 0.1;

/**
 * Which touches are to be left out of the map until others overlap them: hardly anything but the arm says where they were,
 * while nearly all others are known far better. A fine grid says of all that it holds that it is known to a part of its voxel;
 * 14 of 240 that were not, by up to 4 mm, made three quarters of the squared error of a mug.
 *
 * @param sigmas of each touch (m), by {@link looseSigmas} @param felt samples of each @param voxel of the grid (m)
 * @example
 * const left = heldBack(sigmas, touches.map(({ patch }) => patch.samples.length), 0.001);
 * const kept = poses.filter((_, i) => !left.has(i));
 */
export function heldBack(sigmas: Float64Array, felt: readonly number[], voxel: number): ReadonlySet<number> {
  const loose = Array.from(sigmas.keys()).filter((i) => sigmas[i]! > SHARE * voxel);
  const sum = (list: readonly number[]): number => list.reduce((a, i) => a + felt[i]!, 0);
  return new Set(sum(loose) <= LITTLE * sum([...felt.keys()]) ? loose : []);
}

/** One sentence for the user. */
export function heldBackNotice(left: ReadonlySet<number>, sigmas: Float64Array): string {
  const least = Math.min(...Array.from(left, (i) => sigmas[i]!));
  return `${left.size} of ${sigmas.length} touches overlap others too little to say where they were (by ${(1e3 * least).toFixed(1)} mm or more, one standard deviation), and they are left out of the map, whose other touches are known far better; touch beside them and they are taken.`;
}
