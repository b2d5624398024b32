import { describe, expect, it } from 'vitest';
import {
  compose,
  exp,
  identity,
  inverse,
  rotationAngle,
  separation,
  type Pose,
} from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import { scoreOf, type Candidate } from '../../../src/slam/places/certainty.js';
import { viewNearby } from '../../../src/slam/places/near-view.js';
import type { PlaceSearch } from '../../../src/slam/places/place-search.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';

const DEGREE = Math.PI / 180;
const at = (x: number, y = 0, turn = 0, roll = 0): Pose =>
  compose(exp([x, y, 0, 0, 0, 0]), exp([0, 0, 0, roll * DEGREE, 0, turn * DEGREE]));
const apart = (a: Pose, b: Pose): number => separation(a, b) + rotationAngle(compose(inverse(a), b));

interface Place {
  readonly pose: Pose;
  readonly fit: number;
  /** Share of the points whose colours fit. */
  readonly colours?: number;
  /** Free space speaks against it. */
  readonly contradicted?: boolean;
}

/** A world with some places at which a frame fits; registrations end at one from within `basin`, m and rad. */
function world(places: readonly Place[], { basin = 0.2, ambiguous = false, drawn = true } = {}) {
  const surface = {} as SurfaceSamples;
  const nearest = (pose: Pose): Place | undefined => places.find((place) => apart(place.pose, pose) < basin);
  const track = (pose: Pose): Track =>
    ({
      pose: nearest(pose)?.pose ?? pose,
      converged: true,
      inlierRatio: 0.9,
      colours: nearest(pose)?.colours ?? 0.5,
    }) as Track;
  /** Along x nothing tells where the sensor is: registrations stay where they begin. */
  const sliding = (pose: Pose): Track => {
    const there = track(pose);
    const slid = there.pose.slice();
    if (!drawn) slid[3] = pose[3]!;
    return { ...there, pose: slid };
  };
  const measure = (_: SurfaceSamples, t: Track): Candidate => {
    const fit = nearest(t.pose)?.fit ?? (drawn ? 0.5 : 0.9);
    return { track: t, fit, valued: 0.6 };
  };
  const search = {
    measure,
    rank: (_: SurfaceSamples, poses: readonly Pose[], count: number) =>
      poses
        .map((pose) => ({ pose, away: Math.min(...places.map((place) => apart(place.pose, pose))) }))
        .sort((a, b) => a.away - b.away)
        .slice(0, count)
        .map(({ pose }) => pose),
    settle: (_: SurfaceSamples, candidate: Candidate) => candidate,
  } as unknown as PlaceSearch;
  const open = { ambiguousBy: 0.5, unconstrained: Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0) };
  const query = {
    surface,
    T_body_sensor: identity(),
    register: sliding,
    conclude: (pose: Pose): Track => ({ ...sliding(pose), ...(ambiguous && open) }),
    relative: (fit: number): number => fit,
    believable: ({ pose }: Track) => !(nearest(pose)?.contradicted ?? false),
  };
  const found = (guess = identity()): Candidate => measure(surface, { ...track(guess), pose: guess });
  return (near = found()) => viewNearby(search, query, near, identity(), at(0.3));
}

describe('viewNearby', () => {
  it.each([
    ['25 cm to the side', at(0.05, 0.25)],
    ['turned by 38°', at(0, 0, 38)],
    ['rolled by 28°', at(0, 0, 0, 28)],
    ['15 cm away and turned by 20°', at(0.15, 0, 20)],
    ['where it would be had it kept its velocity, turned by 10°', at(0.3, 0, 10)],
  ])('finds a view %s', (_, pose) => {
    const found = world([{ pose, fit: 0.9 }])();
    expect(found).toBeDefined();
    expect(apart(found!.track.pose, pose)).toBeLessThan(1e-9);
  });

  it('has no place for a frame that fits nowhere well, or outside of what a hand moves', () => {
    expect(world([{ pose: at(0, 0, 20), fit: 0.74 }])()).toBeUndefined();
    expect(world([{ pose: at(0, 0, 90), fit: 0.9 }])()).toBeUndefined();
  });

  it('takes the better of two places, and neither where they fit alike', () => {
    const [right, other] = [at(0, 0, 20), at(0, 0.15, -20)];
    const found = world([{ pose: other, fit: 0.8 }, { pose: right, fit: 0.92 }])(); // prettier-ignore
    expect(apart(found!.track.pose, right)).toBeLessThan(1e-9);
    const alike = [{ pose: other, fit: 0.91 }, { pose: right, fit: 0.92 }]; // prettier-ignore
    expect(world(alike)()).toBeUndefined();
  });

  it('tells places apart by their colours, and leaves out what free space speaks against', () => {
    const [right, other] = [at(0, 0, 20), at(0, 0.15, -20)];
    const colourful = [{ pose: other, fit: 0.92, colours: 0.2 }, { pose: right, fit: 0.9 }]; // prettier-ignore
    expect(apart(world(colourful)()!.track.pose, right)).toBeLessThan(1e-9);
    const contradicted = [{ pose: other, fit: 0.95, contradicted: true }, { pose: right, fit: 0.9 }]; // prettier-ignore
    expect(apart(world(contradicted)()!.track.pose, right)).toBeLessThan(1e-9);
    expect(world([{ pose: right, fit: 0.95, contradicted: true }])()).toBeUndefined();
  });

  it('keeps where the frame was found by itself if that fits best', () => {
    const pose = at(0.02);
    const near = { track: { pose, converged: true, inlierRatio: 0.9 } as Track, fit: 0.9, valued: 0.6 };
    const found = world([{ pose, fit: 0.9 }])(near);
    expect(apart(found!.track.pose, pose)).toBeLessThan(1e-9);
    expect(scoreOf(found!)).toBeGreaterThan(0);
  });

  it('believes a place with an open direction only if registrations beside it come back, or fit clearly worse', () => {
    const pose = at(0, 0, 10);
    const found = world([{ pose, fit: 0.9 }], { ambiguous: true, basin: 0.3 })();
    expect(found?.track.ambiguousBy).toBeUndefined();
    expect(apart(found!.track.pose, pose)).toBeLessThan(1e-9);
    // A bare wall: they stay where they began, and fit as well.
    expect(world([{ pose, fit: 0.9 }], { ambiguous: true, basin: 0.3, drawn: false })()).toBeUndefined();
  });
});
