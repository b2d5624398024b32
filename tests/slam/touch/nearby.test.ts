import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, separation, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { patchOf, type Patch } from '../../../src/sensors/tactile/patch.js';
import { optimiseTouches } from '../../../src/slam/touch/bundle.js';
import { kinematicInformation } from '../../../src/slam/touch/kinematics.js';
import { knownFrom, NearbyTouches, type FeltGel, type FeltPrior } from '../../../src/slam/touch/nearby.js';
import { above, feel, KINEMATICS, rolling, wrong } from './felt.js';

/** Touches all over a floor in waves, in any order, turned at random, each where the arm errs in its own way. */
function touches(seed: string, count: number): { patch: Patch; truth: Pose; prior: FeltPrior }[] {
  const random = new Random(`nearby ${seed}`);
  return Array.from({ length: count }, () => {
    const [x, y] = [random.range(0, 0.04), random.range(0, 0.03)];
    const truth = compose(
      above(x, y, -rolling(x, y, 0) / 0.95, 7e-4),
      exp([0, 0, 0, 0, 0, random.range(-3, 3)]),
    );
    const pose = wrong(truth, random);
    const information = kinematicInformation(KINEMATICS);
    return { patch: patchOf(feel(rolling, truth, random)), truth, prior: { pose, information } };
  });
}

/** Root mean square of the distance of what was felt from the floor, by poses, beside what is the same for all (m). */
function error(of: readonly { patch: Patch }[], poses: readonly Pose[]): number {
  const d = of.flatMap(({ patch: { samples, width, cx, cy, pitch, z } }, k) =>
    Array.from(samples, (at) => {
      const [x, y] = [((at % width) - cx) * pitch, (Math.floor(at / width) - cy) * pitch];
      return rolling(...transformPoint(poses[k]!, x, y, z[at]!));
    }),
  );
  const mean = d.reduce((s, v) => s + v, 0) / d.length;
  return Math.sqrt(d.reduce((s, v) => s + (v - mean) ** 2, 0) / d.length);
}

/** Each found when it comes, as the map does it. */
function live(all: readonly { patch: Patch; prior: FeltPrior }[], nearby = new NearbyTouches()): FeltGel[] {
  return all.map(({ patch, prior }) => {
    const found = nearby.register({ patch, predicted: prior.pose, kinematics: KINEMATICS, prior });
    const gel = { patch, prior, pose: found?.pose ?? prior.pose };
    nearby.add(gel);
    return { ...gel };
  });
}
const poses = (of: readonly { pose: Pose }[]): Pose[] => of.map(({ pose }) => pose);
const arm = (of: readonly { prior: FeltPrior }[]): Pose[] => of.map(({ prior }) => prior.pose);

describe('touches that are found as they come', () => {
  it('are no worse than the arm where few overlap', () => {
    const sets = Array.from({ length: 12 }, (_, k) => touches(`few ${k}`, 8));
    const sum = (of: (set: ReturnType<typeof touches>) => Pose[]): number =>
      Math.sqrt(sets.reduce((total, set) => total + error(set, of(set)) ** 2, 0));
    expect(sum((set) => poses(live(set)))).toBeLessThan(1.02 * sum(arm));
  }, 60_000);

  it.each(['a', 'b', 'c', 'd'])(
    'are better than the arm where many overlap (%s)',
    (seed) => {
      const many = touches(seed, 50);
      expect(error(many, poses(live(many)))).toBeLessThan(0.75 * error(many, arm(many)));
      expect(error(many, many.map(({ truth }) => truth))).toBeLessThan(1e-4); // prettier-ignore
    },
    60_000,
  );

  it('move those around them', () => {
    const all = touches('moved', 12);
    const nearby = new NearbyTouches();
    const kept = all.map(({ patch, prior }) => {
      const found = nearby.register({ patch, predicted: prior.pose, kinematics: KINEMATICS, prior });
      const gel = { patch, prior, pose: found?.pose ?? prior.pose };
      nearby.add(gel);
      return gel;
    });
    expect(error(all, poses(kept))).toBeLessThan(0.8 * error(all, poses(live(all))));
  });

  it('stay where the arm says alone, far from others, and where nothing was touched', () => {
    const [one, two, three] = touches('alone', 3);
    const nearby = new NearbyTouches();
    const problem = ({ patch, prior }: ReturnType<typeof touches>[number]) => ({
      patch,
      predicted: prior.pose,
      kinematics: KINEMATICS,
      prior,
    });
    expect(nearby.register(problem(one!))).toBeUndefined();
    nearby.add({ ...one!, pose: one!.prior.pose });
    const away = compose(exp([1, 0, 0, 0, 0, 0]), two!.prior.pose);
    const far = { ...problem(two!), predicted: away, prior: { ...two!.prior, pose: away } };
    expect(nearby.register(far)).toBeUndefined();
    const none = patchOf(feel(rolling, above(0, 0, 0.1)));
    expect(nearby.register({ ...problem(three!), patch: none })).toBeUndefined();
    nearby.clear();
    expect(nearby.register(problem(three!))).toBeUndefined();
  });

  it('is the arm’s where it would have to err far more than it does', () => {
    const [one] = touches('liar', 1);
    const nearby = new NearbyTouches();
    nearby.add({ patch: one!.patch, prior: one!.prior, pose: one!.truth });
    const lying = compose(one!.truth, exp([0, 0, 0.003, 0, 0, 0]));
    const sure = { translation: 1e-4, rotation: 1e-3 };
    const prior = { pose: lying, information: kinematicInformation(KINEMATICS) };
    const found = nearby.register({ patch: one!.patch, predicted: lying, kinematics: sure, prior })!;
    expect(found.state).toBe('kinematic');
    expect(found.reason).toMatch(/farther than it errs/);
    expect(separation(found.pose, lying)).toBe(0);
  });
});

describe('after all were found together', () => {
  const all = touches('settled', 70);
  const [first, then] = [all.slice(0, 40), all.slice(40)];
  let after: FeltGel[];
  let without: FeltGel[];
  beforeAll(() => {
    const nearby = new NearbyTouches();
    const found = optimiseTouches(
      first.map(({ patch, prior }) => ({ patch, predicted: prior.pose, information: prior.information })),
      { kinematics: KINEMATICS },
    );
    first.forEach(({ patch, prior }, k) =>
      nearby.add({
        patch,
        prior,
        pose: found.poses[k]!,
        known: knownFrom(found.poses[k]!, prior, found.overlaps[k]!, { whole: true }),
      }),
    );
    after = live(then, nearby);
    const other = new NearbyTouches();
    live(first, other);
    without = live(then, other);
  }, 60_000);

  it('those that come are the better for it', () => {
    expect(error(then, poses(after))).toBeLessThan(error(then, poses(without)));
    expect(error(then, poses(after))).toBeLessThan(0.5 * error(then, arm(then)));
  });
});
