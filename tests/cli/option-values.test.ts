import { describe, expect, it } from 'vitest';
import { depthScale } from '../../src/cli/option-values.js';

describe('--depth-scale', () => {
  it('takes units a metre, or metres a unit', () => {
    expect(depthScale('5000')).toBe(1 / 5000);
    expect(depthScale('0.0002')).toBe(0.0002);
    expect(depthScale('1')).toBe(1);
  });

  it.each(['1e-300', '1e300', '0', '-1000', 'NaN', 'Infinity', 'mm', ''])('refuses %s', (text) => {
    expect(() => depthScale(text)).toThrow(/It takes units a metre/);
  });
});
