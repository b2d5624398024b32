import { alignPoses, positions } from '../eval/align.js';
import { evaluateMesh, type MeshMetrics } from '../eval/mesh.js';
import { sampleMesh } from '../eval/sampling.js';
import { quaternionOrder } from '../eval/quaternion-order.js';
import { evaluateMatched, lengthsFor, type Alignment, type TrajectoryMetrics } from '../eval/trajectory.js';
import { pathLengths } from '../eval/relative.js';
import { FeltmapError } from '../geometry/errors.js';
import { transformPoint, type Pose } from '../geometry/se3.js';
import { pair, readPly, readTrajectory } from './eval-files.js';
import { EXIT } from './exit-codes.js';
import { quaternionNote } from './replay-truth.js';

interface Output {
  write(text: string): unknown;
}

/** Options of `feltmap eval traj EST GT`. */
export interface EvalTrajectoryOptions {
  readonly align?: Alignment | undefined;
  /** `interpolate` (default) or `nearest`. */
  readonly match?: 'interpolate' | 'nearest' | undefined;
  /** Seconds; default 0.01. */
  readonly tolerance?: number | undefined;
  /** Segment lengths of the drift (m); default KITTI's, or what fits a short path. */
  readonly lengths?: readonly number[] | undefined;
  /** A segment starts at every so many poses; default 10. */
  readonly step?: number | undefined;
  /** Recording whose topic GT names. */
  readonly bag?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `feltmap eval traj`: prints the trajectory metrics and returns the exit status. */
export async function evalTrajectory(
  estimatePath: string,
  truthPath: string,
  options: EvalTrajectoryOptions = {},
  stdout: Output = process.stdout,
): Promise<number> {
  const estimate = await readTrajectory(estimatePath);
  const truth = await readTrajectory(truthPath, options.bag);
  const matched = pair(estimate, truth, {
    ...(options.match === undefined ? {} : { method: options.match }),
    ...(options.tolerance === undefined ? {} : { toleranceNs: BigInt(Math.round(options.tolerance * 1e9)) }),
  });
  const path = pathLengths(matched.truth).at(-1) ?? 0;
  const metrics = evaluateMatched(matched, estimate.poses.length, {
    alignment: options.align ?? 'se3',
    lengths: options.lengths ?? lengthsFor(path),
    ...(options.step === undefined ? {} : { step: options.step }),
  });
  const order = quaternionOrder(matched);
  const notes = order ? [quaternionNote(order)] : [];
  stdout.write(options.json ? trajectoryJson(metrics, notes) : trajectoryTable(metrics, notes));
  return EXIT.ok;
}

/** Options of `feltmap eval mesh MESH TRUTH`. */
export interface EvalMeshOptions {
  /** Metres; default 0.05 and 0.1. */
  readonly thresholds?: readonly number[] | undefined;
  readonly spacing?: number | undefined;
  /** Estimated trajectory in the mesh's frame; with `gt` the mesh is moved into the truth's frame by their alignment. */
  readonly trajectory?: string | undefined;
  /** True trajectory in the frame of the true surface. */
  readonly gt?: string | undefined;
  /** With `gt`: only surfaces this near to the true path count (m). */
  readonly radius?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: boolean | undefined;
}

/** `feltmap eval mesh`: prints the mesh metrics and returns the exit status. */
export async function evalMesh(
  meshPath: string,
  truthPath: string,
  options: EvalMeshOptions = {},
  stdout: Output = process.stdout,
): Promise<number> {
  const { spacing = 0.02, seed = 1 } = options;
  const mesh = await readPly(meshPath);
  if (mesh.indices.length === 0)
    throw new FeltmapError(
      'bad-input',
      `${meshPath} holds points but no triangles; give the mesh first, the truth second.`,
    );
  const surface = await readPly(truthPath);
  const truth = surface.indices.length > 0 ? sampleMesh(surface, spacing, seed + 1) : surface.positions;
  const gt = options.gt === undefined ? undefined : await readTrajectory(options.gt);
  if (!gt && (options.trajectory !== undefined || options.radius !== undefined))
    throw new FeltmapError(
      'bad-config',
      'Aligning or masking the mesh needs the true trajectory; add --gt FILE.',
    );
  let moved = mesh.positions;
  if (gt && options.trajectory !== undefined) {
    const { estimate, truth: poses } = pair(await readTrajectory(options.trajectory), gt);
    moved = transform(alignPoses(estimate, poses), mesh.positions);
  }
  const metrics = evaluateMesh({ positions: moved, indices: mesh.indices }, truth, {
    spacing,
    seed,
    ...(options.thresholds === undefined ? {} : { thresholds: options.thresholds }),
    ...(gt && options.radius !== undefined
      ? { within: { path: Float32Array.from(positions(gt.poses)), radius: options.radius } }
      : {}),
  });
  stdout.write(options.json ? `${JSON.stringify(metrics, null, 2)}\n` : meshTable(metrics));
  return EXIT.ok;
}

function transform(T: Pose, points: Float32Array): Float32Array {
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3)
    out.set(transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!), i);
  return out;
}

