import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import * as L from '../../../src/kernels/layout/tactile.js';
import { GelKernels } from '../../../src/sensors/tactile/gel-kernels.js';
import { renderGel } from './scene.js';

let pool: KernelPool;
let two: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  two = await KernelPool.create({ threads: 2, memoryMiB: 64 });
});
afterAll(async () => {
  await pool.close();
  await two.close();
});

const weights = (seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: L.WEIGHTS }, () => 0.25 * random.normal());
};

/** Largest difference from a surface, once the means are equal. */
function errorOf(gel: GelKernels, surface: (x: number, y: number) => number): number {
  const { width, heights } = gel;
  const truth = Float64Array.from(heights, (_, i) => surface(i % width, Math.floor(i / width)));
  const offset = truth.reduce((sum, t, i) => sum + heights[i]! - t, 0) / truth.length;
  return truth.reduce((most, t, i) => Math.max(most, Math.abs(heights[i]! - t - offset)), 0);
}

function setSlopes(gel: GelKernels, slope: (x: number, y: number) => readonly [number, number]): void {
  const pixels = gel.width * gel.height;
  for (let i = 0; i < pixels; i++) {
    const [gx, gy] = slope(i % gel.width, Math.floor(i / gel.width));
    gel.slopes[i] = gx;
    gel.slopes[pixels + i] = gy;
  }
}

describe("Poisson's equation", () => {
  // Widths and heights of every parity, multiples of nothing, and rows fewer than a chunk.
  for (const [width, height] of [
    [64, 48],
    [61, 40],
    [17, 33],
    [122, 18],
    [16, 7],
  ] as const)
    it(`gives back a tilted paraboloid exactly, ${width}×${height}`, () => {
      const gel = new GelKernels(pool, width, height, weights(1));
      // The mean of two slopes is the exact difference of a quadratic.
      setSlopes(gel, (x, y) => [0.3 - 0.02 * x + 0.005 * y, -0.1 + 0.01 * y + 0.005 * x]);
      gel.integrate();
      const surface = (x: number, y: number): number =>
        0.3 * x - 0.01 * x * x + 0.005 * x * y - 0.1 * y + 0.005 * y * y;
      const range = Math.max(surface(0, 0), surface(width, height)) + width;
      expect(errorOf(gel, surface)).toBeLessThan(2e-5 * range);
      gel.close();
    });

  it('comes near a ball whose slopes it is given', () => {
    const gel = new GelKernels(pool, 160, 120, weights(1));
    const root = (x: number, y: number): number =>
      Math.sqrt(Math.max(0, 900 - (x - 70) ** 2 - (y - 55) ** 2));
    const cap = (x: number, y: number): number => Math.max(0, root(x, y) - 20);
    setSlopes(gel, (x, y) => (root(x, y) > 20 ? [-(x - 70) / root(x, y), -(y - 55) / root(x, y)] : [0, 0]));
    gel.integrate();
    expect(errorOf(gel, cap)).toBeLessThan(0.35); // pixels, of a height of 10: the rim is a fold
  });

  it('gives the least-squares surface of slopes that belong to none', () => {
    const gel = new GelKernels(pool, 24, 20, weights(1));
    const random = new Random(5);
    setSlopes(gel, () => [random.normal(), random.normal()]);
    gel.integrate();
    const { width, height, heights, slopes } = gel;
    const cost = (h: ArrayLike<number>): number => {
      let sum = 0;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const i = y * width + x;
          if (x + 1 < width) sum += (h[i + 1]! - h[i]! - (slopes[i]! + slopes[i + 1]!) / 2) ** 2;
          const j = i + width * height;
          if (y + 1 < height) sum += (h[i + width]! - h[i]! - (slopes[j]! + slopes[j + width]!) / 2) ** 2;
        }
      return sum;
    };
    const least = cost(heights);
    for (let i = 0; i < heights.length; i += 7) {
      for (const step of [-0.01, 0.01]) {
        const other = Float64Array.from(heights);
        other[i]! += step;
        expect(cost(other)).toBeGreaterThan(least);
      }
    }
  });
});

