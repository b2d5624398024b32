import type { Mesh } from '../mesh/mesh.js';
import type { CompletedShape } from './complete.js';
import { PriorReader } from './shape-prior.js';

/** Where to touch next, object frame. */
export interface NextTouch {
  /** On the completed surface (m). */
  readonly point: readonly [number, number, number];
  /** Unit, the way the sensor moves: into the surface. */
  readonly approach: readonly [number, number, number];
  /** Standard deviation of the surface there (m). */
  readonly sigma: number;
  /** Expected drop of the variance, summed over samples of the surface (m²). */
  readonly gain: number;
}

export interface NextTouchOptions {
  /** Surface lower than this cannot be touched beside the table (m). Default 6 mm. */
  readonly clearance?: number;
  /** Half the thickness of the finger that carries the sensor (m). Default 8 mm. */
  readonly finger?: number;
  /** Normals that point down more steeply cannot be touched: least z of a normal. Default −0.5. */
  readonly leastUp?: number;
  /** Samples of the surface that are looked at. Default 300. */
  readonly samples?: number;
  /** Standard deviation of a touch (m). Default 0.5 mm. */
  readonly sigma?: number;
}

/** A finger comes from so far (m). */
const REACH = 0.2;
const STEP = 0.006;

/**
 * The reachable point of the completed surface whose touch is expected to tell most about the whole surface: the variance
 * of a linear model drops by cov(x, c)² / (var(c) + σ²) at x when c is measured, whatever the measurement says
 * (the active-learning criterion of MacKay 1992 and Cohn 1996). The prior's part reaches over the whole object, the residual
 * process' part around the touch.
 *
 * @param mesh the shape's surface with normals, object frame
 * @returns undefined when nothing of the surface can be reached
 * @example
 * const next = nextTouch(shape, mesher.surface(shape));
 * if (next) moveTo(next.point, next.approach);
 */
export function nextTouch(
  shape: CompletedShape,
  mesh: Mesh,
  options: NextTouchOptions = {},
): NextTouch | undefined {
  return rankTouches(shape, mesh, options)[0];
}

/** All reachable places among the samples, the most telling first. */
export function rankTouches(
  shape: CompletedShape,
  mesh: Mesh,
  options: NextTouchOptions = {},
): readonly NextTouch[] {
  const sigma = options.sigma ?? 0.0005;
  const samples = sampleSurface(shape, mesh, options.samples ?? 300);
  const K = shape.prior.rank;
  const { covariance } = shape.posterior;
  // M = Σ φ φᵀ: Σ_x cov(x, c)² = (C φ_c)ᵀ M (C φ_c).
  const M = new Float64Array(K * K);
  for (const { row } of samples)
    for (let i = 0; i < K; i++) for (let j = 0; j <= i; j++) M[i * K + j]! += row[i]! * row[j]!;
  const out: NextTouch[] = [];
  const v = new Float64Array(K);
  for (const c of samples) {
    if (!reachable(shape, c, options)) continue;
    multiply(covariance, c.row, v);
    let variance = sigma * sigma + c.local;
    for (let k = 0; k < K; k++) variance += c.row[k]! * v[k]!;
    let gain = sandwich(M, v) / variance;
    for (const x of samples) gain += (localCovariance(shape, x, c) ** 2) / variance; // prettier-ignore
    const [nx, ny, nz] = c.normal;
    out.push({ point: c.point, approach: [-nx, -ny, -nz], sigma: shape.sigma(...c.point), gain });
  }
  return out.sort((a, b) => b.gain - a.gain);
}

interface Sample {
  readonly point: [number, number, number];
  readonly normal: [number, number, number];
  /** Components, times the share that touches leave open there. */
  readonly row: Float64Array;
  /** Variance that the components leave out and touches leave open (m²). */
  readonly local: number;
}

/** Vertices at an even stride: marching cubes spreads them about evenly. */
function sampleSurface(shape: CompletedShape, mesh: Mesh, count: number): Sample[] {
  const { positions, normals } = mesh;
  const vertices = positions.length / 3;
  const reader = new PriorReader(shape.prior);
  const chosen = Math.min(count, vertices);
  return Array.from({ length: chosen }, (_, s) => {
    const v = 3 * Math.floor((s * vertices) / chosen);
    const point: Sample['point'] = [positions[v]!, positions[v + 1]!, positions[v + 2]!];
    const normal: Sample['normal'] = [normals?.[v] ?? 0, normals?.[v + 1] ?? 0, normals?.[v + 2] ?? 1];
    reader.at(...point);
    const open = shape.process?.openShare(...point) ?? 1;
    const row = reader.components.map((value) => value * Math.sqrt(open));
    return { point, normal, row, local: open * reader.leftOut };
  });
}

/** Covariance of what the components leave out between two places, as the residual process has it. */
function localCovariance(shape: CompletedShape, x: Sample, c: Sample): number {
  const gap = Math.hypot(x.point[0] - c.point[0], x.point[1] - c.point[1], x.point[2] - c.point[2]);
  const s = (Math.sqrt(3) * gap) / shape.options.process.length;
  return s > 10 ? 0 : Math.sqrt(x.local * c.local) * (1 + s) * Math.exp(-s);
}

/** Whether a finger gets there along the normal: not at the table, not from below, not through the object. */
function reachable(shape: CompletedShape, { point, normal }: Sample, options: NextTouchOptions): boolean {
  const { clearance = 0.006, finger = 0.008, leastUp = -0.5 } = options;
  if (normal[2] < leastUp || point[2] < clearance) return false;
  for (let t = STEP; t < REACH; t += STEP) {
    const at = [0, 1, 2].map((k) => point[k]! + t * normal[k]!) as [number, number, number];
    if (at[2] < 0) return false;
    if (shape.distance(...at) < Math.min(t / 2, finger)) return false;
  }
  return true;
}

/** out = C x of a symmetric C (lower triangle). */
function multiply(C: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  out.fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      out[i]! += C[i * n + j]! * x[j]!;
      out[j]! += C[i * n + j]! * x[i]!;
    }
    out[i]! += C[i * n + i]! * x[i]!;
  }
}

function sandwich(M: Float64Array, v: Float64Array): number {
  const n = v.length;
  let total = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < i; j++) sum += M[i * n + j]! * v[j]!;
    total += v[i]! * (2 * sum + M[i * n + i]! * v[i]!);
  }
  return total;
}
