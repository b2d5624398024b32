import type { Mesh } from '../mesh/mesh.js';
import { quadratic } from './dense.js';
import type { CompletedShape } from './complete.js';

/** Where to touch next, object frame. */
export interface NextTouch {
  /** On the completed surface (m). */
  readonly point: readonly [number, number, number];
  /** Unit, the way the sensor moves: into the surface. */
  readonly approach: readonly [number, number, number];
  /** Standard deviation of the surface there (m). */
  readonly sigma: number;
  /** Probability that the sensor meets the object there. */
  readonly contact: number;
  /** Share of the surface that is expected to come within the tolerance, times that probability. */
  readonly gain: number;
}

export interface NextTouchOptions {
  /** Surface lower than this cannot be touched beside the table (m). Default 6 mm. */
  readonly clearance?: number;
  /** Half the thickness of the finger that carries the sensor (m). Default 8 mm. */
  readonly finger?: number;
  /** Normals that point down more steeply cannot be touched: least z of a normal. Default −0.5. */
  readonly leastUp?: number;
  /** Errors up to this are good enough (m). Default 5 mm. */
  readonly tolerance?: number;
  /** Samples of the surface that are looked at. Default 300. */
  readonly samples?: number;
  /** Standard deviation of a touch (m). Default 0.5 mm. */
  readonly sigma?: number;
}

/** A finger comes from so far (m). */
const REACH = 0.2;
const STEP = 0.006;

/**
 * The reachable point of the completed surface whose touch is expected to bring most of the surface within the tolerance.
 * When c is measured, the variance of a linear model drops at x by cov(x, c)² / (var(c) + σ²), whatever the measurement says
 * (MacKay 1992, Cohn 1996); with it grows the share of places whose error is within the tolerance, times the probability
 * that the sensor meets the object. The prior's part, within and between hypotheses, reaches over the whole object, the
 * residual process' part around the touch.
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
  const out: NextTouch[] = [];
  const { hypotheses } = shape;
  const scale = shape.options.sigmaScale;
  /** Share of places with this variance whose error is within the tolerance (the model's sigma is too small by `scale`). */
  const within = (variance: number): number => {
    const x = (options.tolerance ?? 0.005) / (scale * Math.sqrt(Math.max(variance, 1e-9)));
    return 2 * cumulative(x) - 1;
  };
  const towards = hypotheses.map(({ prior }) => new Float64Array(prior.rank));
  for (const c of samples) {
    if (!reachable(shape, c, options)) continue;
    hypotheses.forEach(({ posterior, share }, h) => {
      multiply(posterior.covariance, c.rows[h]!, towards[h]!);
      for (let k = 0; k < towards[h]!.length; k++) towards[h]![k]! *= share;
    });
    const covariance = (x: Sample): number => {
      let sum = localCovariance(shape, x, c);
      hypotheses.forEach(({ share }, h) => {
        sum += dot(x.rows[h]!, towards[h]!) + share * x.between[h]! * c.between[h]!;
      });
      return sum;
    };
    const variance = covariance(c) + sigma * sigma;
    let gain = 0;
    for (const x of samples) gain += within(x.variance - covariance(x) ** 2 / variance) - within(x.variance);
    gain /= samples.length;
    const contact = contactProbability(shape, c);
    const [nx, ny, nz] = c.normal;
    out.push({
      point: c.point,
      approach: [-nx, -ny, -nz],
      sigma: shape.sigma(...c.point),
      contact,
      gain: contact * gain,
    });
  }
  return out.sort((a, b) => b.gain - a.gain);
}

interface Sample {
  readonly point: [number, number, number];
  readonly normal: [number, number, number];
  /** Components in each hypothesis, times the share that touches leave open there. */
  readonly rows: readonly Float64Array[];
  /** How far each hypothesis is from their mean, times the same (m). */
  readonly between: readonly number[];
  /** Variance that the components leave out and touches leave open (m²). */
  readonly local: number;
  /** All of it (m²). */
  readonly variance: number;
}

