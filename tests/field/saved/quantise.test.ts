import { describe, expect, it } from 'vitest';
import { classWeight, quantiseScalars, weightClass } from '../../../src/field/saved/quantise.js';
import { floor, levelOf } from './content.js';

describe('rounding for a saved map', () => {
  it('keeps weights on their side of the limits for tracking and meshing', () => {
    for (const limit of [0.05, 0.5, 5])
      for (const factor of [0.999, 1.001])
        expect(classWeight(weightClass(limit * factor)) >= limit).toBe(factor > 1);
    const classes = [1e-9, 0.01, 0.3, 1, 7, 99, 1e9].map(weightClass);
    expect(classes).toEqual([...classes].sort((a, b) => a - b));
    expect(classes[0]).toBe(1);
  });

  it('leaves out blocks that hold nothing', () => {
    const blocks = floor(3, 1);
    blocks.data.fill(0, 0, 1024);
    expect(quantiseScalars(levelOf(blocks), 63).coords).toHaveLength(blocks.coords.length - 3);
  });
});
