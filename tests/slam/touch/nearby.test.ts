import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, inverse, separation, transformPoint, type Pose } from '../../../src/geometry/se3.js';
import { patchOf, type Patch } from '../../../src/sensors/tactile/patch.js';
import { optimiseTouches } from '../../../src/slam/touch/bundle.js';
import { kinematicInformation } from '../../../src/slam/touch/kinematics.js';
import { bundleTouches, knownFrom, type FeltGel, type FeltPrior } from '../../../src/slam/touch/felt-gels.js';
import { NearbyTouches } from '../../../src/slam/touch/nearby.js';
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
function live(
  all: readonly { patch: Patch; prior: FeltPrior }[],
  nearby = new NearbyTouches(KINEMATICS),
): FeltGel[] {
  return all.map(({ patch, prior }) => {
    const { gel } = nearby.register({ patch, predicted: prior.pose, kinematics: KINEMATICS, prior });
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
    const nearby = new NearbyTouches(KINEMATICS);
    const kept = all.map(({ patch, prior }) => {
      const { gel } = nearby.register({ patch, predicted: prior.pose, kinematics: KINEMATICS, prior });
      nearby.add(gel);
      return gel;
    });
    expect(error(all, poses(kept))).toBeLessThan(0.8 * error(all, poses(live(all))));
  });

  it('stay where the arm says alone, far from others, and where nothing was touched', () => {
    const [one, two, three] = touches('alone', 3);
    const nearby = new NearbyTouches(KINEMATICS);
    const problem = ({ patch, prior }: ReturnType<typeof touches>[number]) => ({
      patch,
      predicted: prior.pose,
      kinematics: KINEMATICS,
      prior,
    });
    expect(nearby.register(problem(one!)).found).toBeUndefined();
    nearby.add({ ...one!, pose: one!.prior.pose });
    const away = compose(exp([1, 0, 0, 0, 0, 0]), two!.prior.pose);
    const far = { ...problem(two!), predicted: away, prior: { ...two!.prior, pose: away } };
    expect(nearby.register(far).found).toBeUndefined();
    const none = patchOf(feel(rolling, above(0, 0, 0.1)));
    expect(nearby.register({ ...problem(three!), patch: none }).found).toBeUndefined();
    nearby.clear();
    expect(nearby.register(problem(three!)).found).toBeUndefined();
  });

  it('is the arm’s where it would have to err far more than it does', () => {
    const [one] = touches('liar', 1);
    const nearby = new NearbyTouches(KINEMATICS);
    nearby.add({ patch: one!.patch, prior: one!.prior, pose: one!.truth });
    const lying = compose(one!.truth, exp([0, 0, 0.003, 0, 0, 0]));
    const sure = { translation: 1e-4, rotation: 1e-3 };
    const prior = { pose: lying, information: kinematicInformation(KINEMATICS) };
    const { found, gel } = nearby.register({ patch: one!.patch, predicted: lying, kinematics: sure, prior });
    expect(found!.state).toBe('kinematic');
    expect(found!.reason).toMatch(/farther than it errs/);
    expect(separation(found!.pose, lying)).toBe(0);
    expect(separation(gel.pose, lying)).toBe(0);
  });
});

describe('after all were found together', () => {
  const all = touches('settled', 70);
  const [first, then] = [all.slice(0, 40), all.slice(40)];
  let after: FeltGel[];
  let without: FeltGel[];
  beforeAll(() => {
    const nearby = new NearbyTouches(KINEMATICS);
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
    const other = new NearbyTouches(KINEMATICS);
    live(first, other);
    without = live(then, other);
  }, 60_000);

  it('those that come are the better for it', () => {
    expect(error(then, poses(after))).toBeLessThan(error(then, poses(without)));
    expect(error(then, poses(after))).toBeLessThan(0.5 * error(then, arm(then)));
  });
});

describe('touches that slide', () => {
  interface Slid {
    readonly patch: Patch;
    readonly truth: Pose;
    readonly prior: FeltPrior;
    readonly stampNs: bigint;
  }
  const information = kinematicInformation(KINEMATICS);

  /** Some presses, and slides between them: the arm errs in a slide as in a press, and a little more with each step. */
  function slides(seed: string): Slid[] {
    const random = new Random(`slides ${seed}`);
    const onFloor = (x: number, y: number, turn: number): Pose =>
      compose(above(x, y, -rolling(x, y, 0) / 0.95, 7e-4), exp([0, 0, 0, 0, 0, turn]));
    const out: Slid[] = [];
    let stamp = 0n;
    const add = (truth: Pose, pose: Pose): void => {
      stamp += 100_000_000n;
      out.push({ patch: patchOf(feel(rolling, truth, random)), truth, prior: { pose, information }, stampNs: stamp }); // prettier-ignore
    };
    for (let k = 0; k < 16; k++) {
      stamp += 1_000_000_000n;
      const truth = onFloor(random.range(0, 0.09), random.range(0, 0.08), random.range(-3, 3));
      add(truth, wrong(truth, random));
    }
    for (let slide = 0; slide < 4; slide++) {
      stamp += 1_000_000_000n;
      const [x, y, turn] = [random.range(0.02, 0.07), random.range(0.02, 0.06), random.range(-3, 3)];
      const heading = random.range(-3, 3);
      let error = compose(inverse(onFloor(x, y, turn)), wrong(onFloor(x, y, turn), random));
      for (let k = 0; k < 8; k++) {
        const truth = onFloor(x + 0.002 * k * Math.cos(heading), y + 0.002 * k * Math.sin(heading), turn);
        if (k > 0) error = compose(error, exp([0, 1, 2].map(() => 1e-4 * random.normal()).concat(0, 0, 0)));
        add(truth, compose(truth, error));
      }
    }
    return out;
  }

  /** As they come, and found together; control: each said to be of a sensor of its own. */
  function found(all: readonly Slid[], follow: boolean): { live: Pose[]; settled: Pose[]; followed: number } {
    const nearby = new NearbyTouches(KINEMATICS);
    const gels = all.map(({ patch, prior, stampNs }, k) => {
      const contact = { sensor: follow ? 'gel' : `gel ${k}`, stampNs, mount: prior.pose };
      const { gel } = nearby.register({ patch, predicted: prior.pose, kinematics: KINEMATICS, prior, contact }); // prettier-ignore
      nearby.add(gel);
      return gel;
    });
    return {
      live: all.map((_, k) => gels[k]!.pose),
      settled: optimiseTouches(bundleTouches(gels, { anew: true }), { kinematics: KINEMATICS }).poses,
      followed: gels.filter(({ slide }) => slide).length,
    };
  }

  it('are better known for it, as they come and together', () => {
    const sets = ['a', 'b', 'c', 'd'].map(slides);
    const sum = (of: (set: Slid[], k: number) => Pose[]): number =>
      Math.sqrt(sets.reduce((total, set, k) => total + error(set, of(set, k)) ** 2, 0));
    const [on, off] = [true, false].map((follow) => sets.map((set) => found(set, follow)));
    expect(on!.map(({ followed }) => followed)).toEqual([28, 28, 28, 28]);
    expect(off!.map(({ followed }) => followed)).toEqual([0, 0, 0, 0]);
    const ratio = (of: 'live' | 'settled'): number =>
      sum((_, k) => on![k]![of]) / sum((_, k) => off![k]![of]);
    expect(ratio('live')).toBeLessThan(0.95);
    expect(ratio('settled')).toBeLessThan(0.9);
    expect(sum((_, k) => on![k]!.live)).toBeLessThan(0.4 * sum((set) => arm(set)));
  }, 120_000);
});
