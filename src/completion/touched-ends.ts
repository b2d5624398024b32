import { hasNormal, type SurfaceEvidence } from './evidence.js';
import type { FreeSpace } from './free-space.js';

/** Where touches show that an object ends; lengths in metres. */
export interface EndsOptions {
  /** Fewer touches than this tell nothing. */
  readonly fewest: number;
  /** Beyond the outermost touch an object goes on by at most this, */
  readonly base: number;
  /** and this times the way from the third touch to the outermost one. */
  readonly share: number;
}

/** The third of the outermost touches: one alone may be a knob, or all that was felt there. */
const ORDER = 3;
/** Those three lie at least so far apart (m), or they are one place that was felt three times. */
const APART = 0.02;
/** Touches that all reach equally far, such as a ring around a bottle, tell nothing of how far it goes on (m). */
const LEAST_RANGE = 0.01;
/** Behind a surface that faces the other way there is more of the object: least cosine. */
const LEAST_FACING = -0.1;
/** Azimuths of the sides that ends are looked for on; upwards, too. */
const SIDES = 16;
/** Points beyond the ends lie on a lattice, one layer of it; nothing is nearer to each than its spacing (m). */
const SPACING = 0.01;
/** So far around what was touched points are placed (m). */
const AROUND = 0.06;

type Vector = readonly [number, number, number];

/** In one direction: how far a touch reaches, and where. */
interface Reach {
  readonly far: number;
  readonly point: number;
}

/**
 * Where an object that was touched all around is not: beyond its ends, as far as touches show them. The farthest of a sample
 * underestimates where it ends by about the way to the next ones, whatever the distribution (Robson and Whitlock 1964): where
 * three touches far apart reach equally far, as on a rim, the object ends there, though a prior may know taller ones.
 *
 * @param evidence object frame, z up
 * @returns undefined where something was seen (what it shows to be free is known), or no end is
 * @example
 * const free = joinFree([evidence.free, touchedEnds(evidence, DEFAULT_COMPLETION.ends)]);
 */
export function touchedEnds(evidence: SurfaceEvidence, options: EndsOptions): FreeSpace | undefined {
  const { points, touches } = evidence;
  const count = touches.reduce((most, touch) => Math.max(most, touch + 1), 0);
  if (count < options.fewest || touches.some((touch) => touch < 0)) return undefined;
  const ends = directions().flatMap((way) => {
    const end = endAlong(evidence, way, count, options);
    return end === undefined ? [] : [{ way, end }];
  });
  if (ends.length === 0) return undefined;
  const [low, high] = [boundOf(points, Math.min), boundOf(points, Math.max)];
  const found: number[] = [];
  for (let z = SPACING / 2; z < high[2] + AROUND; z += SPACING)
    for (let y = low[1] - AROUND; y < high[1] + AROUND; y += SPACING)
      for (let x = low[0] - AROUND; x < high[0] + AROUND; x += SPACING) {
        let beyond = -Infinity;
        for (const { way, end } of ends)
          beyond = Math.max(beyond, way[0] * x + way[1] * y + way[2] * z - end);
        if (beyond >= SPACING && beyond < 2 * SPACING) found.push(x, y, z);
      }
  return {
    points: Float32Array.from(found),
    clearances: new Float32Array(found.length / 3).fill(SPACING),
  };
}

function directions(): Vector[] {
  const sides = Array.from({ length: SIDES }, (_, i): Vector => {
    const azimuth = (2 * Math.PI * i) / SIDES;
    return [Math.cos(azimuth), Math.sin(azimuth), 0];
  });
  return [...sides, [0, 0, 1]];
}

/** How far along a direction the object goes at most (m); undefined where the touches do not show its end. */
function endAlong(
  evidence: SurfaceEvidence,
  way: Vector,
  count: number,
  options: EndsOptions,
): number | undefined {
  const { points, normals, touches } = evidence;
  const along = (of: Float32Array, i: number): number =>
    way[0] * of[3 * i]! + way[1] * of[3 * i + 1]! + way[2] * of[3 * i + 2]!;
  const reaches: (Reach | undefined)[] = Array.from({ length: count }, () => undefined);
  for (let i = 0; i < touches.length; i++) {
    const far = along(points, i);
    if (far > (reaches[touches[i]!]?.far ?? -Infinity)) reaches[touches[i]!] = { far, point: i };
  }
  const sorted = (reaches.filter((reach) => reach) as Reach[]).sort((a, b) => b.far - a.far);
  if (sorted.length < options.fewest || sorted[0]!.far - sorted.at(-1)!.far < LEAST_RANGE) return undefined;
  const first = sorted.slice(0, ORDER);
  const gap = (a: number, b: number): number =>
    Math.hypot(...[0, 1, 2].map((k) => points[3 * a + k]! - points[3 * b + k]!));
  const one = first.some((a, i) => first.some((b, j) => j < i && gap(a.point, b.point) < APART));
  const facing = ({ point }: Reach): boolean =>
    hasNormal(normals, 3 * point) && along(normals, point) >= LEAST_FACING;
  if (one || !first.some(facing)) return undefined;
  return first[0]!.far + options.base + options.share * (first[0]!.far - first.at(-1)!.far);
}

function boundOf(points: Float32Array, pick: (a: number, b: number) => number): Vector {
  const out: [number, number, number] = [points[0]!, points[1]!, points[2]!];
  for (let i = 0; i < points.length; i++) out[i % 3] = pick(out[i % 3]!, points[i]!);
  return out;
}
