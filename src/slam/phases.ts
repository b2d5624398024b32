// What the pipeline knows about where it is, and how that changes. Pure functions: nothing is tracked or mapped here.
import type { Observation, SensorId } from '../sensors/observation.js';
import { identity, type Pose, type Twist } from '../geometry/se3.js';
import type { Contradiction } from './places/seen-space.js';
import { learned, mostOneWayThere, type UsualDoubt } from './places/usual-doubt.js';

/** A pose of the body with its velocity. */
export interface BodyState {
  readonly stampNs: bigint;
  /** T_odom_body. */
  readonly pose: Pose;
  /** Body frame, m/s and rad/s. */
  readonly twist: Twist;
}

/** Nothing is mapped yet: the first observation with enough points defines the odom frame. */
export interface Starting {
  readonly kind: 'starting';
  /** T_odom_body at which the map begins: the identity, unless there was a map before it. */
  readonly origin: Pose;
}

/** The map holds one observation, distorted by a velocity that only the next one shows. */
export interface Bootstrapping {
  readonly kind: 'bootstrapping';
  /** T_odom_body of the first observation. */
  readonly origin: Pose;
  /** Kept alive to be mapped again. */
  readonly first: Observation;
  /** Observations in a row that could not be tied to it. */
  readonly failures: number;
}

export interface Tracking {
  readonly kind: 'tracking';
  /** Observations in a row with a direction that the surroundings leave unconstrained. */
  readonly slidingScans: number;
  /** How far free space spoke against the pose of the latest observation, 0 … 1. */
  readonly doubt?: number | undefined;
  readonly explained?: Explained | undefined;
}

/** How much of an observation the map explained. */
export interface Explained {
  readonly sensor: SensorId;
  /** Share of what it had off the ground that fitted, see `Track.coarseRatio`; at least {@link KEPT} of what it was before. */
  readonly share: number;
  /** How far free space usually spoke against the sensor's poses. */
  readonly usualDoubt: UsualDoubt;
}

/** What there is to remember of an observation that was tracked. */
export interface Remembered {
  readonly sensor: SensorId;
  /** Share of what it had off the ground that fitted. */
  readonly share: number;
  /** What speaks against its pose. */
  readonly seen: Pick<Contradiction, 'inEmpty' | 'seenThrough'>;
}

/** What is expected to be explained falls by no more from scan to scan: one that fitted suddenly less says little of what comes next. */
const KEPT = 0.9;

export interface Lost {
  readonly kind: 'lost';
  /** Stamp of the first observation that was lost. */
  readonly since: bigint;
  /** Before that. */
  readonly lastKnown: BodyState;
  /** Lost observations in a row. */
  readonly failures: number;
  /** Whether free space spoke against the pose of one of them. */
  readonly contradicted: boolean;
  readonly slidingScans: number;
  /** Of the last observation that was tracked. */
  readonly explained?: Explained | undefined;
}

/** A loaded map in which no observation was found yet. */
export interface Relocalising {
  readonly kind: 'relocalising';
}

/** One observation was found in a loaded map; its velocity is not known, so nothing is mapped yet. */
export interface Settling {
  readonly kind: 'settling';
}

export type Phase = Starting | Bootstrapping | Tracking | Lost | Relocalising | Settling;

/** Seconds of prediction after which a lost track no longer pretends to know its velocity. */
const COAST_SECONDS = 1;
/** Observations that cannot be tied to the first one, after which its map is given up. */
export const START_OVER_AFTER = 3;
/** Lost observations after which a prediction is no longer trusted, and from one search of the surroundings to the next. */
export const SEARCH_AFTER = 3;
export const SEARCH_EVERY = 5;

/** @param mapLoaded whether there is a map from an earlier run */
export function initialPhase(mapLoaded: boolean): Phase {
  return mapLoaded ? { kind: 'relocalising' } : { kind: 'starting', origin: identity() };
}

/** The first observation was mapped. @param origin T_odom_body */
export function started(first: Observation, origin: Pose = identity()): Bootstrapping {
  return { kind: 'bootstrapping', origin, first, failures: 0 };
}

/** An observation was found in a loaded map. */
export function located(): Settling {
  return { kind: 'settling' };
}

/** Observations in a row that have slid, should the next one slide. */
export function slidingNow(phase: Phase): number {
  return 1 + (phase.kind === 'tracking' || phase.kind === 'lost' ? phase.slidingScans : 0);
}

/**
 * An observation was tracked.
 *
 * @param sliding whether a direction was left unconstrained
 * @param doubt how far free space speaks against its pose
 * @param one how much of it fits the map, and what speaks against it
 */
export function tracked(phase: Phase, sliding = false, doubt?: number, one?: Remembered): Tracking {
  const slidingScans = sliding ? slidingNow(phase) : 0;
  return { kind: 'tracking', slidingScans, doubt, explained: one && kept(phase, one) };
}

