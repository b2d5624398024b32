/**
 * Colours of standard deviations, 3·N of 0 … 255: blue where the surface is sure, through white to red at `most` (m) and
 * above.
 */
export function sigmaColors(sigmas: Float32Array, most: number): Uint8Array {
  const out = new Uint8Array(3 * sigmas.length);
  for (let i = 0; i < sigmas.length; i++) {
    const share = Math.min(1, Math.max(0, sigmas[i]! / most));
    const [below, above] = [Math.min(1, 2 * share), Math.max(0, 2 * share - 1)];
    out[3 * i] = Math.round(40 + 215 * below);
    out[3 * i + 1] = Math.round(90 + 165 * below - 205 * above);
    out[3 * i + 2] = Math.round(220 + 35 * below - 215 * above);
  }
  return out;
}
