import { describe, expect, it } from 'vitest';
import { ResidualProcess } from '../../src/completion/residual-process.js';
import { invertSpd } from '../../src/geometry/linear.js';
import { Random } from '../../src/geometry/random.js';

const OPTIONS = { length: 0.025, amplitude: 0.003 };
const random = new Random('process');
const N = 8;
const points = Float32Array.from({ length: 3 * N }, () => 0.05 * random.next());
const residuals = Array.from({ length: N }, () => 0.002 * random.normal());
const at = (i: number) => [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!] as const;

function matern(gap: number): number {
  const s = (Math.sqrt(3) * gap) / OPTIONS.length;
  return OPTIONS.amplitude ** 2 * (1 + s) * Math.exp(-s);
}

describe('ResidualProcess', () => {
  it('goes through its data as closely as their sigma says', () => {
    const process = new ResidualProcess(points, residuals, residuals.map(() => 1e-6), OPTIONS); // prettier-ignore
    for (let i = 0; i < N; i++) expect(process.mean(...at(i))).toBeCloseTo(residuals[i]!, 6);
    expect(process.mean(1, 1, 1)).toBe(0);
  });

  it('is the textbook posterior between its data', () => {
    const sigma = 0.0005;
    const process = new ResidualProcess(points, residuals, residuals.map(() => sigma), OPTIONS); // prettier-ignore
    const gap = (i: number, q: readonly number[]) => Math.hypot(...at(i).map((v, k) => v - q[k]!));
    const K = Float64Array.from(
      { length: N * N },
      (_, c) => matern(gap(c % N, at(Math.floor(c / N)))) + (c % (N + 1) === 0 ? sigma ** 2 : 0),
    );
    const inverse = invertSpd(K, N)!;
    const q = [0.02, 0.03, 0.01] as const;
    const k = Array.from({ length: N }, (_, i) => matern(gap(i, q)));
    let [mean, known] = [0, 0];
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++) {
        mean += k[i]! * inverse[i * N + j]! * residuals[j]!;
        known += k[i]! * inverse[i * N + j]! * k[j]!;
      }
    expect(process.mean(...q)).toBeCloseTo(mean, 8);
    expect(process.openShare(...q)).toBeCloseTo(1 - known / OPTIONS.amplitude ** 2, 5);
  });

  it('leaves little open at a point, all of it far away', () => {
    const process = new ResidualProcess(points, residuals, residuals.map(() => 0.0003), OPTIONS); // prettier-ignore
    for (let i = 0; i < N; i++) expect(process.openShare(...at(i))).toBeLessThan(0.011);
    expect(process.openShare(0.4, 0, 0)).toBe(1);
  });

  it('leaves little open where the surface was felt, though its data lie beside it', () => {
    const beside = points.map((v, i) => (i % 3 === 2 ? v + 0.3 : v));
    const process = new ResidualProcess(beside, residuals, residuals.map(() => 0.0003), OPTIONS, points); // prettier-ignore
    for (let i = 0; i < N; i++) {
      expect(process.openShare(...at(i))).toBeLessThan(0.011);
      const [x, y, z] = at(i);
      expect(process.mean(x, y, z + 0.3)).toBeCloseTo(residuals[i]!, 3);
      expect(process.mean(x, y, z)).toBe(0);
    }
  });

  it('names points that are not finite', () => {
    expect(() => new ResidualProcess(Float32Array.of(0, 0, NaN), [0], [NaN], OPTIONS)).toThrow(/not finite/);
  });
});
