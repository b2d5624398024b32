import type { Box } from '../completion/complete-region.js';
import type { EvidencePart } from '../completion/evidence.js';
import type { FreeSpace } from '../completion/free-space.js';
import type { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import { FeltmapError } from '../geometry/errors.js';
import { inverse, transformPoint, type Pose } from '../geometry/se3.js';
import type { MapSurface, Mesh } from '../mesh/mesh.js';
import type { CostMapper, CostMapOptions, Plan } from '../planning/cost-map.js';
import { Arrivals } from '../sensors/arrival.js';
import { steadyNs } from '../sensors/clock-shift.js';
import type { ColorFrame } from '../sensors/camera/frame.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { ScanStorage } from '../sensors/lidar/scan.js';
import type { PosedMeasurement } from '../sensors/measurement.js';
import type { OdometryBatch } from '../sensors/odometry/batch.js';
import type { Observation } from '../sensors/observation.js';
import type { TouchCalibration } from '../sensors/tactile/calibration.js';
import { bodyPose } from './body-frame.js';
import type { SlamListener } from './events.js';
import type { Loop } from './loop.js';
import type { FinishedMap } from './mapping/submaps.js';
import { Notices } from './notices.js';
import type { Scale } from './scale.js';
import { StopWatch } from './stop-watch.js';
import { FeltPlaces } from './touch/felt-places.js';
import { MissedPlaces } from './touch/missed-places.js';
import type { Trajectory } from './trajectory.js';
import type { KnownPose, MapStatistics, RefinedTouch, ScanResult, Slam, SlamView } from './types.js';
import { SystemView } from './view.js';

/** What a system is made of; see create.ts. */
export interface SystemParts {
  readonly pool: KernelPool;
  readonly backend: FieldBackend;
  readonly loop: Loop;
  /** The sensor's own preparation. */
  readonly frontEnd: {
    readonly storage?: ScanStorage;
    observe(scan: PosedMeasurement): Observation;
    readonly notices?: readonly string[];
    correct?(sensor: string, correction: Pose): void;
    calibrateTouch?(calibration: TouchCalibration, frameId?: string): void;
    retakeReferences?(): number;
  };
  readonly planner: CostMapper;
  /** Settings of cost maps, read anew for each. */
  readonly planning: CostMapOptions;
  /** What there is to say about how it was made. */
  readonly notes: readonly string[];
}

/**
 * The SLAM system: measurements go to the pipeline, and what it built can be read, watched and saved.
 *
 * @example
 * const slam = await createSlam(config); // a SlamSystem
 * const { pose, state } = slam.process(scan);
 * const mesh = slam.mesh();
 * await slam.close();
 */
export class SlamSystem implements Slam {
  readonly view: SlamView;
  readonly #parts: SystemParts;
  /** Submap that the planner has read. */
  #planned: number | undefined;
  #latest: Observation | undefined;
  readonly #arrivals = new Arrivals();
  readonly #felt = new FeltPlaces();
  readonly #missed = new MissedPlaces();
  readonly #warnings = new Notices();

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.view = new SystemView(parts.loop.scales, parts.loop.submaps, () => this.#latest?.surface);
  }

  get trajectory(): Trajectory {
    return this.#parts.loop.trajectory;
  }

  get storage(): ScanStorage | undefined {
    return this.#parts.frontEnd.storage;
  }

  process(scan: PosedMeasurement, known?: KnownPose, mapping = true): ScanResult {
    const { frontEnd, loop } = this.#parts;
    const { pipeline, submaps } = loop;
    const watch = new StopWatch();
    this.#checkArrival(scan);
    const observation = frontEnd.observe(scan);
    // Viewers look at the latest observation until the next one comes.
    if (this.#latest && !pipeline.keeps(this.#latest)) this.#latest.release();
    this.#latest = observation;
    const result = pipeline.process(observation, { known, mapping, watch });
    this.#remember(observation, result);
    loop.together?.add(observation, result);
    if (!result.touch) this.#colour(observation, result);
    for (const { sensor, correction } of loop.extrinsics.all()) frontEnd.correct?.(sensor, correction);
    // Places are those of one kind of sensor: a later run compares what it sees there with them.
    const { scales } = loop;
    if (result.state !== 'lost' && scales.of(observation) === scales.first)
      submaps.visited(scan.frameId, result.pose);
    return result;
  }

  /** By images of colour cameras, up to where the body is known. */
  #colour({ stampNs, T_body_sensor }: Observation, { pose, state }: ScanResult): void {
    const { pictures } = this.#parts.loop;
    if (state === 'lost') pictures?.interrupt();
    else pictures?.tracked(stampNs, bodyPose(pose, T_body_sensor));
  }

  /** What was felt or missed, where it is known where that was. */
  #remember({ contacts }: Observation, result: ScanResult): void {
    const { index, pose: T_odom_sensor, covariance, state, touch } = result;
    if (!contacts || state === 'lost' || touch?.kinematics.translation === Infinity) return;
    const { current: submap } = this.#parts.loop.submaps;
    const T_odom_submap = this.trajectory.submap(submap);
    const from = { index, submap, T_odom_submap, T_odom_sensor, covariance };
    this.#felt.add(from, contacts);
    if (contacts.clear) this.#missed.add(from, contacts.clear);
  }

  /** One that is late is used at its stamp, within limits. */
  #checkArrival(scan: PosedMeasurement): void {
    const { frameId } = scan;
    const stampNs = steadyNs(scan);
    if (this.#arrivals.check(frameId, stampNs) !== 'too-late') return;
    throw new FeltmapError(
      'bad-input',
      `The scan of '${frameId}' is ${this.#arrivals.age(stampNs).toFixed(1)} s older than what other sensors have brought ` +
        `and is not used (${this.#arrivals.counts['too-late']} so far); check its clock and its delay.`,
    );
  }

  imu(batch: ImuBatch): void {
    const { imu, inertial, lengths } = this.#parts.loop;
    imu.add(batch);
    inertial.add(batch);
    lengths.add(batch);
  }

  odometry(batch: OdometryBatch): void {
    this.#parts.loop.odometry.add(batch);
  }

  picture(frame: ColorFrame): void {
    this.#parts.loop.pictures?.add(frame);
  }

  calibrateTouch(calibration: TouchCalibration, frameId?: string): void {
    this.#parts.frontEnd.calibrateTouch?.(calibration, frameId);
  }

  retakeReferences(): number {
    return this.#parts.frontEnd.retakeReferences?.() ?? 0;
  }

  listen(listener: SlamListener): () => void {
    const { trajectory, submaps, events } = this.#parts.loop;
    const poses = [...submaps.earlier.map(({ submap }) => submap), submaps.current].map((id) => ({
      id,
      T_world_submap: trajectory.submap(id),
    }));
    listener({ type: 'submaps', submaps: poses });
    return events.listen(listener);
  }

  get warnings(): readonly string[] {
    const { notes, backend, frontEnd, loop } = this.#parts;
    const { notices = [] } = frontEnd;
    const pictures = loop.pictures?.notices ?? [];
    return this.#warnings.gather([
      ...[notes, backend.notices, notices, loop.extrinsics.notices, ...loop.notices],
      pictures,
      loop.together?.notices ?? [],
    ]);
  }

  mesh(): Mesh {
    return this.surface().mesh;
  }

  surface(): MapSurface {
    return this.#parts.loop.submaps.surface();
  }

  settle(until?: () => boolean): readonly RefinedTouch[] | undefined {
    const { together, submaps } = this.#parts.loop;
    const touches = together ? together.optimise(until) : [];
    const T_odom_submap = this.trajectory.submap(submaps.current);
    for (const { index, pose } of touches ?? []) this.#felt.move(index, T_odom_submap, pose);
    return touches;
  }

  meshMore(blocks: number): number {
    const { scales, submaps, events } = this.#parts.loop;
    const { store } = scales.first.mesher;
    const before = store.version;
    let done = 0;
    for (const { mesher } of scales.all) if (done < blocks) done += mesher.update(blocks - done);
    const { version } = store;
    if (version > before) events.emit({ type: 'mesh', submap: submaps.current, version });
    return done;
  }

  statistics(): MapStatistics {
    const { all, first } = this.#parts.loop.scales;
    const sum = (of: (scale: Scale) => number): number => all.reduce((total, scale) => total + of(scale), 0);
    return {
      blocks: sum(({ field }) => field.levels[0]!.count - 1),
      featureRows: sum(({ field }) => field.featureRows),
      triangles: first.mesher.store.triangles,
      keyframes: sum(({ mapper }) => mapper.keyframes.frames.length),
      memoryBytes: sum(({ field }) => field.usedBytes),
      forgottenBlocks: sum(({ map }) => map.forgotten),
    };
  }

  plan([x, y, z]: readonly [number, number, number], slice: boolean): Plan | undefined {
    const { loop, planner, planning } = this.#parts;
    const { current } = loop.submaps;
    if (current !== this.#planned) planner.clear();
    this.#planned = current;
    const T_submap_odom = inverse(this.trajectory.submap(current));
    return planner.plan(transformPoint(T_submap_odom, x, y, z), planning, slice);
  }

  touched(box: Box): readonly EvidencePart[] {
    const { current } = this.#parts.loop.submaps;
    return this.#felt.within(box, current, this.trajectory.submap(current));
  }

  missed(box: Box): FreeSpace {
    const { current } = this.#parts.loop.submaps;
    return this.#missed.within(box, current, this.trajectory.submap(current));
  }

  sampled(scale: number, points: Float32Array): Float32Array {
    const { backend, loop } = this.#parts;
    const { field } = loop.scales.all[scale]!;
    field.refresh();
    return backend.sample(field, 'distance', points);
  }

  save(): Map<string, Uint8Array> {
    return this.#parts.loop.submaps.save();
  }

  get earlier(): readonly FinishedMap[] {
    return this.#parts.loop.submaps.earlier;
  }

  async close(): Promise<void> {
    await this.#parts.backend.close();
    await this.#parts.pool.close();
  }
}
