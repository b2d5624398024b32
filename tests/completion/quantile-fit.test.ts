import { describe, expect, it } from 'vitest';
import { fitQuantile } from '../../src/completion/training/quantile-fit.js';
import { Random } from '../../src/geometry/random.js';

/** Targets a + b x + (c + d x) u with x in 0 … 1 and u even in 0 … 1: their quantile q is a + c q + (b + d q) x. */
function rows(
  count: number,
  [a, b, c, d]: readonly [number, number, number, number],
  weigh = (_: number) => 1,
) {
  const random = new Random('quantiles');
  const terms: number[] = [];
  const [targets, weights] = [new Float64Array(count), new Float64Array(count)];
  for (let n = 0; n < count; n++) {
    const [x, u] = [random.next(), random.next()];
    terms.push(1, x);
    targets[n] = a + b * x + (c + d * x) * u;
    weights[n] = weigh(u);
  }
  return { terms: Float64Array.from(terms), targets, weights };
}

describe('fitQuantile', () => {
  it('finds the quantiles of targets whose spread depends on a term', () => {
    const data = rows(20000, [-3, 2, 1, 4]);
    for (const q of [0.2, 0.683, 0.95]) {
      const [zero, slope] = fitQuantile(data, q);
      expect(Math.abs(zero! - (-3 + q))).toBeLessThan(0.05);
      expect(Math.abs(slope! - (2 + 4 * q))).toBeLessThan(0.1);
    }
  });

  it('lies above the share of the targets that was asked for, by weight', () => {
    // The upper half counts three times: three quarters of the weight lie above u = 0.5.
    const data = rows(20000, [0, 0, 1, 0], (u) => (u > 0.5 ? 3 : 1));
    for (const [q, u] of [
      [0.125, 0.25],
      [0.625, 0.75],
    ] as const)
      // prettier-ignore
      expect(Math.abs(fitQuantile(data, q)[0]! - u)).toBeLessThan(0.02);
  });
});
