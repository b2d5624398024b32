import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../src/geometry/se3.js';
import type { Observation } from '../../src/sensors/observation.js';
import { NO_CONTRADICTION } from '../../src/slam/places/seen-space.js';
import {
  coasts,
  explainedBefore,
  failed,
  givesUp,
  historyOf,
  initialPhase,
  located,
  needsCertainty,
  searchIsDue,
  SEARCH_AFTER,
  SEARCH_EVERY,
  secondsLost,
  started,
  START_OVER_AFTER,
  tracked,
  usualDoubt,
  type BodyState,
  type Lost,
  type Remembered,
  type Phase,
} from '../../src/slam/phases.js';

const SECOND = 1_000_000_000n;
const first = { sensor: 'first' } as Observation;
const body = (seconds: bigint): BodyState => ({
  stampNs: seconds * SECOND,
  pose: identity(),
  twist: new Float64Array(6),
});
/** The phase after `count` failures in a row, a tenth of a second apart from 10 s on. */
function failing(phase: Phase, count: number): Phase {
  for (let i = 0; i < count; i++)
    phase = failed(phase, 10n * SECOND + (BigInt(i) * SECOND) / 10n, body(BigInt(9 + i)));
  return phase;
}
const roof = (share: number): Remembered => ({ sensor: 'roof', share, seen: NO_CONTRADICTION });
const lost = (count: number): Lost => failing(tracked(initialPhase(false)), count) as Lost;

