import { describe, expect, it } from 'vitest';
import { partners } from '../../../src/bags/camera/image-partners.js';

const names = (...numbers: number[]) => numbers.map((n) => `${String(n).padStart(6, '0')}.png`);

describe('partners', () => {
  it('have the same number', () => {
    expect(partners(names(0, 1, 2, 3), names(0, 2, 3))).toEqual([
      '000000.png',
      undefined,
      '000002.png',
      '000003.png',
    ]);
    expect(partners(['depth7.png', 'depth9.png'], ['rgb0009.png', 'rgb0011.png'])).toEqual([
      undefined,
      'rgb0009.png',
    ]);
  });

  it('stand at the same place where both are numbered without a gap, as many, from different numbers on', () => {
    expect(partners(names(0, 1, 2), names(1, 2, 3))).toEqual(names(1, 2, 3));
  });

  it('stand at the same place where no number fits and there are as many', () => {
    expect(partners(['a.png', 'b.png'], ['c.png', 'd.png'])).toEqual(['c.png', 'd.png']);
    expect(partners(names(5, 8), names(17, 19))).toEqual(names(17, 19));
    expect(partners(names(5, 8), names(17, 19, 21))).toEqual([undefined, undefined]);
  });
});
