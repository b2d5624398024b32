import { describe, expect, it } from 'vitest';
import { KdTree } from '../../src/eval/kdtree.js';
import { evaluateMesh } from '../../src/eval/mesh.js';
import { sampleMesh, thin, uniform, type TriangleSoup } from '../../src/eval/sampling.js';

/** A flat square of the given side at height z, two triangles. */
function square(side: number, z: number, x0 = 0): TriangleSoup {
  return {
    positions: Float32Array.of(x0, 0, z, x0 + side, 0, z, x0 + side, side, z, x0, side, z),
    indices: Uint32Array.of(0, 1, 2, 0, 2, 3),
  };
}

/** Latitude–longitude sphere with corners on the radius. */
function sphere(radius: number, rings: number): TriangleSoup {
  const p: number[] = [];
  const t: number[] = [];
  const cols = 2 * rings;
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j <= cols; j++) {
      const [a, b] = [(Math.PI * i) / rings, (2 * Math.PI * j) / cols];
      p.push(radius * Math.sin(a) * Math.cos(b), radius * Math.sin(a) * Math.sin(b), radius * Math.cos(a));
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < cols; j++) {
      const k = i * (cols + 1) + j;
      t.push(k, k + cols + 1, k + 1, k + 1, k + cols + 1, k + cols + 2);
    }
  return { positions: Float32Array.from(p), indices: Uint32Array.from(t) };
}

/** A regular lattice of points on a square at height z, cell centres. */
function lattice(side: number, step: number, z: number, x0 = 0): Float32Array {
  const n = Math.round(side / step);
  const out = new Float32Array(3 * n * n);
  for (let i = 0; i < n * n; i++)
    out.set([x0 + (0.5 + (i % n)) * step, (0.5 + Math.floor(i / n)) * step, z], 3 * i);
  return out;
}

describe('KdTree', () => {
  it.each([0, 1, 11, 12, 13, 1000, 5000])(
    'agrees with brute force on %i points, duplicates included',
    (n) => {
      const random = uniform(n + 1);
      const p = Float32Array.from({ length: 3 * n }, (_, i) => {
        const v = 10 * (random() - 0.5);
        return i % 3 === 2 ? 0.01 * Math.round(v) : n === 1000 ? Math.round(v) : v;
      });
      const before = p.slice();
      const tree = new KdTree(p);
      expect(p).toEqual(before);
      for (let q = 0; q < 300; q++) {
        const [x, y, z] = [14 * (random() - 0.5), 14 * (random() - 0.5), 4 * (random() - 0.5)];
        let best = Infinity;
        for (let i = 0; i < p.length; i += 3)
          best = Math.min(best, Math.hypot(p[i]! - x, p[i + 1]! - y, p[i + 2]! - z));
        const d = tree.distance(x, y, z);
        if (n === 0) expect(d).toBe(Infinity);
        else expect(d).toBeCloseTo(best, 9);
        expect(tree.distance(x, y, z, 0.7)).toBeCloseTo(Math.min(best, 0.7), 9);
      }
    },
  );
});

describe('sampling', () => {
  it('places one sample per spacing², evenly, on the surface, the same for the same seed', () => {
    const mesh = square(4, 1.5);
    const s = sampleMesh(mesh, 0.02, 5);
    expect(s.length / 3).toBeGreaterThanOrEqual(39_999);
    expect(s.length / 3).toBeLessThanOrEqual(40_001);
    const quarters = [0, 0, 0, 0];
    for (let i = 0; i < s.length; i += 3) {
      expect(s[i + 2]).toBe(1.5);
      quarters[(s[i]! < 2 ? 0 : 1) + (s[i + 1]! < 2 ? 0 : 2)]!++;
    }
    // Binomial σ = √(40000·¼·¾) = 87: five of them
    for (const q of quarters) expect(Math.abs(q - 10_000)).toBeLessThan(435);
    expect(sampleMesh(mesh, 0.02, 5)).toEqual(s);
    expect(sampleMesh(mesh, 0.02, 6)).not.toEqual(s);
  });
  it('gives triangles far smaller than a sample their share', () => {
    const mesh = sphere(1, 300); // 360 000 triangles of 0.35 cm²
    expect(sampleMesh(mesh, 0.05).length / 3 / ((4 * Math.PI) / 0.0025)).toBeCloseTo(1, 3);
  });
  it('thins to cell means and drops points that are not finite', () => {
    const out = thin(
      Float32Array.of(0.1, 0.1, 0.1, -0.1, 0.1, 0.1, 0.3, 0.5, 0.1, NaN, 0, 0, Infinity, 1, 1),
      1,
    );
    expect([...out].map((v) => +v.toFixed(6))).toEqual([0.2, 0.3, 0.1, -0.1, 0.1, 0.1]);
    const dense = lattice(2, 0.01, 0.005);
    expect(thin(dense, 0.1).length / 3).toBeGreaterThanOrEqual(400);
    expect(thin(dense, 0.1).length / 3).toBeLessThanOrEqual(441); // float32 may push a border column over
  });
});

