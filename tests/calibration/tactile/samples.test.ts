import { describe, expect, it } from 'vitest';
import { pressSamples } from '../../../src/calibration/tactile/samples.js';

const [WIDTH, HEIGHT] = [80, 60];
const reference = new Uint8Array(3 * WIDTH * HEIGHT).fill(100);
const press = {
  name: 'p',
  image: reference.map((value) => value + 20),
  circle: { x: 20, y: 30, radius: 8 },
  ballRadius: 12,
};
/** The pixels of samples, from the places that stand in their planes. */
const places = ({ count, inputs }: { count: number; inputs: Float32Array }): [number, number][] =>
  Array.from({ length: count }, (_, i) => [
    ((inputs[3 * count + i]! + 1) * (WIDTH - 1)) / 2,
    ((inputs[4 * count + i]! + 1) * (HEIGHT - 1)) / 2,
  ]);

describe('samples of a press', () => {
  it('are the pixels inside the circle, with the ratio of colours and the slope of the ball', () => {
    const samples = pressSamples([press], reference, WIDTH, HEIGHT);
    expect(Math.abs(samples.count - Math.PI * 64)).toBeLessThan(12);
    expect(samples.inputs[0]).toBeCloseTo((120 / 255 + 0.02) / (100 / 255 + 0.02) - 1, 5);
    places(samples).forEach(([x, y], i) => {
      const [dx, dy] = [x - 20, y - 30];
      expect(Math.hypot(dx, dy)).toBeLessThan(8.01);
      const depth = Math.sqrt(144 - dx * dx - dy * dy);
      expect(samples.targets[i]).toBeCloseTo(Math.atan(-dx / depth), 4);
      expect(samples.targets[samples.count + i]).toBeCloseTo(Math.atan(-dy / depth), 4);
    });
  });

  it('hold the gel at rest too, further than four radii from the ball, without what dots hide', () => {
    const hidden = new Uint8Array(WIDTH * HEIGHT);
    for (let i = 0; i < hidden.length; i++) if (i % WIDTH > 70) hidden[i] = 1;
    const { rest } = pressSamples([{ ...press, hidden }], reference, WIDTH, HEIGHT);
    expect(rest!.count).toBe(300);
    for (const [x, y] of places(rest!)) {
      expect(Math.hypot(x - 20, y - 30)).toBeGreaterThan(31.9);
      expect(x).toBeLessThan(70.1);
    }
    const wide = { ...press, circle: { x: 40, y: 30, radius: 20 }, ballRadius: 30 };
    expect(pressSamples([wide], reference, WIDTH, HEIGHT).rest!.count).toBe(0);
  });
});
