import { describe, expect, it } from 'vitest';
import { areWithin, compose, exp, identity, type Pose } from '../../../src/geometry/se3.js';
import type { SurfaceSamples } from '../../../src/sensors/observation.js';
import {
  CERTAIN_AFTER_LOSS,
  CERTAIN_VIEW,
  type Candidate,
  type CertaintyLimits,
} from '../../../src/slam/places/certainty.js';
import { LookAround, type PlaceQuery } from '../../../src/slam/places/look-around.js';
import type { PlaceSearch } from '../../../src/slam/places/place-search.js';
import { recover, type Found } from '../../../src/slam/places/recover.js';
import type { Track } from '../../../src/slam/tracking/tracker.js';
import type { UsualDoubt } from '../../../src/slam/places/usual-doubt.js';

const VOXEL = 0.15;
const STILL = new Float64Array(6);
const at = (x: number, degrees = 0): Pose =>
  compose(exp([x, 0, 0, 0, 0, 0]), exp([0, 0, 0, 0, 0, (degrees * Math.PI) / 180]));

interface World {
  readonly certainty?: CertaintyLimits;
  /** Whether a registration settles when it goes on. */
  readonly settles?: boolean;
  /** Another place that fits nearly as well. */
  readonly alike?: Pose;
  /** How well; default: 0.7, for 0.8 at the right one. */
  readonly alikeFit?: number;
  /** Of a depth camera: whether its frames come seldom. */
  readonly often?: boolean;
  /** Where it would be; default: 4 m on. */
  readonly ahead?: Pose;
}

/** A world in which a scan fits at one place only; registrations end there from within 1 m and 15°. */
function lost(
  right: Pose,
  { certainty = CERTAIN_AFTER_LOSS, settles = true, alike, alikeFit = 0.7, often, ahead = at(4) }: World = {},
): (search?: boolean, converged?: boolean, doubt?: number, usual?: UsualDoubt) => Found | undefined {
  const leadsTo = (pose: Pose, place: Pose): boolean =>
    areWithin(pose, place, { metres: 0.999, radians: Math.PI / 12.1 });
  const placeOf = (pose: Pose): Pose | undefined =>
    [right, alike].find((place) => place && leadsTo(pose, place));
  const trackFrom = (pose: Pose): Track => {
    const place = placeOf(pose);
    return { pose: place ?? pose, converged: true, inlierRatio: place ? 0.99 : 0.9 } as Track;
  };
  const fits = new Map([[right, 0.8], [alike, alikeFit]]); // prettier-ignore
  const measure = (_: SurfaceSamples, track: Track): Candidate => ({
    track,
    fit: fits.get(placeOf(track.pose) ?? identity()) ?? 0.4,
    valued: 0.6,
  });
  const fitFrom = (pose: Pose): number => fits.get(placeOf(pose) ?? identity()) ?? 0.4;
  const surface = { keypoints: new Uint32Array(0) } as SurfaceSamples;
  const search = {
    measure,
    rank: (_: SurfaceSamples, poses: readonly Pose[]) => [...poses].sort((a, b) => fitFrom(b) - fitFrom(a)),
    best: (_: SurfaceSamples, poses: readonly Pose[], register: (pose: Pose) => Track) =>
      poses.map((pose) => measure(surface, register(pose))).reduce((a, b) => (b.fit > a.fit ? b : a)),
    settle: (_: SurfaceSamples, candidate: Candidate, register: (pose: Pose) => Track) =>
      candidate.track.converged || !settles ? candidate : measure(surface, register(candidate.track.pose)),
  } as unknown as PlaceSearch;
  const around = new LookAround(search, VOXEL, { certainty });
  const query: PlaceQuery = {
    surface,
    elapsed: 2,
    register: (pose) => trackFrom(pose),
    T_body_sensor: identity(),
    tilts: false,
    ...(often !== undefined && {
      nearby: {
        register: trackFrom,
        conclude: trackFrom,
        believable: () => true,
        relative: (fit: number) => fit,
        often,
      },
    }),
  };
  // Last known at the origin, two metres a second ahead since then.
  return (searched = true, converged = true, doubt = 0, usualDoubt?: UsualDoubt) =>
    recover(around, query, {
      tracked: { ...trackFrom(ahead), converged },
      search: searched,
      last: identity(),
      ahead,
      twist: STILL,
      doubt: () => doubt,
      usualDoubt,
    });
}

