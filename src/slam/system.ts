import type { KernelPool } from '../compute/pool.js';
import type { FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import { encodeSavedMap } from '../field/saved/saved-map.js';
import { FeltmapError } from '../geometry/errors.js';
import { identity, type Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { surfaceCloud } from '../mesh/surface-cloud.js';
import { Arrivals } from '../sensors/arrival.js';
import { steadyNs } from '../sensors/clock-shift.js';
import type { ImuBatch } from '../sensors/imu/batch.js';
import type { LidarScan, ScanStorage } from '../sensors/lidar/scan.js';
import type { OdometryBatch } from '../sensors/odometry/batch.js';
import type { Observation } from '../sensors/observation.js';
import type { SlamListener } from './events.js';
import type { Loop } from './loop.js';
import type { Places } from './places/places.js';
import { StopWatch } from './stop-watch.js';
import type { Trajectory } from './trajectory.js';
import type { KnownPose, MapStatistics, ScanResult, Slam, SlamView } from './types.js';
import { SystemView } from './view.js';

/** What a system is made of; see create.ts. */
export interface SystemParts {
  readonly pool: KernelPool;
  readonly backend: FieldBackend;
  readonly field: Field;
  readonly loop: Loop;
  /** The sensor's own preparation. */
  readonly frontEnd: {
    readonly storage: ScanStorage;
    observe(scan: LidarScan): Observation;
    readonly notices?: readonly string[];
  };
  readonly places: Places;
  /** What there is to say about how it was made. */
  readonly notes: readonly string[];
  /** Of the runs that made a loaded map. */
  readonly before?: { readonly frame: string; readonly scans: number; readonly lastPose: Pose };
}

/** The SLAM system: measurements go to the pipeline, and what it built can be read, watched and saved. */
export class SlamSystem implements Slam {
  readonly view: SlamView;
  readonly #parts: SystemParts;
  #frame: string;
  #scans: number;
  #lastPose: Pose;
  #latest: Observation | undefined;
  readonly #arrivals = new Arrivals();
  /** In the order in which they came up, and how many there are from each part. */
  readonly #warnings: string[] = [];
  #counted: number[] = [0, 0, 0, 0, 0];

  constructor(parts: SystemParts) {
    this.#parts = parts;
    const { frame, scans, lastPose } = parts.before ?? { frame: '', scans: 0, lastPose: identity() };
    this.#frame = frame;
    this.#scans = scans;
    this.#lastPose = lastPose;
    this.view = new SystemView(
      parts.loop.mesher.store,
      parts.field.levels[0]!.voxel,
      parts.loop.mapper.keyframes,
      () => this.#latest?.surface,
    );
  }

  get trajectory(): Trajectory {
    return this.#parts.loop.trajectory;
  }

  get storage(): ScanStorage {
    return this.#parts.frontEnd.storage;
  }

  process(scan: LidarScan, known?: KnownPose): ScanResult {
    const { frontEnd, places, loop } = this.#parts;
    const { pipeline } = loop;
    const watch = new StopWatch();
    this.#checkArrival(scan);
    const observation = frontEnd.observe(scan);
    // Viewers look at the latest observation until the next one comes.
    if (this.#latest && !pipeline.keeps(this.#latest)) this.#latest.release();
    this.#latest = observation;
    const result = pipeline.process(observation, known, watch);
    if (result.state === 'lost') return result;
    this.#frame ||= scan.frameId;
    this.#scans++;
    this.#lastPose = result.pose;
    places.add(result.pose);
    return result;
  }

  /** One that is late is used at its stamp, within limits. */
  #checkArrival(scan: LidarScan): void {
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
    const { imu, inertial } = this.#parts.loop;
    imu.add(batch);
    inertial.add(batch);
  }

  odometry(batch: OdometryBatch): void {
    this.#parts.loop.odometry.add(batch);
  }

  listen(listener: SlamListener): () => void {
    const { trajectory, submap, events } = this.#parts.loop;
    listener({ type: 'submaps', submaps: [{ id: submap, T_world_submap: trajectory.submap(submap) }] });
    return events.listen(listener);
  }

  get warnings(): readonly string[] {
    const { notes, backend, frontEnd, loop } = this.#parts;
    const all = [notes, backend.notices, frontEnd.notices ?? [], ...loop.notices];
    all.forEach((list, i) => this.#warnings.push(...list.slice(this.#counted[i])));
    this.#counted = all.map((list) => list.length);
    return this.#warnings;
  }

  mesh(): Mesh {
    return this.#parts.loop.mesher.weld();
  }

  statistics(): MapStatistics {
    const { field, loop } = this.#parts;
    const { mesher, mapper, map } = loop;
    return {
      blocks: field.levels[0]!.count - 1,
      featureRows: field.featureRows,
      triangles: mesher.store.triangles,
      keyframes: mapper.keyframes.frames.length,
      memoryBytes: field.usedBytes,
      forgottenBlocks: map.forgotten,
    };
  }

  cloud(): Float32Array {
    return surfaceCloud(this.mesh(), this.#parts.field.levels[0]!.voxel).positions;
  }

  save(): Map<string, Uint8Array> {
    const { field, places, loop } = this.#parts;
    const { submap, trajectory } = loop;
    return encodeSavedMap({
      sensor: 'lidar',
      frame: this.#frame,
      scans: this.#scans,
      last: { submap, T_submap_sensor: this.#lastPose },
      submaps: [
        {
          id: submap,
          T_world_submap: trajectory.submap(submap),
          places: places.poses,
          grids: [field.content()],
        },
      ],
    });
  }

  async close(): Promise<void> {
    await this.#parts.backend.close();
    await this.#parts.pool.close();
  }
}
