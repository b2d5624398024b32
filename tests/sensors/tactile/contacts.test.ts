import { describe, expect, it } from 'vitest';
import { contactsOf, contactsOfPoints } from '../../../src/sensors/tactile/contacts.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import type { TouchImage } from '../../../src/sensors/tactile/touch.js';
import { above, feel, floor } from '../../slam/touch/felt.js';

const free = (depth = 0): TouchImage => {
  const touch = feel(floor(-1), above(0, 0, 0));
  return { ...touch, depth: touch.depth.map(() => depth) };
};
const clearOf = (touch: TouchImage) => contactsOf(patchOf(touch), 300).clear;

describe('a gel that nothing touches', () => {
  it('is free as far as its shorter side reaches, up to its face', () => {
    const { point, clearance } = clearOf(free(0.0004))!;
    // 20 x 15 mm, its surface 0.4 mm behind where it is at rest.
    expect(clearance).toBeCloseTo(0.0075, 9);
    expect(point[0]).toBe(0);
    expect(point[1]).toBe(0);
    expect(point[2] + clearance).toBeCloseTo(-0.0004, 7);
  });

  it('is so no more when a single pixel touches, even where no depth is known there', () => {
    const touch = free();
    touch.contact[77] = 1;
    expect(contactsOf(patchOf(touch), 300).points).toHaveLength(0);
    expect(clearOf(touch)).toBeUndefined();
    touch.depth[77] = NaN;
    expect(clearOf(touch)).toBeUndefined();
  });

  it('is not known to be so where a part of it is not known', () => {
    const part = (share: number): TouchImage => {
      const touch = free();
      touch.depth.fill(NaN, 0, share * touch.depth.length);
      return touch;
    };
    expect(clearOf(part(0.05))).toBeDefined();
    expect(clearOf(part(0.2))).toBeUndefined();
    expect(clearOf(part(1))).toBeUndefined();
  });

  it('is no larger than its body', () => {
    const wide = { ...free(), pitch: 0.002 };
    expect(contactsOf(patchOf(wide), 300).clear!.clearance).toBeCloseTo(0.01, 9);
  });

  it('is nothing that sensors of single points know', () => {
    const none = contactsOfPoints({ kind: 'touch-points', stampNs: 0n, frameId: 'skin', points: new Float32Array(0), sigma: 0.001 }); // prettier-ignore
    expect(none.clear).toBeUndefined();
  });
});
