import { describe, expect, it } from 'vitest';
import { exp, identity, translationNorm, type Pose } from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import type { Candidate } from '../../../src/slam/places/certainty.js';
import { LookAround, type PlaceQuery } from '../../../src/slam/places/look-around.js';
import type { PlaceSearch } from '../../../src/slam/places/place-search.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';

const VOXEL = 0.15;
const surface = { keypoints: new Uint32Array(0) } as SurfaceSamples;

/** A registration that ends where it begins; what a place is worth is given by its distance from the right one. */
interface World {
  readonly right: Pose;
  readonly finePoints: number;
  readonly registered: Pose[];
}

const away = (a: Pose, b: Pose): number => translationNorm(exp([a[3]! - b[3]!, a[7]! - b[7]!, 0, 0, 0, 0]));

function trackAt({ right, finePoints }: World, pose: Pose): Track {
  const near = Math.exp(-away(pose, right));
  return { pose, valuedPoints: finePoints, knownRatio: near, coarseRatio: near } as Track;
}

function lookAround(world: World): LookAround {
  const measure = (_: SurfaceSamples, track: Track): Candidate => ({
    track,
    fit: Math.exp(-away(track.pose, world.right)),
    valued: 1,
  });
  const search = {
    measure,
    rank: (_: SurfaceSamples, poses: readonly Pose[], count: number) =>
      [...poses].sort((a, b) => away(a, world.right) - away(b, world.right)).slice(0, count),
    settle: (_: SurfaceSamples, candidate: Candidate) => candidate,
    best: (_: SurfaceSamples, poses: readonly Pose[], register: (pose: Pose) => Track) =>
      poses.map((pose) => measure(surface, register(pose))).reduce((a, b) => (b.fit > a.fit ? b : a)),
  } as unknown as PlaceSearch;
  return new LookAround(search, VOXEL);
}

function query(world: World): PlaceQuery {
  return {
    surface,
    elapsed: 0.1,
    register: (pose) => {
      world.registered.push(pose);
      return trackAt(world, pose);
    },
    T_body_sensor: identity(),
    tilts: false,
  };
}

const world = (x: number, finePoints: number): World => ({
  right: exp([x, 0, 0, 0, 0, 0]),
  finePoints,
  registered: [],
});

