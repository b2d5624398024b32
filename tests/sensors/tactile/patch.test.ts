import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import { above, ball, feel, floor } from '../../slam/touch/felt.js';

const RADIUS = 0.03;
const touch = feel(ball(RADIUS), above(0, 0, RADIUS));

describe('patchOf', () => {
  it('finds the heights and normals of a ball that was pressed in', () => {
    const patch = patchOf(touch);
    expect(patch.samples.length).toBeGreaterThan(500);
    expect(patch.deepest).toBeCloseTo(1e-3, 4);
    let worst = 0;
    for (const at of patch.samples) {
      const x = ((at % patch.width) - patch.cx) * patch.pitch;
      const y = (Math.floor(at / patch.width) - patch.cy) * patch.pitch;
      // The ball's centre lies a radius less a millimetre before the gel.
      const out = [x / RADIUS, y / RADIUS, (patch.z[at]! - (RADIUS - 1e-3)) / RADIUS];
      const cos = out[0]! * patch.nx[at]! + out[1]! * patch.ny[at]! + out[2]! * patch.nz[at]!;
      worst = Math.max(worst, Math.acos(Math.min(1, cos)));
      expect(Math.abs(Math.hypot(...out) - 1) * RADIUS).toBeLessThan(3e-5);
    }
    expect(worst).toBeLessThan(0.03);
  });

  it('has heights and normals at the border of a contact that are as right as in its middle', () => {
    // Fine pixels, so that cells at the border touch in part: a plane through one side of a ball would lean.
    const [width, height, pitch] = [160, 120, 1.25e-4];
    const depth = new Float32Array(width * height);
    for (let i = 0; i < depth.length; i++) {
      const [x, y] = [((i % width) - 79.5) * pitch, (Math.floor(i / width) - 59.5) * pitch];
      depth[i] = Math.sqrt(RADIUS ** 2 - x * x - y * y) - (RADIUS - 8e-4);
    }
    const contact = Uint8Array.from(depth, (d) => (d > 0 ? 1 : 0));
    const image = {
      ...touch,
      width,
      height,
      pitch,
      depth: depth.map((d) => Math.max(0, d)),
      contact,
      sigma: 1e-5,
    };
    const patch = patchOf(image);
    const borders = Array.from(patch.samples).filter((at) => [1, -1, patch.width, -patch.width].some((o) => patch.lateral[at + o]! > 0)); // prettier-ignore
    expect(borders.length).toBeGreaterThan(50);
    let [bias, squares] = [0, 0];
    for (const at of borders) {
      const x = ((at % patch.width) - patch.cx) * patch.pitch;
      const y = (Math.floor(at / patch.width) - patch.cy) * patch.pitch;
      const out = [x, y, patch.z[at]! - (RADIUS - 8e-4)];
      bias += Math.hypot(...out) - RADIUS;
      const cos =
        (out[0]! * patch.nx[at]! + out[1]! * patch.ny[at]! + out[2]! * patch.nz[at]!) / Math.hypot(...out);
      squares += Math.acos(Math.min(1, cos)) ** 2;
    }
    expect(Math.abs(bias / borders.length)).toBeLessThan(2e-6);
    // Planes: 10 µm and 0.03.
    expect(Math.sqrt(squares / borders.length)).toBeLessThan(0.01);
  });

  it('averages noise: normals to a degree, heights to half', () => {
    const noisy = patchOf(feel(floor(), above(0, 0, 0), new Random('noise'), 5e-5));
    const angles = Array.from(noisy.samples, (at) => Math.acos(-noisy.nz[at]!));
    expect(Math.sqrt(angles.reduce((s, a) => s + a * a, 0) / angles.length)).toBeLessThan(0.03);
    const heights = Array.from(noisy.samples, (at) => noisy.z[at]! + 1e-3);
    expect(Math.sqrt(heights.reduce((s, h) => s + h * h, 0) / heights.length)).toBeLessThan(2.5e-5);
  });

  it('reduces fine images to the spacing, and keeps contact where half of a cell has it', () => {
    const fine = {
      ...touch,
      width: 80,
      height: 60,
      pitch: 2.5e-4,
      depth: Float32Array.from({ length: 4800 }, (_, i) => (i % 80 < 41 ? 5e-4 : 0)),
      contact: Uint8Array.from({ length: 4800 }, (_, i) => (i % 80 < 41 ? 1 : 0)),
    };
    const patch = patchOf(fine);
    expect(patch).toMatchObject({ width: 40, height: 30, pitch: 5e-4, contacts: 41 * 60, valid: 41 * 60 });
    const row = Array.from({ length: 40 }, (_, u) => (patch.nz[15 * 40 + u] === 0 ? 0 : 1));
    expect(row).toEqual(Array.from({ length: 40 }, (_, u) => (u <= 20 ? 1 : 0)));
    // 0.5 mm to the neighbour in contact.
    expect(patch.lateral[15 * 40 + 21]).toBeCloseTo(5e-4, 6);
    expect(patch.lateral[15 * 40 + 20]).toBe(0);
  });

  it('takes what is not a number for not known, in contact or not', () => {
    const depth = touch.depth.slice();
    depth.fill(NaN, 15 * 40, 16 * 40);
    const patch = patchOf({ ...touch, depth });
    expect(patch.valid).toBeLessThan(patch.contacts);
    expect(Array.from(patch.samples).some((at) => Math.floor(at / 40) === 15)).toBe(false);
    expect(Array.from(patch.samples).every((at) => Number.isFinite(patch.z[at]! + patch.nx[at]!))).toBe(true);
    expect(Number.isNaN(patch.z[15 * 40 + 20]!)).toBe(true);
  });

  it.each([
    [{ width: 0 }, /no size/],
    [{ width: 39 }, /39×30, but has 1200 depths/],
    [{ pitch: NaN }, /pixels are NaN m apart/],
    [{ sigma: 0 }, /certain to 0 m/],
  ])('refuses %o with a sentence', (change, message) => {
    expect(() => patchOf({ ...touch, ...change })).toThrow(message);
  });

  it('refuses a spacing that makes no sense', () => {
    expect(() => patchOf(touch, { spacing: 1 })).toThrow(/cannot be 1 m apart/);
  });
});
