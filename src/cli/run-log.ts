import type { Pose } from '../geometry/se3.js';
import type { HostEvent, ResultEvent, TouchesRefined, TouchEvent } from '../host/protocol.js';
import { positionSigma } from '../export/covariance.js';
import { Trajectory } from '../slam/trajectory.js';
import type { MapStatistics, ScanResult, StageTimes, TrackingState } from '../slam/types.js';

/**
 * Standard deviation of the position (m) above which a degraded pose has slid. While a direction is not constrained, the
 * covariance grows with every scan, by a few centimetres to decimetres; a handful of such scans does no harm.
 */
const SLID_SIGMA = 1;

/**
 * What a run remembers of its scans: the path, states and times; a few hundred bytes a scan however large the map.
 *
 * The path is that of the LiDAR, which is what its recordings have the truth of; with `pathOf: 'body'` it is that of the
 * body (T_odom_base, REP-103 axes): a camera's own axes are optical, and its truth is the body's. By touch alone it is the
 * sensor's at each touch; beside other sensors touches are no part of it.
 *
 * @example
 * const log = new RunLog();
 * slam.listen((event) => log.take(event));
 * console.log(log.scans, log.distance, log.meanTimes());
 */
export class RunLog {
  readonly trajectory = new Trajectory();
  readonly #pathOf: 'sensor' | 'body' | 'touches';
  /** Touches in the order in which they were mapped. */
  readonly touches: TouchEvent[] = [];
  /** Of the pose of the observation under way, about the body. */
  #covariance: Float64Array | undefined;
  readonly #scans: Omit<ScanResult, 'pose'>[] = [];
  readonly states: Record<TrackingState, number> = { tracking: 0, degraded: 0, lost: 0 };
  /** Maps that were started after a long loss: their number, and the scan that each begins with. */
  readonly newMaps: { readonly submap: number; readonly firstScan: number }[] = [];
  /** Degraded scans whose pose may be anywhere along a direction that the surroundings do not fix. */
  slid = 0;
  statistics: MapStatistics = {
    blocks: 0,
    featureRows: 0,
    triangles: 0,
    keyframes: 0,
    memoryBytes: 0,
    forgottenBlocks: 0,
  };

  constructor({ pathOf = 'sensor' }: { readonly pathOf?: 'sensor' | 'body' | 'touches' } = {}) {
    this.#pathOf = pathOf;
  }

