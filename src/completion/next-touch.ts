import type { Mesh } from '../mesh/mesh.js';
import type { CompletedShape } from './complete.js';
import type { SurfaceEvidence } from './evidence.js';
import type { FreeSpace } from './free-space.js';
import { openEnd } from './open-end.js';
import { cumulative, TouchGain } from './touch-gain.js';

/** A place that a sensor can get at, object frame. */
export interface TouchPlace {
  /** On the completed surface (m); where an end is looked for, as far out as is known; beside the object where nothing can be reached. */
  readonly point: readonly [number, number, number];
  /** Unit, the way the sensor moves: into the surface. */
  readonly approach: readonly [number, number, number];
  /** 68 % of the surface's errors there are smaller (m). */
  readonly sigma: number;
  /** Probability that the sensor meets the object there. */
  readonly contact: number;
  /** How far it is from what was touched and seen, normals counted (m). */
  readonly away: number;
  /** Share of the surface that is expected to come within the tolerance, times that probability. */
  readonly gain: number;
}

/** Where to touch next, object frame. */
export type NextTouch = Omit<TouchPlace, 'away'>;

export interface NextTouchOptions {
  /** Surface lower than this cannot be touched beside the table (m). Default 6 mm. */
  readonly clearance?: number;
  /** Half the thickness of the finger that carries the sensor (m). Default 8 mm. */
  readonly finger?: number;
  /** Normals that point down more steeply cannot be touched: least z of a normal. Default −0.5. */
  readonly leastUp?: number;
  /** Places whose normals are unlike count as farther apart: by this times the difference of the normals (m). Default 30 mm. */
  readonly turn?: number;
  /** Errors up to this are good enough (m). Default 5 mm. */
  readonly tolerance?: number;
  /** Samples of the surface that are looked at. Default 300. */
  readonly samples?: number;
  /** Standard deviation of a touch (m). Default 0.5 mm. */
  readonly sigma?: number;
  /** The sensor goes on so far beyond the place where it meets nothing there (m); the table ends its way, too. Default 0.2. */
  readonly onward?: number;
  /** Ends of the object that are expected farther than this from what is known are looked for before all else (m). Default 20 mm. */
  readonly openEnd?: number;
  /** Where a sensor has been, object frame, whether it met something in the end or not: no place there is proposed again. */
  readonly passed?: FreeSpace;
}

/** A finger comes from so far (m). */
const REACH = 0.2;
const STEP = 0.006;

/**
 * From the side, where the object is expected to go on beyond what is known ({@link openEnd}): a prior takes the middle of
 * what is known for the object's, and proposes nothing beyond. Where no end is open, the reachable place that is far from all that was touched and seen, and from which much is expected: the share of the
 * surface that comes within the tolerance ({@link TouchGain}), times the probability that the sensor meets the object.
 * Either counts as a share of the best place's. Places count as farther apart where their normals differ, so that both sides
 * of a thin wall are touched. The expected share alone trusts a prior that may not know the object; the distance alone
 * knows nothing of it: measured in docs/completion.md.
 *
 * @param mesh the shape's surface with normals, object frame
 * @returns undefined without any evidence around the object
 * @example
 * const next = nextTouch(shape, mesher.surface(shape));
 * if (next) moveTo(next.point, next.approach);
 */
export function nextTouch(
  shape: CompletedShape,
  mesh: Mesh,
  options: NextTouchOptions = {},
): NextTouch | undefined {
  const best =
    towardsEnd(shape, mesh, options) ??
    rankTouches(shape, mesh, options)[0] ??
    besideIt(shape, gainOf(shape, mesh, options));
  if (!best) return undefined;
  const { point, approach, sigma, contact, gain } = best;
  return { point, approach, sigma, contact, gain };
}

