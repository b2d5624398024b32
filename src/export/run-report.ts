import { pathLengths } from '../eval/relative.js';
import type { TrajectoryMetrics } from '../eval/trajectory.js';
import { inverse, transformPoint } from '../geometry/se3.js';
import type { ScanResult, StageTimes, TrackingState } from '../slam/types.js';
import { depthQuality } from '../sensors/camera/depth-quality.js';
import { positionSigma } from './covariance.js';
import {
  STAGES,
  type Incident,
  type RunReport,
  type RunReportInput,
  type Stage,
  type TruthReport,
} from './report-types.js';

/** Gathers everything known about a run into the structure of `report.json`. */
export function makeRunReport(input: RunReportInput): RunReport {
  const { results, truth, error, mesh } = input;
  const first = results[0]?.stampNs ?? 0n;
  const last = results[results.length - 1]?.stampNs ?? 0n;
  const recordedSeconds = Number(last - first) / 1e9;
  const lengths = pathLengths(results.map((r) => r.pose));
  const totals = results.map((r) => r.times.total).sort((a, b) => a - b);
  const meanMs = meanTimes(results);
  const period = results.length > 1 ? (1000 * recordedSeconds) / (results.length - 1) : 0;
  const states: Record<TrackingState, number> = { tracking: 0, degraded: 0, lost: 0 };
  for (const r of results) states[r.state]++;
  const cameras = depthQuality(results);
  const column = (value: (r: ScanResult) => number, digits = 4) =>
    results.map((r) => round(value(r), digits));
  return {
    format: 'feltmap-report',
    formatVersion: 1,
    versions: input.versions,
    input: input.input,
    summary: {
      scans: results.length,
      firstStampNs: String(first),
      lastStampNs: String(last),
      recordedSeconds,
      wallSeconds: input.wallSeconds,
      realTimeFactor: meanMs.total > 0 ? period / meanMs.total : 0,
      distance: lengths[lengths.length - 1] ?? 0,
      meanMs,
      p95Ms: totals[Math.ceil(0.95 * totals.length) - 1] ?? 0,
      maxMs: totals[totals.length - 1] ?? 0,
      states,
      interrupted: input.interrupted ?? false,
      ...(error === undefined ? {} : { error }),
    },
    map: input.statistics,
    ...(cameras.length > 0 && { cameras }),
    scans: {
      time: column((r) => Number(r.stampNs - first) / 1e9, 6),
      x: column((r) => r.pose[3]!),
      y: column((r) => r.pose[7]!),
      z: column((r) => r.pose[11]!),
      distance: Array.from(lengths, (s) => round(s, 4)),
      state: results.map((r) => r.state),
      sigma: column((r) => positionSigma(r.covariance), 5),
      odomSigma: column((r) => positionSigma(r.odomCovariance), 5),
      inlierRatio: column((r) => r.inlierRatio),
      iterations: column((r) => r.iterations),
      inputPoints: column((r) => r.points.input),
      mappedPoints: column((r) => r.points.mapped),
      stageMs: Object.fromEntries(STAGES.map((s) => [s, column((r) => r.times[s], 3)])) as Record<
        Stage,
        number[]
      >,
      totalMs: column((r) => r.times.total, 3),
    },
    incidents: incidentsOf(results),
    ...(truth ? { truth: truthReport(truth.source, truth.metrics, lengths) } : {}),
    ...(mesh ? { mesh } : {}),
    warnings: input.warnings,
    files: input.files,
    settings: input.settings,
  };
}

/** `report.json`: indented, but columns of numbers on one line each. */
export function formatReportJson(report: RunReport): string {
  return `${stringify(report, '')}\n`;
}

function stringify(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== 'object' || v === null)) return JSON.stringify(value);
    return `[\n${value.map((v) => deeper + stringify(v, deeper)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  if (entries.length === 0) return '{}';
  return `{\n${entries.map(([k, v]) => `${deeper}${JSON.stringify(k)}: ${stringify(v, deeper)}`).join(',\n')}\n${indent}}`;
}

function truthReport(source: string, metrics: TrajectoryMetrics, lengths: Float64Array): TruthReport {
  const { ate, pairs, drift } = metrics;
  const back = inverse(ate.transform);
  const points = pairs.truth.map((Q) => transformPoint(back, Q[3]!, Q[7]!, Q[11]!));
  const { rmse, mean, median, max } = ate.translation;
  return {
    source,
    matched: metrics.matched,
    unmatched: metrics.unmatched,
    pathLength: metrics.pathLength,
    ate: { rmse, mean, median, max },
    rotationRmseDeg: ate.rotationDeg.rmse,
    rpe: metrics.rpe.map((r) => ({
      delta: r.delta,
      unit: r.unit,
      rmse: r.translation.rmse,
      rotationRmseDeg: r.rotationDeg.rmse,
    })),
    drift: {
      translationPercent: drift.translationPercent,
      rotationDegPer100m: drift.rotationDegPer100m,
      lengths: drift.perLength.filter((l) => l.count > 0).map((l) => l.length),
      count: drift.count,
    },
    index: pairs.indices,
    distance: pairs.indices.map((i) => round(lengths[i] ?? NaN, 4)),
    error: Array.from(ate.errors, (e) => round(e, 5)),
    x: points.map((p) => round(p[0], 4)),
    y: points.map((p) => round(p[1], 4)),
    z: points.map((p) => round(p[2], 4)),
  };
}

function incidentsOf(results: readonly ScanResult[]): Incident[] {
  const out: { state: TrackingState; first: number; last: number; reason: string }[] = [];
  results.forEach((r, i) => {
    if (r.state === 'tracking') return;
    const open = out[out.length - 1];
    if (open && open.last === i - 1 && open.state === r.state) open.last = i;
    else out.push({ state: r.state, first: i, last: i, reason: r.reason });
  });
  return out;
}

function meanTimes(results: readonly ScanResult[]): StageTimes {
  const mean = (stage: keyof StageTimes) =>
    results.length === 0 ? 0 : results.reduce((s, r) => s + r.times[stage], 0) / results.length;
  return {
    prepare: mean('prepare'),
    track: mean('track'),
    map: mean('map'),
    optimise: mean('optimise'),
    mesh: mean('mesh'),
    total: mean('total'),
  };
}

function round(v: number, digits: number): number {
  const k = 10 ** digits;
  return Math.round(v * k) / k;
}
