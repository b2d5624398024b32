import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { identity } from '../../../src/geometry/se3.js';
import { CERTAIN_AFTER_LOSS } from '../../../src/slam/places/certainty.js';
import type { Contradiction, SinceLast } from '../../../src/slam/places/seen-space.js';
import { judge, type Circumstances, type Verdict } from '../../../src/slam/tracking/judge.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';

const limits = configSchema.parse({}).tracking;
const GOOD: Track = {
  pose: identity(),
  twist: new Float64Array(6),
  covariance: new Float64Array(36),
  iterations: 7,
  converged: true,
  valuedRatio: 0.9,
  valuedPoints: 2000,
  knownRatio: 1,
  coarseRatio: 0.9,
  inlierRatio: 0.9,
  residual: 0.02,
  conditioning: 0.2,
  unconstrained: new Float64Array(9),
};

describe('judge', () => {
  it.each([
    [0.81, 'tracking', /^$/],
    [0.79, 'degraded', /The points fit the map to 79 % only, less than the 80 %/],
    [0.69, 'lost', /The points fit the map to 69 % only, less than the 70 %/],
  ])('a frame after a gap that fits to %f is %s', (fit, state, reason) => {
    const verdict = judge(GOOD, limits, 100, undefined, { fit });
    expect(verdict.state).toBe(state);
    expect(verdict.reason).toMatch(reason);
    // In a young map as well: there a wrong place is the worst.
    expect(judge(GOOD, limits, 1, undefined, { fit }).state).toBe(state);
  });

  it('a frame found beside one in doubt must fit better', () => {
    const how = { fit: 0.82, enough: 0.85 };
    const verdict = judge(GOOD, limits, 100, undefined, how);
    expect(verdict.state).toBe('degraded');
    expect(verdict.reason).toMatch(/fit the map to 82 % only, less than the 85 %/);
    expect(judge(GOOD, limits, 100, undefined, { ...how, fit: 0.86 }).state).toBe('tracking');
  });

  it('a frame that may fit only what frames in doubt have mapped is in doubt as well', () => {
    const few = { ...GOOD, inlierRatio: 0.64 };
    const verdict = judge(few, limits, 100, undefined, { fit: 0.92, inherited: true });
    expect(verdict.state).toBe('degraded');
    expect(verdict.reason).toMatch(/Only 64 % of the points fit a map that frames in doubt have made/);
    expect(judge(few, limits, 100, undefined, { fit: 0.92 }).state).toBe('tracking');
  });

  it.each([
    ['a good track', {}, 'tracking', /^$/],
    [
      'hardly anything of the scan in the map',
      { valuedRatio: limits.minValuedRatio - 0.01 },
      'lost',
      /known map/,
    ],
    ['hardly anything fits', { inlierRatio: limits.minInlierRatio - 0.01 }, 'lost', /fit the map/],
    ['a direction that slides', { conditioning: limits.minConditioning / 2 }, 'degraded', /covariance/],
    [
      'where colours do not tell what surfaces leave open, not far',
      { ambiguousBy: 0.1 },
      'degraded',
      /one direction; see the covariance/,
    ],
    ['the same, after a long gap', { ambiguousBy: 0.5 }, 'lost', /may have strayed by 0\.5 m/],
    ['no convergence', { converged: false }, 'degraded', /7 steps/],
    [
      'exactly at every limit',
      {
        valuedRatio: limits.minValuedRatio,
        inlierRatio: limits.minInlierRatio,
        conditioning: limits.minConditioning,
      },
      'tracking',
      /^$/,
    ],
    ['lost beats degraded', { converged: false, conditioning: 0, valuedRatio: 0 }, 'lost', /0 %/],
  ] as const)('%s', (_, changes, state, reason) => {
    const verdict = judge({ ...GOOD, ...changes }, limits);
    expect(verdict.state).toBe(state);
    expect(verdict.reason).toMatch(reason);
  });

  it('loses a track that is contradicted both ways, however well it fits, and not for what came or left', () => {
    const at = (inEmpty: number, seenThrough: number): string =>
      judge(GOOD, limits, Infinity, { inEmpty, seenThrough, compared: true }).state;
    expect(at(0.08, 0.06)).toBe('lost');
    expect(at(0.5, 0.001)).toBe('tracking'); // a bus stops beside the robot
    expect(at(0.001, 0.5)).toBe('tracking'); // and drives away
    expect(at(0.02, 0.02)).toBe('tracking');
    const { reason } = judge(GOOD, limits, Infinity, { inEmpty: 0.08, seenThrough: 0.06, compared: true });
    expect(reason).toMatch(/another place.* 8 % of the points.* 6 % of what was seen/);
  });

  it('lets traffic pass: what speaks against a pose since long ago counts less where it follows from the scan before', () => {
    const clear = { ...GOOD, inlierRatio: 0.98 };
    const busy = { inEmpty: 0.03, seenThrough: 0.05, compared: true };
    const sinceLast = { inEmpty: 0.004, seenThrough: 0.002, compared: true, elapsed: 0.1 };
    expect(judge(clear, limits, 20, busy)).toMatchObject({ state: 'lost', contradicted: true });
    expect(judge(clear, limits, 20, busy, { sinceLast }).state).toBe('tracking');
    const carriedOff = { ...sinceLast, inEmpty: 0.04, seenThrough: 0.045 };
    const longAgo = { ...sinceLast, elapsed: 0.9 };
    const unknown = { ...sinceLast, compared: false };
    for (const other of [carriedOff, longAgo, unknown])
      expect(judge(clear, limits, 20, busy, { sinceLast: other }).state).toBe('lost');
    expect(judge({ ...clear, inlierRatio: 0.96 }, limits, 20, busy, { sinceLast }).state).toBe('lost');
    const elsewhere = { inEmpty: 0.22, seenThrough: 0.2, compared: true };
    expect(judge(clear, limits, 20, elsewhere, { sinceLast }).state).toBe('lost');
    // Where the track slides, twice in a row: it says so, and goes on.
    const sliding = { ...clear, conditioning: 0.9 * limits.minConditioning };
    expect(judge(sliding, limits, 20, busy, { doubt: 0.024, sinceLast }).state).toBe('degraded');
    const wrong = { doubt: 0.024, sinceLast: carriedOff };
    expect(judge(sliding, limits, 20, busy, wrong)).toMatchObject({ state: 'lost', contradicted: true });
  });

  it('lets cars come fast where what stands has nothing against the pose, and tells the way', () => {
    const clear = { ...GOOD, inlierRatio: 0.98 };
    const busy = { inEmpty: 0.08, seenThrough: 0.07, compared: true };
    const cars = { inEmpty: 0.05, seenThrough: 0.05, compared: true, elapsed: 0.1 };
    const standing = { inEmpty: 0.001, seenThrough: 0, compared: true };
    const state = (sinceLast: SinceLast, track = clear, explained = 0): string =>
      judge(track, limits, 20, busy, { sinceLast, explained }).state;
    expect(state(cars)).toBe('lost');
    expect(state({ ...cars, standing })).toBe('tracking');
    const against = { inEmpty: 0.03, seenThrough: 0.03, compared: true };
    const unknown = { ...standing, compared: false };
    for (const other of [against, unknown]) expect(state({ ...cars, standing: other })).toBe('lost');
    expect(state({ ...cars, standing, elapsed: 0.9 })).toBe('lost');
    expect(state({ ...cars, standing, inEmpty: 0.1, seenThrough: 0.1 })).toBe('lost');
    // Walls fit all along a corridor, where noise alone tells the way.
    expect(state({ ...cars, standing }, { ...clear, conditioning: 0.014 })).toBe('lost');
    expect(state({ ...cars, standing }, { ...clear, conditioning: 0.02 })).toBe('degraded');
    // Another corridor fits less than what was seen a moment ago.
    expect(state({ ...cars, standing }, { ...clear, coarseRatio: 0.84 }, 0.93)).toBe('tracking');
    expect(state({ ...cars, standing }, { ...clear, coarseRatio: 0.72 }, 0.93)).toBe('lost');
  });

  it('takes it for another place where suddenly little fits, and what the observation before showed is not there', () => {
    const elsewhere = { ...GOOD, coarseRatio: 0.08, conditioning: limits.minConditioning / 2 };
    const little = { inEmpty: 0.084, seenThrough: 0.0044, compared: true }; // too little on its own
    const sinceLast = { inEmpty: 0.1, seenThrough: 0.025, compared: true, elapsed: 0.1 };
    const at = (changes: Circumstances, track: Track = elsewhere): Verdict =>
      judge(track, limits, 20, little, { scattered: true, explained: 0.68, sinceLast, ...changes });
    expect(at({})).toMatchObject({ state: 'lost', contradicted: true });
    expect(at({}).reason).toMatch(/another place.* 8 % of what is off the ground .* after 68 % a moment ago/);
    const apart = { ...sinceLast, inEmpty: 0, seenThrough: 0, compared: false };
    expect(at({ sinceLast: apart }).reason).toMatch(
      /another place.* nothing of what was seen then can be compared/,
    );
    // Each alone may be: a door opens, cars go by, scans were missing, a sparse sensor.
    expect(at({}, { ...elsewhere, coarseRatio: 0.5 }).state).toBe('degraded');
    expect(at({ explained: 0.11 }).state).toBe('degraded');
    expect(at({ explained: undefined }).state).toBe('degraded');
    expect(at({ scattered: false }).state).toBe('degraded'); // a camera turns away within a moment
    expect(at({ sinceLast: { ...sinceLast, inEmpty: 0.02 } }).state).toBe('degraded');
    // Nothing is seen through, but so much stands in what was empty that it is another corridor.
    expect(at({ sinceLast: { ...sinceLast, inEmpty: 0.19, seenThrough: 0 } }).state).toBe('lost');
    const steppedIn = { sinceLast: { ...sinceLast, inEmpty: 0.3, seenThrough: 0 } };
    expect(at(steppedIn, { ...elsewhere, coarseRatio: 0.4 }).state).toBe('degraded');
    expect(at({ sinceLast: { ...sinceLast, elapsed: 0.9 } }).state).toBe('degraded');
    expect(at({ sinceLast: undefined }).state).toBe('degraded');
  });

  it('does so sooner where hardly anything ever comes or goes', () => {
    const twin = { ...GOOD, coarseRatio: 0.68 };
    const usual = { explained: 0.96, mostOneWay: 0.013 };
    const seen = { inEmpty: 0.086, seenThrough: 0, compared: true };
    const sinceLast = { inEmpty: 0.117, seenThrough: 0, compared: true, elapsed: 0.1 };
    const at = (changes: Circumstances, track = twin, contradiction = seen): Verdict =>
      judge(track, limits, 40, contradiction, { scattered: true, ...usual, sinceLast, ...changes });
    expect(at({})).toMatchObject({ state: 'lost', contradicted: true });
    expect(at({}).reason).toMatch(
      /another place.* 68 % of what is off the ground .* after 96 % a moment ago/,
    );
    // Beside traffic, or where nothing is known yet, so much may come.
    expect(at({ mostOneWay: 0.1 }).state).toBe('tracking');
    expect(at({ mostOneWay: undefined }).state).toBe('tracking');
    expect(at({}, twin, { ...seen, inEmpty: 0.012 }).state).toBe('tracking');
    // Who steps in front of it takes what he covers.
    expect(at({}, { ...twin, coarseRatio: 0.79 }).state).toBe('tracking');
    expect(at({ sinceLast: { ...sinceLast, inEmpty: 0.2 } }).state).toBe('tracking');
    expect(at({ sinceLast: { ...sinceLast, inEmpty: 0.01 } }).state).toBe('tracking');
  });

  it('believes a place that was searched for elsewhere than expected only where most fits, nothing slides and free space has nothing against it either way', () => {
    const clear = { inEmpty: 0.004, seenThrough: 0.003, compared: true };
    const at = (
      found: 'expected' | 'elsewhere' | undefined,
      changes: Partial<Track> = {},
      seen: Contradiction = clear,
      { scattered = true, mapped = 25 } = {},
    ): Verdict => judge({ ...GOOD, ...changes }, limits, mapped, seen, { found, scattered });
    const few = { coarseRatio: 0.53 };
    const sliding = { conditioning: limits.minConditioning * 0.9 };
    const oneWay = { ...clear, inEmpty: 0, seenThrough: 0.04 };
    const otherWay = { ...clear, inEmpty: 0.05, seenThrough: 0 };
    const unknown = { inEmpty: 0, seenThrough: 0, compared: false };
    expect(at('elsewhere').state).toBe('tracking');
    const someDiffers = { ...clear, inEmpty: 0.015 };
    expect(at('elsewhere', few, someDiffers)).toMatchObject({
      state: 'lost',
      reason: expect.stringMatching(/53 % .* less than the 55 %/) as string,
    });
    // Less will do where free space has nothing against it.
    expect(at('elsewhere', few).state).toBe('tracking');
    expect(at('elsewhere', { coarseRatio: 0.38 }).reason).toMatch(/38 % .* less than the 40 %/);
    expect(at('elsewhere', few, unknown, { mapped: Infinity }).state).toBe('lost');
    expect(at('elsewhere', { coarseRatio: NaN }).state).toBe('lost');
    expect(at('elsewhere', sliding).state).toBe('lost');
    for (const seen of [oneWay, otherWay]) expect(at('elsewhere', {}, seen).state).toBe('lost');
    // Where it was expected, and where it was not searched for.
    for (const found of ['expected', undefined] as const) {
      expect(at(found, few).state).toBe('tracking');
      expect(at(found, sliding).state).toBe('degraded');
      expect(at(found, {}, oneWay).state).toBe('tracking');
    }
    // A bare corridor, and hardly less than before: the sensor went on along it. Much less: this is another one.
    const bare = (coarseRatio: number, changes: Circumstances = {}): Verdict =>
      judge({ ...GOOD, conditioning: 0.03, coarseRatio }, limits, 25, clear, {
        ...changes,
        found: 'expected',
        scattered: true,
        explained: 0.92,
      });
    expect(bare(0.8).state).toBe('degraded');
    expect(bare(0.65).state).toBe('lost');
    // Where so much is never different, more of it must fit.
    expect(bare(0.8, { mostOneWay: 0.0045 }).state).toBe('degraded');
    expect(bare(0.8, { mostOneWay: 0.0035 }).reason).toMatch(
      /0 % .* is different, and only 80 % .* after 92 %/,
    );
    expect(bare(0.85, { mostOneWay: 0.0035 }).state).toBe('degraded');
    // Cars that came and left do as much where the sensor was expected; what looks alike elsewhere, and much of it anywhere, does not count.
    expect(at('expected', {}, { ...clear, inEmpty: 0.04 }).state).toBe('tracking');
    expect(at('elsewhere', {}, { ...clear, inEmpty: 0.025 }).state).toBe('lost');
    expect(at('expected', {}, { ...clear, inEmpty: 0.12 })).toMatchObject({
      state: 'lost',
      reason: expect.stringContaining('12 % of what was seen before is different') as string,
    });
    // Nothing to compare with: unless the map was loaded, which brings no views, or is a camera's.
    expect(at('expected', {}, unknown).state).toBe('lost');
    expect(at('elsewhere', {}, unknown, { mapped: Infinity }).state).toBe('tracking');
    expect(at('elsewhere', few, unknown, { scattered: false }).state).toBe('tracking');
    expect(at(undefined, {}, unknown).state).toBe('tracking');
  });

  it('doubts a place that was searched for sooner than one that was expected', () => {
    const mostDoubt = CERTAIN_AFTER_LOSS.doubt;
    const alike = { inEmpty: 0.0128, seenThrough: 0.0334, compared: true }; // a court turned by 180°
    expect(judge(GOOD, limits, Infinity, alike).state).toBe('tracking');
    expect(judge(GOOD, limits, Infinity, alike, { mostDoubt })).toMatchObject({
      state: 'lost',
      contradicted: true,
    });
    const right = { inEmpty: 0.01, seenThrough: 0.011, compared: true };
    expect(judge(GOOD, limits, Infinity, right, { mostDoubt }).state).toBe('tracking');
  });

  it('lets a young map rest on its coarse levels, and only a young one', () => {
    const sparse = { ...GOOD, valuedRatio: limits.minValuedRatio / 2, valuedPoints: 100 };
    expect(judge(sparse, limits, 1).state).toBe('degraded');
    expect(judge(sparse, limits, 1).reason).toMatch(/coarse levels/);
    expect(judge(sparse, limits, 5).state).toBe('degraded');
    expect(judge(sparse, limits, 6).state).toBe('lost');
    expect(judge(sparse, limits).state).toBe('lost');
    expect(judge({ ...sparse, coarseRatio: 0.5 }, limits, 1).state).toBe('lost');
    expect(judge({ ...sparse, coarseRatio: NaN }, limits, 1).state).toBe('lost');
    expect(judge(GOOD, limits, 1).state).toBe('tracking');
  });

  it('lets a sparse LiDAR look between what it has mapped, however old the map, but not where the coarse levels disagree', () => {
    const between = { ...GOOD, valuedRatio: limits.minValuedRatio / 2, valuedPoints: 100, coarseRatio: 0.8 };
    const verdict = judge(between, limits, 500, undefined, { scattered: true, followed: true });
    expect(verdict.state).toBe('degraded');
    expect(verdict.reason).toMatch(/coarse levels/);
    expect(
      judge({ ...between, coarseRatio: 0.5 }, limits, 500, undefined, { scattered: true, followed: true })
        .state,
    ).toBe('lost');
    expect(
      judge({ ...between, valuedRatio: 0.5, inlierRatio: 0 }, limits, 500, undefined, {
        scattered: true,
        followed: true,
      }).state,
    ).toBe('lost');
    const elsewhere = { inEmpty: 0.08, seenThrough: 0.06, compared: true };
    expect(judge(between, limits, 500, elsewhere, { scattered: true, followed: true }).state).toBe('lost');
    expect(judge(between, limits, 500, undefined, { scattered: true }).state).toBe('lost'); // after a loss
    expect(judge(between, limits, 500, undefined, { scattered: false, followed: true }).state).toBe('lost'); // a depth image leaves no gaps
  });

  it('believes few points of a scattered scan where nearly all that are known fit and free space has nothing against them', () => {
    const clear = { inEmpty: 0.01, seenThrough: 0.01, compared: true };
    const sparse = {
      ...GOOD,
      valuedRatio: 0.02,
      valuedPoints: 30,
      converged: false,
      knownRatio: 0.3,
      coarseRatio: 0.26,
    };
    const state = (
      changes: Partial<Track>,
      seen: Contradiction = clear,
      scattered = true,
      mapped = 1,
    ): string => judge({ ...sparse, ...changes }, limits, mapped, seen, { scattered }).state;
    expect(state({})).toBe('degraded');
    expect(state({ coarseRatio: 0.19 })).toBe('lost'); // many of the known ones disagree
    expect(state({ coarseRatio: 0.21 })).toBe('degraded');
    expect(state({ coarseRatio: 0.21 }, { ...clear, surfacesOnly: true })).toBe('lost'); // rain was left out
    expect(state({ coarseRatio: 0.23 }, { ...clear, surfacesOnly: true })).toBe('degraded');
    expect(state({ knownRatio: 0.11, coarseRatio: 0.11 })).toBe('lost'); // too few are known
    expect(state({}, { ...clear, inEmpty: 0.05 })).toBe('lost'); // a metre away
    expect(state({}, { ...clear, compared: false })).toBe('lost'); // nothing to compare with
    expect(state({}, clear, false)).toBe('lost'); // a depth image
    expect(state({}, clear, true, 6)).toBe('lost');
    expect(state({ knownRatio: NaN })).toBe('lost');
    const how = { scattered: true, followed: true };
    expect(judge(sparse, limits, 500, clear, how).state).toBe('degraded');
  });

  it('lets it rest on few points, too, if they agree and the registration has settled', () => {
    const few = { ...GOOD, valuedRatio: limits.minValuedRatio / 2, valuedPoints: 200, coarseRatio: 0.3 };
    expect(judge(few, limits, 1).state).toBe('degraded');
    expect(judge(few, limits, 6).state).toBe('lost');
    expect(judge({ ...few, valuedPoints: 100 }, limits, 1).state).toBe('lost');
    expect(judge({ ...few, inlierRatio: 0.7 }, limits, 1).state).toBe('lost');
    expect(judge({ ...few, converged: false }, limits, 1).state).toBe('lost');
  });

  it('trusts nothing that is not a number', () => {
    for (const key of ['valuedRatio', 'inlierRatio', 'conditioning'] as const)
      expect(judge({ ...GOOD, [key]: NaN }, limits).state, key).not.toBe('tracking');
  });

  it('takes a little doubt twice in a row for another place where the track slides', () => {
    const doubted = { inEmpty: 0.004, seenThrough: 0.15, compared: true };
    const sliding = { ...GOOD, conditioning: limits.minConditioning / 2 };
    expect(judge(sliding, limits, 20, doubted, { doubt: 0.01 }).state).toBe('degraded');
    expect(judge(sliding, limits, 20, doubted, { doubt: 0.024 })).toMatchObject({
      state: 'lost',
      contradicted: true,
    });
    expect(judge(GOOD, limits, 20, doubted, { doubt: 0.024 }).state).toBe('tracking');
  });
});
