import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { exp } from '../../../src/geometry/se3.js';
import { TouchFrontEnd } from '../../../src/sensors/tactile/front-end.js';
import type { TouchPoints } from '../../../src/sensors/tactile/touch.js';
import { above, ball, feel } from '../../slam/touch/felt.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
});
afterAll(() => pool.close());

const image = feel(ball(0.03), above(0, 0, 0.03));
const points: TouchPoints = {
  kind: 'touch-points',
  stampNs: 7n,
  frameId: 'whisker',
  points: Float32Array.of(0.1, 0, 0, NaN, 0, 0, 0, 0.2, 0),
  normals: Float32Array.of(0, 0, 1.5, 0, 0, 1, 0.6, 0.8, 0),
  sigma: 1e-3,
};

describe('TouchFrontEnd', () => {
  it('makes an observation of an image: samples with normals, a grid along parallel lines', () => {
    const touches = new TouchFrontEnd(pool, { keypoints: 100 });
    const mount = exp([0, 0, 0.1, 0, 0, 0]);
    const o = touches.observe(image, { sensor: 'finger', T_body_sensor: mount });
    expect(o).toMatchObject({ sensor: 'finger', stampNs: 5n, frameId: 'gel', rays: 'from-sensor' });
    expect(o).toMatchObject({ motion: 'rigid', T_body_sensor: mount, kind: 'touch', isContact: true });
    const { surface: s, grid } = o;
    expect(s.count).toBe(o.patch!.samples.length);
    expect(s.keypoints.length).toBeLessThanOrEqual(100);
    expect(s.keypoints.length).toBeGreaterThan(40);
    for (let i = 0; i < s.count; i++) {
      expect(Math.hypot(s.nx[i]!, s.ny[i]!, s.nz[i]!)).toBeCloseTo(1, 5);
      // Samples lie on the ball, whose centre is 29 mm before the gel.
      expect(Math.hypot(s.x[i]!, s.y[i]!, s.z[i]! - 0.029)).toBeCloseTo(0.03, 4);
    }
    expect(grid).toMatchObject({ width: 40, height: 30, orthographic: { body: 0.02 } });
    expect(grid!.fx).toBeCloseTo(2000, 3);
    o.release();
    o.release();
    expect(touches.free).toBe(3);
    expect(() => o.undistort(new Float64Array(6))).toThrow(/released/);
  });

  it('makes one where nothing is touched: no samples, but a grid that is free', () => {
    const touches = new TouchFrontEnd(pool);
    const o = touches.observe({ ...image, depth: new Float32Array(1200), contact: new Uint8Array(1200) });
    expect(o.isContact).toBe(false);
    expect(o.surface.count).toBe(0);
    expect(o.grid!.z.every((z) => z === 0)).toBe(true);
    o.release();
  });

  it('doubts points of contact that are metres away', () => {
    const touches = new TouchFrontEnd(pool);
    const far = { kind: 'touch-points', stampNs: 1n, frameId: 'whisker', sigma: 0.001 } as const;
    touches.observe({ ...far, points: Float32Array.of(9.8, 0.5, 0, 2, -7, 0) }).release();
    expect(touches.notices.join()).toMatch(/up to 9.8 m from it: are they in metres/);
  });

  it('makes one of points: unit normals, those that are not numbers left out and told once', () => {
    const touches = new TouchFrontEnd(pool);
    for (let k = 0; k < 2; k++) {
      const o = touches.observe(points);
      expect(o).toMatchObject({ rays: 'none', counts: { input: 3, valid: 2 } });
      expect(o.grid).toBeUndefined();
      expect(Array.from(o.surface.x.subarray(0, 2))).toEqual([Math.fround(0.1), 0]);
      expect([o.surface.nz[0], o.surface.ny[1]]).toEqual([1, Math.fround(0.8)]);
      expect(o.surface.information).toBeDefined();
      o.release();
    }
    expect(touches.notices).toEqual([
      "Touch points of 'whisker' are not all numbers (1 of 3 in the first such); those are left out.",
    ]);
    const { kind, stampNs, frameId, points: places, sigma } = points;
    const o = touches.observe({ kind, stampNs, frameId, points: places, sigma });
    expect(o.surface.information).toBeUndefined();
    o.release();
  });

  it('says once that depths in contact are not numbers, and goes on with the others', () => {
    const touches = new TouchFrontEnd(pool);
    const depth = image.depth.slice().fill(NaN, 600, 640);
    for (let k = 0; k < 2; k++) touches.observe({ ...image, depth }).release();
    expect(touches.notices).toHaveLength(1);
    expect(touches.notices[0]).toMatch(
      /^Touches of 'gel' have depths in contact that are not numbers \(\d+ of/,
    );
  });

  it.each([[{ width: 41 }, /says 41×30/]])(
    'refuses %o with a sentence and holds nothing',
    (change, message) => {
      const touches = new TouchFrontEnd(pool, { slots: 1 });
      expect(() => touches.observe({ ...image, ...change })).toThrow(message);
      expect(touches.free).toBe(1);
    },
  );

  it('refuses points that contradict themselves, and options that make no sense', () => {
    const touches = new TouchFrontEnd(pool, { slots: 1 });
    expect(() => touches.observe({ ...points, normals: new Float32Array(3) })).toThrow(
      /9 coordinates and 3 of normals/,
    );
    expect(() => touches.observe({ ...points, sigma: NaN })).toThrow(/certain to NaN m/);
    expect(touches.free).toBe(1);
    const o = touches.observe(image);
    expect(() => touches.observe(image)).toThrow(/All 1 places for touches are taken/);
    o.release();
    expect(() => new TouchFrontEnd(pool, { keypoints: 0 })).toThrow(/0 keypoints/);
  });
});
