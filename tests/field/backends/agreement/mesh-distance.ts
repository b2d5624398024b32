import { sampleMesh } from '../../../../src/eval/sampling.js';
import type { Mesh } from '../../../../src/mesh/mesh.js';

type Vector = [number, number, number];
const sub = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Distance of p from the segment a–b. */
function toSegment(p: Vector, a: Vector, b: Vector): number {
  const ab = sub(b, a);
  const t = Math.max(0, Math.min(1, dot(sub(p, a), ab) / Math.max(1e-30, dot(ab, ab))));
  return Math.hypot(...sub(p, [a[0] + t * ab[0], a[1] + t * ab[1], a[2] + t * ab[2]]));
}

/** Distance of p from a triangle: from its plane where p lies over it, else from the nearest edge. */
function toTriangle(p: Vector, a: Vector, b: Vector, c: Vector): number {
  const n = cross(sub(b, a), sub(c, a));
  const over = [
    [a, b],
    [b, c],
    [c, a],
  ].every(([u, v]) => dot(cross(sub(v!, u!), sub(p, u!)), n) >= 0);
  const area = Math.hypot(...n);
  if (over && area > 0) return Math.abs(dot(sub(p, a), n)) / area;
  return Math.min(toSegment(p, a, b), toSegment(p, b, c), toSegment(p, c, a));
}

const CELL = 0.4;

/** Distances of points sampled on one mesh from the surface of another, at most `limit`, sorted. */
export function distancesTo(from: Mesh, to: Mesh, spacing: number, limit = 0.3): Float64Array {
  const triangles = new Map<string, number[]>();
  const corner = (mesh: Mesh, i: number): Vector => {
    const v = mesh.indices[i]! * 3;
    return [mesh.positions[v]!, mesh.positions[v + 1]!, mesh.positions[v + 2]!];
  };
  for (let t = 0; t < to.indices.length; t += 3) {
    const abc = [corner(to, t), corner(to, t + 1), corner(to, t + 2)] as const;
    const low = [0, 1, 2].map((k) => Math.floor((Math.min(...abc.map((v) => v[k]!)) - limit) / CELL));
    const high = [0, 1, 2].map((k) => Math.floor((Math.max(...abc.map((v) => v[k]!)) + limit) / CELL));
    for (let x = low[0]!; x <= high[0]!; x++)
      for (let y = low[1]!; y <= high[1]!; y++)
        for (let z = low[2]!; z <= high[2]!; z++) {
          const key = `${x},${y},${z}`;
          const list = triangles.get(key);
          if (list) list.push(t);
          else triangles.set(key, [t]);
        }
  }
  const samples = sampleMesh(from, spacing, 1, () => true);
  const out = new Float64Array(samples.length / 3);
  for (let i = 0; i < out.length; i++) {
    const p: Vector = [samples[i * 3]!, samples[i * 3 + 1]!, samples[i * 3 + 2]!];
    const near = triangles.get(p.map((v) => Math.floor(v / CELL)).join()) ?? [];
    out[i] = near.reduce(
      (best, t) => Math.min(best, toTriangle(p, corner(to, t), corner(to, t + 1), corner(to, t + 2))),
      limit,
    );
  }
  return out.sort();
}

/** Hausdorff distance with the farthest 5 % left out, the larger of both ways, metres. */
export function hausdorff95(a: Mesh, b: Mesh, spacing: number): number {
  const quantile = (distances: Float64Array): number => distances[Math.floor(0.95 * distances.length)]!;
  return Math.max(quantile(distancesTo(a, b, spacing)), quantile(distancesTo(b, a, spacing)));
}
