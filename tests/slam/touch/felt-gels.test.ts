import { describe, expect, it } from 'vitest';
import { identity } from '../../../src/geometry/se3.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { bundleTouches, firstOf, knownFrom, type FeltGel } from '../../../src/slam/touch/felt-gels.js';
import { kinematicInformation } from '../../../src/slam/touch/kinematics.js';
import { above, feel, floor, KINEMATICS } from './felt.js';

const patch = patchOf(feel(floor(), above(0, 0, 0)));
const prior = { pose: above(0, 0, 0), information: kinematicInformation(KINEMATICS) };
const press = (): FeltGel => ({ patch, prior, pose: above(0.001, 0, 0) });
const goesOn = (from: FeltGel, held = false): FeltGel => {
  const step = { pose: identity(), information: kinematicInformation(KINEMATICS), rows: 50, inliers: 50, rests: false }; // prettier-ignore
  return { ...press(), slide: { ...step, from, first: firstOf(from), drifted: 0, held } };
};

describe('bundleTouches', () => {
  it('lets a touch follow the one that it slid from, and gives the contact one number', () => {
    const [alone, a] = [press(), press()];
    const b = goesOn(a);
    const c = goesOn(b, true);
    const touches = bundleTouches([c, alone, a, b]);
    expect(touches.map(({ step }) => step?.touch)).toEqual([3, undefined, undefined, 2]);
    expect(touches[0]!.held).toBe(true);
    expect(touches[3]!.held).toBe(false);
    expect(new Set([0, 2, 3].map((k) => touches[k]!.contact)).size).toBe(1);
    expect(touches[1]!.contact).not.toBe(touches[0]!.contact);
  });

  it('shares what the arm says of a contact among those that follow none', () => {
    const a = press();
    const b = goesOn(a);
    const c = goesOn(goesOn(b));
    // Between b and c one is missing: two parts of one contact.
    const touches = bundleTouches([a, b, c]);
    const share = (k: number): number => touches[k]!.information![0]! / prior.information[0]!;
    expect(touches[2]!.step).toBeUndefined();
    expect([share(0), share(2)]).toEqual([0.5, 0.5]);
  });

  it('takes what others have said since, or the arm alone', () => {
    const gel = press();
    gel.known = knownFrom(gel.pose, prior, 2);
    expect(bundleTouches([gel])[0]!.information![0]).toBeCloseTo(3 * prior.information[0]!, 3);
    expect(bundleTouches([gel])[0]!.start).toBe(gel.pose);
    const [anew] = bundleTouches([gel], { anew: true });
    expect(anew!.predicted).toBe(prior.pose);
    expect(anew!.start).toBeUndefined();
  });
});
