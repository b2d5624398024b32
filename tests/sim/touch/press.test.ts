import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { compose, exp, identity } from '../../../src/geometry/se3.js';
import { ball, roundedBox } from '../../../src/sim/objects/shapes.js';
import { moved, shifted } from '../../../src/sim/objects/solid.js';
import { gelCoordinate, gelModel } from '../../../src/sim/touch/gel.js';
import { press, pushUntil } from '../../../src/sim/touch/press.js';
import { pressBall } from '../../../src/sim/touch/touch-simulation.js';

const BARE = gelModel({ width: 160, height: 120, skirt: 0 });

describe('a gel without a skirt', () => {
  it('has the depth of a ball: its sphere under the plane', () => {
    const { depth, contact } = pressBall({ x: 0.002, y: -0.001, depth: 0.0008, radius: 0.004 }, BARE);
    let touched = 0;
    for (let v = 0; v < BARE.height; v++)
      for (let u = 0; u < BARE.width; u++) {
        const x = gelCoordinate(u, BARE.width, BARE.pitch) - 0.002;
        const y = gelCoordinate(v, BARE.height, BARE.pitch) + 0.001;
        const square = 0.004 ** 2 - x * x - y * y;
        const truth = square > 0 ? Math.max(0, Math.sqrt(square) - 0.004 + 0.0008) : 0;
        const k = v * BARE.width + u;
        expect(Math.abs(depth[k]! - truth)).toBeLessThan(2e-7);
        if (truth > 1e-6) expect(contact[k]).toBe(1);
        if (truth === 0) expect(contact[k]).toBe(0);
        touched += contact[k]!;
      }
    // The contact circle: radius² = 2 r d − d².
    const area = Math.PI * (2 * 0.004 * 0.0008 - 0.0008 ** 2);
    expect(touched * BARE.pitch ** 2).toBeGreaterThan(0.97 * area);
    expect(touched * BARE.pitch ** 2).toBeLessThan(1.03 * area);
  });

  it('feels a tilted plane as a tilted plane, from any pose', () => {
    const slope = 0.04;
    const T = exp([0.1, -0.2, 0.3, 0.4, -0.8, 1.2]);
    // A box whose face leaves the gel's plane through the origin, tilted about the gel's y axis.
    const tilt = exp([0, 0, 0, 0, Math.atan(slope), 0]);
    const box = moved(shifted(roundedBox([0.05, 0.05, 0.02], 0), 0, 0, 0.02), compose(T, tilt));
    const { depth } = press(box, T, BARE);
    for (const [u, v] of [
      [80, 60],
      [120, 20],
      [150, 100],
      [10, 50],
    ] as const) {
      const x = gelCoordinate(u, BARE.width, BARE.pitch);
      expect(depth[v * BARE.width + u]).toBeCloseTo(Math.max(0, slope * x), 6);
    }
  });
});

describe('the membrane', () => {
  const gel = gelModel({ width: 160, height: 120 });
  const { depth, contact } = pressBall({ x: 0, y: 0, depth: 0.0008, radius: 0.004 }, gel);

  it('lies on the ball where it touches and comes back to rest outside, falling all the way', () => {
    const row = 60 * gel.width;
    const y = gelCoordinate(60, gel.height, gel.pitch);
    let last = Infinity;
    for (let u = 80; u < gel.width; u++) {
      const x = gelCoordinate(u, gel.width, gel.pitch);
      const value = depth[row + u]!;
      if (contact[row + u] === 1)
        expect(value).toBeCloseTo(Math.sqrt(0.004 ** 2 - x * x - y * y) - 0.0032, 6);
      expect(value).toBeLessThanOrEqual(last);
      last = value;
    }
    expect(last).toBeLessThan(1e-6);
  });

  it('solves ∇²h = h / skirt² off the contact', () => {
    let checked = 0;
    const { width } = gel;
    for (let v = 1; v < gel.height - 1; v++)
      for (let u = 1; u < width - 1; u++) {
        const k = v * width + u;
        if (contact[k] === 1 || depth[k]! < 1e-5) continue;
        const laplace =
          (depth[k - 1]! + depth[k + 1]! + depth[k - width]! + depth[k + width]! - 4 * depth[k]!) /
          gel.pitch ** 2;
        expect(Math.abs((laplace * gel.skirt ** 2) / depth[k]! - 1)).toBeLessThan(0.02);
        checked++;
      }
    expect(checked).toBeGreaterThan(300);
  });

  it('spans a gap that is narrow against its skirt', () => {
    const pair = { ...gel, skirt: 0.002 };
    const bars = [-0.0011, 0.0011].map((x) => shifted(roundedBox([0.001, 0.02, 0.01], 0), x, 0, 0.0095));
    const solid = { bounds: [-1, -1, -1, 1, 1, 1] as const, distance: (x: number, y: number, z: number) => Math.min(bars[0]!.distance(x, y, z), bars[1]!.distance(x, y, z)) }; // prettier-ignore
    const pressed = press(solid, identity(), pair);
    const middle = 60 * gel.width + 80; // x = half a pixel: in the gap
    expect(pressed.contact[middle]).toBe(0);
    expect(pressed.depth[middle]).toBeGreaterThan(0.00048);
  });
});

describe('pushing a gel', () => {
  it('stops where the deepest point is as deep as asked for', () => {
    const random = new Random('push');
    for (let i = 0; i < 20; i++) {
      const solid = ball(0.01 * random.normal(), 0.01 * random.normal(), 0.03, 0.02);
      const start = exp([0, 0, -0.04, 0.2 * random.normal(), 0.2 * random.normal(), random.range(-3, 3)]);
      const T = pushUntil(solid, start, BARE, 0.0007, 0.1);
      if (T === undefined) continue;
      const deepest = press(solid, T, BARE).depth.reduce((a, b) => Math.max(a, b));
      expect(deepest).toBeGreaterThan(0.00065);
      expect(deepest).toBeLessThan(0.00072);
    }
  });

  it('into nothing is told', () => {
    expect(pushUntil(ball(0, 0, -0.1, 0.02), identity(), BARE, 0.0007, 0.1)).toBeUndefined();
  });
});
