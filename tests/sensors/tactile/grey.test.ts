import { expect, it } from 'vitest';
import { isGrey } from '../../../src/sensors/tactile/grey.js';

it('is grey where all three channels agree in every pixel, and not where one of them differs anywhere near', () => {
  const grey = Uint8Array.from({ length: 3 * 700 }, (_, i) => Math.floor(i / 3) % 256);
  expect(isGrey(grey)).toBe(true);
  for (const channel of [0, 1, 2]) {
    const coloured = grey.slice();
    for (let i = channel; i < coloured.length; i += 3) coloured[i]! ^= 1;
    expect(isGrey(coloured)).toBe(false);
  }
});
