import type { Mesh } from '../mesh/mesh.js';
import type { CompletedShape } from './complete.js';
import { quadratic } from './dense.js';

/** What is expected of touches: see {@link TouchGain.at}. */
export interface TouchGainOptions {
  /** Errors up to this are good enough (m). */
  readonly tolerance: number;
  /** Samples of the surface that are looked at. */
  readonly samples: number;
  /** Standard deviation of a touch (m). */
  readonly sigma: number;
}

/** The model's standard deviations are too small by about this factor. */
const SIGMA_SCALE = 2.9;

/**
 * What touches of a completed shape are expected to bring. When c is measured, the variance of a linear model drops at x by
 * cov(x, c)² / (var(c) + σ²), whatever the measurement says (MacKay 1992, Cohn 1996); with it grows the share of places whose
 * error is within the tolerance. The prior's part, within and between hypotheses, reaches over the whole object, the
 * residual process' part around the touch.
 *
 * @example
 * const gain = new TouchGain(shape, mesh, { tolerance: 0.005, samples: 150, sigma: 0.0005 });
 * gain.at([0, 0, 0.1]); // share of the surface, 0 … 1
 */
export class TouchGain {
  readonly #samples: readonly Sample[];

  /** @param mesh the shape's surface, object frame */
  constructor(
    private readonly shape: CompletedShape,
    mesh: Mesh,
    private readonly options: TouchGainOptions,
  ) {
    const { positions } = mesh;
    const vertices = positions.length / 3;
    const chosen = Math.min(options.samples, vertices);
    // Vertices at an even stride: marching cubes spreads them about evenly.
    this.#samples = Array.from({ length: chosen }, (_, s) => {
      const v = 3 * Math.floor((s * vertices) / chosen);
      return sampleAt(shape, [positions[v]!, positions[v + 1]!, positions[v + 2]!]);
    });
  }

  /** Share of the surface that comes within the tolerance when a place (m, object frame) is touched. */
  at(point: readonly [number, number, number]): number {
    const { hypotheses } = this.shape;
    const c = sampleAt(this.shape, point);
    const towards = hypotheses.map(({ posterior, share }, h) => {
      const out = new Float64Array(c.rows[h]!.length);
      multiply(posterior.covariance, c.rows[h]!, out);
      return out.map((value) => share * value);
    });
    const covariance = (x: Sample): number => {
      let sum = localCovariance(this.shape, x, c);
      hypotheses.forEach(({ share }, h) => {
        sum += dot(x.rows[h]!, towards[h]!) + share * x.between[h]! * c.between[h]!;
      });
      return sum;
    };
    const variance = covariance(c) + this.options.sigma ** 2;
    let gain = 0;
    for (const x of this.#samples)
      gain += this.#within(x.variance - covariance(x) ** 2 / variance) - this.#within(x.variance);
    return gain / this.#samples.length;
  }

  /** Share of places with this variance whose error is within the tolerance (the model's sigma is too small by a factor). */
  #within(variance: number): number {
    const x = this.options.tolerance / (SIGMA_SCALE * Math.sqrt(Math.max(variance, 1e-9)));
    return 2 * cumulative(x) - 1;
  }
}

interface Sample {
  readonly point: readonly [number, number, number];
  /** Components in each hypothesis, times the share that touches leave open there. */
  readonly rows: readonly Float64Array[];
  /** How far each hypothesis is from their mean, times the same (m). */
  readonly between: readonly number[];
  /** Variance that the components leave out and touches leave open (m²). */
  readonly local: number;
  /** All of it (m²). */
  readonly variance: number;
}

function sampleAt(shape: CompletedShape, point: readonly [number, number, number]): Sample {
  const { hypotheses } = shape;
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
  return { point, rows, between, local, variance: variance + local };
}

/** Covariance of what the components leave out between two places, as the residual process has it. */
function localCovariance(shape: CompletedShape, x: Sample, c: Sample): number {
  const gap = Math.hypot(x.point[0] - c.point[0], x.point[1] - c.point[1], x.point[2] - c.point[2]);
  const s = (Math.sqrt(3) * gap) / shape.options.process.length;
  return s > 10 ? 0 : Math.sqrt(x.local * c.local) * (1 + s) * Math.exp(-s);
}

/** The normal distribution's cumulative probability, nearly (Page 1977). */
export function cumulative(x: number): number {
  return 1 / (1 + Math.exp(-1.5976 * x - 0.070566 * x * x * x));
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
