import { doubtOf, oneWayOf, type Contradiction } from './seen-space.js';

/** Observations after which it is known what comes and goes around a sensor. */
const KNOWN_AFTER = 15;
/** What was seen so many observations ago counts for a third of it. */
const FORGOTTEN_AFTER = 30;
/**
 * Where a sensor is expected, free space speaks against a right place by no more than so many times what it usually did, and this beside: in an office wrong places,
 * turned by 180° and where the sensor was expected, had a doubt of 0.02 to 0.05 where 0.003 was usual, and in corridors that look alike both ways 0.013 to 0.022 were
 * different one way alone where nothing ever was. On floors of rooms that are alike one had a doubt of 0.0074; right ones there and in offices 0.0035 at most.
 */
const MOST = { times: 3, beside: { doubt: 0.006, oneWay: 0.01 } } as const;

/**
 * How far free space speaks against right poses, 0 … 1, the most of it lately: hardly indoors, more beside cars that come and go. What is asked of a
 * place that was found again is asked relative to that.
 */
export interface UsualDoubt {
  /** Both ways, see `doubtOf`. */
  readonly doubt: number;
  /** What lies where it was empty, or what was seen before and is seen through, whichever is more. */
  readonly oneWay: number;
  /** Observations that it was learned from. */
  readonly observations: number;
}

/**
 * Takes what speaks against an observation that was tracked.
 *
 * @example
 * let usual = learned(undefined, { inEmpty: 0.004, seenThrough: 0.001 });
 * usual = learned(usual, { inEmpty: 0, seenThrough: 0 }); // { doubt: 0.0019…, oneWay: 0.0038…, observations: 2 }
 */
export function learned(
  usual: UsualDoubt | undefined,
  seen: Pick<Contradiction, 'inEmpty' | 'seenThrough'>,
): UsualDoubt {
  const { doubt, oneWay, observations } = usual ?? { doubt: 0, oneWay: 0, observations: 0 };
  const kept = Math.exp(-1 / FORGOTTEN_AFTER);
  return {
    doubt: Math.max(doubtOf(seen), kept * doubt),
    oneWay: Math.max(oneWayOf(seen), kept * oneWay),
    observations: observations + 1,
  };
}

/** Most doubt at a right place where the sensor is expected. @param limit never more, and where too little is known */
export function mostDoubtThere(usual: UsualDoubt | undefined, limit: number): number {
  return Math.min(limit, most(usual, 'doubt'));
}

/** The same of what is different one way alone; no limit where too little is known. */
export function mostOneWayThere(usual: UsualDoubt | undefined): number {
  return most(usual, 'oneWay');
}

function most(usual: UsualDoubt | undefined, of: 'doubt' | 'oneWay'): number {
  if (!usual || usual.observations < KNOWN_AFTER) return Infinity;
  return MOST.times * usual[of] + MOST.beside[of];
}
