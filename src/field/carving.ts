/** Rays that are followed before what they met is weakened: engines that agree on this agree on the map. */
export const CARVING_RAYS = 3072;
/** Corners deep in something that a ray may prove to be air; HITS in src/kernels/field/carve.ts. */
export const CARVING_HITS = 8;
/** Most corners that one ray can list: 27 around each of those. */
export const CARVED_PER_RAY = 27 * CARVING_HITS;
