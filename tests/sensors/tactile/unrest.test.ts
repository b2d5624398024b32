import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { changeBetween, type CoarseImage } from '../../../src/sensors/tactile/coarse.js';
import { smoothShare, Unrest } from '../../../src/sensors/tactile/unrest.js';

const [COLUMNS, ROWS] = [40, 30];
const CELLS = COLUMNS * ROWS;

/** Cells of level 100 with noise of 0.3 grey levels, times a gain for each channel, and a slope of so many levels from left to right. */
function cells(seed: number, slope = 0, gains: readonly number[] = [1, 1, 1]): CoarseImage {
  const random = new Random(seed);
  const data = Float32Array.from({ length: 3 * CELLS }, (_, i) => {
    const x = (Math.floor(i / 3) % COLUMNS) / (COLUMNS - 1) - 0.5;
    return gains[i % 3]! * 100 + slope * x + 0.3 * random.normal();
  });
  return { columns: COLUMNS, rows: ROWS, data };
}

const before = cells(1);
function shown(unrest: Unrest, after: CoarseImage): boolean {
  const { touched, gains } = changeBetween(before, after);
  expect(touched).toBe(false); // no cell says so by itself
  return unrest.show(before, after, gains);
}

describe('the share of a change that is smooth', () => {
  it('is the same for noise of any size, and grows with a slope over the whole gel', () => {
    const after = cells(2);
    const twice = { ...after, data: after.data.map((v, i) => before.data[i]! + 2 * (v - before.data[i]!)) };
    const noise = smoothShare(before, after, [1, 1, 1]);
    expect(smoothShare(before, twice, [1, 1, 1])).toBeCloseTo(noise, 3);
    // White noise: σ√2 to the lower quartile of the largest of three differences of two.
    expect(noise).toBeGreaterThan(0.6);
    expect(noise).toBeLessThan(1);
    // A slope of 8 levels has 8/√12 rms.
    const ratio = smoothShare(before, cells(2, 8), [1, 1, 1]) / noise;
    expect(ratio).toBeCloseTo(Math.hypot(8 / Math.sqrt(12), 0.3 * Math.SQRT2) / (0.3 * Math.SQRT2), 0);
  });
});

describe('unrest', () => {
  it('is not in noise, nor in brightness and colour that drift slowly', () => {
    const unrest = new Unrest();
    for (let k = 0; k < 40; k++) {
      const gains = [1 - 0.002 * k, 1 + 0.001 * k, 1 - 0.003 * k];
      expect(shown(unrest, cells(10 + k, 0, gains))).toBe(false);
    }
  });

  it('is where brightness changes from one side to the other, as no noise does', () => {
    expect(shown(new Unrest(), cells(5, 6))).toBe(true);
  });

  it('is told from less once a gel has shown how little it changes at rest', () => {
    expect(shown(new Unrest(), cells(6, 1.5))).toBe(false);
    const unrest = new Unrest();
    for (let k = 0; k < 8; k++) shown(unrest, cells(20 + k));
    expect(shown(unrest, cells(6, 1.5))).toBe(true);
    expect(shown(unrest, cells(7))).toBe(false);
  });

  it('is where colours move apart at once, and stays until they are back', () => {
    const unrest = new Unrest();
    for (const k of [1, 2, 3]) expect(shown(unrest, cells(30 + k, 0, [0.985, 1.015, 1]))).toBe(true);
    expect(shown(unrest, cells(40, 0, [1.03, 1.03, 1.03]))).toBe(false);
  });
});
