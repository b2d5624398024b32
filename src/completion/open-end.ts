import type { SurfaceEvidence } from './evidence.js';

/** A side of the object that nothing tells the end of, object frame. */
export interface OpenEnd {
  /** As far out as anything is known on that side, level with half of what is known, in the middle across (m). */
  readonly point: readonly [number, number, number];
  /** Unit, out of the object; level. */
  readonly outwards: readonly [number, number, number];
  /** Expected way from there to the object's end (m). */
  readonly gap: number;
}

/** Sides that are looked at. */
const SIDES = 12;
/** What lies so near to the outermost point counts as the end (m). */
const END = 0.008;
/**
 * Way from the outermost point to the object's end where its surface does not face that side at all (m): measured on
 * validation objects, random touches, 40 to 45 mm after one or two of them. It goes down with the root of what is missing
 * to a normal that points there, and to half with so many touches.
 */
const BEYOND = 0.045;
const HALVED = 8;
/** Lowest probe (m): a finger fits above the table. */
const LOWEST = 0.012;

/**
 * The side where the object is expected to go on farthest beyond what was touched and seen. Where the outermost surface
 * faces a side, the object ends there; where it faces elsewhere, it goes on, whatever a prior says that takes the middle of what is
 * known for the object's.
 *
 * @param least ends that are expected nearer than this are none (m)
 * @param isKnown whether a place needs no probe, as a sensor was there already
 * @example
 * const end = openEnd(evidence, 0.02, () => false);
 * if (end) probeTowards(end.point);
 */
export function openEnd(
  evidence: SurfaceEvidence,
  least: number,
  isKnown: (point: readonly [number, number, number]) => boolean,
): OpenEnd | undefined {
  const { points, touches } = evidence;
  if (touches.length === 0) return undefined;
  const share = 1 / (1 + new Set(touches).size / HALVED);
  let top = 0;
  for (let i = 2; i < points.length; i += 3) top = Math.max(top, points[i]!);
  const height = Math.max(LOWEST, top / 2);
  let best: OpenEnd | undefined;
  for (let side = 0; side < SIDES; side++) {
    const angle = (2 * Math.PI * side) / SIDES;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const { end, facing, across } = outermost(evidence, c, s);
    const gap = BEYOND * Math.sqrt(Math.max(0, 1 - facing)) * share;
    const point = [c * end - s * across, s * end + c * across, height] as const;
    if (gap <= (best?.gap ?? least) || isKnown(point)) continue;
    best = { point, outwards: [c, s, 0], gap };
  }
  return best;
}

/** How far points go along (c, s), how much the surface there faces that way (0 … 1), and the middle of all across it (m). */
function outermost({ points, normals }: SurfaceEvidence, c: number, s: number) {
  let [end, low, high, facing] = [-Infinity, Infinity, -Infinity, 0];
  for (let i = 0; i < points.length; i += 3) {
    end = Math.max(end, c * points[i]! + s * points[i + 1]!);
    const v = c * points[i + 1]! - s * points[i]!;
    [low, high] = [Math.min(low, v), Math.max(high, v)];
  }
  for (let i = 0; i < points.length; i += 3) {
    if (c * points[i]! + s * points[i + 1]! < end - END) continue;
    const towards = c * normals[i]! + s * normals[i + 1]!;
    // Not so for points without a normal (NaN).
    if (towards > facing) facing = towards;
  }
  return { end, facing, across: (low + high) / 2 };
}
