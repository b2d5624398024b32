/** Points that are known to lie outside of the object, at least so far from it; the frame of the evidence they belong to. */
export interface FreeSpace {
  /** 3·N (m). */
  readonly points: Float32Array;
  /** Least distance to the surface, N (m). */
  readonly clearances: Float32Array;
  /** Standard deviation of where each point is, N (m); absent: they are where they are said to be. */
  readonly sigmas?: Float32Array;
}

/** How a sensor went through the air without meeting anything. */
export interface Sweep {
  /** Where the middle of its face went (m). */
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  /** Half the shorter side of its face: nothing is nearer to its way (m). */
  readonly clearance: number;
}

/**
 * What sweeps that met nothing tell: a row of points along each, one every `clearance`. Ahead of where the face stopped
 * nothing is known.
 *
 * @example
 * const free = sweptSpace([{ from: [0, 0, 0.2], to: [0, 0, 0.05], clearance: 0.007 }]);
 * completeShape(prior, { ...evidence, free });
 */
export function sweptSpace(sweeps: readonly Sweep[]): FreeSpace {
  const points: number[] = [];
  const clearances: number[] = [];
  for (const { from, to, clearance } of sweeps) {
    const way = [0, 1, 2].map((k) => to[k]! - from[k]!);
    const length = Math.hypot(...way);
    for (let t = length - clearance; t > 0; t -= clearance) {
      for (let k = 0; k < 3; k++) points.push(from[k]! + (t / length) * way[k]!);
      clearances.push(clearance);
    }
  }
  return { points: Float32Array.from(points), clearances: Float32Array.from(clearances) };
}