describe('recover', () => {
  it('takes a place that fits beyond doubt, and looks around for it only when that is due', () => {
    expect(lost(at(4.5))(false)!.track.pose).toEqual(at(4.5));
    expect(lost(at(8))(false)).toBeUndefined();
    expect(lost(at(8))()!.track.pose).toEqual(at(8));
    expect(lost(at(40))()).toBeUndefined();
  });

  it('registers on what fits beyond doubt where it was expected, but has not settled', () => {
    expect(lost(at(4.5))(false, false)!.track.converged).toBe(true);
    expect(lost(at(4.5), { settles: false })(false, false)).toBeUndefined();
    expect(lost(at(8))(false, false)).toBeUndefined();
  });

  it('looks around for a place that fits better where free space doubts the one that was expected', () => {
    expect(lost(at(4.5))(true, true, 0.03)!.track.pose).toEqual(at(4.5)); // nothing fits better
    expect(lost(at(4.5))(false, true, 0.03)).toBeUndefined(); // not searched
    const street = lost(at(6.3), { alike: at(4.2) });
    expect(street()!.track.pose).toEqual(at(4.2)); // nothing against it
    expect(street(true, true, 0.03)!.track.pose).toEqual(at(6.3));
  });

  it('lets free space doubt a place where the sensor was expected, and hardly one elsewhere or turned round', () => {
    const { doubt } = CERTAIN_AFTER_LOSS;
    for (const expected of [at(4.5, 10), at(5.9), at(-1.5)])
      expect(lost(expected)()).toMatchObject({
        where: 'expected',
        mostDoubt: expect.closeTo(0.05) as number,
      });
    expect(doubt).toBeLessThan(0.02);
    // Where hardly anything ever comes or goes, there too.
    const quiet = { doubt: 0.001, oneWay: 0.002, observations: 100 };
    expect(lost(at(4.5))(true, true, 0, quiet)!.mostDoubt).toBeCloseTo(0.009, 9);
    expect(lost(at(8))(true, true, 0, quiet)!.mostDoubt).toBe(doubt);
    // Of twenty metres a vehicle may be some short that brakes or turns; what looks alike may be there as well.
    const slower = lost(at(16), { ahead: at(20) })();
    expect(slower).toMatchObject({ where: 'expected', mostDoubt: doubt });
    expect(lost(at(16, 40), { ahead: at(20) })()!.where).toBe('expected');
    expect(lost(at(11.5), { ahead: at(20) })()!.where).toBe('elsewhere');
    for (const elsewhere of [at(8), at(0.5, 180), at(0, 60)]) {
      const found = lost(elsewhere)();
      expect(found!.track.pose).toEqual(elsewhere);
      expect(found!.mostDoubt).toBe(doubt);
      expect(found!.where).toBe('elsewhere');
    }
  });

  it('believes no place elsewhere than expected where another one fits about as well', () => {
    const right = at(8);
    expect(lost(right, { alike: at(-1.5, 180) })()!.track.pose).toEqual(right); // fits to 0.7, for 0.8
    const twin = { alike: at(-1.5, 180), alikeFit: 0.795 };
    expect(lost(right, twin)()).toBeUndefined();
    expect(lost(at(0.5, 180), { ...twin, alike: at(8) })()).toBeUndefined();
    expect(lost(at(4.5), twin)()!.track.pose).toEqual(at(4.5)); // where it was expected
    expect(lost(right, twin)(true, true, 0.06)!.track.pose).toEqual(right); // free space speaks against the other
  });

  it('compares the views of a camera nearby with every frame where these come seldom, else when a search is due', () => {
    const turned = at(0, 35); // from where it was last known, far from where it would be
    const seldom = lost(turned, { certainty: CERTAIN_VIEW, often: true });
    expect(seldom(false)!.track.pose).toEqual(turned);
    const usual = lost(turned, { certainty: CERTAIN_VIEW, often: false });
    expect(usual(false)).toBeUndefined();
    expect(usual(true)!.track.pose).toEqual(turned);
  });

  it('leaves the limit as while tracking where the sensor has none of its own', () => {
    const found = lost(at(4.5), { certainty: CERTAIN_VIEW })();
    expect(found!.track.pose).toEqual(at(4.5));
    expect(found!.mostDoubt).toBeUndefined();
  });
});
