import type { TrajectoryMetrics } from '../eval/trajectory.js';
import { depthQuality, describeQuality, type DepthQuality } from '../sensors/camera/depth-quality.js';
import type { MapStatistics, StageTimes, TrackingState } from '../slam/types.js';
import { capital, type MeasurementNoun } from '../export/measurement-noun.js';
import { formatCount, formatSeconds } from './progress.js';
import type { RunLog } from './run-log.js';

/** The outcome of a replay, as `--json` prints it. Lengths in metres, times as named. */
export interface ReplaySummary {
  readonly input: string;
  readonly topic: string;
  /** Frame whose poses are written: of the body, or of the sensor where nothing says where that is. */
  readonly poseFrame: string;
  readonly status: number;
  readonly interrupted: boolean;
  /** What stopped the run early, if anything did. */
  readonly error?: string;
  readonly scans: number;
  readonly states: Readonly<Record<TrackingState, number>>;
  /** Degraded scans whose pose slid along an unconstrained direction. */
  readonly slid: number;
  readonly endState: TrackingState;
  readonly distance: number;
  readonly recordedSeconds: number;
  readonly wallSeconds: number;
  /** Processor time of the whole program from the first scan to the last, all threads. */
  readonly cpuSeconds: number;
  readonly meanMs: StageTimes;
  readonly realTimeFactor: number;
  readonly map: MapStatistics;
  /** What the depth images of each camera were like; absent without any. */
  readonly cameras?: readonly DepthQuality[];
  readonly accuracy?: Accuracy;
  /** Written files by what they are. */
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

export interface Accuracy {
  readonly matched: number;
  /** Root mean square of the position error after SE(3) alignment. */
  readonly ateRmse: number;
  readonly ateMax: number;
  /** Mean translation error over segments of the lengths below; absent where the path is too short for any. */
  readonly driftPercent?: number;
  /** KITTI's 100 … 800 m, or one shorter length on a short path. */
  readonly driftLengths: readonly number[];
}

export function accuracyOf(metrics: TrajectoryMetrics): Accuracy {
  const { rmse, max } = metrics.ate.translation;
  const drift = metrics.drift.translationPercent;
  return {
    matched: metrics.matched,
    ateRmse: rmse,
    ateMax: max,
    driftLengths: metrics.drift.perLength.filter(({ count }) => count > 0).map(({ length }) => length),
    ...(Number.isFinite(drift) ? { driftPercent: drift } : {}),
  };
}

export interface SummaryContext {
  readonly input: string;
  readonly topic: string;
  readonly poseFrame: string;
  readonly status: number;
  readonly interrupted: boolean;
  readonly error?: string | undefined;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly accuracy?: Accuracy | undefined;
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

export function summarise(log: RunLog, context: SummaryContext): ReplaySummary {
  const { error, accuracy, ...rest } = context;
  const cameras = depthQuality(log.unposed);
  return {
    ...rest,
    ...(cameras.length > 0 && { cameras }),
    ...(error === undefined ? {} : { error }),
    ...(accuracy === undefined ? {} : { accuracy }),
    scans: log.scans,
    states: log.states,
    slid: log.slid,
    endState: log.state,
    distance: log.distance,
    recordedSeconds: log.recordedSeconds,
    meanMs: log.meanTimes(),
    realTimeFactor: log.realTimeFactor,
    map: log.statistics,
  };
}

/** The summary for people: a few aligned lines. @param noun what `scans` counts */
export function formatSummary(summary: ReplaySummary, noun: MeasurementNoun = 'scan'): string {
  const { states, meanMs, map, accuracy, files } = summary;
  const rows: [string, string][] = [
    [`${capital(noun)}s`, `${summary.scans} in ${formatSeconds(summary.recordedSeconds)} of recording`],
    ['Distance', `${summary.distance.toFixed(1)} m`],
    ['Poses of', summary.poseFrame],
    ['Speed', `${meanMs.total.toFixed(1)} ms a ${noun}, ${summary.realTimeFactor.toFixed(2)} × real time`],
    ['Tracking', `${states.tracking} good, ${states.degraded} degraded, ${states.lost} lost`],
    ['Map', `${formatCount(map.triangles)} triangles, ${(map.memoryBytes / 2 ** 20).toFixed(1)} MiB`],
  ];
  for (const quality of summary.cameras ?? [])
    rows.push([`Depth`, `${quality.camera}: ${describeQuality(quality)}`]);
  if (map.forgottenBlocks > 0)
    rows.push([
      '',
      `The map outgrew its memory: ${formatCount(map.forgottenBlocks)} far blocks are in the mesh, not in map/. Raise map.memoryMiB to keep them.`,
    ]);
  if (accuracy) {
    const drift =
      accuracy.driftPercent === undefined
        ? ''
        : `, drift ${accuracy.driftPercent.toFixed(2)} % over ${accuracy.driftLengths.join('/')} m`;
    rows.push([
      'Accuracy',
      `ATE ${accuracy.ateRmse.toFixed(3)} m over ${accuracy.matched} poses (largest error ${accuracy.ateMax.toFixed(3)} m)${drift}`,
    ]);
  }
  for (const [what, path] of Object.entries(files)) rows.push([what[0]!.toUpperCase() + what.slice(1), path]);
  const width = Math.max(12, ...rows.map(([name]) => name.length + 2));
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
}
