import type { Observation, SurfaceSamples } from '../../sensors/observation.js';
import { compose, inverse, separation, type Pose } from '../../geometry/se3.js';
import { DepthView } from './depth-view.js';
import { GROUND, samplesOffGround, standingOf } from './standing.js';

/** Views that are kept: the oldest gives way. */
const MOST_VIEWS = 512;
/** Views that a pose is compared with: the nearest. */
const COMPARED = 3;
/** Points of a view, and of a scan, that are looked at. */
const POINTS = 1000;
/** Bit of the flags: what has a normal is part of a surface, unlike a drop of rain. */
const NORMAL = 1;
/**
 * A LiDAR with fewer keypoints is looked at with all its samples: keypoints lie most of a metre apart, and between 300 of them in a room of five metres nothing
 * is known to be empty.
 */
const FEW_KEYPOINTS = 1500;
/** With fewer comparisons nothing can be said, and with fewer of what stands. */
const MIN_COMPARED = 200;
const MIN_STANDING = 100;

interface View {
  /** T_submap_sensor. */
  readonly pose: Pose;
  readonly depth: DepthView;
  readonly points: Points;
}

interface LastView extends View {
  /** Those of its points that stand higher than what drives. */
  readonly standing: Points;
  readonly stampNs: bigint;
}

/** Some points of a scan that are not on the ground. */
interface Points {
  /** x y z, sensor frame. */
  readonly xyz: Float32Array;
  /** 1 for those that are part of a surface. */
  readonly onSurface: Uint8Array;
}

interface Comparison {
  readonly surfacesOnly?: boolean;
  /** Comparisons with fewer say nothing. */
  readonly least?: number;
}

/** An observation as far as it is looked at here. */
export type Seen = Pick<Observation, 'surface' | 'sampling' | 'stampNs' | 'complete'>;

/** How a scan at some pose contradicts what was seen from near it: shares of what could be compared, 0 … 1. */
export interface Contradiction {
  /** Points of the scan in what was seen to be empty: something came, or this is another place. */
  readonly inEmpty: number;
  /** Points seen before that the scan sees through: something left, or this is another place. */
  readonly seenThrough: number;
  /** Whether there was enough to compare with, so that the absence of contradiction says something. */
  readonly compared: boolean;
  /** Whether only what is part of a surface was compared, which is little of a sparse scan. */
  readonly surfacesOnly?: boolean;
}

/** Neither: nothing to compare with. */
export const NO_CONTRADICTION: Contradiction = { inEmpty: 0, seenThrough: 0, compared: false };
/** Neither, as if free space had been looked at. */
export const NOT_CONTRADICTED: Contradiction = { inEmpty: 0, seenThrough: 0, compared: true };

/** What an observation says that was taken a moment after the last one that was mapped. */
export interface SinceLast extends Contradiction {
  /** Seconds between the two. */
  readonly elapsed: number;
  /** By what stands higher than what drives alone; absent where that is too little. */
  readonly standing?: Contradiction | undefined;
}

/** Both at once, 0 … 1: things that come or go do one of them, at a wrong place both happen. */
export function doubtOf({ inEmpty, seenThrough }: Pick<Contradiction, 'inEmpty' | 'seenThrough'>): number {
  return Math.sqrt(inEmpty * seenThrough);
}

/** What came or what left, whichever is more, 0 … 1: one alone may be right. */
export function oneWayOf({ inEmpty, seenThrough }: Pick<Contradiction, 'inEmpty' | 'seenThrough'>): number {
  return Math.max(inEmpty, seenThrough);
}

/**
 * What earlier scans saw to be empty, and what they saw. A scan may agree with the map near a wrong place, but there its
 * points lie in free space and its rays go through walls.
 *
 * @example
 * const seen = new SeenSpace(4, 0.5); // metres
 * seen.add(observation, T_submap_sensor);
 * const contradiction = seen.compare(other, T_submap_other);
 */
export class SeenSpace {
  readonly #views: View[] = [];
  /** Of the scan that was mapped last. */
  #last: LastView | undefined;
  readonly #spacing: number;
  readonly #margin: number;

  /**
   * @param spacing between views (m)
   * @param margin how much nearer than the nearest return counts as empty (m); 5 % of the range are added
   */
  constructor(spacing: number, margin: number) {
    this.#spacing = spacing;
    this.#margin = margin;
  }

  /** Keeps the view of a scan that was mapped: as the last one, and for good unless there is one from nearby that looks the same way. */
  add(seen: Seen, pose: Pose): void {
    const { surface, stampNs } = seen;
    const samples = lookedAt(seen);
    const depth = DepthView.of(surface, samples);
    const others = offGround(surface, samplesOffGround(surface, samples));
    const standing = offGround(surface, standingOf(surface, samples, pose));
    this.#last = { pose: pose.slice(), depth, points: others, standing, stampNs };
    const near = this.#views.some(
      (view) => separation(view.pose, pose) < this.#spacing && facing(view.pose, pose) > Math.SQRT1_2,
    );
    if (near) return;
    if (this.#views.length === MOST_VIEWS) this.#views.shift();
    const points = offGround(surface, samples);
    this.#views.push({ pose: pose.slice(), depth: DepthView.of(surface), points });
  }

  clear(): void {
    this.#views.length = 0;
    this.#last = undefined;
  }

