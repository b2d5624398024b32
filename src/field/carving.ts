/** Rays that are followed before what they met is weakened: engines that agree on this agree on the map. */
export const CARVING_RAYS = 3072;