/** The figures without the columns of single poses. */
function trajectoryJson(m: TrajectoryMetrics, notes: readonly string[]): string {
  const ate = { ...m.ate, errors: undefined, transform: Array.from(m.ate.transform) };
  return `${JSON.stringify({ ...m, pairs: undefined, ate, ...(notes.length > 0 && { notes }) }, null, 2)}\n`;
}

function trajectoryTable(m: TrajectoryMetrics, notes: readonly string[]): string {
  const t = m.ate.translation;
  const rows: [string, string][] = [
    ['Poses', `${m.matched} compared${m.unmatched > 0 ? `, ${m.unmatched} without truth` : ''}`],
    ['Path', `${m.pathLength.toFixed(2)} m`],
    [
      'ATE',
      `RMSE ${t.rmse.toFixed(4)} m  mean ${t.mean.toFixed(4)}  median ${t.median.toFixed(4)}  max ${t.max.toFixed(4)}`,
    ],
    ['Attitude', `RMSE ${m.ate.rotationDeg.rmse.toFixed(3)}°  max ${m.ate.rotationDeg.max.toFixed(3)}°`],
    ...m.rpe.map((r): [string, string] => [
      `RPE ${r.delta} ${r.unit === 'frames' ? 'frame' : 'm'}`,
      r.translation.count === 0
        ? 'path too short'
        : `RMSE ${r.translation.rmse.toFixed(4)} m  ${r.rotationDeg.rmse.toFixed(4)}°  (${r.translation.count} pairs)`,
    ]),
    ...m.drift.perLength.map((d): [string, string] => [
      `Drift ${d.length} m`,
      d.count === 0
        ? 'path too short'
        : `${d.translationPercent.toFixed(4)} %  ${d.rotationDegPer100m.toFixed(4)}°/100 m  (${d.count} segments)`,
    ]),
    ...(m.drift.perLength.length > 1 && m.drift.count > 0
      ? [
          [
            'Drift mean',
            `${m.drift.translationPercent.toFixed(4)} %  ${m.drift.rotationDegPer100m.toFixed(4)}°/100 m`,
          ] as [string, string],
        ]
      : []),
    ...notes.map((note): [string, string] => ['Note', note]),
  ];
  return lines(rows);
}

function meshTable(m: MeshMetrics): string {
  const cm = (v: number) => `${(100 * v).toFixed(2)} cm`;
  return lines([
    ['Accuracy', `${cm(m.accuracy)}  (${m.outliers.toFixed(2)} % outliers left out)`],
    ['Completion', cm(m.completion)],
    ['Chamfer-L1', cm(m.chamferL1)],
    ...m.scores.map((s): [string, string] => [
      `F @ ${cm(s.threshold)}`,
      `${s.fscore.toFixed(2)} %  precision ${s.precision.toFixed(2)}  recall ${s.recall.toFixed(2)}  (outliers as wrong: F ${s.strictFscore.toFixed(2)}, precision ${s.strictPrecision.toFixed(2)})`,
    ]),
    ['Samples', `${m.meshSamples} on the mesh, ${m.truthPoints} true points`],
  ]);
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}\n`).join('');
}
