import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { MarkerFilter } from '../../../src/sensors/tactile/markers.js';

const [WIDTH, HEIGHT] = [48, 36];
const PIXELS = WIDTH * HEIGHT;

/** A bright gel with noise and dots of 5 × 5 pixels, some of them cut by the borders. */
function dotted(random: Random): { rgb: Uint8Array; dots: Uint8Array } {
  const rgb = Uint8Array.from({ length: 3 * PIXELS }, () => 150 + Math.round(random.range(-4, 4)));
  const dots = new Uint8Array(PIXELS);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      if ((x + 2) % 16 >= 5 || (y + 2) % 16 >= 5) continue;
      dots[y * WIDTH + x] = 1;
      rgb.fill(60, 3 * (y * WIDTH + x), 3 * (y * WIDTH + x) + 3);
    }
  return { rgb, dots };
}

/** Mean of what is visible in the smallest box of odd width of which a quarter is visible: slow and plain. */
function plainFill(values: ArrayLike<number>, hidden: Uint8Array, x: number, y: number): number {
  for (let k = 3; ; k += 2) {
    let [sum, visible, area] = [0, 0, 0];
    for (let v = Math.max(0, y - k); v <= Math.min(HEIGHT - 1, y + k); v++)
      for (let u = Math.max(0, x - k); u <= Math.min(WIDTH - 1, x + k); u++) {
        area++;
        if (hidden[v * WIDTH + u] === 1) continue;
        visible++;
        sum += values[v * WIDTH + u]!;
      }
    if (visible >= 0.25 * area || k > 20) return visible > 0 ? sum / visible : 0;
  }
}

describe('MarkerFilter', () => {
  it('hides each dot with its edge and nothing else', () => {
    const { rgb, dots } = dotted(new Random('dots'));
    const hidden = new MarkerFilter(WIDTH, HEIGHT).find(rgb);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) {
        let near = 0;
        for (let v = Math.max(0, y - 2); v <= Math.min(HEIGHT - 1, y + 2); v++)
          for (let u = Math.max(0, x - 2); u <= Math.min(WIDTH - 1, x + 2); u++) near |= dots[v * WIDTH + u]!;
        expect(hidden[y * WIDTH + x]).toBe(near);
      }
  });

  it('fills what is hidden with the mean of what is visible around, each plane by its own values', () => {
    const random = new Random('fill');
    const hidden = Uint8Array.from({ length: PIXELS }, () => (random.next() < 0.7 ? 1 : 0));
    const slopes = Float32Array.from({ length: PIXELS }, () => random.normal());
    const levels = Uint8Array.from({ length: PIXELS }, () => random.int(256));
    const [before, beside] = [slopes.slice(), levels.slice()];
    new MarkerFilter(WIDTH, HEIGHT).fill([slopes, levels], hidden);
    for (let i = 0; i < PIXELS; i++) {
      const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
      const seen = hidden[i] === 0;
      expect(slopes[i]).toBeCloseTo(seen ? before[i]! : plainFill(before, hidden, x, y), 5);
      expect(levels[i]).toBe(seen ? beside[i] : Math.floor(plainFill(beside, hidden, x, y) + 1e-9));
    }
  });
});
