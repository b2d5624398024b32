import { escapeHtml, formatLength, formatNumber } from './html.js';
import { describeQuality } from '../sensors/camera/depth-quality.js';
import type { RunReport } from './report-types.js';

/** Trajectory metrics; nothing without a truth. */
export function accuracyTable({ truth }: RunReport): string {
  if (!truth) return '';
  const rows: [string, string][] = [
    ['Compared with', escapeHtml(baseName(truth.source))],
    [
      'Poses compared',
      `${formatNumber(truth.matched)}${truth.unmatched > 0 ? `, ${formatNumber(truth.unmatched)} without truth` : ''}`,
    ],
    ['True path', formatLength(truth.pathLength)],
    [
      'ATE: RMSE, mean, median',
      [truth.ate.rmse, truth.ate.mean, truth.ate.median].map(formatLength).join(', '),
    ],
    ['Attitude error (RMSE)', `${formatNumber(truth.rotationRmseDeg, 2)}°`],
    ...truth.rpe.map(
      (r) =>
        [
          `RPE over ${formatNumber(r.delta)} ${r.unit === 'frames' ? (r.delta === 1 ? 'frame' : 'frames') : 'm'} (RMSE)`,
          `${formatLength(r.rmse)}, ${formatNumber(r.rotationRmseDeg, 3)}°`,
        ] as [string, string],
    ),
    [
      'Drift (KITTI protocol)',
      truth.drift.count === 0
        ? 'path too short'
        : `${formatNumber(truth.drift.translationPercent, 3)} %, ${formatNumber(truth.drift.rotationDegPer100m, 3)}° per 100 m (${formatNumber(truth.drift.count)} segments)`,
    ],
  ];
  return table('Accuracy', rows);
}

/** Mesh metrics; nothing where no true surface is known. */
export function meshTable({ mesh }: RunReport): string {
  if (!mesh) return '';
  return table('Mesh quality', [
    ['Accuracy, completion', `${formatLength(mesh.accuracy)}, ${formatLength(mesh.completion)}`],
    ['Chamfer-L1', formatLength(mesh.chamferL1)],
    ...mesh.scores.map(
      (s) =>
        [
          `At ${formatLength(s.threshold)}: F-score, precision, recall`,
          [s.fscore, s.precision, s.recall].map((v) => `${formatNumber(v, 1)} %`).join(', '),
        ] as [string, string],
    ),
    ['Outliers', `${formatNumber(mesh.outliers, 2)} %`],
  ]);
}

/** What the depth images of each camera were like; nothing without any. */
export function depthTable({ cameras = [] }: RunReport): string {
  if (cameras.length === 0) return '';
  return table(
    'Depth images',
    cameras.map((quality) => [escapeHtml(quality.camera), escapeHtml(describeQuality(quality))] as const),
  );
}

/** Input, versions and written files. */
export function runTable({ input, versions, files, map }: RunReport): string {
  return table('Run', [
    ['Input', escapeHtml(input.path)],
    ...(input.frameId ? [['Sensor frame', escapeHtml(input.frameId)] as [string, string]] : []),
    ...(input.bodyFrame ? [['Poses of', escapeHtml(input.bodyFrame)] as [string, string]] : []),
    ...(input.timing ? [['Point times', escapeHtml(input.timing)] as [string, string]] : []),
    ['Voxel blocks, feature rows', `${formatNumber(map.blocks)}, ${formatNumber(map.featureRows)}`],
    ...Object.entries(versions).map(([k, v]) => [escapeHtml(k), escapeHtml(v)] as [string, string]),
    ...Object.entries(files).map(([k, v]) => [escapeHtml(k), escapeHtml(v)] as [string, string]),
  ]);
}

/** Rows are HTML already. */
function table(title: string, rows: readonly (readonly [string, string])[]): string {
  const body = rows.map(([k, v]) => `<tr><th>${k}</th><td>${v}</td></tr>`).join('');
  return `<section class="card"><h2>${title}</h2><table>${body}</table></section>`;
}

/** Last part of a path. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}
