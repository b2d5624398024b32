import { describe, expect, it } from 'vitest';
import { invertSpd } from '../../../src/geometry/linear.js';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, inverse, separation, type Pose } from '../../../src/geometry/se3.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { SlideTrack, type SlidingTouch } from '../../../src/slam/touch/slide.js';
import { above, bumpy, feel, floor, KINEMATICS, type Solid } from './felt.js';

const TENTH = 100_000_000n;
const wandering = (sigma: number, random: Random): Pose =>
  exp([0, 1, 2].map(() => sigma * random.normal()).concat(0, 0, 0));
const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Root mean square of steps' errors (m): along what is touched, and across it. */
function off(steps: readonly Pose[], moves: readonly Pose[]): { along: number; across: number } {
  const errors = steps.map((step, k) => compose(inverse(moves[k]!), step));
  return {
    along: rms(errors.map((E) => Math.hypot(E[3]!, E[7]!))),
    across: rms(errors.map((E) => E[11]!)),
  };
}

/** A slide of 25 touches by an arm that is 2 mm off, and errs by 0.2 mm more in each step. */
function slide(solid: Solid, seed: string) {
  const random = new Random(`slide ${seed}`);
  const track = new SlideTrack(KINEMATICS);
  const truth = Array.from({ length: 25 }, (_, k) => above(0.0012 * k, 0.0008 * k, 1.2e-3));
  let error = wandering(2e-3, random);
  const mounts = truth.map((T) => compose(T, (error = compose(error, wandering(2e-4, random)))));
  const steps = truth.map((T, k) =>
    track.add({ patch: patchOf(feel(solid, T, random)), stampNs: BigInt(k) * TENTH, mount: mounts[k]! }),
  );
  const between = (poses: readonly Pose[]): Pose[] =>
    poses.slice(1).map((T, k) => compose(inverse(poses[k]!), T));
  expect(steps[0]).toBeUndefined();
  const found = steps.slice(1).map((step) => step!);
  return {
    arm: off(between(mounts), between(truth)),
    tracked: off(found.map(({ pose }) => pose), between(truth)), // prettier-ignore
    sigmas: found.map(({ information }) => {
      const C = invertSpd(information, 6)!;
      return { along: Math.sqrt(C[0]! + C[7]!), across: Math.sqrt(C[14]!) };
    }),
    rows: found.map(({ rows }) => rows),
  };
}

describe('a contact that slides', () => {
  it('over bumps is followed far better than by the arm', () => {
    const { arm, tracked, sigmas, rows } = slide(bumpy, 'bumps');
    expect(Math.min(...rows)).toBeGreaterThan(30);
    expect(arm.along).toBeGreaterThan(2e-4);
    expect(tracked.along).toBeLessThan(0.4 * arm.along);
    expect(tracked.across).toBeLessThan(0.2 * arm.across);
    const sigma = rms(sigmas.map(({ along }) => along));
    expect(tracked.along).toBeLessThan(1.5 * sigma);
    expect(tracked.along).toBeGreaterThan(0.2 * sigma);
  });

  it('over a plane is followed across it, and by the arm along it, which is said', () => {
    const { arm, tracked, sigmas } = slide(floor(1.2e-3), 'plane');
    expect(tracked.across).toBeLessThan(0.2 * arm.across);
    expect(tracked.along).toBeLessThan(1.05 * arm.along);
    // A twentieth of 2 mm and a tenth of 1.44 mm, along both axes.
    const alone = Math.SQRT2 * Math.hypot(1e-4, 1.44e-4);
    for (const { along, across } of sigmas) {
      expect(along).toBeGreaterThan(0.8 * alone);
      expect(across).toBeLessThan(5e-5);
    }
  });
});

describe('a contact', () => {
  const random = new Random('contact');
  const T = above(0.004, 0.002, 1.2e-3);
  const [next, patch] = [above(0.0052, 0.0028, 1.2e-3), patchOf(feel(bumpy, T, random))];
  const then = patchOf(feel(bumpy, next, random));
  const nothing = patchOf(feel(floor(-1), T));
  const first: SlidingTouch = { patch, stampNs: 0n, mount: T };
  const second: SlidingTouch = { patch: then, stampNs: TENTH, mount: next };
  const after = (...touches: readonly SlidingTouch[]) => {
    const track = new SlideTrack(KINEMATICS);
    return touches.map((touch) => track.add(touch)).at(-1);
  };

  it('goes on from the touch before', () => {
    const step = after(first, second)!;
    expect(separation(step.pose, compose(inverse(T), next))).toBeLessThan(5e-5);
    expect(step.inliers).toBeGreaterThan(0.9 * step.rows);
    expect(step.rests).toBe(false);
  });

  it('begins anew when it was lost, was not seen for long, or has no time', () => {
    expect(after(first, { ...first, patch: nothing, stampNs: TENTH }, { ...second, stampNs: 2n * TENTH })).toBeUndefined(); // prettier-ignore
    expect(after(first, { ...second, stampNs: 6n * TENTH })).toBeUndefined();
    expect(after(first, { ...second, stampNs: 0n })).toBeUndefined();
    const track = new SlideTrack(KINEMATICS);
    track.add(first);
    track.reset();
    expect(track.add(second)).toBeUndefined();
  });

  it('begins anew where the patches contradict the arm’s step, or hardly overlap', () => {
    const pushed = compose(next, exp([0, 0, 0.002, 0, 0, 0]));
    expect(after(first, { ...second, mount: pushed })).toBeUndefined();
    const far = compose(next, exp([0.011, 0, 0, 0, 0, 0]));
    expect(after(first, { ...second, mount: far })).toBeUndefined();
  });

  it('rests where it hardly moves, and goes on from the touch that was elsewhere', () => {
    const still = { ...first, patch: patchOf(feel(bumpy, T, random)), stampNs: TENTH };
    expect(after(first, still)!.rests).toBe(true);
    const step = after(first, still, { ...second, stampNs: 2n * TENTH })!;
    expect(step.rests).toBe(false);
    expect(separation(step.pose, compose(inverse(T), next))).toBeLessThan(5e-5);
  });

  it('stays on a body that stands, whose place is only known to a millimetre, and moves with one that does not', () => {
    const sigma = { translation: 1e-3, rotation: 3e-3 };
    const on = (touch: SlidingTouch, pose: Pose): SlidingTouch => ({ ...touch, body: { pose, sigma } });
    const moved = compose(inverse(T), next);
    const jitter = exp([0.0012, -0.0015, 0.001, 0, 0, 0]);
    const standing = after(on(first, exp([0, 0, 0, 0, 0, 0])), on(second, jitter))!;
    expect(separation(standing.pose, moved)).toBeLessThan(5e-5);
    // A body 8 mm on, whose arm has gone back by as much.
    const driven = exp([0.008, 0, 0, 0, 0, 0]);
    const back = { ...second, mount: compose(inverse(driven), next) };
    const driving = after(on(first, exp([0, 0, 0, 0, 0, 0])), on(back, driven))!;
    expect(separation(driving.pose, moved)).toBeLessThan(1e-4);
    expect(after(first, back)).toBeUndefined();
  });
});
