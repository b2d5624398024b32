// When the motion since the last pose is anybody's guess: at the start, and after losing track.
import type { SurfaceSamples } from '../../sensors/observation.js';
import { compose, exp, type Pose } from '../../geometry/se3.js';
import { worth, type Find, type PlaceSearch } from './place-search.js';
import { yawFan } from './relocalise.js';
import type { Track } from '../tracking/tracker.js';

/** How far the sensor may have gone: m/s, and metres at 100 m of range. */
const MAX_SPEED = 60;
const MAX_REACH = 8;
/** Distance of the guesses, metres at 100 m of range (RECIPE: the pyramid's basin is 1 m), and how many are tried. */
const STEP = 1;
const TRIES = 12;
/** So much better must another place fit than the expected one: right ones were by a third or more. */
const CLEARLY = 1.1;
/** Of a place found again. A wrong one would ruin the map: those had inliers of 0.97, right ones more than 0.98. */
const SURE = { inliers: 0.975, fit: 0.7, valued: 0.2 };

export interface LookAround {
  readonly search: PlaceSearch;
  readonly surface: SurfaceSamples;
  /** Seconds since the last pose that is known. */
  readonly elapsed: number;
  /** Size of the world, 1 at 100 m of range. */
  readonly scale: number;
  /** Registers the scan from a first guess, T_submap_sensor. */
  readonly track: (pose: Pose) => Track;
}

/** The second scan of a map: `here` where it was expected, near the first, unless it clearly fits elsewhere. */
export function lookAround(around: LookAround, center: Pose, here: Track): Track {
  const { search, surface } = around;
  const expected = search.measure(surface, here);
  const found = bestOf(around, grid(around, center, STEP));
  return found && worth(found) > CLEARLY * worth(expected) ? found.track : here;
}

/** Whether a registration needs no prediction to be believed. */
export function beyondDoubt({ search, surface }: LookAround, track: Track): boolean {
  return sure(search.measure(surface, track));
}

/**
 * A lost scan's place; undefined unless one is beyond doubt. A vehicle went on, and turned a little; a hand-held sensor
 * stayed, and may look anywhere.
 *
 * @param last where the sensor was last known to be
 * @param ahead where it would be had it kept its velocity
 */
export function findAgain(around: LookAround, last: Pose, ahead: Pose): Track | undefined {
  const { scale } = around;
  const poses = [
    ...turned(grid(around, ahead, 2 * STEP), 40, 20),
    ...turned(shifted(last, 3 * scale, 1.5 * scale), 180, 20),
  ];
  const found = bestOf(around, poses);
  // A search stops after some iterations: a place that fits so well may be one short of settling.
  const settled = found && !found.track.converged ? further(around, found) : found;
  return settled && sure(settled) ? settled.track : undefined;
}

function further({ search, surface, track }: LookAround, found: Find): Find | undefined {
  return search.best(surface, [found.track.pose], track);
}

function sure({ track, fit, valued }: Find): boolean {
  return track.converged && track.inlierRatio >= SURE.inliers && fit >= SURE.fit && valued >= SURE.valued;
}

/** Each pose turned about its own up axis, degrees. */
function turned(poses: readonly Pose[], range: number, step: number): Pose[] {
  return poses.flatMap((pose) => yawFan(range, step).map((yaw) => compose(pose, exp([0, 0, 0, 0, 0, yaw]))));
}

function bestOf({ search, surface, track }: LookAround, poses: readonly Pose[]): Find | undefined {
  return search.best(surface, search.rank(surface, poses, TRIES), track);
}

function grid({ elapsed, scale }: LookAround, center: Pose, step: number): Pose[] {
  return shifted(center, Math.min(MAX_SPEED * elapsed, MAX_REACH * scale), step * scale);
}

/** `center` shifted in the sensor's horizontal plane, on a square grid within a circle; itself first. */
export function shifted(center: Pose, reach: number, step: number): Pose[] {
  const poses: Pose[] = [center];
  const n = Math.floor(reach / step);
  for (let i = -n; i <= n; i++)
    for (let j = -n; j <= n; j++)
      if ((i || j) && Math.hypot(i, j) * step <= reach)
        poses.push(compose(center, exp([i * step, j * step, 0, 0, 0, 0])));
  return poses;
}