describe('evaluateMesh', () => {
  it('of a plane shifted by 7 cm has F 0 at 5 cm and 100 at 10 cm', () => {
    const m = evaluateMesh(square(3, 0.07), lattice(3, 0.02, 0), { crop: false });
    expect(m.scores[0]).toMatchObject({ threshold: 0.05, precision: 0, recall: 0, fscore: 0 });
    expect(m.scores[1]).toMatchObject({ threshold: 0.1, precision: 100, recall: 100, fscore: 100 });
    // nearest samples are at most about 2 cm aside: √(7² + 2²) = 7.3 cm
    expect(m.accuracy).toBeGreaterThan(0.07);
    expect(m.accuracy).toBeLessThan(0.0735);
    expect(m.completion).toBeGreaterThan(0.07);
    expect(m.completion).toBeLessThan(0.0735);
    expect(m.chamferL1).toBeCloseTo((m.accuracy + m.completion) / 2, 12);
    expect(m.outliers).toBe(0);
  });
  it('with the exact distance gives the exact accuracy', () => {
    const m = evaluateMesh(square(3, 0.0703125), lattice(3, 0.02, 0), {
      crop: false,
      distance: (_x, _y, z) => -z,
    });
    expect(m.accuracy).toBe(0.0703125);
  });
  it('of half the surface has recall 50 and clamps completion', () => {
    // Truth: two squares 10 m apart; mesh: the first only. Half at ≈ 0, half clamped to 2 m.
    const truth = new Float32Array([...lattice(2, 0.02, 0), ...lattice(2, 0.02, 0, 12)]);
    const m = evaluateMesh(square(2, 0), truth);
    expect(m.scores[1]!.precision).toBe(100);
    expect(m.scores[1]!.recall).toBeCloseTo(50, 1);
    expect(m.scores[1]!.fscore).toBeCloseTo(200 / 3, 1);
    expect(m.completion).toBeGreaterThan(1);
    expect(m.completion).toBeLessThan(1.01);
  });
  it('leaves outliers out of accuracy as the protocol does, and counts them in the strict figures', () => {
    const [a, b] = [square(2, 0), square(2, 0.5)];
    const two: TriangleSoup = {
      positions: new Float32Array([...a.positions, ...b.positions]),
      indices: new Uint32Array([...a.indices, ...b.indices.map((i) => i + 4)]),
    };
    const m = evaluateMesh(two, lattice(2, 0.02, 0), { crop: false });
    expect(m.outliers).toBeCloseTo(50, 1);
    expect(m.scores[1]).toMatchObject({ precision: 100, recall: 100, fscore: 100 });
    expect(m.scores[1]!.strictPrecision).toBeCloseTo(50, 1);
    expect(m.scores[1]!.strictFscore).toBeCloseTo(200 / 3, 1);
    // Cropped to the truth's extent the second square is gone.
    expect(evaluateMesh(two, lattice(2, 0.02, 0)).outliers).toBe(0);
  });
  it('of a sphere with a radius 3 cm too large measures 3 cm', () => {
    const distance = (x: number, y: number, z: number) => Math.hypot(x, y, z) - 2;
    const truth = sampleMesh(sphere(2, 200), 0.02, 9);
    const m = evaluateMesh(sphere(2.03, 200), truth, { distance, crop: false });
    expect(m.accuracy).toBeCloseTo(0.03, 3);
    expect(m.completion).toBeGreaterThan(0.03);
    expect(m.completion).toBeLessThan(0.04);
    expect(m.scores[0]!.fscore).toBeGreaterThan(99.5);
  });
  it('counts only what lies within the radius of the path', () => {
    // A 10 m strip of truth; the mesh is right up to x = 5 and 15 cm too high beyond.
    const truth = new Float32Array([...lattice(5, 0.02, 0), ...lattice(5, 0.02, 0, 5)]);
    const [a, b] = [square(5, 0), square(5, 0.15, 5)];
    const mesh: TriangleSoup = {
      positions: new Float32Array([...a.positions, ...b.positions]),
      indices: new Uint32Array([...a.indices, ...b.indices.map((i) => i + 4)]),
    };
    const all = evaluateMesh(mesh, truth, { crop: false });
    expect(all.scores[1]!.precision).toBeCloseTo(50, 0);
    const path = Float32Array.from([0, 1, 2, 3, 4, 5].flatMap((y) => [0, y, 0]));
    const near = evaluateMesh(mesh, truth, { crop: false, within: { path, radius: 4.5 } });
    expect(near.scores[1]).toMatchObject({ precision: 100, recall: 100 });
    expect(near.truthPoints).toBeLessThan(0.5 * all.truthPoints);
  });
  it('limits the number of queries without changing the answer much', () => {
    const full = evaluateMesh(square(3, 0.015), lattice(3, 0.02, 0));
    const few = evaluateMesh(square(3, 0.015), lattice(3, 0.02, 0), { maxQueries: 2000 });
    expect(few.accuracy).toBeCloseTo(full.accuracy, 3);
  });
  it('scores an empty mesh 0 and refuses an empty truth', () => {
    const empty = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    const m = evaluateMesh(empty, lattice(1, 0.02, 0));
    expect(m.scores[1]).toMatchObject({ recall: 0, fscore: 0 });
    expect(m.completion).toBe(2);
    expect(() => evaluateMesh(square(1, 0), new Float32Array(0))).toThrow(/No true surface point/);
  });
});
