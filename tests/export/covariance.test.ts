import { expect, it } from 'vitest';
import { formatCovariances, positionSigma } from '../../src/export/covariance.js';

it('writes both upper triangles of each pose, row by row', () => {
  const numbered = Float64Array.from({ length: 36 }, (_, i) => i);
  const text = formatCovariances([
    { stampNs: 1_500_000_000n, covariance: numbered, odomCovariance: numbered.map((v) => 100 * v) },
  ]);
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  expect(lines).toHaveLength(1);
  const [stamp, ...numbers] = lines[0]!.split(' ').map(Number);
  const triangle = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 14, 15, 16, 17, 21, 22, 23, 28, 29, 35];
  expect(stamp).toBe(1.5);
  expect(numbers).toEqual([...triangle, ...triangle.map((v) => 100 * v)]);
});

it('sums the position over its axes', () => {
  const S = Float64Array.from({ length: 36 }, (_, i) => [4, 4, 1, 9, 9, 9][i / 7] ?? 0);
  expect(positionSigma(S)).toBe(3);
});
