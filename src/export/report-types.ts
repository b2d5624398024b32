import type { SensorSet } from '../config/sensor-sets.js';
import type { MapStatistics, ScanResult, StageTimes, TrackingState } from '../slam/types.js';
import type { DepthQuality } from '../sensors/camera/depth-quality.js';
import type { MeshMetrics } from '../eval/mesh.js';
import type { TrajectoryMetrics } from '../eval/trajectory.js';

/** What a report is made of. */
export interface RunReportInput {
  readonly versions: Readonly<Record<string, string>>;
  readonly input: {
    readonly path: string;
    /** A LiDAR's measurements are called scans, a camera's frames; scans unless given. */
    readonly sensor?: SensorSet;
    readonly topic?: string;
    readonly frameId?: string;
    /** Frame of the body, where the poses are of that and not of the sensor. */
    readonly bodyFrame?: string;
    /** How the points got their times. */
    readonly timing?: string;
  };
  /** The whole configuration in use. */
  readonly settings: unknown;
  readonly results: readonly ScanResult[];
  readonly statistics: MapStatistics;
  readonly wallSeconds: number;
  readonly interrupted?: boolean;
  readonly error?: string;
  readonly truth?: { readonly source: string; readonly metrics: TrajectoryMetrics };
  /** Quality of the mesh, where a true surface is known. */
  readonly mesh?: MeshMetrics;
  readonly warnings: readonly string[];
  /** Written files by what they are. */
  readonly files: Readonly<Record<string, string>>;
}

/** `report.json`: everything known about a run. Lengths in metres, angles in degrees, times as named. */
export interface RunReport {
  readonly format: 'feltmap-report';
  readonly formatVersion: 1;
  readonly versions: Readonly<Record<string, string>>;
  readonly input: RunReportInput['input'];
  readonly summary: {
    readonly scans: number;
    /** Nanoseconds, as text: JSON numbers cannot hold them. */
    readonly firstStampNs: string;
    readonly lastStampNs: string;
    readonly recordedSeconds: number;
    readonly wallSeconds: number;
    /** Seconds of recording per second of work; above 1 keeps up with the sensor. */
    readonly realTimeFactor: number;
    /** Length of the estimated path. */
    readonly distance: number;
    readonly meanMs: StageTimes;
    /** 95th percentile and largest total time of a scan. */
    readonly p95Ms: number;
    readonly maxMs: number;
    readonly states: Readonly<Record<TrackingState, number>>;
    readonly interrupted: boolean;
    readonly error?: string;
  };
  readonly map: MapStatistics;
  /** What the depth images of each camera were like; absent without any. */
  readonly cameras?: readonly DepthQuality[];
  /** One entry per scan in every column. */
  readonly scans: {
    /** Seconds since the first scan. */
    readonly time: number[];
    readonly x: number[];
    readonly y: number[];
    readonly z: number[];
    /** Path length so far. */
    readonly distance: number[];
    readonly state: TrackingState[];
    /** Standard deviation of the position in the map around it, and in the odom frame, metres. */
    readonly sigma: number[];
    readonly odomSigma: number[];
    readonly inlierRatio: number[];
    readonly iterations: number[];
    readonly inputPoints: number[];
    readonly mappedPoints: number[];
    readonly stageMs: Readonly<Record<Stage, number[]>>;
    readonly totalMs: number[];
  };
  /** Stretches of scans that were not `tracking`, with the first reason given. */
  readonly incidents: readonly Incident[];
  readonly truth?: TruthReport;
  readonly mesh?: MeshMetrics;
  readonly warnings: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly settings: unknown;
}

export type Stage = Exclude<keyof StageTimes, 'total'>;
export const STAGES: readonly Stage[] = ['prepare', 'track', 'map', 'optimise', 'mesh'];

export interface Incident {
  readonly state: TrackingState;
  readonly first: number;
  readonly last: number;
  readonly reason: string;
}

export interface TruthReport {
  readonly source: string;
  readonly matched: number;
  readonly unmatched: number;
  readonly pathLength: number;
  /** After SE(3) alignment without scale. */
  readonly ate: {
    readonly rmse: number;
    readonly mean: number;
    readonly median: number;
    readonly max: number;
  };
  readonly rotationRmseDeg: number;
  readonly rpe: readonly {
    readonly delta: number;
    readonly unit: string;
    readonly rmse: number;
    readonly rotationRmseDeg: number;
  }[];
  readonly drift: {
    readonly translationPercent: number;
    readonly rotationDegPer100m: number;
    readonly lengths: readonly number[];
    readonly count: number;
  };
  /** One entry per matched pose; the truth brought into the estimate's frame. */
  readonly index: number[];
  readonly distance: number[];
  readonly error: number[];
  readonly x: number[];
  readonly y: number[];
  readonly z: number[];
}
