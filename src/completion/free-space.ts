/** Points that are known to lie outside of the object, at least so far from it; the frame of the evidence they belong to. */
export interface FreeSpace {
  /** 3·N (m). */
  readonly points: Float32Array;
  /** Least distance to the surface, N (m). */
  readonly clearances: Float32Array;
  /** Standard deviation of where each point is, N (m); absent: they are where they are said to be. */
  readonly sigmas?: Float32Array;
  /** 1 where a camera looked through, 0 where a sensor of touch was and met nothing, N; absent: all of them were felt. */
  readonly seen?: Uint8Array;
}

/** Where a view says that nothing is. */
export interface EmptyOptions {
  /** Distance of the lattice's points (m). Default 8 mm. */
  readonly spacing?: number;
  /** Standard deviation of what was seen (m). */
  readonly sigma: number;
}

/** So many standard deviations are kept away from what was seen. */
const APART = 1.5;
/** More points than this are thinned: each costs time. */
const MOST = 4000;

/**
 * Balls that a map, or a view, shows to be empty: about points of a lattice, as large as its spacing, where the point and
 * its 26 neighbours lie in seen space in front of the surface. A ray that only just passes a thing has a neighbour that
 * meets it. Things thinner than the spacing can lie between the points.
 *
 * @param box x0, y0, z0, x1, y1, z1 (m)
 * @param distances signed distance as it was seen, of 3·N points (m), NaN where nothing was
 * @example
 * const free = emptySpace([-0.1, -0.1, 0, 0.1, 0.1, 0.2], { sigma: 0.002 }, (points) => tsdf.distances(points));
 * completeShape(prior, { ...evidence, free });
 */
export function emptySpace(
  box: readonly [number, number, number, number, number, number],
  { spacing = 0.008, sigma }: EmptyOptions,
  distances: (points: Float32Array) => ArrayLike<number>,
): FreeSpace {
  // At multiples of the spacing, one layer more around the box.
  const first = [0, 1, 2].map((k) => Math.ceil(box[k]! / spacing) - 1) as [number, number, number];
  const [nx, ny, nz] = [0, 1, 2].map((k) => Math.max(0, Math.floor(box[k + 3]! / spacing) - first[k]! + 2)) as [number, number, number];
  const lattice = new Float32Array(3 * nx * ny * nz);
  for (let z = 0, at = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, at += 3)
        lattice.set([(first[0] + x) * spacing, (first[1] + y) * spacing, (first[2] + z) * spacing], at);
  const seen = distances(lattice);
  const inFront = (i: number): boolean => seen[i]! >= APART * sigma;
  const empty: number[] = [];
  for (let z = 1; z < nz - 1; z++)
    for (let y = 1; y < ny - 1; y++)
      for (let x = 1; x < nx - 1; x++) {
        let all = true;
        for (let c = 0; c < 27 && all; c++)
          all = inFront(((z + Math.floor(c / 9) - 1) * ny + y + (Math.floor(c / 3) % 3) - 1) * nx + x + (c % 3) - 1);
        if (all) empty.push((z * ny + y) * nx + x);
      }
  const step = Math.max(1, empty.length / MOST);
  const count = Math.floor(empty.length / step);
  const points = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const from = 3 * empty[Math.floor(i * step)]!;
    points.set(lattice.subarray(from, from + 3), 3 * i);
  }
  return {
    points,
    clearances: new Float32Array(count).fill(spacing),
    sigmas: new Float32Array(count).fill(sigma),
    seen: new Uint8Array(count).fill(1),
  };
} // prettier-ignore

/** All of them; undefined where there is none. */
export function joinFree(parts: readonly (FreeSpace | undefined)[]): FreeSpace | undefined {
  const some = parts.filter((part) => part !== undefined && part.clearances.length > 0) as FreeSpace[];
  if (some.length < 2) return some[0];
  const sum = some.reduce((n, { clearances }) => n + clearances.length, 0);
  const points = new Float32Array(3 * sum);
  const [clearances, sigmas] = [new Float32Array(sum), new Float32Array(sum)];
  const seen = new Uint8Array(sum);
  let at = 0;
  for (const part of some) {
    points.set(part.points, 3 * at);
    clearances.set(part.clearances, at);
    if (part.sigmas) sigmas.set(part.sigmas, at);
    if (part.seen) seen.set(part.seen, at);
    at += part.clearances.length;
  }
  return { points, clearances, sigmas, seen };
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

/** At most so many of the points that a camera saw to be empty, and all that were felt. */
export function thinnedFree(free: FreeSpace, most: number): FreeSpace {
  const { points, clearances, sigmas, seen } = free;
  const step = Math.ceil((seen?.reduce((n, one) => n + one, 0) ?? 0) / most);
  if (step < 2) return free;
  let number = 0;
  const kept = Array.from(clearances.keys()).filter((i) => !seen![i] || number++ % step === 0);
  return {
    points: Float32Array.from(kept.flatMap((i) => [...points.subarray(3 * i, 3 * i + 3)])),
    clearances: Float32Array.from(kept, (i) => clearances[i]!),
    ...(sigmas && { sigmas: Float32Array.from(kept, (i) => sigmas[i]!) }),
    seen: Uint8Array.from(kept, (i) => seen![i]!),
  };
}
