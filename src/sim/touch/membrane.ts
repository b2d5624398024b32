/** Sweeps over the image at most; a skirt of 8 pixels needs about 30. */
const MAX_SWEEPS = 200;

/**
 * The depth of a gel that something intrudes into: the membrane lies on the intruder where that is deepest and
 * otherwise solves ∇²h = h / skirt² (an elastic membrane on an elastic bed): the obstacle problem, by projected
 * successive over-relaxation. It spans gaps that are narrow against the skirt, and leaves the gel at rest far away.
 *
 * @param intrusion how far the intruder reaches under the gel at rest (m), negative above it; rows of `width`
 * @param skirt decay length (m); 0: the gel follows the intruder only
 * @param depth result, metres
 * @param contact result: 1 where the gel lies on the intruder
 */
export function pressMembrane(
  intrusion: Float32Array,
  width: number,
  height: number,
  pitch: number,
  skirt: number,
  depth: Float32Array,
  contact: Uint8Array,
): void {
  for (let i = 0; i < depth.length; i++) depth[i] = Math.max(0, intrusion[i]!);
  if (skirt > 0) relax(intrusion, width, height, (pitch / skirt) ** 2, depth);
  for (let i = 0; i < depth.length; i++)
    contact[i] = intrusion[i]! > 0 && depth[i]! <= intrusion[i]! + 1e-9 ? 1 : 0;
}

function relax(
  intrusion: Float32Array,
  width: number,
  height: number,
  bed: number,
  depth: Float32Array,
): void {
  const diagonal = 1 / (4 + bed);
  // Best factor for this screening on a large grid.
  const omega = 2 / (1 + Math.sqrt(1 - (4 * diagonal) ** 2));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let largest = 0;
    for (let y = 0; y < height; y++) {
      const up = y > 0 ? -width : 0;
      const down = y < height - 1 ? width : 0;
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        const left = x > 0 ? i - 1 : i;
        const right = x < width - 1 ? i + 1 : i;
        const old = depth[i]!;
        const free = (depth[left]! + depth[right]! + depth[i + up]! + depth[i + down]!) * diagonal;
        const next = Math.max(old + omega * (free - old), intrusion[i]!, 0);
        depth[i] = next;
        const change = next > old ? next - old : old - next;
        if (change > largest) largest = change;
      }
    }
    if (largest < 1e-8) return; // a hundredth of a micrometre
  }
}