describe('phases', () => {
  it('begin with a map to be made, or to be found in', () => {
    expect(initialPhase(false)).toEqual({ kind: 'starting', origin: identity() });
    expect(initialPhase(true)).toEqual({ kind: 'relocalising' });
  });

  it('keep the first observation until one is tied to it', () => {
    const phase = started(first);
    expect(phase).toEqual({ kind: 'bootstrapping', origin: identity(), first, failures: 0 });
    expect(tracked(phase)).toEqual({ kind: 'tracking', slidingScans: 0 });
  });

  it('remember how much of the last tracked observation the map explained, by its sensor', () => {
    const phase = tracked(started(first), false, 0, roof(0.7));
    expect(explainedBefore(phase, 'roof')).toBe(0.7);
    expect(explainedBefore(phase, 'bumper')).toBe(0);
    expect(explainedBefore(started(first), 'roof')).toBe(0);
    expect(explainedBefore(failing(phase, 3), 'roof')).toBe(0.7);
    expect(explainedBefore(tracked(failing(phase, 3)), 'roof')).toBe(0);
    // One that fitted suddenly less says little of what comes next, unless others follow.
    const less = tracked(phase, false, 0, roof(0.3));
    expect(explainedBefore(less, 'roof')).toBeCloseTo(0.63, 9);
    const longer = Array.from({ length: 8 }).reduce<typeof less>(
      (before) => tracked(before, false, 0, roof(0.3)),
      less,
    );
    expect(explainedBefore(longer, 'roof')).toBe(0.3);
    expect(explainedBefore(tracked(phase, false, 0, { ...roof(0.3), sensor: 'bumper' }), 'bumper')).toBe(0.3);
  });

  it('remember how far free space usually spoke against poses of a sensor, through a loss as well', () => {
    const one = { sensor: 'roof', share: 0.7, seen: { inEmpty: 0.004, seenThrough: 0.001 } };
    const phase = tracked(tracked(started(first), false, 0, one), false, 0, {
      ...one,
      seen: NO_CONTRADICTION,
    });
    expect(usualDoubt(phase, 'roof')!.observations).toBe(2);
    expect(usualDoubt(phase, 'roof')!.doubt).toBeCloseTo(0.002, 3);
    expect(usualDoubt(phase, 'roof')!.oneWay).toBeCloseTo(0.004, 3);
    expect(usualDoubt(failing(phase, 3), 'roof')).toEqual(usualDoubt(phase, 'roof'));
    expect(usualDoubt(phase, 'bumper')).toBeUndefined();
    expect(usualDoubt(started(first), 'roof')).toBeUndefined();
  });

  it('tell the judge what came before: of a track its doubt, of a loss nothing but what had fitted', () => {
    const phase = tracked(started(first), false, 0.01, roof(0.7));
    const next = { sensor: 'roof', sampling: 'scattered' } as const;
    expect(historyOf(phase, next)).toEqual({
      scattered: true,
      followed: true,
      doubt: 0.01,
      explained: 0.7,
      mostOneWay: Infinity,
    });
    expect(historyOf(failing(phase, 1), { ...next, sampling: 'dense' })).toEqual({
      scattered: false,
      followed: false,
      doubt: undefined,
      explained: 0.7,
      mostOneWay: Infinity,
    });
  });

  it('give the first observation up after some failures, and not before', () => {
    for (let n = 1; n < START_OVER_AFTER; n++)
      expect(failing(started(first), n)).toEqual({
        kind: 'bootstrapping',
        origin: identity(),
        first,
        failures: n,
      });
    const origin = exp([1, 2, 3, 0, 0, 1]);
    expect(failing(started(first, origin), START_OVER_AFTER)).toEqual({ kind: 'starting', origin });
  });

  it('stay where they are when nothing was mapped and nothing can be', () => {
    const starting = initialPhase(false);
    expect(failing(starting, 5)).toEqual(starting);
    expect(failing({ kind: 'relocalising' }, 5)).toEqual({ kind: 'relocalising' });
  });

  it('look for the place in a loaded map again when the second observation does not settle', () => {
    expect(located()).toEqual({ kind: 'settling' });
    expect(failing(located(), 1)).toEqual({ kind: 'relocalising' });
    expect(tracked(located())).toEqual({ kind: 'tracking', slidingScans: 0 });
  });

  it('remember when the track was lost and where the body was before', () => {
    const phase = lost(4);
    expect(phase.kind).toBe('lost');
    expect(phase.since).toBe(10n * SECOND);
    expect(phase.lastKnown).toEqual(body(9n));
    expect(phase.failures).toBe(4);
    expect(tracked(phase)).toEqual({ kind: 'tracking', slidingScans: 0 });
  });

  it('count observations that slide, over a loss of track too, and begin anew when one does not', () => {
    let phase: Phase = tracked(started(first), true);
    phase = tracked(phase, true);
    expect(phase).toEqual({ kind: 'tracking', slidingScans: 2 });
    expect(tracked(failing(phase, 2), true)).toEqual({ kind: 'tracking', slidingScans: 3 });
    expect(tracked(phase, false)).toEqual({ kind: 'tracking', slidingScans: 0 });
  });

  it('ask for certainty after some losses or a long gap', () => {
    expect(needsCertainty(tracked(started(first)), 0.1, 10n * SECOND)).toBe(false);
    expect(needsCertainty(tracked(started(first)), 1.1, 10n * SECOND)).toBe(true);
    const last = 9n * SECOND; // when the body was known
    expect(needsCertainty(lost(SEARCH_AFTER - 1), 0.1, last + SECOND)).toBe(false);
    expect(needsCertainty(lost(SEARCH_AFTER), 0.1, last + SECOND)).toBe(true);
    // A lost observation just before does not make a prediction any better.
    expect(needsCertainty(lost(1), 0.1, last + SECOND + 1n)).toBe(true);
  });

  it('ask for certainty as soon as free space spoke against a pose, until the body is found', () => {
    const last = 9n * SECOND;
    const stamps = [10n * SECOND, 10n * SECOND + SECOND / 10n] as const;
    const first = failed(tracked(initialPhase(false)), stamps[0], body(9n), true) as Lost;
    expect(needsCertainty(first, 0.1, last + SECOND / 2n)).toBe(true);
    const second = failed(first, stamps[1], body(9n)) as Lost;
    expect(second).toMatchObject({ failures: 2, contradicted: true });
    expect(needsCertainty(second, 0.1, last + SECOND / 2n)).toBe(true);
    const later = failed(lost(1), stamps[1], body(9n), true) as Lost;
    expect(needsCertainty(later, 0.1, last + SECOND / 2n)).toBe(true);
    const again = failed(tracked(second), stamps[1], body(9n)) as Lost;
    expect(again.contradicted).toBe(false);
    expect(needsCertainty(again, 0.1, last + SECOND / 2n)).toBe(false);
  });

  it('search the surroundings at once after a gap, and now and then while lost', () => {
    expect(searchIsDue({ kind: 'tracking', slidingScans: 0 })).toBe(true);
    const due = Array.from({ length: 15 }, (_, i) => i + 1).filter((n) => searchIsDue(lost(n)));
    expect(due).toEqual([SEARCH_AFTER, SEARCH_AFTER + SEARCH_EVERY, SEARCH_AFTER + 2 * SEARCH_EVERY]);
  });

  it('trust the prediction for a second', () => {
    expect(coasts(lost(1), 10n * SECOND)).toBe(true);
    expect(coasts(lost(9), 11n * SECOND - 1n)).toBe(true);
    expect(coasts(lost(9), 11n * SECOND)).toBe(false);
    expect(coasts(failing(started(first), 1), 100n * SECOND)).toBe(true);
    expect(coasts({ kind: 'relocalising' }, 0n)).toBe(false);
  });

  it('give a map up after a stated time without a pose, unless told never to', () => {
    const phase = lost(1); // since 10 s
    expect(givesUp(phase, 19n * SECOND, 10)).toBe(false);
    expect(givesUp(phase, 20n * SECOND, 10)).toBe(true);
    expect(givesUp(phase, 1000n * SECOND, 0)).toBe(false);
    expect(givesUp(tracked(started(first)), 1000n * SECOND, 10)).toBe(false);
    expect(givesUp(initialPhase(true), 1000n * SECOND, 10)).toBe(false);
  });

  it('gives a young map up after a second and ten lost observations, unless it never may', () => {
    expect(givesUp(lost(9), 19n * SECOND, 10, true)).toBe(false); // key frames that are far apart
    const phase = lost(10);
    expect(givesUp(phase, 11n * SECOND - 1n, 10, true)).toBe(false);
    expect(givesUp(phase, 11n * SECOND, 10, true)).toBe(true);
    expect(givesUp(phase, 11n * SECOND, 10)).toBe(false);
    expect(givesUp(phase, 11n * SECOND, 0, true)).toBe(false);
    expect(secondsLost(phase, 11n * SECOND)).toBe(1);
    expect(secondsLost(tracked(started(first)), 11n * SECOND)).toBe(0);
  });
});