describe('LookAround', () => {
  it('guesses around the place as far as a vehicle goes, and no farther', () => {
    const around = lookAround(world(0, 0));
    const of = (elapsed: number): number[] =>
      around.around({ ...query(world(0, 0)), elapsed }, identity(), 4).map((p) => away(p, identity()));
    expect(Math.max(...of(0.05))).toBeLessThanOrEqual(3);
    expect(Math.max(...of(0.05))).toBeGreaterThan(2.3);
    expect(Math.max(...of(10))).toBeLessThanOrEqual(8);
  });

  it('takes the second scan for where it fits clearly better, if enough fine points say so', () => {
    const there = world(3, 1000);
    const track = lookAround(there).second(query(there), identity(), trackAt(there, identity()), () => true);
    expect(away(track.pose, there.right)).toBeLessThan(1);
  });

  it('tries places half a metre apart for it: registrations from farther away may miss the right one', () => {
    const there = world(2.5, 1000);
    const track = lookAround(there).second(query(there), identity(), trackAt(there, identity()), () => true);
    expect(away(track.pose, there.right)).toBeLessThan(0.25);
  });

  it('tries none half a metre apart where nearly all points fit', () => {
    const there = world(2.5, 1000);
    const expected = { ...trackAt(there, identity()), inlierRatio: 0.99 };
    const { registered } = there;
    lookAround(there).second(query(there), identity(), expected, () => true);
    const whole = registered.length;
    lookAround(there).second(query(there), identity(), { ...expected, inlierRatio: 0.97 }, () => true);
    expect(registered.length - whole).toBe(whole + 8 + 1); // the best of them once more, with all keypoints
  });

  it('registers the others roughly where the expected place will do, and the best of them with all keypoints', () => {
    const there = world(3, 1000);
    const roughly = (believable: boolean): boolean[] => {
      const how: boolean[] = [];
      const register: PlaceQuery['register'] = (pose, _, rough = false) => {
        how.push(rough);
        return trackAt(there, pose);
      };
      const expected = trackAt(there, identity());
      lookAround(there).second(
        { ...query(there), register },
        identity(),
        expected,
        (t) => believable || t !== expected,
      );
      return how;
    };
    const rough = roughly(true);
    expect(rough.filter((r) => r)).toHaveLength(8 + 8 + 3);
    expect(rough.slice(-3)).toEqual([false, false, false]);
    expect(roughly(false)).not.toContain(true);
  });

  it('looks a quarter of a metre around the best guesses: between half metres lies where cars and what stands disagree', () => {
    const there = world(2.25, 1000);
    const track = lookAround(there).second(query(there), identity(), trackAt(there, identity()), () => true);
    expect(away(track.pose, there.right)).toBeLessThan(1e-9);
  });

  it('does not keep an expected place that moves away once it is registered as the others are', () => {
    const there = world(0.5, 1000);
    const expected = trackAt(there, exp([0.49, 0, 0, 0, 0, 0])); // too good to be beaten clearly
    const second = (moves: number): Track => {
      const how = query(there);
      const register = (pose: Pose): Track =>
        pose === expected.pose ? trackAt(there, exp([0.49 + moves, 0, 0, 0, 0, 0])) : how.register(pose);
      return lookAround(there).second({ ...how, register }, identity(), expected, () => true);
    };
    expect(second(0.01)).toBe(expected);
    expect(away(second(0.4).pose, there.right)).toBeLessThan(1e-9);
  });

  it('keeps the expected place that can be believed where the scan fits better in a place that cannot', () => {
    const there = world(3, 1000);
    const expected = trackAt(there, identity());
    const believable = (t: Track): boolean => t === expected;
    expect(lookAround(there).second(query(there), identity(), expected, believable)).toBe(expected);
  });

  it('keeps the expected place of a scan with few fine points where that can be believed', () => {
    const there = world(3, 30);
    const expected = trackAt(there, identity());
    expect(lookAround(there).second(query(there), identity(), expected, () => true)).toBe(expected);
  });

  it('takes the best known of those that can be believed where the expected place cannot', () => {
    const there = world(3, 30);
    const believable = (t: Track): boolean => away(t.pose, there.right) < 1.5;
    const track = lookAround(there).second(query(there), identity(), trackAt(there, identity()), believable);
    const known = there.registered.filter((pose) => believable(trackAt(there, pose)));
    expect(known.length).toBeGreaterThan(1);
    expect(away(track.pose, there.right)).toBe(Math.min(...known.map((p) => away(p, there.right))));
  });

  it('keeps the expected place where none can be believed', () => {
    const there = world(3, 30);
    const expected = trackAt(there, identity());
    expect(lookAround(there).second(query(there), identity(), expected, () => false)).toBe(expected);
  });

  it('registers of guesses side by side only the best, so that sixteen places are tried', () => {
    const there = world(3, 1000);
    const around = lookAround(there);
    const guesses = around.around({ ...query(there), elapsed: 1 }, identity(), 20 / 3);
    expect(guesses.length).toBeGreaterThan(150);
    const best = around.best(query(there), guesses);
    expect(away(best!.track.pose, there.right)).toBeLessThan(0.8);
    const tried = there.registered;
    expect(tried).toHaveLength(16);
    tried.forEach((a, i) => tried.slice(0, i).forEach((b) => expect(away(a, b)).toBeGreaterThan(1.5)));
    // Turned by 20° a guess is another one, by 10° it is not.
    const turns = [0, 10, 20, 30].map((degrees) => exp([3, 0, 0, 0, 0, (degrees * Math.PI) / 180]));
    there.registered.length = 0;
    around.best(query(there), turns);
    expect(there.registered).toEqual([turns[0], turns[2]]);
  });
});
