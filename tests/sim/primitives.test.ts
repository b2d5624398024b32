import { describe, expect, it } from 'vitest';
import { Random } from '../../src/geometry/random.js';
import { PrimitiveSet } from '../../src/sim/primitive-set.js';
import { placed, type Primitive } from '../../src/sim/primitives.js';
import { sampleSurface } from '../../src/sim/samples.js';
import { direction, randomPrimitives, sphereTrace, type Vector } from './helpers.js';

const NAMES = ['turned box', 'axis-parallel box', 'cylinder', 'sphere', 'wedge'];
const SETS = Array.from({ length: 6 }, (_, seed) => new PrimitiveSet(randomPrimitives(new Random(seed))));

/** The whole surface as points with normals. */
function surface(p: Primitive, spacing: number, random: Random): number[][] {
  const out: number[][] = [];
  sampleSurface(p, spacing, random, () => true, (...sample) => out.push(sample)); // prettier-ignore
  return out;
}

describe.each(NAMES.map((name, i) => ({ name, i })))('$name', ({ i }) => {
  it('is hit by rays exactly where sphere tracing ends', () => {
    let hits = 0;
    for (const [s, set] of SETS.entries()) {
      const random = new Random(`rays ${s} ${i}`);
      for (let n = 0; n < 300; n++) {
        const o: Vector = [random.range(-6, 6), random.range(-6, 6), random.range(-6, 6)];
        if (set.distance(i, ...o) < 0.01) continue;
        // Aimed near the solid, so that about half of the rays hit it.
        const c = set.primitives[i]!.pose;
        const aim = [0, 1, 2].map((k) => c[4 * k + 3]! + random.range(-1.2, 1.2) - o[k]!) as Vector;
        const length = Math.hypot(...aim);
        const d = aim.map((v) => v / length) as Vector;
        const traced = sphereTrace((x, y, z) => set.distance(i, x, y, z), o, d, 30);
        if (Number.isNaN(traced)) continue; // a grazing ray
        const t = set.intersect(i, ...o, ...d, 30);
        if (Number.isFinite(t)) hits++;
        expect(t === traced || Math.abs(t - traced) < 1e-6, `${t} against ${traced}`).toBe(true);
      }
    }
    expect(hits).toBeGreaterThan(300);
  });

  it('says 0 for rays that start inside and Infinity beyond tMax', () => {
    for (const set of SETS) {
      const T = set.primitives[i]!.pose;
      // A little below the centre: the middle of a wedge's box lies on its slope.
      const inside: Vector = [T[3]! - 0.1 * T[2]!, T[7]! - 0.1 * T[6]!, T[11]! - 0.1 * T[10]!];
      expect(set.distance(i, ...inside)).toBeLessThan(0);
      expect(set.intersect(i, ...inside, 0, 0, 1, 50)).toBe(0);
      const far: Vector = [inside[0], inside[1], inside[2] + 20];
      const t = set.intersect(i, ...far, 0, 0, -1, 50);
      expect(t).toBeGreaterThan(15);
      expect(set.intersect(i, ...far, 0, 0, -1, t - 1e-6)).toBe(Infinity);
    }
  });

  it('has a gradient of length 1 that central differences confirm, inside and outside', () => {
    const g = new Float64Array(3);
    const h = 1e-5;
    let smooth = 0;
    for (const [s, set] of SETS.entries()) {
      const random = new Random(`gradient ${s} ${i}`);
      for (let n = 0; n < 300; n++) {
        const p: Vector = [random.range(-4, 4), random.range(-4, 4), random.range(-4, 4)];
        set.gradient(i, ...p, g);
        expect(Math.hypot(g[0]!, g[1]!, g[2]!)).toBeCloseTo(1, 9);
        const differences = [0, 1, 2].map((k) => {
          const step = (by: number) =>
            set.distance(i, ...(p.map((v, j) => (j === k ? v + by : v)) as Vector));
          return (step(h) - step(-h)) / (2 * h);
        });
        if (Math.abs(Math.hypot(...differences) - 1) > 1e-4) continue; // on a crease of the distance
        smooth++;
        for (let k = 0; k < 3; k++) expect(Math.abs(g[k]! - differences[k]!)).toBeLessThan(1e-3);
      }
    }
    expect(smooth).toBeGreaterThan(1500);
  });

  it('has the distance to its nearest surface point, on either side', () => {
    const set = SETS[0]!;
    const spacing = 0.03;
    const samples = surface(set.primitives[i]!, spacing, new Random('cover'));
    const random = new Random(`nearest ${i}`);
    for (let n = 0; n < 40; n++) {
      const p: Vector = [random.range(-3, 3), random.range(-3, 3), random.range(-3, 3)];
      let nearest = Infinity;
      for (const s of samples)
        nearest = Math.min(nearest, Math.hypot(s[0]! - p[0], s[1]! - p[1], s[2]! - p[2]));
      const d = Math.abs(set.distance(i, ...p));
      expect(nearest).toBeGreaterThan(d - 1e-9);
      expect(nearest).toBeLessThan(Math.hypot(d, 2 * spacing) + 0.02);
    }
  });

  it('is sampled on its surface, with outward normals, in proportion to area', () => {
    const spacing = 0.02;
    for (const [s, set] of SETS.entries()) {
      const p = set.primitives[i]!;
      const samples = surface(p, spacing, new Random(s));
      expect(Math.abs(samples.length * spacing ** 2 - area(p)) / area(p)).toBeLessThan(0.01);
      for (let n = 0; n < samples.length; n += 97) {
        const [x, y, z, nx, ny, nz] = samples[n] as [number, number, number, number, number, number];
        expect(Math.abs(set.distance(i, x, y, z))).toBeLessThan(1e-9);
        expect(set.distance(i, x + 1e-3 * nx, y + 1e-3 * ny, z + 1e-3 * nz)).toBeCloseTo(1e-3, 7);
      }
    }
  });
});

