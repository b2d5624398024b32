import { FeltmapError } from '../../geometry/errors.js';
import { Random } from '../../geometry/random.js';
import { compose, inverse, transformPoint, type Pose } from '../../geometry/se3.js';
import { mounted, type Body } from '../body.js';
import { DEFAULT_IMU_NOISE, imuReadings, type ImuNoise, type ImuSample } from '../imu.js';
import { DEFAULT_NOISE, lidarModel, sweep } from '../lidar.js';
import { toSrgb, type Scene } from '../looks/scene.js';
import { distanceToSurface } from '../surface.js';
import { makeObject, type ObjectFamily } from '../objects/object.js';
import { makeScene, type SceneName } from '../worlds/scenes.js';
import type { LidarScan } from '../../sensors/lidar/scan.js';
import { rowPoses } from './cast.js';
import { ColorRenderer } from './color-image.js';
import { DepthRenderer } from './depth-image.js';
import { develop, exposureGains } from './exposure.js';
import { rgbdModel, type RgbdModel, type RgbdModelOptions } from './model.js';
import { CarriedCamera, opticalMount, type Carrier } from './motion.js';

export interface RgbdSimulationOptions extends RgbdModelOptions {
  readonly scene: SceneName | Scene;
  /** An object on the table of a room, made with the same seed. */
  readonly object?: ObjectFamily;
  /** Seconds after which the carrier slows down and stands; default: it never does. */
  readonly standAfter?: number;
  /** Decides scene, path and noise. Default 0. */
  readonly seed?: number | string;
  /** Default gentle. */
  readonly carrier?: Carrier;
  /** Highest turning rate of the fast carrier, degrees per second. Default 90. */
  readonly maxRate?: number;
  /** Seconds of recording, default 10. */
  readonly duration?: number;
  readonly imuNoise?: Partial<ImuNoise>;
  /** IMU readings per second, default 200. */
  readonly imuRate?: number;
  /** Time of t = 0, nanoseconds. */
  readonly startNs?: bigint;
}

/** A colour and a depth image as the cameras deliver them. */
export interface RgbdPair {
  readonly depthStampNs: bigint;
  readonly colorStampNs: bigint;
  /** Millimetres along the depth camera's axis, row by row; 0: unknown. */
  readonly depth: Uint16Array;
  /** sRGB, 3 bytes a pixel, row by row. */
  readonly color: Uint8Array;
}

/** Trajectory time of the recording's first instant, seconds: differences at the start have a past. */
const LEAD = 0.1;

/**
 * An RGB-D recording that is made as it is read. Everything follows from the options: same options, same bytes; a
 * frame does not depend on whether others were made. Stamps belong to the instant of an image's middle row.
 *
 * @example
 * const recording = new RgbdSimulation({ scene: 'room', seed: 1, carrier: 'gentle' });
 * const { depth, color } = recording.frame(30);
 * const T_world_depth = recording.depthPose(30);
 */
export class RgbdSimulation {
  readonly scene: Scene;
  readonly model: RgbdModel;
  readonly carrier: CarriedCamera;
  readonly frameCount: number;
  readonly startNs: bigint;
  /** T_body_optical of either camera. */
  readonly depthMount: Pose;
  readonly colorMount: Pose;
  private readonly random: Random;
  private gains: Float64Array | undefined;
  private colors: ColorRenderer | undefined;
  private depths: DepthRenderer | undefined;