/** Vertices at an even stride: marching cubes spreads them about evenly. */
function sampleSurface(shape: CompletedShape, mesh: Mesh, count: number): Sample[] {
  const { positions, normals } = mesh;
  const vertices = positions.length / 3;
  const { hypotheses } = shape;
  const chosen = Math.min(count, vertices);
  return Array.from({ length: chosen }, (_, s) => {
    const v = 3 * Math.floor((s * vertices) / chosen);
    const point: Sample['point'] = [positions[v]!, positions[v + 1]!, positions[v + 2]!];
    const normal: Sample['normal'] = [normals?.[v] ?? 0, normals?.[v + 1] ?? 0, normals?.[v + 2] ?? 1];
    const root = Math.sqrt(shape.process?.openShare(...point) ?? 1);
    const distances = hypotheses.map((h) => h.distance(...point));
    const mean = hypotheses.reduce((sum, { share }, h) => sum + share * distances[h]!, 0);
    const between = distances.map((d) => root * (d - mean));
    let [local, variance] = [0, 0];
    const rows = hypotheses.map((h, i) => {
      const reader = h.read(...point);
      local += h.share * reader.leftOut * root * root;
      const own = quadratic(h.posterior.covariance, h.prior.rank, reader.components) * root * root;
      variance += h.share * (own + between[i]! ** 2);
      return reader.components.map((value) => value * root);
    });
    return { point, normal, rows, between, local, variance: variance + local };
  });
}

/** Covariance of what the components leave out between two places, as the residual process has it. */
function localCovariance(shape: CompletedShape, x: Sample, c: Sample): number {
  const gap = Math.hypot(x.point[0] - c.point[0], x.point[1] - c.point[1], x.point[2] - c.point[2]);
  const s = (Math.sqrt(3) * gap) / shape.options.process.length;
  return s > 10 ? 0 : Math.sqrt(x.local * c.local) * (1 + s) * Math.exp(-s);
}

/** The sensor goes on so far where it meets nothing (m). */
const OVERSHOOT = 0.04;

/** Probability that the way through a place leads into the object: of its surest point. */
function contactProbability(shape: CompletedShape, { point, normal }: Sample): number {
  let [deepest, at] = [0, point];
  for (let t = STEP / 2; t < OVERSHOOT; t += STEP) {
    const p = [0, 1, 2].map((k) => point[k]! - t * normal[k]!) as [number, number, number];
    const depth = -shape.distance(...p);
    if (depth > deepest) [deepest, at] = [depth, p];
  }
  const x = deepest / (shape.sigma(...at) + 1e-9);
  return cumulative(x);
}

/** The normal distribution's cumulative probability, nearly (Page 1977). */
function cumulative(x: number): number {
  return 1 / (1 + Math.exp(-1.5976 * x - 0.070566 * x ** 3));
}

/** Places this much farther than the clearance from where a sensor met nothing are worth a try. */
const FREE_SHARE = 1.5;

/** Whether a finger gets there along the normal: not at the table, not from below, not through the object. */
function reachable(shape: CompletedShape, { point, normal }: Sample, options: NextTouchOptions): boolean {
  const { clearance = 0.006, finger = 0.008, leastUp = -0.5 } = options;
  if (normal[2] < leastUp || point[2] < clearance || isFree(shape, point)) return false;
  for (let t = STEP; t < REACH; t += STEP) {
    const at = [0, 1, 2].map((k) => point[k]! + t * normal[k]!) as [number, number, number];
    if (at[2] < 0) return false;
    if (shape.distance(...at) < Math.min(t / 2, finger)) return false;
  }
  return true;
}

/** Whether a sensor has been there and met nothing. */
function isFree({ evidence: { free } }: CompletedShape, point: Sample['point']): boolean {
  if (!free) return false;
  const { points, clearances } = free;
  return clearances.some(
    (clearance, i) =>
      Math.hypot(points[3 * i]! - point[0], points[3 * i + 1]! - point[1], points[3 * i + 2]! - point[2]) <
      FREE_SHARE * clearance,
  );
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

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