describe('the network', () => {
  /** Plain float64. */
  function plain(w: Float32Array, input: readonly number[]): number[] {
    const layer = (x: readonly number[], offset: number, outputs: number, hidden: boolean): number[] =>
      Array.from({ length: outputs }, (_, o) => {
        const sum = x.reduce(
          (s, v, i) => s + v * w[offset + o * x.length + i]!,
          w[offset + outputs * x.length + o]!,
        );
        return hidden ? Math.max(0, sum) : sum;
      });
    const first = layer(input, L.LAYER_1, L.UNITS, true);
    const second = layer(first, L.LAYER_2, L.UNITS, true);
    return layer(layer(second, L.LAYER_3, L.UNITS, true), L.LAYER_4, L.OUTPUTS, false);
  }

  it('is that of plain arithmetic: ratios in, tangents out, what it says of the reference subtracted', () => {
    // A width that leaves half a square over, two chunks of rows and half a square; noise that is more than alike, and less.
    const [width, height] = [37, 21];
    const gel = new GelKernels(pool, width, height, weights(3));
    const reference = renderGel({ width, height }).data;
    const image = renderGel(
      { width, height, seed: 2, noise: 4 },
      { x: 18, y: 10, radius: 12, contact: 8 },
    ).data;
    gel.setReference(reference);
    gel.findSlopes(image);
    const change = (i: number, c: number): number => image[3 * i + c]! - reference[3 * i + c]!;
    /** Pixels that are looked at with this one: those of its square of 2 × 2 where they change alike in each channel. */
    const together = (i: number): readonly number[] => {
      const [x, y] = [i % width, Math.floor(i / width)].map((v) => v - (v % 2)) as [number, number];
      if (x + 1 >= width || y + 1 >= height) return [i];
      const square = [0, 1, width, width + 1].map((k) => y * width + x + k);
      const alike = [0, 1, 2].every((c) => {
        const changes = square.map((k) => change(k, c));
        return Math.max(...changes) - Math.min(...changes) <= L.ALIKE;
      });
      return alike ? square : [i];
    };
    const mean = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length;
    const placeOf = (i: number): number[] => [
      (2 * (i % width)) / (width - 1) - 1,
      (2 * Math.floor(i / width)) / (height - 1) - 1,
    ];
    const most: [number, number] = [0, 0];
    const squares: [number, number] = [0, 0];
    for (let i = 0; i < width * height; i++) {
      const list = together(i);
      const kind = list.length === 4 ? 1 : 0;
      squares[kind]++;
      const inputs = list.map((k) => [
        ...[0, 1, 2].map((c) => (image[3 * k + c]! / 255 + 0.02) / (reference[3 * k + c]! / 255 + 0.02) - 1),
        ...placeOf(k),
      ]);
      const said = plain(
        weights(3),
        inputs[0]!.map((_, at) => mean(inputs.map((input) => input[at]!))),
      );
      const rests = list.map((k) => plain(weights(3), [0, 0, 0, ...placeOf(k)]));
      for (let axis = 0; axis < 2; axis++) {
        const angle = Math.min(1.35, Math.max(-1.35, said[axis]! - mean(rests.map((rest) => rest[axis]!))));
        const found = gel.slopes[axis * width * height + i]!;
        most[kind] = Math.max(most[kind], Math.abs(found - Math.tan(angle)) / (1 + Math.tan(angle) ** 2));
      }
      expect(gel.difference[i]).toBe(Math.max(...[0, 1, 2].map((c) => Math.abs(change(i, c)))));
    }
    expect(Math.max(...most)).toBeLessThan(6e-4);
    expect(Math.min(...squares)).toBeGreaterThan(100);
    expect(gel.slopes.some((slope) => Math.abs(slope) > 0.1)).toBe(true);
  });

  it('looks at no pixel whose gate is shut', () => {
    const [width, height] = [64, 32];
    const gel = new GelKernels(pool, width, height, weights(3));
    gel.setReference(renderGel({ width, height }).data);
    gel.gate.fill(0, 0, width * 16);
    gel.gate.fill(0.5, width * 16, width * 24);
    const image = renderGel({ width, height, seed: 2 }, { x: 30, y: 16, radius: 20, contact: 14 }).data;
    gel.findSlopes(image);
    const gated = gel.slopes.slice();
    gel.gate.fill(1);
    gel.findSlopes(image);
    for (let i = 0; i < width * height; i++)
      expect(gated[i]).toBeCloseTo(gel.slopes[i]! * (i < width * 16 ? 0 : i < width * 24 ? 0.5 : 1), 6);
  });

  it('gives the same bits on two threads', () => {
    const [width, height] = [101, 67];
    const results = [pool, two].map((threads) => {
      const gel = new GelKernels(threads, width, height, weights(4));
      gel.setReference(renderGel({ width, height }).data);
      gel.findSlopes(renderGel({ width, height, seed: 2 }, { x: 50, y: 30, radius: 30, contact: 20 }).data);
      gel.integrate();
      return gel.heights.slice();
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[0]!.some((h) => h !== results[0]![0])).toBe(true);
  });
});
