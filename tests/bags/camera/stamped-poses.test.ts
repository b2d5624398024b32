import { describe, expect, it } from 'vitest';
import { posesAsRead, stampedPoses } from '../../../src/bags/camera/stamped-poses.js';
import { exp } from '../../../src/geometry/se3.js';

const [FIRST, THIRD] = [exp([1, 0, 0, 0, 0, 0]), exp([3, 0, 0, 0, 0, 0])];

describe('poses of images', () => {
  it('have the stamps of their images; those that are not known, or without an image, are left out', () => {
    const known = stampedPoses([10n, 20n, 30n], [FIRST, undefined, THIRD, exp([4, 0, 0, 0, 0, 0])]);
    expect(known).toEqual({ stampsNs: [10n, 30n], poses: [FIRST, THIRD] });
    expect(stampedPoses([10n, 20n], [FIRST])).toEqual({ stampsNs: [10n], poses: [FIRST] });
  });

  it('are there where one is known', async () => {
    expect(await posesAsRead([10n, 20n], [undefined, THIRD]).poses?.()).toEqual({
      stampsNs: [20n],
      poses: [THIRD],
    });
    expect(posesAsRead([10n, 20n], [undefined, undefined])).toEqual({});
  });
});
