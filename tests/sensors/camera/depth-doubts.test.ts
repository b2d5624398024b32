import { describe, expect, it } from 'vitest';
import { doubtOfDepth } from '../../../src/sensors/camera/depth-doubts.js';
import type { DepthImage } from '../../../src/sensors/camera/frame.js';

describe('doubtOfDepth', () => {
  const words = (...values: number[]): DepthImage => ({
    width: values.length,
    height: 1,
    data: Uint16Array.from(values),
    scale: 0.001,
  });
  const floats = (...values: number[]): DepthImage => ({
    width: values.length,
    height: 1,
    data: Float32Array.from(values),
    scale: 1,
  });

  it('metres for millimetres, millimetres for metres, nothing at all', () => {
    expect(doubtOfDepth(words(0, 1, 2, 5))).toMatch(/largest depth is 5 mm: are these metres.*16UC1/);
    expect(doubtOfDepth(floats(800, 1200, NaN, 3000))).toMatch(/beyond 200 m: are these millimetres.*32FC1/);
    expect(doubtOfDepth(words(0, 12_100, 24_000, 33_000))).toMatch(/beyond 12 m: are these units smaller/);
    expect(doubtOfDepth(words(900, 2100, 24_000))).toBeUndefined();
    expect(doubtOfDepth(words(0, 0))).toMatch(/no distance at all/);
    expect(doubtOfDepth(floats(NaN, 0, Infinity))).toMatch(/no distance at all/);
  });

  it('centimetres for millimetres, unless something lies farther off', () => {
    const room = (...beyond: number[]): DepthImage =>
      words(...Array.from({ length: 100 }, (_, i) => 110 + 2 * i), ...beyond); // 1.1 to 3.1 m in centimetres
    expect(doubtOfDepth(room())).toMatch(/within 25 cm and nearly all within 50 cm.*such as centimetres/);
    expect(doubtOfDepth(room(900))).toMatch(/such as centimetres/);
    // A camera on a wrist, that sees past the table.
    expect(doubtOfDepth(room(900, 950, 1000))).toBeUndefined();
    expect(doubtOfDepth(words(300, 310, 320))).toBeUndefined();
    expect(doubtOfDepth({ ...room(), scale: 1 / 5000 })).toBeUndefined();
    expect(doubtOfDepth(floats(0.2, 0.2, 0.2))).toBeUndefined();
  });

  it('nothing of what is usual', () => {
    expect(doubtOfDepth(words(0, 350, 900))).toBeUndefined();
    expect(doubtOfDepth(floats(0.3, 8, 1000))).toBeUndefined();
    // TUM's unit is a fifth of a millimetre: small numbers are no metres there.
    expect(doubtOfDepth({ ...words(5, 6), scale: 1 / 5000 })).toBeUndefined();
    // A single known pixel between those that are looked at.
    const lone = new Uint16Array(20_000);
    lone[3] = 1000;
    expect(doubtOfDepth({ width: 20_000, height: 1, data: lone, scale: 0.001 })).toBeUndefined();
  });
});