  /** @param pose T_submap_sensor, of what is looked at: mostly the surface's keypoints, which must be undistorted */
  compare(seen: Seen, pose: Pose): Contradiction {
    const { surface } = seen;
    const samples = lookedAt(seen);
    const own = DepthView.of(surface, samples);
    return this.#compare(own, pose, offGround(surface, samples), this.#nearest(pose)) ?? NO_CONTRADICTION;
  }

  /** The same with the scan that was mapped last alone: since then little has moved, and what stands has not. */
  compareLast(seen: Seen, pose: Pose): SinceLast {
    const last = this.#last;
    if (!last) return { ...NO_CONTRADICTION, elapsed: Infinity };
    const { surface, stampNs } = seen;
    const samples = lookedAt(seen);
    const own = DepthView.of(surface, samples);
    const all = offGround(surface, samplesOffGround(surface, samples));
    const since = this.#compare(own, pose, all, [last]) ?? NO_CONTRADICTION;
    const stands = { ...last, points: last.standing };
    const points = offGround(surface, standingOf(surface, samples, pose));
    const standing = this.#compare(own, pose, points, [stands], { least: MIN_STANDING });
    const elapsed = Math.abs(Number(stampNs - last.stampNs)) * 1e-9;
    return { ...since, elapsed, standing };
  }

  /**
   * The same without points that stand alone: drops of rain lie in empty space, too, and are seen through a moment later.
   *
   * @param seen with its normals: completed
   * @returns undefined where too few points are left to say anything
   */
  compareSurfaces(seen: Seen, pose: Pose): Contradiction | undefined {
    const { surface } = seen;
    const samples = lookedAt(seen);
    const own = DepthView.of(surface, samples);
    const how = { surfacesOnly: true };
    return this.#compare(own, pose, offGround(surface, samples), this.#nearest(pose), how);
  }

  #compare(
    own: DepthView,
    pose: Pose,
    points: Points,
    views: readonly View[],
    { surfacesOnly = false, least = MIN_COMPARED }: Comparison = {},
  ): Contradiction | undefined {
    if (views.length === 0) return undefined;
    let [tested, inEmpty, lookedAt, seenThrough] = [0, 0, 0, 0];
    for (const view of views) {
      const there = this.#count(view.depth, points, compose(inverse(view.pose), pose), surfacesOnly);
      tested += there[0];
      inEmpty += there[1];
      const back = this.#count(own, view.points, compose(inverse(pose), view.pose), surfacesOnly);
      lookedAt += back[0];
      seenThrough += back[1];
    }
    if (tested < least || lookedAt < least) return undefined;
    return { inEmpty: inEmpty / tested, seenThrough: seenThrough / lookedAt, compared: true, surfacesOnly };
  }

  /** The views that a pose is compared with, nearest first. */
  #nearest(pose: Pose): View[] {
    const nearest: View[] = [];
    const aways: number[] = [];
    for (const view of this.#views) {
      const away = separation(view.pose, pose);
      let at = nearest.length;
      while (at > 0 && away < aways[at - 1]!) at--;
      if (at === COMPARED) continue;
      nearest.splice(at, 0, view);
      aways.splice(at, 0, away);
      if (nearest.length > COMPARED) nearest.length = aways.length = COMPARED;
    }
    return nearest;
  }

  #count(
    depth: DepthView,
    { xyz, onSurface }: Points,
    T: Pose,
    surfacesOnly: boolean,
  ): [known: number, free: number] {
    let [known, free] = [0, 0];
    for (let k = 0; k < onSurface.length; k++) {
      if (surfacesOnly && onSurface[k] === 0) continue;
      const px = xyz[3 * k]!;
      const py = xyz[3 * k + 1]!;
      const pz = xyz[3 * k + 2]!;
      const x = T[0]! * px + T[1]! * py + T[2]! * pz + T[3]!;
      const y = T[4]! * px + T[5]! * py + T[6]! * pz + T[7]!;
      const z = T[8]! * px + T[9]! * py + T[10]! * pz + T[11]!;
      const clear = depth.clearance(x, y, z);
      if (clear === 0) continue;
      const range = Math.sqrt(x * x + y * y + z * z);
      known++;
      if (range < 0.95 * clear - this.#margin) free++;
    }
    return [known, free];
  }
}

/** The samples of an observation that are looked at, undistorted. */
function lookedAt(seen: Seen): Uint32Array {
  const { keypoints, count } = seen.surface;
  if (seen.sampling === 'dense' || keypoints.length >= FEW_KEYPOINTS) return keypoints;
  seen.complete();
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}

/** Some of the listed samples, without those on the ground. */
function offGround({ x, y, z, flags }: SurfaceSamples, samples: Uint32Array): Points {
  const xyz = new Float32Array(POINTS * 3);
  const onSurface = new Uint8Array(POINTS);
  const step = Math.max(1, samples.length / POINTS);
  let n = 0;
  for (let k = 0; k < samples.length && n < POINTS; k += step) {
    const i = samples[Math.floor(k)]!;
    if (flags[i]! & GROUND) continue;
    onSurface[n] = flags[i]! & NORMAL;
    xyz[3 * n] = x[i]!;
    xyz[3 * n + 1] = y[i]!;
    xyz[3 * n++ + 2] = z[i]!;
  }
  return { xyz: xyz.subarray(0, 3 * n), onSurface: onSurface.subarray(0, n) };
}

/** Cosine between the sensors' x axes. */
const facing = (a: Pose, b: Pose): number => a[0]! * b[0]! + a[4]! * b[4]! + a[8]! * b[8]!;
