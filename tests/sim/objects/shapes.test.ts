import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { exp } from '../../../src/geometry/se3.js';
import { Path } from '../../../src/sim/objects/path.js';
import { ball, extrude, revolve, roundCone, roundedBox, tube } from '../../../src/sim/objects/shapes.js';
import { moved, shifted, subtract, union } from '../../../src/sim/objects/solid.js';
import { superquadric } from '../../../src/sim/objects/superquadric.js';
import { pointAround } from './helpers.js';

const random = new Random('shapes');
const around = (half: number): [number, number, number] => [
  random.range(-half, half),
  random.range(-half, half),
  random.range(-half, half),
];

describe('solids agree with one another', () => {
  it('a path turned about z, a tube and a torus by its formula', () => {
    const turned = revolve(Path.circle(0.05, 0.01, 0.012));
    const bent = tube(Path.circle(0, 0, 0.05), 0.012);
    for (let i = 0; i < 1000; i++) {
      const [x, y, z] = around(0.1);
      expect(turned.distance(x, y, z)).toBeCloseTo(Math.hypot(Math.hypot(x, y) - 0.05, z - 0.01) - 0.012, 12);
      expect(bent.distance(x, y, z)).toBeCloseTo(Math.hypot(Math.hypot(x, z) - 0.05, y) - 0.012, 12);
    }
  });

  it('a drawn-out rectangle and a box', () => {
    const flat = new Path([[-0.03, -0.02, 0.004], [0.03, -0.02, 0.004], [0.03, 0.02, 0.004], [-0.03, 0.02, 0.004]], true); // prettier-ignore
    const sharp = new Path([[-0.03, -0.02], [0.03, -0.02], [0.03, 0.02], [-0.03, 0.02]], true); // prettier-ignore
    for (let i = 0; i < 1000; i++) {
      const p = around(0.06);
      expect(extrude(sharp, 0.01, 0).distance(...p)).toBeCloseTo(
        roundedBox([0.03, 0.02, 0.01], 0).distance(...p),
        12,
      );
      // With rounding the corners differ (a rounded box is rounder there), the middle of the faces does not.
      if (Math.abs(p[0]) < 0.026 && Math.abs(p[1]) < 0.016)
        expect(extrude(flat, 0.01, 0.004).distance(...p)).toBeCloseTo(
          roundedBox([0.03, 0.02, 0.01], 0.004).distance(...p),
          12,
        );
    }
  });

  it('a round cone and the balls it is made of', () => {
    const a = [0.01, -0.02, 0] as const;
    const b = [-0.04, 0.03, 0.05] as const;
    const solid = roundCone(a, 0.02, b, 0.007);
    for (let i = 0; i < 200; i++) {
      const p = around(0.1);
      let nearest = Infinity;
      for (let s = 0; s <= 1 + 1e-9; s += 0.001) {
        const q = [0, 1, 2].map((k) => a[k]! + s * (b[k]! - a[k]!));
        nearest = Math.min(nearest, Math.hypot(p[0] - q[0]!, p[1] - q[1]!, p[2] - q[2]!) - 0.02 + 0.013 * s);
      }
      expect(solid.distance(...p)).toBeCloseTo(nearest, 5);
    }
  });
});

describe('a superquadric', () => {
  it('with exponents of 2 and equal sizes is a ball', () => {
    const solid = superquadric([0.05, 0.05, 0.05], 2, 2);
    for (let i = 0; i < 500; i++) {
      const p = around(0.1);
      expect(solid.distance(...p)).toBeCloseTo(Math.hypot(...p) - 0.05, 8);
    }
  });

  it.each([
    [[0.05, 0.03, 0.02], 2, 2],
    [[0.03, 0.05, 0.08], 5.5, 4],
    [[0.04, 0.04, 0.02], 1.8, 3],
  ] as const)('of half sizes %j, exponents %f and %f has the distance of its nearest point', (half, p, q) => {
    const solid = superquadric(half, p, q);
    // Surface points by angle, dense; f is the function of the definition.
    const f = (x: number, y: number, z: number): number =>
      ((Math.abs(x / half[0]) ** p + Math.abs(y / half[1]) ** p) ** (q / p) + Math.abs(z / half[2]) ** q) **
      (1 / q);
    const surface: number[][] = [];
    for (let i = 0; i <= 200; i++)
      for (let j = 0; j < 400; j++) {
        const [u, v] = [(i / 200) * Math.PI, (j / 400) * 2 * Math.PI];
        const d = [
          Math.sin(u) * Math.cos(v) * half[0],
          Math.sin(u) * Math.sin(v) * half[1],
          Math.cos(u) * half[2],
        ];
        const s = 1 / f(d[0]!, d[1]!, d[2]!);
        surface.push(d.map((value) => value * s));
      }
    for (let i = 0; i < 40; i++) {
      const [x, y, z] = pointAround(solid.bounds, 0.4, random);
      let nearest = Infinity;
      for (const point of surface) nearest = Math.min(nearest, Math.hypot(x - point[0]!, y - point[1]!, z - point[2]!)); // prettier-ignore
      const got = solid.distance(x, y, z);
      expect(got < 0).toBe(f(x, y, z) < 1);
      expect(Math.abs(got)).toBeLessThan(nearest + 1e-9);
      expect(Math.abs(got)).toBeGreaterThan(nearest - 2e-4);
    }
  });
});

describe('solids put together', () => {
  it('cover what any covers; a cut takes away', () => {
    const [a, b] = [ball(0, 0, 0, 0.03), ball(0.04, 0, 0, 0.02)];
    const [both, cut] = [union(a, b), subtract(a, b)];
    for (let i = 0; i < 1000; i++) {
      const p = around(0.08);
      expect(both.distance(...p) < 0).toBe(a.distance(...p) < 0 || b.distance(...p) < 0);
      expect(cut.distance(...p) < 0).toBe(a.distance(...p) < 0 && b.distance(...p) > 0);
    }
    expect(both.bounds).toEqual([-0.03, -0.03, -0.03, 0.06, 0.03, 0.03]);
  });

  it('keep their distance when moved', () => {
    const solid = roundedBox([0.03, 0.02, 0.05], 0.003);
    const T = exp([0.4, -0.3, 0.2, 0.3, 1.1, -0.7]);
    const other = shifted(moved(solid, T), 0.01, 0.02, 0.03);
    for (let i = 0; i < 300; i++) {
      const [x, y, z] = around(0.1);
      const at = (k: number): number => T[4 * k]! * x + T[4 * k + 1]! * y + T[4 * k + 2]! * z + T[4 * k + 3]!;
      expect(other.distance(at(0) + 0.01, at(1) + 0.02, at(2) + 0.03)).toBeCloseTo(
        solid.distance(x, y, z),
        12,
      );
    }
  });
});