/** What an observation explained, no less than {@link KEPT} of what the one before did. */
function kept(phase: Phase, { sensor, share, seen }: Remembered): Explained {
  return {
    sensor,
    share: Math.max(share, KEPT * explainedBefore(phase, sensor)),
    usualDoubt: learned(usualDoubt(phase, sensor), seen),
  };
}

/**
 * An observation could not be tracked. After bootstrapping this may be `starting` again: then the map must be discarded.
 *
 * @param last the body before it
 * @param contradicted whether free space spoke against its pose
 */
export function failed(phase: Phase, stampNs: bigint, last: BodyState, contradicted = false): Phase {
  switch (phase.kind) {
    case 'bootstrapping': {
      const failures = phase.failures + 1;
      return failures >= START_OVER_AFTER
        ? { kind: 'starting', origin: phase.origin }
        : { ...phase, failures };
    }
    case 'tracking':
      return {
        kind: 'lost',
        since: stampNs,
        lastKnown: last,
        failures: 1,
        contradicted,
        slidingScans: phase.slidingScans,
        explained: phase.explained,
      };
    case 'lost':
      return {
        ...phase,
        failures: phase.failures + 1,
        contradicted: phase.contradicted || contradicted,
      };
    case 'settling':
      return { kind: 'relocalising' };
    case 'starting':
    case 'relocalising':
      return phase;
  }
}

/**
 * Whether wrong places near the prediction may fit well enough to be believed, as it is old or was contradicted: then only
 * a certain place counts.
 *
 * @param elapsed seconds since the last observation
 * @param stampNs stamp of this one: what counts after a loss is the time since the body was known
 */
export function needsCertainty(phase: Tracking | Lost, elapsed: number, stampNs: bigint): boolean {
  if (phase.kind === 'tracking') return elapsed > COAST_SECONDS;
  const unknownFor = Number(stampNs - phase.lastKnown.stampNs) * 1e-9;
  return phase.contradicted || unknownFor > COAST_SECONDS || phase.failures >= SEARCH_AFTER;
}

/** Share of the last observation that was tracked, of the same sensor, that fitted the map; 0 where there is none. */
export function explainedBefore(phase: Phase, sensor: SensorId): number {
  return before(phase, sensor)?.share ?? 0;
}

/** How far free space speaks against right poses of the sensor around here, as far as it is known. */
export function usualDoubt(phase: Phase, sensor: SensorId): UsualDoubt | undefined {
  return before(phase, sensor)?.usualDoubt;
}

function before(phase: Phase, sensor: SensorId): Explained | undefined {
  const explained = phase.kind === 'tracking' || phase.kind === 'lost' ? phase.explained : undefined;
  return explained?.sensor === sensor ? explained : undefined;
}

/** What the judge is told of an observation beside how it fits. */
export interface History {
  readonly scattered: boolean;
  /** Whether the one before it was tracked. */
  readonly followed: boolean;
  /** How far free space spoke against the one before it. */
  readonly doubt: number | undefined;
  /** See {@link explainedBefore}. */
  readonly explained: number;
  /** More than this is unusual of what free space has against a pose one way alone. */
  readonly mostOneWay: number;
}

export function historyOf(
  phase: Phase,
  { sensor, sampling }: Pick<Observation, 'sensor' | 'sampling'>,
): History {
  const tracking = phase.kind === 'tracking';
  return {
    scattered: sampling === 'scattered',
    followed: tracking,
    doubt: tracking ? phase.doubt : undefined,
    explained: explainedBefore(phase, sensor),
    mostOneWay: mostOneWayThere(usualDoubt(phase, sensor)),
  };
}

/** Whether the surroundings are searched now: on every fifth lost observation, as that takes long. */
export function searchIsDue(phase: Tracking | Lost): boolean {
  return phase.kind === 'tracking' || (phase.failures - SEARCH_AFTER) % SEARCH_EVERY === 0;
}

/** A map of a few observations is hardly worth being found again: it is given up after so many seconds and lost observations, three searches. */
const YOUNG_SECONDS = 1;
const YOUNG_FAILURES = 10;

/**
 * Whether the track has been lost for so long that the map is given up.
 *
 * @param after seconds; 0 = never
 * @param young whether the map rests on a few observations only
 */
export function givesUp(phase: Phase, stampNs: bigint, after: number, young = false): boolean {
  if (phase.kind !== 'lost' || after === 0) return false;
  const seconds = secondsLost(phase, stampNs);
  return seconds >= after || (young && seconds >= YOUNG_SECONDS && phase.failures >= YOUNG_FAILURES);
}

/** Seconds since the first lost observation; 0 where none is. */
export function secondsLost(phase: Phase, stampNs: bigint): number {
  return phase.kind === 'lost' ? Number(stampNs - phase.since) * 1e-9 : 0;
}

/** Whether an observation that was just lost is still given the predicted pose. */
export function coasts(phase: Phase, stampNs: bigint): boolean {
  if (phase.kind === 'relocalising') return false;
  return phase.kind !== 'lost' || secondsLost(phase, stampNs) < COAST_SECONDS;
}