/** From outside towards the end that is farthest from being known. */
function towardsEnd(shape: CompletedShape, mesh: Mesh, options: NextTouchOptions): NextTouch | undefined {
  const { openEnd: least = 0.02, onward = 0.2, passed } = options;
  const { free } = shape.evidence;
  const end = openEnd(shape.evidence, least, (point) => isFree(free, point) || isFree(passed, point));
  if (!end) return undefined;
  const { point, outwards } = end;
  const contact = contactProbability(shape, point, outwards, onward);
  const approach = [-outwards[0], -outwards[1], -outwards[2]] as const;
  const gain = contact * gainOf(shape, mesh, options).at(point);
  return { point, approach, sigma: shape.sigma(...point), contact, gain };
}

/** All reachable places among the samples, the best first. */
export function rankTouches(
  shape: CompletedShape,
  mesh: Mesh,
  options: NextTouchOptions = {},
): readonly TouchPlace[] {
  const known = knownPlaces(shape.evidence);
  const { samples = 300, turn = 0.03, onward = 0.2 } = options;
  const { positions, normals } = mesh;
  const vertices = positions.length / 3;
  const chosen = Math.min(samples, vertices);
  const expected = gainOf(shape, mesh, options);
  const out: TouchPlace[] = [];
  for (let s = 0; s < chosen; s++) {
    const v = 3 * Math.floor((s * vertices) / chosen);
    const point = [positions[v]!, positions[v + 1]!, positions[v + 2]!] as const;
    const normal = [normals?.[v] ?? 0, normals?.[v + 1] ?? 0, normals?.[v + 2] ?? 1] as const;
    if (!reachable(shape, point, normal, options)) continue;
    const contact = contactProbability(shape, point, normal, onward);
    const away = distanceTo(known, point, normal, turn);
    const approach = [-normal[0], -normal[1], -normal[2]] as const;
    const gain = contact * expected.at(point);
    out.push({ point, approach, sigma: shape.sigma(...point), contact, away, gain });
  }
  const far = ({ contact, away }: TouchPlace): number => Math.sqrt(contact) * away;
  const [farthest, most] = [largest(out.map(far)), largest(out.map(({ gain }) => gain))];
  const score = (place: TouchPlace): number => far(place) / farthest + place.gain / most;
  return out
    .map((place) => ({ place, score: score(place) }))
    .sort((a, b) => b.score - a.score)
    .map(({ place }) => place);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 1e-12);
}

function gainOf(shape: CompletedShape, mesh: Mesh, options: NextTouchOptions): TouchGain {
  const { tolerance = 0.005, sigma = 0.0005 } = options;
  return new TouchGain(shape, mesh, { tolerance, samples: GAIN_SAMPLES, sigma });
}

/** Samples of the surface that the expected share is taken over. */
const GAIN_SAMPLES = 200;

type Vector = readonly [number, number, number];

/** Middles of touches, and points that were seen, 3·N each with their normals (NaN where not known). */
interface KnownPlaces {
  readonly points: readonly number[];
  readonly normals: readonly number[];
}

function knownPlaces({ points, normals, touches }: SurfaceEvidence): KnownPlaces {
  const out = { points: [] as number[], normals: [] as number[] };
  for (let first = 0, next = 0; first < touches.length; first = next) {
    next++;
    while (touches[first]! >= 0 && next < touches.length && touches[next] === touches[first]) next++;
    const normal = [0, 0, 0];
    for (let k = 0; k < 3; k++) {
      let sum = 0;
      for (let i = first; i < next; i++) {
        sum += points[3 * i + k]!;
        normal[k]! += normals[3 * i + k]!;
      }
      out.points.push(sum / (next - first));
    }
    const length = Math.hypot(...normal);
    out.normals.push(...normal.map((v) => v / length));
  }
  return out;
}

