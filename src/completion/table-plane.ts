import { eigenSymmetric } from '../geometry/linear.js';
import { Random } from '../geometry/random.js';
import type { TablePlane } from './object-frame.js';

const TRIALS = 300;
/** A plane that holds a smaller share of the points is none that an object stands on. */
const LEAST_SHARE = 0.1;

/**
 * The plane that an object stands on: the one with the most points near it (RANSAC, Fischler and Bolles 1981), fitted to
 * them, with its normal towards the side where the other points are.
 *
 * @param points 3·N of the object and of the table around it (m)
 * @param tolerance points this near to a plane belong to it (m)
 * @returns undefined when no plane holds a tenth of the points
 */
export function findTable(points: Float32Array, tolerance: number, seed = 1): TablePlane | undefined {
  const n = points.length / 3;
  if (n < 10) return undefined;
  const random = new Random(`table ${seed}`);
  const at = (i: number): [number, number, number] => [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
  let best: { normal: [number, number, number]; offset: number; count: number } | undefined;
  for (let trial = 0; trial < TRIALS; trial++) {
    const [a, b, c] = [at(random.int(n)), at(random.int(n)), at(random.int(n))];
    const normal = unitCross(a, b, c);
    if (!normal) continue;
    const offset = dot(normal, a);
    let count = 0;
    for (let i = 0; i < n; i++)
      if (Math.abs(normal[0] * points[3 * i]! + normal[1] * points[3 * i + 1]! + normal[2] * points[3 * i + 2]! - offset) < tolerance) count++;
    if (!best || count > best.count) best = { normal, offset, count };
  }
  if (!best || best.count < LEAST_SHARE * n) return undefined;
  const near = Array.from({ length: n }, (_, i) => i).filter(
    (i) => Math.abs(dot(best.normal, at(i)) - best.offset) < tolerance,
  );
  const fitted = fitPlane(near.map(at));
  let side = 0;
  for (let i = 0; i < n; i++) {
    const d = dot(fitted.normal, at(i)) - fitted.offset;
    if (Math.abs(d) > 2 * tolerance) side += Math.sign(d);
  }
  const flip = side < 0 || (side === 0 && fitted.normal[2] < 0);
  const [x, y, z] = fitted.normal;
  return flip ? { normal: [-x, -y, -z], offset: -fitted.offset } : fitted;
} // prettier-ignore

/** Least-squares plane: normal along the smallest principal direction. */
function fitPlane(points: readonly (readonly [number, number, number])[]): TablePlane {
  const mean = [0, 1, 2].map((k) => points.reduce((s, p) => s + p[k]!, 0) / points.length);
  const C = new Float64Array(9);
  for (const p of points)
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) C[3 * a + b]! += (p[a]! - mean[a]!) * (p[b]! - mean[b]!);
  const { vectors } = eigenSymmetric(C, 3);
  const normal = [vectors[0]!, vectors[3]!, vectors[6]!] as const;
  return { normal, offset: dot(normal, mean as [number, number, number]) };
} // prettier-ignore

function dot(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function unitCross(
  a: [number, number, number],
  b: [number, number, number],
  c: [number, number, number],
): [number, number, number] | undefined {
  const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx] as const;
  const length = Math.hypot(...n);
  return length > 1e-9 ? [n[0] / length, n[1] / length, n[2] / length] : undefined;
}