  /** @throws FeltmapError 'bad-config' for options out of range, 'not-found' for an unknown scene */
  constructor(readonly options: RgbdSimulationOptions) {
    const seed = options.seed ?? 0;
    this.scene =
      typeof options.scene === 'string'
        ? makeScene(options.scene, seed, options.object && makeObject(options.object, seed))
        : options.scene;
    this.model = rgbdModel(options);
    this.random = new Random(seed).fork('rgbd');
    this.carrier = new CarriedCamera(
      this.scene.world.route,
      options.carrier ?? 'gentle',
      this.random.fork('path'),
      {
        gaze: this.scene.gaze,
        ...(options.standAfter !== undefined && { standAfter: LEAD + options.standAfter }),
        ...(options.maxRate === undefined ? {} : { maxRate: options.maxRate }),
      },
    );
    const { mount } = this.carrier;
    this.depthMount = compose(mount, opticalMount(0));
    this.colorMount = compose(mount, opticalMount(this.model.baseline));
    this.startNs = options.startNs ?? 1_700_000_000_000_000_000n;
    const duration = options.duration ?? 10;
    if (!(duration > 0)) {
      throw new FeltmapError(
        'bad-config',
        `A recording of ${duration} s cannot be simulated; ask for more than 0.`,
      );
    }
    this.frameCount = Math.max(1, Math.round(duration * this.model.rate));
    const [way, length] = [this.carrier.distanceAt(LEAD + duration), this.scene.world.route.length];
    if (way > length) {
      throw new FeltmapError(
        'bad-config',
        `The way through the ${this.scene.world.name} is ${length.toFixed(0)} m long, but the recording would cover ` +
          `${way.toFixed(0)} m; ask for a shorter duration.`,
      );
    }
  }

  /** Trajectory time of frame k's depth image, seconds. */
  time(k: number): number {
    return LEAD + k / this.model.rate;
  }

  /** Stamp of an instant of the trajectory. */
  stampAt(time: number): bigint {
    return this.startNs + BigInt(Math.round((time - LEAD) * 1e9));
  }

  depthStampNs(k: number): bigint {
    return this.stampAt(this.time(k));
  }

  colorStampNs(k: number): bigint {
    return this.stampAt(this.time(k) + this.model.delay);
  }

  /** Frame k as the cameras deliver it. */
  frame(k: number): RgbdPair {
    return {
      depthStampNs: this.depthStampNs(k),
      colorStampNs: this.colorStampNs(k),
      depth: this.depth(k),
      color: this.color(k),
    };
  }

  /** Depth image k: millimetres, 0 unknown. */
  depth(k: number): Uint16Array {
    this.depths ??= new DepthRenderer(this.scene, this.model);
    return this.depths.render(this.carrier, this.depthMount, this.time(k), this.random.fork(`depth ${k}`));
  }

  /** Colour image k: sRGB bytes. */
  color(k: number): Uint8Array {
    const { model } = this;
    this.colors ??= new ColorRenderer(this.scene, model.color);
    const linear = this.colors.render(this.carrier, this.colorMount, this.time(k) + model.delay, {
      readout: model.readout,
      exposure: model.colorNoise.exposure,
      samples: model.samples,
    });
    return develop(linear, this.gain(k), model.colorNoise.noise ? this.random.fork(`color ${k}`) : undefined);
  }

  /** What frame k's radiance is multiplied by. */
  gain(k: number): number {
    if (!this.model.colorNoise.autoExposure) return 1;
    this.gains ??= exposureGains(
      this.scene,
      this.model.color,
      this.carrier,
      this.colorMount,
      Array.from({ length: this.frameCount }, (_, i) => this.time(i) + this.model.delay),
      this.model.rate,
    );
    return this.gains[k]!;
  }

  /** T_world_body at depth stamp k. */
  bodyPose(k: number): Pose {
    return this.carrier.pose(this.time(k));
  }

  /** T_world_depth (optical) at depth stamp k. */
  depthPose(k: number): Pose {
    return compose(this.bodyPose(k), this.depthMount);
  }

  /** T_world_color (optical) at colour stamp k. */
  colorPose(k: number): Pose {
    return compose(this.carrier.pose(this.time(k) + this.model.delay), this.colorMount);
  }

  /** T_odom_world: the odom frame is the body's at the first depth stamp. */
  odomFromWorld(): Pose {
    return inverse(this.bodyPose(0));
  }

