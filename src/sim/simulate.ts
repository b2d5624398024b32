import { FeltmapError } from '../geometry/errors.js';
import { Random } from '../geometry/random.js';
import { compose, inverse, type Pose } from '../geometry/se3.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { DEFAULT_IMU_NOISE, imuReadings, type ImuNoise, type ImuSample } from './imu.js';
import { DEFAULT_NOISE, lidarModel, NO_NOISE, sweep, type LidarModel, type LidarNoise } from './lidar.js';
import {
  DEFAULT_ODOMETRY_NOISE,
  odometryReadings,
  type OdometryNoise,
  type OdometrySample,
} from './odometry.js';
import { distanceToSurface, surfacePoints, type SurfaceOptions } from './surface.js';
import { Trajectory, type Motion } from './trajectory.js';
import { corridorWorld } from './worlds/corridor.js';
import { quadWorld } from './worlds/quad.js';
import { streetWorld } from './worlds/street.js';
import type { World } from './world.js';

export type WorldName = 'street' | 'quad' | 'corridor';

export interface SimulateOptions {
  readonly world: WorldName | World;
  /** Decides world, path and noise. Default 0. */
  readonly seed?: number | string;
  /** 16, 32, 64 (default) or 128. */
  readonly beams?: number;
  /** Columns per turn, default 1024. */
  readonly columns?: number;
  /** Turns per second, default 10. */
  readonly rate?: number;
  /** Seconds of recording; or give `length`. Default 10. */
  readonly duration?: number;
  /** Metres of way to cover. */
  readonly length?: number;
  /** Metres along the way at which the recording starts (smooth motion only). Default 0. */
  readonly from?: number;
  /** Default: violent in the quad, smooth elsewhere. */
  readonly motion?: Motion;
  /** Highest turning rate of violent motion, degrees per second. Default 150. */
  readonly maxRate?: number;
  /** Turn of the sensor on its carrier about z, degrees. Default 0. */
  readonly mountYaw?: number;
  /** Range noise and dropout; `false` for none. */
  readonly noise?: Partial<LidarNoise> | false;
  readonly imuNoise?: Partial<ImuNoise>;
  /** IMU readings per second, default 200. */
  readonly imuRate?: number;
  readonly odometryNoise?: Partial<OdometryNoise>;
  /** Readings of the wheels per second, default 50. */
  readonly odometryRate?: number;
  /** How much higher than reported each laser points, degrees: a sensor off its calibration. Default 0. */
  readonly elevationOffset?: number;
  /** Whether a scan's stamp is the start (default) or the middle of its sweep. */
  readonly stamp?: 'start' | 'middle';
  /** Keep missing returns as NaN in a rings × columns cloud. Default false: valid points only, in time order. */
  readonly organised?: boolean;
  /** Corridor only: door frames. */
  readonly doorFrames?: boolean;
  readonly frameId?: string;
  /** Time of t = 0, nanoseconds. */
  readonly startNs?: bigint;
}

/**
 * A recording that is made as it is read. Everything follows from the options: same options, same bytes.
 *
 * @example
 * const recording = simulate({ world: 'street', seed: 1 });
 * for (const scan of recording.scans()) use(scan);
 * const truth = recording.worldPoses();
 */
export class Simulation {
  readonly world: World;
  readonly trajectory: Trajectory;
  readonly model: LidarModel;
  readonly scanCount: number;
  /** Seconds from the first sweep's beginning to the last one's end. */
  readonly duration: number;
  private readonly random: Random;
  private readonly noise: LidarNoise;
  /** Time of the first sweep's beginning. */
  readonly startNs: bigint;
  private readonly offset: number;
  private readonly t0: number;

  constructor(readonly options: SimulateOptions) {
    const seed = options.seed ?? 0;
    this.random = new Random(seed);
    this.world = typeof options.world === 'string' ? makeWorld(options.world, seed, options) : options.world;
    const offset = ((options.elevationOffset ?? 0) * Math.PI) / 180;
    this.model = {
      ...lidarModel(options.beams ?? 64, options.columns, options.rate),
      elevationOffset: offset,
    };
    const motion = options.motion ?? (this.world.name === 'quad' ? 'violent' : 'smooth');
    this.trajectory = new Trajectory(this.world.route, motion, this.random.fork('trajectory'), options);
    this.noise = options.noise === false ? NO_NOISE : { ...DEFAULT_NOISE, ...options.noise };
    this.startNs = options.startNs ?? 1_700_000_000_000_000_000n;
    this.offset = options.stamp === 'middle' ? 0.5 / this.model.rate : 0;

    const from = options.from ?? 0;
    this.t0 = from > 0 ? this.trajectory.timeAt(from) : 0;
    const length = options.length;
    const wanted =
      length !== undefined ? this.trajectory.timeAt(from + length) - this.t0 : (options.duration ?? 10);
    if (!(wanted > 0)) {
      throw new FeltmapError('bad-config', 'A simulated recording needs a duration (or length) above zero.');
    }
    this.scanCount = Math.max(1, Math.ceil(wanted * this.model.rate - 1e-6));
    this.duration = this.scanCount / this.model.rate;
    const needed = this.trajectory.distanceAt(this.t0 + Math.min(wanted, this.duration));
    if (needed > this.world.route.length + 1e-6) {
      throw new FeltmapError(
        'bad-config',
        `The ${this.world.name} world is ${this.world.route.length.toFixed(0)} m long, but the recording would cover ` +
          `${needed.toFixed(0)} m; ask for a shorter duration or length.`,
      );
    }
  }

