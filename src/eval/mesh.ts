import { FeltmapError } from '../geometry/errors.js';
import { KdTree } from './kdtree.js';
import { sampleMesh, thin, type TriangleSoup } from './sampling.js';

export interface MeshOptions {
  /** Distances that count as found (m); default 0.05 and 0.10. */
  readonly thresholds?: readonly number[];
  /** Sample distance on the mesh and thinning of the truth (m); default 0.02. */
  readonly spacing?: number;
  readonly seed?: number;
  /** Mesh samples farther from the truth than this are outliers: counted apart (m); default 0.2. */
  readonly accuracyTruncation?: number;
  /** Distances from truth to mesh are clamped to this (m); default 2. */
  readonly completionTruncation?: number;
  /** Only mesh samples in the bounding box of the truth count (default true). */
  readonly crop?: boolean;
  /** Only mesh samples and truth points this near to the path count: surfaces that were in view. */
  readonly within?: { readonly path: Float32Array; readonly radius: number };
  /** Exact distance to the true surface (sign ignored), instead of the nearest truth point, for accuracy. */
  readonly distance?: (x: number, y: number, z: number) => number;
  /** At most so many distances are computed per direction, spread evenly; default 1.5 million. */
  readonly maxQueries?: number;
}

export interface MeshScore {
  readonly threshold: number;
  /** Share of mesh samples, outliers left out, nearer to the truth than the threshold (%). */
  readonly precision: number;
  /** Share of the truth nearer to the mesh than the threshold (%). */
  readonly recall: number;
  /** Harmonic mean of the two (%). */
  readonly fscore: number;
  /** As precision and F-score, with outliers counted as wrong. */
  readonly strictPrecision: number;
  readonly strictFscore: number;
}

export interface MeshMetrics {
  /** Mean distance from mesh to truth, outliers left out (m). */
  readonly accuracy: number;
  /** Mean clamped distance from truth to mesh (m). */
  readonly completion: number;
  /** Mean of the two (m). */
  readonly chamferL1: number;
  /** Share of mesh samples beyond the accuracy truncation (%). */
  readonly outliers: number;
  readonly scores: readonly MeshScore[];
  readonly meshSamples: number;
  readonly truthPoints: number;
}

/**
 * Mesh quality by the protocol of SHINE-Mapping (Zhong et al. 2023), which NeRF-LOAM, PIN-SLAM and others report
 * with: the mesh sampled and the truth thinned at 2 cm, the mesh cropped to the truth's extent; accuracy over samples
 * nearer than the truncation, completion clamped, Chamfer-L1 their mean.
 *
 * @param mesh in the truth's frame (m)
 * @param truth 3·N points on the true surface (m)
 * @throws FeltmapError bad-input when the truth, or what the masks leave of it, is empty
 */
export function evaluateMesh(
  mesh: TriangleSoup,
  truth: Float32Array,
  options: MeshOptions = {},
): MeshMetrics {
  const {
    thresholds = [0.05, 0.1],
    spacing = 0.02,
    accuracyTruncation = 0.2,
    completionTruncation = 2,
    maxQueries = 1_500_000,
  } = options;
  const near = nearPath(options.within);
  const points = filter(thin(truth, spacing), near);
  if (points.length === 0)
    throw new FeltmapError(
      'bad-input',
      'No true surface point is left to compare the mesh with; check the truth file and the distance to the path.',
    );
  const inBox = options.crop === false ? () => true : insideBox(points, spacing);
  const samples = sampleMesh(mesh, spacing, options.seed ?? 1, (x, y, z) => inBox(x, y, z) && near(x, y, z));
  const toTruth = options.distance ? absolute(options.distance) : nearestIn(points, accuracyTruncation);
  const fromMesh = distances(samples, toTruth, maxQueries);
  const fromTruth = distances(points, nearestIn(samples, completionTruncation), maxQueries);
  const inliers = fromMesh.filter((d) => d < accuracyTruncation);
  const accuracy = mean(inliers);
  const completion = mean(fromTruth);
  return {
    accuracy,
    completion,
    chamferL1: 0.5 * (accuracy + completion),
    outliers: 100 * (1 - inliers.length / fromMesh.length),
    scores: thresholds.map((threshold) => score(threshold, fromMesh, inliers, fromTruth)),
    meshSamples: samples.length / 3,
    truthPoints: points.length / 3,
  };
}

function score(
  threshold: number,
  fromMesh: Float64Array,
  inliers: Float64Array,
  fromTruth: Float64Array,
): MeshScore {
  const precision = shareBelow(inliers, threshold);
  const strictPrecision = shareBelow(fromMesh, threshold);
  const recall = shareBelow(fromTruth, threshold);
  return {
    threshold,
    precision,
    recall,
    fscore: harmonic(precision, recall),
    strictPrecision,
    strictFscore: harmonic(strictPrecision, recall),
  };
}

type Distance = (x: number, y: number, z: number) => number;
type Predicate = (x: number, y: number, z: number) => boolean;

function nearestIn(points: Float32Array, limit: number): Distance {
  const tree = new KdTree(points);
  return (x, y, z) => tree.distance(x, y, z, limit);
}

function absolute(distance: Distance): Distance {
  return (x, y, z) => Math.abs(distance(x, y, z));
}

/** Distances of at most `max` of the points, at an even stride. */
function distances(points: Float32Array, distance: Distance, max: number): Float64Array {
  const n = points.length / 3;
  const m = Math.min(n, max);
  const out = new Float64Array(m);
  for (let k = 0; k < m; k++) {
    const i = 3 * Math.floor((k * n) / m);
    out[k] = distance(points[i]!, points[i + 1]!, points[i + 2]!);
  }
  return out;
}

function nearPath(within: MeshOptions['within']): Predicate {
  if (!within) return () => true;
  const { path, radius } = within;
  const tree = new KdTree(filter(path, (x, y, z) => Number.isFinite(x + y + z)));
  return (x, y, z) => tree.distance(x, y, z, radius) < radius;
}

function filter(points: Float32Array, keep: Predicate): Float32Array {
  const out = new Float32Array(points.length);
  let n = 0;
  for (let i = 0; i < points.length; i += 3) {
    if (!keep(points[i]!, points[i + 1]!, points[i + 2]!)) continue;
    out.set(points.subarray(i, i + 3), n);
    n += 3;
  }
  return out.slice(0, n);
}

/** The truth's bounding box, a sample distance taller at top and bottom, as SHINE-Mapping crops. */
function insideBox(points: Float32Array, margin: number): Predicate {
  let [x0, y0, z0] = [Infinity, Infinity, Infinity];
  let [x1, y1, z1] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i]!, points[i + 1]!, points[i + 2]!];
    [x0, y0, z0] = [Math.min(x0, x), Math.min(y0, y), Math.min(z0, z)];
    [x1, y1, z1] = [Math.max(x1, x), Math.max(y1, y), Math.max(z1, z)];
  }
  return (x, y, z) => x >= x0 && x <= x1 && y >= y0 && y <= y1 && z >= z0 - margin && z <= z1 + margin;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

function shareBelow(values: Float64Array, threshold: number): number {
  let n = 0;
  for (const v of values) if (v < threshold) n++;
  return (100 * n) / values.length;
}

function harmonic(a: number, b: number): number {
  return a + b > 0 ? (2 * a * b) / (a + b) : 0;
}
