import { describe, expect, it } from 'vitest';
import { findBlobs } from '../../../src/calibration/tactile/blobs.js';

/** Rectangles of one value: x, y, width, height, value. */
function image(...rectangles: [number, number, number, number, number][]) {
  const data = new Float32Array(40 * 30);
  for (const [x, y, w, h, value] of rectangles)
    for (let v = y; v < y + h; v++) data.fill(value, v * 40 + x, v * 40 + x + w);
  return { width: 40, height: 30, data };
}

describe('regions of change', () => {
  it('come with the strongest first; specks are left out', () => {
    const blobs = findBlobs(image([2, 2, 8, 8, 5], [25, 15, 8, 8, 9], [20, 2, 3, 3, 50]), 4, 0);
    expect(blobs.map(({ pixels, sum }) => [pixels.length, sum])).toEqual([
      [64, 576],
      [64, 320],
    ]);
  });

  it('are one across a gap that is narrower than said, without the pixels of the gap', () => {
    const halves = image([5, 5, 8, 12, 9], [17, 5, 8, 12, 5]);
    expect(findBlobs(halves, 4, 0)).toHaveLength(2);
    expect(findBlobs(halves, 4, 2)).toHaveLength(2);
    const [whole, ...others] = findBlobs(halves, 4, 6);
    expect(others).toEqual([]);
    expect(whole!.pixels).toHaveLength(192);
  });
});
