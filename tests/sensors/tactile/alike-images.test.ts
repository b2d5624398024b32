import { describe, expect, it } from 'vitest';
import { AlikeImages } from '../../../src/sensors/tactile/alike-images.js';
import { coarsen } from '../../../src/sensors/tactile/coarse.js';

const [width, height] = [64, 48];
/** Grey all over but for a square where something presses. */
function image(level: number, pressed = false): Uint8Array {
  return Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return pressed && x > 20 && x < 40 && y > 12 && y < 32 ? 230 : level;
  });
}

describe('AlikeImages', () => {
  const add = (alike: AlikeImages, rgb: Uint8Array): Uint8Array | undefined =>
    alike.add(rgb, coarsen(rgb, width, height));

  it('gives the mean of three, and begins anew', () => {
    const alike = new AlikeImages();
    for (let round = 0; round < 2; round++) {
      expect(add(alike, image(100))).toBeUndefined();
      expect(add(alike, image(101))).toBeUndefined();
      expect(add(alike, image(103))).toEqual(image(101)); // 101.33
    }
  });

  it('sees where something begins to press, and forgets', () => {
    const alike = new AlikeImages();
    const pressed = coarsen(image(100, true), width, height);
    expect(alike.differs(pressed)).toBe(false); // there is none to compare with
    add(alike, image(100));
    expect(alike.differs(coarsen(image(101), width, height))).toBe(false);
    expect(alike.differs(pressed)).toBe(true);
    alike.forget();
    expect(alike.differs(pressed)).toBe(false);
    expect(add(alike, image(50))).toBeUndefined();
    expect(add(alike, image(50))).toBeUndefined();
    expect(add(alike, image(50))).toEqual(image(50));
  });

  it('takes images of another size after it has forgotten', () => {
    const alike = new AlikeImages();
    add(alike, image(100));
    alike.forget();
    const small = new Uint8Array(3 * 32 * 24).fill(70);
    for (let i = 0; i < 2; i++) expect(alike.add(small, coarsen(small, 32, 24))).toBeUndefined();
    expect(alike.add(small, coarsen(small, 32, 24))).toEqual(small);
  });
});
