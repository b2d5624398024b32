// When a place is believed, though no prediction supports it: a wrong one would ruin the map.
import type { Track } from '../tracking/tracker.js';

/** A registration at some place, and how well the scan fits there: ground left out, as that fits nearly everywhere. */
export interface Candidate {
  readonly track: Track;
  /** Mean robust weight of the valued points, scale one fine voxel: 1 = perfect. By their information where they have some. */
  readonly fit: number;
  /** Share of the scan that lies in the map. */
  readonly valued: number;
}

/** What a candidate must reach. */
export interface CertaintyLimits {
  /** Share of all valued points within the robust kernel. */
  readonly inliers: number;
  readonly fit: number;
  readonly valued: number;
  /** Of the track: a bare wall fits along all of any other one. Default: not looked at. */
  readonly conditioning?: number;
  /** Most doubt that free space may cast on it, see `doubtOf`. Default: as while tracking. */
  readonly doubt?: number;
}

/**
 * After the track was lost. Each alone does not tell: of 1364 wrong places (a real drive, simulated street and quad, sensors carried off and
 * outages) some had 0.971 inliers, a fit of 0.72 or 0.41 in the map; those with 0.95 inliers had a fit of 0.642 and 0.14 in the map at
 * most. Right ones had 0.967, 0.68 and 0.18 at least. In a court that looks nearly the same turned by 180° a wrong place has 0.98 inliers, a fit of
 * 0.78 and 0.70 in the map: free space alone tells, by a doubt of 0.021 to 0.072 where right places have 0.010 at most, unless cars came and left.
 */
export const CERTAIN_AFTER_LOSS: CertaintyLimits = { inliers: 0.965, fit: 0.68, valued: 0.17, doubt: 0.015 };
/** In a loaded map: wrong places had inliers of 0.95, right ones 0.98. */
export const CERTAIN_IN_LOADED_MAP: CertaintyLimits = { inliers: 0.97, fit: 0.7, valued: 0.3 };
/**
 * For depth cameras, after a loss and in a loaded map: noise leaves fewer inliers than a LiDAR has, and a narrow view little to
 * be mistaken for. In a real kitchen right places had a fit of 0.72 to 0.84 and mostly more than 0.49 of the view in the map,
 * wrong ones 0.36 of it at most.
 */
export const CERTAIN_VIEW: CertaintyLimits = { inliers: 0.75, fit: 0.7, valued: 0.48 };
/** Factor by which another place must score higher than the expected one: right ones did by a third or more. */
const CLEARLY = 1.1;

/** Whether a candidate needs no prediction to be believed. */
export function isCertain(candidate: Candidate, limits: CertaintyLimits): boolean {
  return candidate.track.converged && wouldBeCertain(candidate, limits);
}

/** Whether it would be if its registration settles where it is. */
export function wouldBeCertain({ track, fit, valued }: Candidate, limits: CertaintyLimits): boolean {
  return (
    track.ambiguousBy === undefined &&
    (limits.conditioning === undefined || track.conditioning >= limits.conditioning) &&
    track.inlierRatio >= limits.inliers &&
    fit >= limits.fit &&
    valued >= limits.valued
  );
}

/** 0 … 1: a wrong place may share more of the map with a sparse scan, but fits it worse. */
export function scoreOf({ fit, valued }: Candidate): number {
  return fit ** 4 * Math.sqrt(valued);
}

/**
 * Of a second scan among traffic, where cars that drive along fit at rest as well as what stands does where it is: then more of the scan fits.
 * At starts on simulated motorways 0.14 to 0.42 of what is off the ground fitted at right places, up to 0.1 less, and hardly ever as much, at wrong ones.
 */
function explained(candidate: Candidate): number {
  return scoreOf(candidate) * candidate.track.coarseRatio ** 2;
}

/** Whether a candidate explains so much more of a scan than the expected place that the expectation must be wrong. */
export function explainsClearlyMore(candidate: Candidate, expected: Candidate): boolean {
  return explained(candidate) > CLEARLY * explained(expected);
}

/** The candidate that explains more of the scan. */
export function explainsMore(a: Candidate | undefined, b: Candidate): Candidate {
  return !a || explained(b) > explained(a) ? b : a;
}

/** The candidate with the higher score. */
export function better(a: Candidate | undefined, b: Candidate): Candidate {
  return !a || scoreOf(b) > scoreOf(a) ? b : a;
}
