import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../../src/field/backends/webgpu/half.js';
import { pagesWithin } from '../../../../src/field/backends/webgpu/gpu-map.js';
import { planHeap } from '../../../../src/field/backends/webgpu/layout.js';

describe('halves', () => {
  it('come back as they were, all 65536 of them', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const x = fromHalf(bits);
      if (Number.isNaN(x)) expect(toHalf(x) & 0x7fff).toBe(0x7e00);
      else if (toHalf(x) !== bits) expect(bits, `${x}`).toBe(0x8000); // −0 may lose its sign nowhere else
    }
  });

  it('are rounded to the nearest, ties to even', () => {
    expect(fromHalf(toHalf(1 + 2 ** -11))).toBe(1);
    expect(fromHalf(toHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(fromHalf(toHalf(2047.9999))).toBe(2048);
    expect(fromHalf(toHalf(-70000))).toBe(-Infinity);
    expect(fromHalf(toHalf(3e-8))).toBe(2 ** -24 * (3e-8 > 2 ** -25 ? 1 : 0));
  });
});

describe('the heap', () => {
  it('doubles with every segment until bindings end, and holds what was asked for', () => {
    expect(planHeap(2 ** 15, 6, 2 ** 30).starts).toEqual([0, 1024, 2048, 4096, 8192, 16384, 32768]);
    const cut = planHeap(2 ** 15, 6, 2 ** 24).starts; // 16 MiB = 4096 pages a binding
    for (let k = 1; k < cut.length; k++) expect(cut[k]! - cut[k - 1]!).toBeLessThanOrEqual(4096);
    expect(planHeap(100, 6, 2 ** 30).starts).toEqual([0, 1024]);
  });

  it('starts small where few buffers can be bound, and still holds what bindings allow', () => {
    // Eight storage buffers a kernel, the least that WebGPU promises, leave two for the heap.
    expect(planHeap(500_000, 2, 2 ** 31).starts).toEqual([0, 65536, 500_000]);
    expect(planHeap(500_000, 2, 2 ** 27).starts).toEqual([0, 32768, 65536]); // 128 MiB a binding, the least promised
    expect(planHeap(500_000, 1, 2 ** 31).starts.at(-1)).toBeGreaterThan(0);
  });

  it('has no more pages than its table may list in one binding', () => {
    expect(pagesWithin(2 ** 30, 700_000)).toBe(700_000);
    const most = pagesWithin(2 ** 26, 700_000); // 64 MiB: 16 B for each of 2²¹ slots and 48 a page would be more
    expect(most).toBeLessThan(700_000);
    expect((2 ** Math.ceil(Math.log2(2 * most)) + 3 * most) * 16).toBeLessThanOrEqual(2 ** 26);
    expect(most).toBeGreaterThan(200_000);
  });
});