  /** Takes from an event of the SLAM thread what is to be remembered. */
  take(event: HostEvent): void {
    if (event.type === 'view' || event.type === 'warnings') return;
    if (event.type === 'touch') return this.#touched(event);
    if (event.type === 'touches-refined') return this.#moved(event);
    if (event.type !== 'result') {
      // By touch alone the body stands.
      if (this.#pathOf !== 'touches' || event.type !== 'pose') this.trajectory.follow(event);
      if (event.type === 'pose') this.#covariance = event.covariance;
      if (event.type === 'new-map') this.newMaps.push({ submap: event.submap, firstScan: this.scans });
      return;
    }
    const { pose, ...ofSensor } = event.result;
    const ofBody = this.#pathOf === 'body' && this.#covariance;
    const result = ofBody ? { ...ofSensor, covariance: ofBody } : ofSensor;
    // Refined poses of the body came with the events before.
    if (this.#pathOf === 'sensor') this.trajectory.refine(result.index, pose);
    this.#count(result, event);
  }

  #touched(event: TouchEvent): void {
    this.touches.push(event);
    this.statistics = event.statistics;
    const { index, stampNs, pose, state, touch } = event.result;
    // Where nothing is touched nobody knows better than the arm.
    if (this.#pathOf !== 'touches' || touch.points.length === 0) return;
    this.trajectory.add({ index, stampNs, submap: event.submap, pose, state });
    this.#count(event.result, event);
  }

  /** By touch alone they are the path. */
  #moved({ touches }: TouchesRefined): void {
    if (this.#pathOf !== 'touches') return;
    for (const { index, pose } of touches)
      if (this.trajectory.placeOf(index) !== undefined) this.trajectory.refine(index, pose);
  }

  #count(
    result: Omit<ScanResult, 'pose'>,
    { statistics }: Pick<ResultEvent | TouchEvent, 'statistics'>,
  ): void {
    this.#scans.push(result);
    this.states[result.state]++;
    if (result.state === 'degraded' && positionSigma(result.covariance) > SLID_SIGMA) this.slid++;
    this.statistics = statistics;
  }

  get scans(): number {
    return this.#scans.length;
  }

  /** Results of all scans, with the poses of the trajectory. */
  get results(): ScanResult[] {
    const poses = this.poses;
    return this.#scans.map((result, i) => ({ ...result, pose: poses[i]! }));
  }

  /** Results of all scans, without their poses. */
  get unposed(): readonly Omit<ScanResult, 'pose'>[] {
    return this.#scans;
  }

  /** The newest scan. */
  get last(): Omit<ScanResult, 'pose'> | undefined {
    return this.#scans.at(-1);
  }

  /** Metres travelled, the sum of the steps. */
  get distance(): number {
    return this.trajectory.distance;
  }

  get stamps(): bigint[] {
    return this.#scans.map((result) => result.stampNs);
  }

  /** T_world_sensor of each scan, or T_world_body. */
  get poses(): Pose[] {
    return this.#scans.map(({ index }) => this.trajectory.at(this.trajectory.placeOf(index)!)!.pose);
  }

  /** The same of the scans in one map. */
  posesIn(submap: number): Pose[] {
    return this.#scans
      .map(({ index }) => this.trajectory.at(this.trajectory.placeOf(index)!)!)
      .filter((entry) => entry.submap === submap)
      .map(({ pose }) => pose);
  }

  /** The pose at a scan's stamp, unless it was lost or belongs to another map. */
  poseAt(stampNs: bigint, submap: number): Pose | undefined {
    const found = this.#scans.find((scan) => scan.stampNs === stampNs);
    if (!found || found.state === 'lost') return undefined;
    const entry = this.trajectory.at(this.trajectory.placeOf(found.index)!)!;
    return entry.submap === submap ? entry.pose : undefined;
  }

  /** State of the newest scan. */
  get state(): TrackingState {
    return this.last?.state ?? 'tracking';
  }

  /** Share of scans on which tracking was lost, 0…1. */
  get lostShare(): number {
    return this.scans === 0 ? 0 : this.states.lost / this.scans;
  }

  /** Share of scans of which the pose is not known, 0…1: lost or slid. */
  get unknownShare(): number {
    return this.scans === 0 ? 0 : (this.states.lost + this.slid) / this.scans;
  }

  /** Mean milliseconds a scan, by stage. */
  meanTimes(): StageTimes {
    const sum: StageTimes = { prepare: 0, track: 0, map: 0, optimise: 0, mesh: 0, total: 0 };
    for (const { times } of this.#scans)
      for (const stage of Object.keys(sum) as (keyof StageTimes)[]) sum[stage] += times[stage];
    for (const stage of Object.keys(sum) as (keyof StageTimes)[]) sum[stage] /= Math.max(1, this.scans);
    return sum;
  }

  /** Seconds between the first and the last scan's stamps. */
  get recordedSeconds(): number {
    if (this.scans === 0) return 0;
    return Number(this.last!.stampNs - this.#scans[0]!.stampNs) / 1e9;
  }

  /** Seconds of recording handled per second of work: above 1 keeps up with the sensor. */
  get realTimeFactor(): number {
    const period = this.scans < 2 ? 0 : this.recordedSeconds / (this.scans - 1);
    const mean = this.meanTimes().total / 1000;
    return mean > 0 ? period / mean : 0;
  }
}
