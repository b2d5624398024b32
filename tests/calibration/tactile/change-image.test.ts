import { describe, expect, it } from 'vitest';
import { changeOf, darkeningOf, sampleAt, shrink } from '../../../src/calibration/tactile/change-image.js';

const grey = (value: number): Uint8Array => new Uint8Array(3 * 8 * 6).fill(value);

describe('an image of change', () => {
  it('holds the largest change of a channel, or how much darker it is', () => {
    const image = grey(100);
    for (let i = 1; i < image.length; i += 3) image[i] = 130;
    expect([...changeOf(image, grey(90), 8, 6).data]).toEqual(Array(48).fill(expect.closeTo(40, 4)));
    expect([...darkeningOf(grey(60), grey(90), 8, 6).data]).toEqual(Array(48).fill(expect.closeTo(30, 4)));
    expect([...darkeningOf(grey(90), grey(60), 8, 6).data]).toEqual(Array(48).fill(0));
  });

  it('is averaged down by blocks and read between pixels', () => {
    const change = { width: 5, height: 2, data: Float32Array.of(0, 2, 4, 6, 9, 2, 4, 6, 8, 9) };
    expect(shrink(change, 2)).toEqual({ width: 2, height: 1, data: Float32Array.of(2, 6) });
    expect(sampleAt(change, 0.5, 0.5)).toBe(2);
    expect(sampleAt(change, 4.5, 0)).toBeNaN();
  });
});
