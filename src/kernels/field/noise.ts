/**
 * Counter-based noise, uniform in [0, 1): the same whichever thread asks (the output permutation of PCG, O'Neill 2014).
 */
// @ts-ignore: decorator
@inline
export function noise(seed: u32, counter: u32): f32 {
  let s = seed + counter * 0x9e3779b9;
  s = s * 747796405 + 2891336453;
  const w = ((s >> ((s >> 28) + 4)) ^ s) * 277803737;
  return <f32>((w >> 22) ^ w) * <f32>(1.0 / 4294967296.0);
}
