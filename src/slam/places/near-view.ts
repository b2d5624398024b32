import { areWithin, type Pose } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import type { Track } from '../tracking/tracker.js';
import { isCertain, scoreOf, type Candidate, type CertaintyLimits } from './certainty.js';
import { rolled, shifted3, tilted, turned } from './guesses.js';
import type { PlaceSearch } from './place-search.js';

/**
 * Fit (see {@link Candidate}) of a depth camera's frame after a gap: from which on its place is believed as it is, from which on it is
 * mapped, and what it must have at least; `again`: what follows at once on a frame that was not believed is found beside that, and must fit better. Of 219 frames 0.3 to 1 s apart in four real recordings (a kitchen, a desk, fast rotation, a cabinet)
 * right places had 0.76 and more but for one with 0.72, most of them 0.85; wrong ones that had settled, with 0.3 of the view in the map, 0.74 at
 * most.
 */
export const VIEW_FIT = { again: 0.85, sure: 0.8, mapped: 0.76, least: 0.7 } as const;
/** After a loss, or a gap, in the neighbourhood: compared with all around, so that less of the view need lie in the map. */
const CERTAIN_NEARBY: CertaintyLimits = { inliers: 0.5, fit: VIEW_FIT.mapped, valued: 0.3 };

/** Frames of usual cameras, some of them dropped, come within so many seconds; of those that come later views nearby are looked at. */
export const AT_ONCE = 0.12;

const DEGREE = Math.PI / 180;
/** Turns, tilts and rolls (rad) and shifts (m) of the guesses: two thirds of a second apart a hand is up to 30 cm and 30° away. */
const SLIGHT = [0, 10, -10].map((v) => v * DEGREE);
const NEAR = [...SLIGHT, ...[20, -20].map((v) => v * DEGREE)];
const FAR = [...NEAR, ...[30, -30, 40, -40].map((v) => v * DEGREE)];
const ROLLS = [15, -15, 30, -30].map((v) => v * DEGREE);
const SHIFT = 0.15;
/** No place is farther (m, rad) from both where guesses are made around: in the corner of a bare room another corner fits as well, turned by 90°. */
const REACH = { metres: 0.6, radians: 65 * DEGREE } as const;
/** Guesses that are registered: those that score highest. */
const TRIES = 8;
/** Places as far from each other as this (m, rad) are two; the second must not score more than this share of the first. */
const APART = { metres: 0.1, radians: 10 * DEGREE } as const;
const ALIKE = 0.9;
/** Where surfaces hardly tell the way along a direction: so far along it (m) registrations begin that must come back, or fit clearly worse. */
const ALONG = [0.12, 0.25, 0.4];

/** A frame whose place is looked for in the neighbourhood. */
export interface ViewQuery {
  readonly surface: SurfaceSamples;
  readonly T_body_sensor: Pose;
  /** Registers it from a guess, T_submap_sensor. */
  readonly register: (pose: Pose) => Track;
  /** Whether free space has nothing against a track that was registered just now. */
  readonly believable: (track: Track) => boolean;
  /** A fit relative to what is usual for the camera. */
  readonly relative: (fit: number) => number;
  /** The same as `register` with a look at what surfaces and colours leave open. */
  readonly conclude: (pose: Pose) => Track;
}

/**
 * The place of a depth camera's frame that was not taken a moment after the last one: registrations from many views around
 * that one, of which one must fit clearly better than all others.
 *
 * @param near where it was found by itself, or not
 * @param last T_submap_sensor where the camera was last known to be
 * @param ahead where it would be had it kept its velocity
 * @example
 * const place = viewNearby(search, query, search.measure(surface, track), last, ahead);
 */
export function viewNearby(
  search: PlaceSearch,
  { surface, T_body_sensor: mount, register, conclude, relative, believable }: ViewQuery,
  near: Candidate,
  last: Pose,
  ahead: Pose,
): Candidate | undefined {
  const guesses = [
    ...looking(shifted3(last, SHIFT), NEAR, mount),
    ...looking([last], FAR, mount),
    ...looking(rolled([last], ROLLS, mount), SLIGHT, mount),
    ...looking([ahead], SLIGHT, mount),
  ];
  const tracks = search.rank(surface, guesses, TRIES).map(register);
  const places = [near, ...tracks.map((track) => search.measure(surface, track))]
    .filter(({ track }) => [last, ahead].some((pose) => areWithin(track.pose, pose, REACH)))
    .filter(({ track }) => believable(track))
    .sort((a, b) => viewScore(b) - viewScore(a));
  const [best, ...others] = places;
  if (!best) return undefined;
  const alike = others.find((other) => areApart(other.track.pose, best.track.pose));
  if (alike && isAlike(alike, best)) return undefined;
  const isPlace = (c: Candidate): boolean => isCertain({ ...c, fit: relative(c.fit) }, CERTAIN_NEARBY);
  const settled = search.settle(surface, search.measure(surface, conclude(best.track.pose)), conclude);
  if (settled.track.ambiguousBy === undefined) return isPlace(settled) ? settled : undefined;
  const again = search.settle(surface, search.measure(surface, register(settled.track.pose)), register);
  const beside = placesAlong(settled.track).map((pose) => search.measure(surface, register(pose)));
  const drawn = (c: Candidate): boolean => !areApart(c.track.pose, again.track.pose) || !isAlike(c, again);
  return beside.length > 0 && isPlace(again) && beside.every(drawn) ? again : undefined;
}

/** 0 … 1: how well surfaces fit, and colours where there are any. */
const viewScore = (place: Candidate): number => scoreOf(place) * Math.sqrt(place.track.colours ?? 1);

const isAlike = (other: Candidate, best: Candidate): boolean => viewScore(other) > ALIKE * viewScore(best);

/** Places along the one direction that surfaces and colours are said to leave open; none where there are several. */
function placesAlong({ pose, unconstrained: u, ambiguousBy = 0 }: Track): Pose[] {
  const axis = [0, 1, 2].reduce((a, b) => (u[4 * b]! > u[4 * a]! ? b : a));
  const length = Math.sqrt(u[4 * axis]!);
  if (!(length > 0) || u[0]! + u[4]! + u[8]! > 1.5) return [];
  return ALONG.filter((v) => v <= ambiguousBy).flatMap((v) =>
    [-v, v].map((way) => {
      const moved = pose.slice();
      for (let i = 0; i < 3; i++) moved[4 * i + 3]! += (way * u[3 * i + axis]!) / length;
      return moved;
    }),
  );
}

/** Turned and tilted by each pair of angles. */
const looking = (poses: readonly Pose[], angles: readonly number[], mount: Pose): Pose[] =>
  tilted(turned(poses, angles, mount), angles, mount);

const areApart = (a: Pose, b: Pose): boolean => !areWithin(a, b, APART);
