import { describe, expect, it } from 'vitest';
import type { Pinhole } from '../../../src/geometry/pinhole.js';
import { IntrinsicsFit, type Asked } from '../../../src/slam/intrinsics/intrinsics-fit.js';
import type { ViewPair } from '../../../src/slam/intrinsics/view-pair.js';
import { CAMERA, misread, pairsOf, placeAt } from './room-views.js';

const PLACES = [
  [0], [6, 1], [12, -4, 2], [7, -7, 8], [1, -2, 14], [-4, 3, 8], [-9, 7, 2], [-14, 3, -5],
].map(([yaw, pitch, roll], i) => placeAt(yaw!, pitch, roll, 0.02 * i)); // prettier-ignore
const PAIRS = pairsOf(PLACES);

function fitted(wrong: Partial<Pinhole>, asked: Asked, pairs: readonly ViewPair[] = PAIRS) {
  const seen = pairs.map((pair) => ({
    ...pair,
    first: misread(pair.first, wrong),
    second: misread(pair.second, wrong),
  }));
  const fit = new IntrinsicsFit(seen, { ...CAMERA, ...wrong }, asked);
  while (!fit.iterate());
  expect(seen[0]!.pose).toEqual(pairs[0]!.pose); // what was given stays as it was
  return fit.result!;
}

describe('the intrinsics that explain how a camera turned', () => {
  it.each([0.7, 0.87, 1, 1.15, 1.4])('are found from a focal length %f times as long', (factor) => {
    const wrong = { fx: factor * CAMERA.fx, fy: factor * CAMERA.fy };
    const { fx, fy, pairs, sigma } = fitted(wrong, 'focal');
    expect(pairs).toBe(PAIRS.length);
    expect(Math.abs(fx / CAMERA.fx - 1)).toBeLessThan(0.015);
    expect(fy).toBeCloseTo(fx, 6);
    expect(sigma[0]).toBeLessThan(0.02);
  });

  it('are found from a wrong centre and ratio as well, where it turned about all axes', () => {
    const { fx, fy, cx, cy } = fitted({ fx: 1.12 * CAMERA.fx, cx: CAMERA.cx + 12, cy: CAMERA.cy - 9 }, 'all');
    expect(Math.abs(fx / CAMERA.fx - 1)).toBeLessThan(0.02);
    expect(Math.abs(fy / CAMERA.fy - 1)).toBeLessThan(0.02);
    expect(Math.abs(cx - CAMERA.cx)).toBeLessThan(2);
    expect(Math.abs(cy - CAMERA.cy)).toBeLessThan(2);
  });

  it('are found by depth alone', () => {
    const blind = PAIRS.map((pair) => ({
      ...pair,
      second: { ...pair.second, grey: pair.second.grey.map(() => NaN) },
    }));
    const { fx } = fitted({ fx: 1.2 * CAMERA.fx, fy: 1.2 * CAMERA.fy }, 'focal', blind);
    expect(Math.abs(fx / CAMERA.fx - 1)).toBeLessThan(0.02);
  });

  it('are unknown where the views have nothing in common', () => {
    const [pair] = PAIRS;
    const nothing = { ...pair!.second, inverse: new Float32Array(pair!.second.inverse.length) };
    const fit = new IntrinsicsFit([{ ...pair!, second: nothing }], CAMERA, 'focal');
    while (!fit.iterate());
    expect(fit.result).toBeUndefined();
  });
});
