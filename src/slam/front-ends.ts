import type { KernelPool } from '../compute/pool.js';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { configOf, sensorKinds } from '../config/sensors.js';
import { FeltmapError } from '../geometry/errors.js';
import { CameraFrontEnd } from '../sensors/camera/front-end.js';
import { CAMERA_ON_BODY, type RgbdFrame } from '../sensors/camera/frame.js';
import { LidarFrontEnd } from '../sensors/lidar/front-end.js';
import type { LidarScan, ScanStorage } from '../sensors/lidar/scan.js';
import { isFrame, isScan, type PosedMeasurement } from '../sensors/measurement.js';
import type { Pose } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { Rig } from '../sensors/rig.js';
import type { TouchCalibration } from '../sensors/tactile/calibration.js';
import { Notices } from './notices.js';
import { touches } from './touch/touches.js';

/** The preparation of whatever sensor a map is made with. */
export interface FrontEnd {
  /** Scans that are read into these arrays are not copied; absent where that makes no difference. */
  readonly storage?: ScanStorage;
  /** What the user should know about the measurements so far: only ever grows. */
  readonly notices: readonly string[];
  /** @throws FeltmapError bad-input for one that contradicts itself, or is of another sensor */
  observe(measurement: PosedMeasurement): Observation;
  /** A sensor, by its frame, is elsewhere on the body than was said: see {@link Rig.correct}. */
  correct?(sensor: string, correction: Pose): void;
  /** What turns images of gels into heights; of one gel, by its frame, or of all others. */
  calibrateTouch?(calibration: TouchCalibration, frameId?: string): void;
  /** Gels forget what they look like untouched and look anew; returns how many. */
  retakeReferences?(): number;
}

/** The front end that a configuration asks for: for all its kinds of sensors, which share a body. */
export function makeFrontEnd(config: Config, pool: KernelPool): FrontEnd {
  const rig = new Rig();
  const kinds = sensorKinds(config);
  const beside = kinds.length > 1;
  const lidar = kinds.includes('lidar') ? lidars(config, pool, rig) : undefined;
  const rgbd = kinds.includes('rgbd') ? cameras(configOf(config, 'rgbd'), pool, rig, beside) : undefined;
  const touch = kinds.includes('touch') ? touches(pool, rig) : undefined;
  const all = [lidar, rgbd, touch].filter((one) => one !== undefined);
  const made = NAMES.filter(([kind]) => kinds.includes(kind)).map(([, name]) => name).join(' and '); // prettier-ignore
  const notices = new Notices();
  return {
    ...(lidar?.storage && { storage: lidar.storage }),
    get notices() {
      return notices.gather(all.map((one) => one.notices));
    },
    correct: (sensor, correction) => rig.correct(sensor, correction),
    ...(touch && { calibrateTouch: touch.calibrate, retakeReferences: touch.retakeReferences }),
    observe(measurement) {
      const { frameId } = measurement;
      if (isFrame(measurement)) {
        if (rgbd) return rgbd.observe(measurement);
        throw wrongSensor('A depth image', frameId, made);
      }
      if (isScan(measurement)) {
        if (lidar) return lidar.observe(measurement);
        throw wrongSensor('A LiDAR scan', frameId, made);
      }
      if (touch) return touch.observe(measurement);
      throw wrongSensor('A touch', frameId, made);
    },
  };
}

const NAMES = [
  ['lidar', 'LiDAR'],
  ['rgbd', 'a depth camera'],
  ['touch', 'touch'],
] as const;

/** The preparation of one kind of sensor. */
export interface KindFrontEnd<M extends PosedMeasurement> extends Pick<FrontEnd, 'storage' | 'notices'> {
  observe(measurement: M): Observation;
}

/** @param all the configuration of all kinds of sensors */
function lidars(all: Config, pool: KernelPool, rig: Rig): KindFrontEnd<LidarScan> {
  const config = configOf(all, 'lidar');
  const scale = lengthScale(config);
  const { prepare, sensor } = config;
  const lidar = new LidarFrontEnd(pool, {
    deskew: sensor.deskew,
    elevationOffset: (sensor.elevationOffset * Math.PI) / 180,
    maxPoints: sensor.maxPoints,
    minRange: sensor.minRange,
    maxRange: sensor.maxRange,
    reach: all.sensor.maxRange,
    mapVoxel: prepare.mapVoxel * scale,
    trackVoxel: prepare.trackVoxel * scale,
    maxMapPoints: prepare.maxMapPoints,
    maxTrackPoints: prepare.maxTrackPoints,
  });
  return {
    storage: lidar.storage,
    get notices() {
      return lidar.notices;
    },
    observe(measurement) {
      const { mount, mountTwist, ...scan } = measurement;
      return lidar.observe(scan, {
        T_body_sensor: rig.locate(scan.frameId, mount),
        ...(mountTwist && { mountTwist }),
      });
    },
  };
}

/** @param beside other kinds of sensors: then somebody must say where the camera is */
function cameras({ rgbd }: Config, pool: KernelPool, rig: Rig, beside: boolean): KindFrontEnd<RgbdFrame> {
  const camera = new CameraFrontEnd(pool, {
    minRange: rgbd.minRange,
    maxRange: rgbd.maxRange,
    noise: { a: rgbd.noiseFloor, z0: 0.4, ...(rgbd.noiseGrowth > 0 && { b: rgbd.noiseGrowth }) },
    trackPoints: rgbd.trackPoints,
  });
  return {
    get notices() {
      return camera.notices;
    },
    observe(measurement) {
      const { frameId, mount } = measurement;
      if (!mount && beside && !rig.sensors.includes(frameId)) throw unplaced(frameId);
      const placed = mount ?? (rig.sensors.length === 0 ? CAMERA_ON_BODY : undefined);
      return camera.observe(measurement, { T_body_sensor: rig.locate(frameId, placed) });
    },
  };
}

const wrongSensor = (what: string, frame: string, kind: string): FeltmapError =>
  new FeltmapError(
    'bad-input',
    `${what} of '${frame}' came to a map that is made with ${kind}; set sensor.kind to what the recording holds.`,
  );

const unplaced = (frameId: string): FeltmapError =>
  new FeltmapError(
    'bad-input',
    `Nobody says where camera '${frameId}' is on the body, beside a LiDAR: record /tf_static with it, or use one kind of sensor (sensor.kind).`,
  );
