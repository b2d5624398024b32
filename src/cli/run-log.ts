import { compose, inverse, translationNorm, type Pose } from '../geometry/se3.js';
import type { MapStatistics, ScanResult, StageTimes, TrackingState } from '../slam/types.js';

/** What a run remembers of its scans: poses, states and times; a few hundred bytes a scan however large the map. */
export class RunLog {
  readonly results: ScanResult[] = [];
  readonly states: Record<TrackingState, number> = { tracking: 0, degraded: 0, lost: 0 };
  /** Metres travelled, the sum of the steps. */
  distance = 0;
  statistics: MapStatistics = {
    blocks: 0,
    featureRows: 0,
    triangles: 0,
    keyframes: 0,
    memoryBytes: 0,
    forgottenBlocks: 0,
  };

  add(result: ScanResult, statistics: MapStatistics): void {
    const last = this.results.at(-1);
    if (last) this.distance += translationNorm(compose(inverse(last.pose), result.pose));
    this.results.push(result);
    this.states[result.state]++;
    this.statistics = statistics;
  }

  get scans(): number {
    return this.results.length;
  }

  get stamps(): bigint[] {
    return this.results.map((result) => result.stampNs);
  }

  get poses(): Pose[] {
    return this.results.map((result) => result.pose);
  }

  /** State of the newest scan. */
  get state(): TrackingState {
    return this.results.at(-1)?.state ?? 'tracking';
  }

  /** Share of scans on which tracking was lost, 0…1. */
  get lostShare(): number {
    return this.scans === 0 ? 0 : this.states.lost / this.scans;
  }

  /** Mean milliseconds a scan, by stage. */
  meanTimes(): StageTimes {
    const sum: StageTimes = { prepare: 0, track: 0, map: 0, optimise: 0, mesh: 0, total: 0 };
    for (const { times } of this.results)
      for (const stage of Object.keys(sum) as (keyof StageTimes)[]) sum[stage] += times[stage];
    for (const stage of Object.keys(sum) as (keyof StageTimes)[]) sum[stage] /= Math.max(1, this.scans);
    return sum;
  }

  /** Seconds between the first and the last scan's stamps. */
  get recordedSeconds(): number {
    if (this.scans === 0) return 0;
    return Number(this.results.at(-1)!.stampNs - this.results[0]!.stampNs) / 1e9;
  }

  /** Seconds of recording handled per second of work: above 1 keeps up with the sensor. */
  get realTimeFactor(): number {
    const period = this.scans < 2 ? 0 : this.recordedSeconds / (this.scans - 1);
    const mean = this.meanTimes().total / 1000;
    return mean > 0 ? period / mean : 0;
  }
}
