import { describe, expect, it } from 'vitest';
import { NormalEquations } from '../../src/completion/normal-equations.js';
import { Random } from '../../src/geometry/random.js';

const [K, ROWS] = [5, 9];
const random = new Random('rows');
const rows = Array.from({ length: ROWS }, () => Array.from({ length: K }, () => random.normal()));
const values = Array.from({ length: ROWS }, () => random.normal());
const weights = Array.from({ length: ROWS }, () => random.range(0.5, 3));
const z = Array.from({ length: K }, () => random.normal());

/** What is left of a row. */
const left = (i: number): number => values[i]! - rows[i]!.reduce((sum, v, k) => sum + v * z[k]!, 0);

function filled(offsetVariance: number): NormalEquations {
  const system = new NormalEquations(K);
  for (let i = 0; i < ROWS; i++) {
    system.add(rows[i]!, values[i]!, weights[i]!);
    if (i % 3 === 2) system.endGroup(offsetVariance);
  }
  return system;
}

describe('NormalEquations', () => {
  it('says what is left of its rows', () => {
    const sum = rows.reduce((s, _, i) => s + weights[i]! * left(i) ** 2, 0);
    expect(filled(0).misfit(z)).toBeCloseTo(sum, 10);
  });

  it('leaves a group the less, the more it may be off as a whole', () => {
    // An offset that may be anything takes the group's weighted mean away.
    let free = 0;
    for (let group = 0; group < 3; group++) {
      const own = [0, 1, 2].map((k) => 3 * group + k);
      const weight = own.reduce((s, i) => s + weights[i]!, 0);
      const mean = own.reduce((s, i) => s + weights[i]! * left(i), 0) / weight;
      for (const i of own) free += weights[i]! * (left(i) - mean) ** 2;
    }
    expect(filled(1e9).misfit(z)).toBeCloseTo(free, 6);
    expect(filled(1).misfit(z)).toBeGreaterThan(free);
    expect(filled(1).misfit(z)).toBeLessThan(filled(0).misfit(z));
  });
});
