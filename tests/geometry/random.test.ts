import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';

const draw = (r: Random, n: number): number[] => Array.from({ length: n }, () => r.next());

describe('Random', () => {
  it('repeats itself for the same seed and differs for others', () => {
    expect(draw(new Random(7), 50)).toEqual(draw(new Random(7), 50));
    expect(draw(new Random(7), 50)).not.toEqual(draw(new Random(8), 50));
    expect(draw(new Random('7'), 50)).not.toEqual(draw(new Random(7), 50));
  });

  it('forks by name only, whatever was drawn before', () => {
    const a = new Random(3);
    const b = new Random(3);
    draw(b, 17);
    expect(draw(a.fork('x'), 20)).toEqual(draw(b.fork('x'), 20));
    expect(draw(a.fork('x'), 20)).not.toEqual(draw(a.fork('y'), 20));
    expect(draw(a.fork('x').fork('y'), 20)).not.toEqual(draw(a.fork('y').fork('x'), 20));
  });

  it('is uniform on [0, 1) (chi-square over 64 bins) and uncorrelated with its successor', () => {
    const n = 64_000;
    const values = draw(new Random('uniform'), n);
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
    const bins = new Float64Array(64);
    for (const v of values) bins[Math.floor(v * 64)]!++;
    const chi2 = bins.reduce((sum, c) => sum + (c - n / 64) ** 2 / (n / 64), 0);
    expect(chi2).toBeLessThan(103.4); // 63 degrees of freedom, p = 0.001
    expect(chi2).toBeGreaterThan(32.5); // and not suspiciously even
    let covariance = 0;
    for (let i = 1; i < n; i++) covariance += (values[i]! - 0.5) * (values[i - 1]! - 0.5);
    expect(Math.abs((covariance / n) * 12)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('keeps first draws of neighbouring seeds apart', () => {
    const first = Array.from({ length: 2000 }, (_, i) => new Random(i).next());
    const mean = first.reduce((a, b) => a + b) / first.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 2000));
    expect(new Set(first).size).toBe(first.length);
  });

  it('has normal numbers with the right moments and tails', () => {
    const r = new Random('normal');
    const n = 100_000;
    let [m1, m2, m3, m4, beyond] = [0, 0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = r.normal();
      m1 += x / n;
      m2 += x ** 2 / n;
      m3 += x ** 3 / n;
      m4 += x ** 4 / n;
      if (Math.abs(x) > 1.959964) beyond++;
    }
    expect(Math.abs(m1)).toBeLessThan(0.013);
    expect(Math.abs(m2 - 1)).toBeLessThan(0.02);
    expect(Math.abs(m3)).toBeLessThan(0.05);
    expect(Math.abs(m4 - 3)).toBeLessThan(0.15);
    expect(Math.abs(beyond / n - 0.05)).toBeLessThan(0.003);
  });

  it('draws integers and ranges within their bounds, reaching all of them', () => {
    const r = new Random(1);
    const seen = new Set(Array.from({ length: 500 }, () => r.int(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    for (let i = 0; i < 500; i++) {
      const v = r.range(-2, 3);
      expect(v >= -2 && v < 3).toBe(true);
    }
  });
});