function distanceTo({ points, normals }: KnownPlaces, p: Vector, n: Vector, turn: number): number {
  let least = Infinity;
  for (let i = 0; i < points.length; i += 3) {
    const gap = (p[0] - points[i]!) ** 2 + (p[1] - points[i + 1]!) ** 2 + (p[2] - points[i + 2]!) ** 2;
    const other = (n[0] - normals[i]!) ** 2 + (n[1] - normals[i + 1]!) ** 2 + (n[2] - normals[i + 2]!) ** 2;
    least = Math.min(least, gap + (Number.isFinite(other) ? turn * turn * other : 0));
  }
  return Math.sqrt(least);
}

/** Directions that are tried around an object of which nothing can be reached, and heights (m). */
const AROUND = 12;
const HEIGHTS = [0.015, 0.03];
/** Half the way of objects that the prior knows (m). */
const HALF_WIDTH = 0.06;

/** From the side to the object's middle, as far as can be from what is known: as little is known that nothing can be reached. */
function besideIt(shape: CompletedShape, expected: TouchGain): TouchPlace | undefined {
  const known = knownPlaces(shape.evidence);
  const { points: free, seen } = shape.evidence.free ?? { points: new Float32Array(0) };
  if (known.points.length === 0) return undefined;
  let best: Omit<TouchPlace, 'gain'> | undefined;
  for (let i = 0; i < AROUND; i++)
    for (const z of HEIGHTS) {
      const [c, s] = [Math.cos((2 * Math.PI * i) / AROUND), Math.sin((2 * Math.PI * i) / AROUND)];
      const point = [HALF_WIDTH * c, HALF_WIDTH * s, z] as const;
      let away = distanceTo(known, point, [c, s, 0], 0);
      for (let f = 0; f < free.length; f += 3)
        if (!seen?.[f / 3])
          away = Math.min(away, Math.hypot(free[f]! - point[0], free[f + 1]! - point[1], free[f + 2]! - z));
      if (!best || away > best.away)
        best = { point, approach: [-c, -s, 0], sigma: shape.sigma(...point), contact: 0.5, away };
    }
  return best && { ...best, gain: best.contact * expected.at(best.point) };
}

/** Probability that the way through a place leads into the object: of its surest point. */
function contactProbability(shape: CompletedShape, point: Vector, normal: Vector, onward: number): number {
  let deepest = 0;
  let at: Vector = point;
  for (let t = STEP / 2; t < onward; t += STEP) {
    const p = along(point, normal, -t);
    const depth = -shape.distance(...p);
    if (depth > deepest) {
      deepest = depth;
      at = p;
    }
  }
  const x = deepest / (shape.modelSigma(...at) + 1e-9);
  return cumulative(x);
}

/** Places this much farther than the clearance from where a sensor met nothing are worth a try. */
const FREE_SHARE = 1.5;

/** Whether a finger gets there along the normal: not at the table, not from below, not through the object. */
function reachable(shape: CompletedShape, point: Vector, normal: Vector, options: NextTouchOptions): boolean {
  const { clearance = 0.006, finger = 0.008, leastUp = -0.5 } = options;
  if (normal[2] < leastUp || point[2] < clearance) return false;
  if (isFree(shape.evidence.free, point) || isFree(options.passed, point)) return false;
  for (let t = STEP; t < REACH; t += STEP) {
    const at = along(point, normal, t);
    if (at[2] < 0) return false;
    if (shape.distance(...at) < Math.min(t / 2, finger)) return false;
  }
  return true;
}

/** Whether a sensor has been there and met nothing. */
function isFree(free: FreeSpace | undefined, point: Vector): boolean {
  if (!free) return false;
  const { points, clearances, seen } = free;
  return clearances.some(
    (clearance, i) =>
      !seen?.[i] &&
      Math.hypot(points[3 * i]! - point[0], points[3 * i + 1]! - point[1], points[3 * i + 2]! - point[2]) <
        FREE_SHARE * clearance,
  );
}

function along(point: Vector, direction: Vector, way: number): [number, number, number] {
  return [point[0] + way * direction[0], point[1] + way * direction[1], point[2] + way * direction[2]];
}
