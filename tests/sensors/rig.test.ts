import { describe, expect, it } from 'vitest';
import { exp, identity } from '../../src/geometry/se3.js';
import { Rig } from '../../src/sensors/rig.js';

const code = (f: () => unknown): unknown => {
  try {
    f();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe('Rig', () => {
  it('takes a sensor for the body where nobody placed any', () => {
    const rig = new Rig();
    expect(rig.locate('/points')).toEqual(identity());
    expect(rig.locate('/points2')).toEqual(identity());
    expect(rig.sensors).toEqual([]);
  });

  it('keeps where a sensor is mounted, until a measurement says otherwise', () => {
    const rig = new Rig();
    const [fixed, moved] = [exp([1, 2, 3, 0, 0, 1]), exp([1, 2, 4, 0, 0.1, 1])];
    rig.mount('a', fixed);
    expect(rig.locate('a')).toBe(fixed);
    expect(rig.locate('a', moved)).toBe(moved);
    expect(rig.locate('a')).toBe(moved);
  });

  it('does not guess where a further sensor is', () => {
    const rig = new Rig();
    rig.mount('a', identity());
    expect(code(() => rig.locate('b'))).toBe('not-found');
    expect(rig.locate('b', exp([1, 0, 0, 0, 0, 0]))[3]).toBe(1);
    expect(code(() => rig.locate('b'))).toBe(undefined);
  });

  it('refuses what is no rigid transform, and keeps what it had', () => {
    const rig = new Rig();
    rig.mount('a', identity());
    const mirrored = identity();
    mirrored[10] = -1;
    const scaled = identity().map((v) => 1.1 * v);
    const notFinite = Float64Array.of(1, 0, 0, NaN, 0, 1, 0, 0, 0, 0, 1, 0);
    for (const bad of [mirrored, scaled, notFinite, new Float64Array(12), new Float64Array(3)])
      expect(code(() => rig.mount('a', bad))).toBe('bad-input');
    expect(rig.locate('a')).toEqual(identity());
  });
});