function area(p: Primitive): number {
  if (p.kind === 'sphere') return 4 * Math.PI * p.radius ** 2;
  if (p.kind === 'cylinder') return 2 * Math.PI * p.radius * (p.radius + 2 * p.halfHeight);
  const [a, b, c] = p.half;
  if (p.kind === 'box') return 8 * (a * b + b * c + c * a);
  return 4 * (a * b + b * c + a * c) + 4 * Math.hypot(a, c) * b;
}

describe('bounds', () => {
  it('hold every surface point', () => {
    for (const set of SETS) {
      set.primitives.forEach((p, i) => {
        const samples = surface(p, 0.1, new Random(1));
        for (let k = 0; k < 3; k++) {
          const values = samples.map((s) => s[k]!);
          expect(Math.min(...values)).toBeGreaterThan(set.bounds[6 * i + k]! - 1e-9);
          expect(Math.max(...values)).toBeLessThan(set.bounds[6 * i + 3 + k]! + 1e-9);
        }
      });
    }
  });
});

it('refuses a size that is not positive', () => {
  const flat: Primitive = { kind: 'box', half: [1, 0, 1], pose: placed(0, 0, 0), reflectivity: 0.5 };
  expect(() => new PrimitiveSet([flat])).toThrow(/size that is not positive/);
});

it('keeps rays aimed by hand exact: a unit ball, a unit cube', () => {
  const set = new PrimitiveSet([
    { kind: 'sphere', radius: 1, pose: placed(5, 0, 0), reflectivity: 1 },
    { kind: 'box', half: [1, 1, 1], pose: placed(0, 5, 0, Math.PI / 4), reflectivity: 1 },
  ]);
  expect(set.intersect(0, 0, 0, 0, 1, 0, 0, 100)).toBe(4);
  expect(set.intersect(1, 0, 0, 0, 0, 1, 0, 100)).toBeCloseTo(5 - Math.SQRT2, 12);
  expect(direction(new Random(0)).reduce((n, v) => n + v * v, 0)).toBeCloseTo(1, 12);
});
