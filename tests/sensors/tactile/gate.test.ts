import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { CELL, type CoarseImage } from '../../../src/sensors/tactile/coarse.js';
import { gatePixels } from '../../../src/sensors/tactile/gate.js';

const [COLUMNS, ROWS] = [20, 15];
const [WIDTH, HEIGHT] = [COLUMNS * CELL, ROWS * CELL];
const flat: CoarseImage = {
  columns: COLUMNS,
  rows: ROWS,
  data: new Float32Array(3 * COLUMNS * ROWS).fill(100),
};

/** Each cell changed by noise of that size, and by 40 grey levels in a block in the middle. */
function open(noise: number, touchedShare = 0.04): { rest: number; touch: number } {
  const random = new Random(7);
  const half = (Math.sqrt(touchedShare) * COLUMNS) / 2;
  const touched = (i: number): boolean =>
    Math.abs((i % COLUMNS) - 10) < half && Math.abs(Math.floor(i / COLUMNS) - 7) < half;
  const data = flat.data.map(
    (value, k) => value + noise * (2 * random.next() - 1) + (touched(Math.floor(k / 3)) ? 40 : 0),
  );
  const gate = new Float32Array(WIDTH * HEIGHT);
  gatePixels(flat, { ...flat, data }, [1, 1, 1], WIDTH, HEIGHT, gate);
  const mean = (from: number, to: number): number => {
    let sum = 0;
    for (let y = 0; y < 8; y++)
      for (let x = from; x < to; x++) sum += gate[(from === 0 ? y : 56 + y) * WIDTH + x]!;
    return sum / (8 * (to - from));
  };
  return { rest: mean(0, 32), touch: mean(76, 92) };
}

describe('the gate of slopes', () => {
  it('is shut where the gel is at rest and open where it is touched', () => {
    expect(open(1)).toEqual({ rest: 0, touch: 1 });
  });

  it('stays shut on a restless gel, whose dots move and whose images are compressed', () => {
    expect(open(4).rest).toBe(0);
    expect(open(4).touch).toBe(1);
  });

  it('is open where half of the gel or nearly all of it is touched', () => {
    expect(open(1, 0.5).touch).toBe(1);
    expect(open(1, 2).touch).toBe(1);
  });

  it('stays open where a flat thing changes nearly all of the gel a little, and alike', () => {
    const data = flat.data.map((value, k) => value + (Math.floor(k / 3) % COLUMNS > 1 ? 4 : 0));
    const gate = new Float32Array(WIDTH * HEIGHT);
    // Its brightness is not matched: gains are those of the two columns at rest.
    gatePixels(flat, { ...flat, data }, [1, 1, 1], WIDTH, HEIGHT, gate);
    expect(gate[(7 * CELL + 4) * WIDTH + 10 * CELL + 4]).toBe(1);
  });

  it('opens where a gel at rest changes a little', () => {
    const data = flat.data.map((value, k) => value + (Math.floor(k / 3) === 7 * COLUMNS + 10 ? 4 : 0));
    const gate = new Float32Array(WIDTH * HEIGHT);
    gatePixels(flat, { ...flat, data }, [1, 1, 1], WIDTH, HEIGHT, gate);
    expect(gate[(7 * CELL + 4) * WIDTH + 10 * CELL + 4]).toBe(1);
  });
});
