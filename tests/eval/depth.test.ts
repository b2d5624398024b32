import { describe, expect, it } from 'vitest';
import { colourPsnr, depthError, depthResiduals, summariseDepth } from '../../src/eval/depth.js';
import { uniform } from '../../src/eval/sampling.js';

describe('depth error', () => {
  it('caps, counts misses against the mesh, and leaves out what was not measured', () => {
    const rendered = Float32Array.of(1, 2.02, 2.96, NaN, 4.5, 7, NaN, 1);
    const measured = Float32Array.of(1, 2, 3, 4, 4, 0, NaN, Infinity);
    const { pixels, l1, median, completion, hitRatio } = depthError(rendered, measured);
    expect(pixels).toBe(5);
    // 0, 2 and 4 cm, a miss and an error of 50 cm, which count as 10 cm each.
    expect(l1).toBeCloseTo((0.02 + 0.04 + 0.1 + 0.1) / 5, 6);
    expect(median).toBeCloseTo(0.04, 6);
    expect(completion).toBeCloseTo(3 / 5, 9);
    expect(hitRatio).toBeCloseTo(4 / 5, 9);
    const wide = depthError(rendered, measured, { cap: 1, complete: 0.03 });
    expect(wide.l1).toBeCloseTo((0.02 + 0.04 + 1 + 0.5) / 5, 6);
    expect(wide.completion).toBeCloseTo(2 / 5, 9);
  });

  it('pools the residuals of several frames', () => {
    const first = depthResiduals(Float32Array.of(1.01, 0), Float32Array.of(1, 0));
    const second = depthResiduals(Float32Array.of(2.03, NaN), Float32Array.of(2, 2));
    const pooled = summariseDepth(Float32Array.of(...first, ...second));
    expect(pooled.pixels).toBe(3);
    expect(pooled.median).toBeCloseTo(0.03, 5);
    expect(pooled.l1).toBeCloseTo(0.14 / 3, 5);
  });

  it('is not a number where nothing was measured, and refuses images of other sizes', () => {
    expect(depthError(Float32Array.of(1), Float32Array.of(0))).toMatchObject({
      pixels: 0,
      l1: NaN,
      median: NaN,
    });
    expect(depthError(Float32Array.of(NaN, NaN), Float32Array.of(1, 1)).median).toBe(Infinity);
    expect(() => depthError(new Float32Array(4), new Float32Array(5))).toThrow(/4 and 5/);
  });
});

describe('colour PSNR', () => {
  const random = uniform(3);
  const scene = Uint8Array.from({ length: 3 * 4000 }, () => 20 + 100 * random());

  it('does not mind gain and bias', () => {
    const brighter = scene.map((v) => 2 * v + 10);
    const { psnr, gain, bias, pixels } = colourPsnr(scene, brighter);
    expect([psnr, pixels]).toEqual([Infinity, 4000]);
    expect(gain).toBeCloseTo(2, 9);
    expect(bias).toBeCloseTo(10, 6);
  });

  it('is what noise of a known size makes it', () => {
    // Off by 5 up or down at random: a mean square of 25.
    const noisy = scene.map((v) => v + (random() < 0.5 ? 5 : -5));
    expect(colourPsnr(scene, noisy).psnr).toBeCloseTo(10 * Math.log10(255 ** 2 / 25), 1);
  });

  it('leaves out pixels without a colour', () => {
    const image = scene.slice();
    const rendered = scene.slice();
    for (let i = 0; i < 1000; i++) {
      rendered.fill(128, 3 * i, 3 * i + 3);
      image.fill(0, 3 * i, 3 * i + 3);
    }
    expect(colourPsnr(rendered, image)).toMatchObject({ psnr: Infinity, pixels: 3000 });
    expect(colourPsnr(new Uint8Array(3).fill(128), new Uint8Array(3))).toMatchObject({
      psnr: NaN,
      pixels: 0,
    });
    expect(() => colourPsnr(new Uint8Array(3), new Uint8Array(6))).toThrow(/1 and 2 pixels/);
  });
});
