/** Rays that are followed before what they met is weakened: engines that agree on this agree on the map. */
export const CARVING_RAYS = 3072;
/** Most corners that one ray can list: 27 around each of the 8 that it may meet, as in src/kernels/carve.ts. */
export const CARVED_PER_RAY = 27 * 8;
