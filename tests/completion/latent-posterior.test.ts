import { describe, expect, it } from 'vitest';
import { latentPosterior } from '../../src/completion/latent-posterior.js';
import type { LatentMixture } from '../../src/completion/latent-mixture.js';
import { NormalEquations } from '../../src/completion/normal-equations.js';
import { invertSpd } from '../../src/geometry/linear.js';
import { Random } from '../../src/geometry/random.js';

const [K, Q, M] = [5, 2, 9];
const OFFSET = 0.4;
const random = new Random('posterior');
const rows = Array.from({ length: M }, () => Array.from({ length: K }, () => random.normal()));
const y = Array.from({ length: M }, () => random.normal());
const weights = Array.from({ length: M }, () => random.range(0.5, 3));

function system(offsetVariance: number): NormalEquations {
  const out = new NormalEquations(K);
  for (let i = 0; i < M; i++) {
    out.add(rows[i]!, y[i]!, weights[i]!);
    if (i % 3 === 2) out.endGroup(offsetVariance);
  }
  return out;
}

/** Conditioning a normal distribution in measurement space, with dense matrices: gain form of Bayes' rule. */
function direct(centre: ArrayLike<number>, S: Float64Array, offsetVariance: number) {
  const C = new Float64Array(M * M);
  const SP = rows.map((row) => Array.from({ length: K }, (_, a) => row.reduce((s, v, b) => s + S[a * K + b]! * v, 0)));
  for (let i = 0; i < M; i++)
    for (let j = 0; j < M; j++) {
      C[i * M + j] = rows[i]!.reduce((s, v, a) => s + v * SP[j]![a]!, 0);
      if (i === j) C[i * M + j]! += 1 / weights[i]!;
      if (Math.floor(i / 3) === Math.floor(j / 3)) C[i * M + j]! += offsetVariance;
    }
  const inverse = invertSpd(C, M)!;
  const e = y.map((v, i) => v - rows[i]!.reduce((s, p, k) => s + p * centre[k]!, 0));
  const alpha = e.map((_, i) => e.reduce((s, v, j) => s + inverse[i * M + j]! * v, 0));
  const mean = Array.from({ length: K }, (_, a) => centre[a]! + alpha.reduce((s, v, i) => s + SP[i]![a]! * v, 0));
  const covariance = (a: number, b: number): number => {
    let v = S[a * K + b]!;
    for (let i = 0; i < M; i++) for (let j = 0; j < M; j++) v -= SP[i]![a]! * inverse[i * M + j]! * SP[j]![b]!;
    return v;
  };
  const logEvidence = -0.5 * (e.reduce((s, v, i) => s + v * alpha[i]!, 0) + logDet(C, M));
  return { mean, covariance, logEvidence };
} // prettier-ignore

function logDet(A: Float64Array, n: number): number {
  const B = A.slice();
  let sum = 0;
  for (let j = 0; j < n; j++) {
    sum += Math.log(B[j * n + j]!);
    for (let i = j + 1; i < n; i++) {
      const f = B[i * n + j]! / B[j * n + j]!;
      for (let k = j; k < n; k++) B[i * n + k]! -= f * B[j * n + k]!;
    }
  }
  return sum;
}

const identity = Float64Array.from({ length: K * K }, (_, i) => (i % (K + 1) === 0 ? 1 : 0));

describe('latentPosterior', () => {
  it.each([0, OFFSET])('without kinds is the direct solution, offset variance %f', (offset) => {
    const found = latentPosterior(system(offset), undefined, 1)!;
    const truth = direct(new Float64Array(K), identity, offset);
    for (let a = 0; a < K; a++) {
      expect(found.mean[a]).toBeCloseTo(truth.mean[a]!, 10);
      for (let b = 0; b <= a; b++)
        expect(found.covariance[a * K + b]).toBeCloseTo(truth.covariance(a, b), 10);
    }
  });

  it.each([1, 0.3])(
    'weighs kinds by a power %f of their evidence and mixes means and covariances',
    (temper) => {
      const mixture: LatentMixture = {
        kinds: 2,
        rank: Q,
        weights: Float32Array.of(0.4, 0.3),
        centres: Float32Array.from({ length: 2 * K }, () => 0.3 * random.normal()),
        factors: Float32Array.from({ length: 2 * K * Q }, () => 0.5 * random.normal()),
        spreads: Float32Array.from({ length: K }, () => random.range(0.3, 0.9)),
      };
      const S = (kind: number) =>
        Float64Array.from({ length: K * K }, (_, at) => {
          const [i, j] = [Math.floor(at / K), at % K];
          const F = (r: number, a: number) => mixture.factors[(kind * K + r) * Q + a]!;
          return F(i, 0) * F(j, 0) + F(i, 1) * F(j, 1) + (i === j ? mixture.spreads[i]! ** 2 : 0);
        });
      const kinds = [0, 1].map((k) => direct(mixture.centres.subarray(k * K, (k + 1) * K), S(k), OFFSET));
      const all = [...kinds, direct(new Float64Array(K), identity, OFFSET)];
      const raw = all.map(({ logEvidence }, k) => [0.4, 0.3, 0.3][k]! * Math.exp(temper * logEvidence));
      const shares = raw.map((v) => v / raw.reduce((a, b) => a + b, 0));
      const mean = Array.from({ length: K }, (_, a) =>
        all.reduce((s, n, k) => s + shares[k]! * n.mean[a]!, 0),
      );

      const found = latentPosterior(system(OFFSET), mixture, temper)!;
      for (let k = 0; k < 3; k++) expect(found.kinds[k]).toBeCloseTo(shares[k]!, 6);
      for (let a = 0; a < K; a++) {
        expect(found.mean[a]).toBeCloseTo(mean[a]!, 6);
        for (let b = 0; b <= a; b++) {
          const truth = all.reduce(
            (s, n, k) =>
              s + shares[k]! * (n.covariance(a, b) + (n.mean[a]! - mean[a]!) * (n.mean[b]! - mean[b]!)),
            0,
          );
          expect(found.covariance[a * K + b]).toBeCloseTo(truth, 6);
        }
      }
    },
  );

  it('has no answer for rows that are not finite', () => {
    const bad = system(0);
    bad.add([NaN, 0, 0, 0, 0], 1, 1);
    expect(latentPosterior(bad, undefined, 1)).toBeUndefined();
  });
});