  /** T_odom_body at depth stamp k. */
  odomPose(k: number): Pose {
    return compose(this.odomFromWorld(), this.bodyPose(k));
  }

  stamps(): bigint[] {
    return Array.from({ length: this.frameCount }, (_, k) => this.depthStampNs(k));
  }

  /** The housing of the cameras: where its IMU sits too. */
  housing(): Body {
    return mounted(this.carrier, this.carrier.mount);
  }

  /**
   * Calls `visit` for every pixel of depth image k that has a value: the exact point (world) on its ray, what primitive
   * that is on, and by how much the measured depth is longer (metres).
   */
  eachMeasured(k: number, visit: (x: number, y: number, z: number, id: number, error: number) => void): void {
    const measured = this.depth(k);
    const { width, height, fx, fy, cx, cy } = this.model.depth;
    const { z, id } = this.depths!.hits;
    const poses = rowPoses(this.carrier, this.depthMount, height, this.time(k), this.model.readout);
    for (let v = 0; v < height; v++) {
      const T = poses.subarray(12 * v, 12 * v + 12);
      for (let u = 0; u < width; u++) {
        const i = v * width + u;
        if (measured[i] === 0 || z[i] === Infinity) continue;
        const d = z[i]!;
        const a = ((u - cx) / fx) * d;
        const b = ((v - cy) / fy) * d;
        visit(
          T[0]! * a + T[1]! * b + T[2]! * d + T[3]!,
          T[4]! * a + T[5]! * b + T[6]! * d + T[7]!,
          T[8]! * a + T[9]! * b + T[10]! * d + T[11]!,
          id[i]!,
          measured[i]! / 1000 - d,
        );
      }
    }
  }

  /** Exact distance of each point (3·N, odom frame) to the surface: a mesh's accuracy. */
  distanceToSurface(points: ArrayLike<number>): Float32Array {
    return distanceToSurface(this.scene.world, points, this.bodyPose(0));
  }

  /** Exact colours (3·N sRGB bytes, at a gain of 1) of the surface nearest to each point (3·N, odom frame). */
  colorsAt(points: ArrayLike<number>): Uint8Array {
    const out = new Uint8Array(points.length);
    const linear = new Float64Array(3);
    const T = this.bodyPose(0);
    for (let i = 0; i + 2 < points.length; i += 3) {
      const [x, y, z] = transformPoint(T, points[i]!, points[i + 1]!, points[i + 2]!);
      this.scene.colourAt(x, y, z, linear);
      for (let k = 0; k < 3; k++) out[i + k] = Math.round(toSrgb(linear[k]!));
    }
    return out;
  }

  /** Sweeps of a LiDAR on the same carrier, in its own frame, stamped where each begins. */
  *scans(
    lidar: { readonly beams?: number; readonly columns?: number; readonly rate?: number } = {},
  ): Generator<LidarScan> {
    const model = lidarModel(lidar.beams ?? 32, lidar.columns ?? 1024, lidar.rate ?? 10);
    const body = mounted(this.carrier, this.carrier.lidarMount);
    const count = Math.floor((this.frameCount / this.model.rate) * model.rate + 1e-6);
    for (let k = 0; k < count; k++) {
      const start = LEAD + k / model.rate;
      yield sweep(this.scene.world, body, model, start, {
        noise: DEFAULT_NOISE,
        random: this.random.fork(`scan ${k}`),
        stampNs: this.stampAt(start),
        frameId: 'lidar',
        stampOffset: 0,
        organised: false,
      });
    }
  }

  /** IMU readings in the housing's frame (x forward) over the whole recording. */
  imu(): Generator<ImuSample> {
    return imuReadings(
      this.housing(),
      LEAD,
      this.frameCount / this.model.rate,
      this.options.imuRate ?? 200,
      { ...DEFAULT_IMU_NOISE, ...this.options.imuNoise },
      this.random.fork('imu'),
      this.startNs,
    );
  }
}