  /** Trajectory time (seconds) at which sweep k begins. */
  sweepStart(k: number): number {
    return this.t0 + k / this.model.rate;
  }

  /** Trajectory time (seconds) of scan k's stamp. */
  stampTime(k: number): number {
    return this.sweepStart(k) + this.offset;
  }

  /** Header stamp of scan k. */
  stampNs(k: number): bigint {
    return this.startNs + BigInt(Math.round((k / this.model.rate + this.offset) * 1e9));
  }

  /** Scan k; the same whether or not others were made. */
  scan(k: number): LidarScan {
    return sweep(this.world, this.trajectory, this.model, this.sweepStart(k), {
      noise: this.noise,
      random: this.random.fork(`scan ${k}`),
      stampNs: this.stampNs(k),
      frameId: this.options.frameId ?? 'lidar',
      stampOffset: this.offset,
      organised: this.options.organised ?? false,
    });
  }

  *scans(): Generator<LidarScan> {
    for (let k = 0; k < this.scanCount; k++) yield this.scan(k);
  }

  /** T_world_sensor at scan k's stamp. */
  worldPose(k: number): Pose {
    return this.trajectory.pose(this.stampTime(k));
  }

  /** T_odom_sensor at scan k's stamp: the odom frame is the sensor's at the first stamp. */
  odomPose(k: number): Pose {
    return compose(this.odomFromWorld(), this.worldPose(k));
  }

  /** T_odom_world. */
  odomFromWorld(): Pose {
    return inverse(this.worldPose(0));
  }

  worldPoses(): Pose[] {
    return Array.from({ length: this.scanCount }, (_, k) => this.worldPose(k));
  }

  odomPoses(): Pose[] {
    const T = this.odomFromWorld();
    return this.worldPoses().map((pose) => compose(T, pose));
  }

  stamps(): bigint[] {
    return Array.from({ length: this.scanCount }, (_, k) => this.stampNs(k));
  }

  /** IMU readings in the LiDAR's frame over the whole recording. */
  imu(): Generator<ImuSample> {
    return imuReadings(
      this.trajectory,
      this.t0,
      this.duration,
      this.options.imuRate ?? 200,
      { ...DEFAULT_IMU_NOISE, ...this.options.imuNoise },
      this.random.fork('imu'),
      this.startNs,
    );
  }

  /** Readings of wheels under the LiDAR over the whole recording. */
  odometry(): Generator<OdometrySample> {
    return odometryReadings(
      this.trajectory,
      this.t0,
      this.duration,
      this.options.odometryRate ?? 50,
      { ...DEFAULT_ODOMETRY_NOISE, ...this.options.odometryNoise },
      this.random.fork('odometry'),
      this.startNs,
    );
  }

  /**
   * Points on the static surface that the given scans (default: all) saw, by default in the odom frame; see
   * {@link surfacePoints}.
   */
  surfacePoints(options: SurfaceOptions & { readonly scans?: Iterable<number> } = {}): Float32Array {
    const scans = options.scans ?? Array.from({ length: this.scanCount }, (_, k) => k);
    const starts = Array.from(scans, (k) => this.sweepStart(k));
    return surfacePoints(this.world, this.trajectory, this.model, starts, {
      frame: this.odomFromWorld(),
      ...options,
    });
  }

  /** Exact distance of each point (3·N, odom frame) to the static surface: a mesh's accuracy. */
  distanceToSurface(points: ArrayLike<number>): Float32Array {
    return distanceToSurface(this.world, points, this.worldPose(0));
  }
}

/** Prepares a simulated recording; nothing is cast until scans are asked for. */
export function simulate(options: SimulateOptions): Simulation {
  return new Simulation(options);
}

/** Metres of way in a street of three stretches at least, and what each stretch adds at least. */
const [THREE_STRETCHES, SHORTEST_STRETCH] = [400, 110];

/** @throws FeltmapError 'not-found' for an unknown world. */
export function makeWorld(
  name: string,
  seed: number | string = 0,
  options: { doorFrames?: boolean; length?: number; from?: number } = {},
): World {
  if (name === 'street') {
    const way = (options.from ?? 0) + (options.length ?? 0);
    return streetWorld(seed, way > THREE_STRETCHES ? Math.ceil(way / SHORTEST_STRETCH) + 1 : 3);
  }
  if (name === 'quad') return quadWorld(seed);
  if (name === 'corridor') return corridorWorld(seed, options);
  throw new FeltmapError(
    'not-found',
    `There is no simulated world '${name}'; choose street, quad or corridor.`,
  );
}
