import { describe, expect, it } from 'vitest';
import { dropUnsure } from '../../../src/sensors/camera/confidence.js';

const depth = () => ({ width: 3, height: 2, data: Uint16Array.of(10, 20, 30, 40, 50, 60), scale: 0.001 });

describe('dropUnsure', () => {
  it('makes depth unknown where the confidence is 0, and nowhere else', () => {
    const image = depth();
    dropUnsure(image, { width: 3, height: 2, data: Uint8Array.of(0, 1, 2, 255, 0, 1) });
    expect([...image.data]).toEqual([0, 20, 30, 40, 0, 60]);
  });

  it('touches nothing where sizes differ or nothing is sure', () => {
    const image = depth();
    const of = (width: number, height: number, value: number) => ({
      width,
      height,
      data: new Uint8Array(width * height).fill(value),
    });
    expect(() => dropUnsure(image, of(2, 3, 1))).toThrow(/2×3 pixels for 3×2/);
    expect(() => dropUnsure(image, of(3, 2, 0))).toThrow(/0 in the whole image/);
    expect([...image.data]).toEqual([10, 20, 30, 40, 50, 60]);
  });
});
