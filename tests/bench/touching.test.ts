import { describe, expect, it } from 'vitest';
import { press } from '../../bench/lib/touching.mjs';

const block = (x: number, y: number, z: number): number => {
  const q = [Math.abs(x) - 0.03, Math.abs(y) - 0.03, Math.abs(z - 0.03) - 0.03];
  return Math.hypot(...q.map((v) => Math.max(v, 0))) + Math.min(0, Math.max(...q));
};

describe('a gel that is moved towards a target', () => {
  it('touches the middle of its face where that is flat', () => {
    const { at, along } = press(block, [0.03, 0.005, 0.03], [-1, 0, 0], 0.4)!;
    at.forEach((v, k) => expect(v).toBeCloseTo([0.03, 0.005, 0.03][k]!, 4));
    expect(along).toBeCloseTo(0, 4);
  });

  it('touches what sticks out first, and nothing where nothing is', () => {
    // Half of the face meets the block, the other half goes past its edge.
    const { at } = press(block, [0.03, 0.033, 0.03], [-1, 0, 0], 0)!;
    expect(at[1]).toBeLessThanOrEqual(0.03 + 1e-4);
    expect(at[1]).toBeGreaterThan(0.02);
    expect(press(block, [0.2, 0, 0.2], [0, 0, -1], 0)).toBeUndefined();
  });
});
