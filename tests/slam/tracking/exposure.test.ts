import { describe, expect, it } from 'vitest';
import { BASE_UNKNOWNS, type LinearSystem } from '../../../src/field/linear-system.js';
import type { Exposure } from '../../../src/field/terms/photometric.js';
import { AS_MAPPED, exposureOf, Exposures } from '../../../src/slam/tracking/exposure.js';

const HOLD = 10;
const LEVELS = 128;

/** Brightness of the map at some places. */
const MAP = Array.from({ length: 200 }, (_, i) => 30 + ((i * 53) % 180));

/** What a frame says of its gain and bias where it is (map − bias) / gain bright, at an exposure that is believed so far. */
function measured(gain: number, bias: number, at: Exposure): LinearSystem {
  const size = BASE_UNKNOWNS + 2;
  const [A, b] = [new Float64Array(size * size), new Float64Array(size)];
  const [i, j] = [BASE_UNKNOWNS, BASE_UNKNOWNS + 1];
  for (const level of MAP) {
    const seen = (level - bias) / gain;
    const residual = level - (1 + at.gain / LEVELS) * seen - at.bias;
    A[i * size + i]! += (seen / LEVELS) ** 2 * (1 + HOLD);
    A[j * size + j]! += 1 + HOLD;
    A[i * size + j]! += seen / LEVELS;
    A[j * size + i]! += seen / LEVELS;
    b[i]! += (seen / LEVELS) * residual;
    b[j]! += residual;
  }
  return { A, b, size } as unknown as LinearSystem;
}

/** The exposures found in a row of frames of one exposure, after what was believed before. */
function followed(gain: number, bias: number, frames: number, before: Exposure = AS_MAPPED): Exposure[] {
  const found: Exposure[] = [];
  for (let k = 0; k < frames; k++) {
    const expected = found.at(-1) ?? before;
    const own = [expected.gain, expected.bias];
    found.push(exposureOf(measured(gain, bias, expected), HOLD, own, expected));
  }
  return found;
}
const gainOf = ({ gain }: Exposure): number => 1 + gain / LEVELS;

describe('the exposure of a frame', () => {
  it('stays what it is where nothing changes, and follows slow changes', () => {
    for (const one of followed(1, 0, 5)) {
      expect(gainOf(one)).toBeCloseTo(1, 6);
      expect(one.unsteady).toBeUndefined();
    }
    const slow = followed(1.05, 0, 10);
    expect(slow.every(({ unsteady }) => unsteady === undefined)).toBe(true);
    expect(gainOf(slow.at(-1)!)).toBeCloseTo(1.05, 1);
  });

  it('of images a third as bright is found after some frames, which are not steady until then', () => {
    const found = followed(3.3, 0, 30);
    expect(found[0]!.unsteady).toBe(true);
    expect(found.at(-1)!.unsteady).toBeUndefined();
    // The map's colours as the exposure has them.
    const { bias } = found.at(-1)!;
    for (const level of [60, 110, 180])
      expect(Math.abs((gainOf(found.at(-1)!) * level) / 3.3 + bias - level)).toBeLessThan(12);
    const steady = found.findIndex(({ unsteady }) => !unsteady);
    expect(steady).toBeLessThan(8);
  });

  it('that goes to and fro is never steady', () => {
    let before: Exposure = AS_MAPPED;
    for (let k = 0; k < 20; k++) {
      [before] = followed(k % 2 === 0 ? 2 : 0.67, 0, 1, before) as [Exposure];
      expect(before.unsteady).toBe(true);
    }
  });

  it('is not believed beyond four times and a half', () => {
    expect(gainOf(followed(9, 0, 60).at(-1)!)).toBeCloseTo(4, 6);
    expect(gainOf(followed(0.2, 0, 60).at(-1)!)).toBeCloseTo(0.5, 6);
  });
});

describe('exposures of cameras', () => {
  it('are kept for each, and what jumps is told once of each', () => {
    const exposures = new Exposures();
    exposures.keep('front', { gain: 10, bias: 1 });
    expect(exposures.notices).toEqual([]);
    exposures.keep('back', AS_MAPPED);
    for (const sensor of ['front', 'front', 'back'])
      exposures.keep(sensor, { gain: 90, bias: 0, unsteady: true });
    expect(exposures.notices).toHaveLength(2);
    expect(exposures.notices[0]).toMatch(
      /^The exposure of camera 'front' jumps .* its colours are not mapped/,
    );
    expect(exposures.of('front').gain).toBe(90);
    exposures.clear();
    expect(exposures.of('front')).toBe(AS_MAPPED);
  });

  it('that are others than the map has do not jump; those that are never steady do', () => {
    const exposures = new Exposures();
    const darker = followed(3.3, 0, 40);
    expect(darker[1]!.unsteady).toBe(true);
    for (const one of darker) exposures.keep('second', one);
    expect(exposures.notices).toEqual([]);
    exposures.keep('second', followed(1, 0, 1, darker.at(-1))[0]!);
    expect(exposures.notices).toHaveLength(1);
    for (let k = 0; k < 20; k++) exposures.keep('flickers', { gain: 60 * (k % 2), bias: 0, unsteady: true });
    expect(exposures.notices).toHaveLength(2);
  });
});
