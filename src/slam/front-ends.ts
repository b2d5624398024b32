import type { KernelPool } from '../compute/pool.js';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { configOf, sensorKinds, type SensorKind } from '../config/sensors.js';
import { FeltmapError } from '../geometry/errors.js';
import { CameraFrontEnd } from '../sensors/camera/front-end.js';
import { CAMERA_ON_BODY } from '../sensors/camera/frame.js';
import { LidarFrontEnd } from '../sensors/lidar/front-end.js';
import type { ScanStorage } from '../sensors/lidar/scan.js';
import { isFrame, type PosedMeasurement } from '../sensors/measurement.js';
import type { Pose } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { Rig } from '../sensors/rig.js';

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
}

/** The front end that a configuration asks for: for all its kinds of sensors, which share a body. */
export function makeFrontEnd(config: Config, pool: KernelPool): FrontEnd {
  const rig = new Rig();
  const kinds = sensorKinds(config);
  const of = (kind: SensorKind): FrontEnd | undefined =>
    kinds.includes(kind) ? MAKERS[kind](configOf(config, kind), pool, rig, kinds.length > 1) : undefined;
  const [lidar, rgbd] = [of('lidar'), of('rgbd')];
  const all = [lidar, rgbd].filter((one) => one !== undefined);
  const told: string[] = [];
  const counted = all.map(() => 0);
  return {
    ...(lidar?.storage && { storage: lidar.storage }),
    get notices() {
      all.forEach(({ notices }, i) => {
        told.push(...notices.slice(counted[i]));
        counted[i] = notices.length;
      });
      return told;
    },
    correct: (sensor, correction) => rig.correct(sensor, correction),
    observe(measurement) {
      const own = isFrame(measurement) ? rgbd : lidar;
      if (own) return own.observe(measurement);
      const { frameId } = measurement;
      throw isFrame(measurement)
        ? wrongSensor('A depth image', frameId, 'LiDAR')
        : wrongSensor('A LiDAR scan', frameId, 'a depth camera');
    },
  };
}

type Maker = (config: Config, pool: KernelPool, rig: Rig, beside: boolean) => FrontEnd;
const MAKERS: Readonly<Record<SensorKind, Maker>> = { lidar: lidars, rgbd: cameras };

function lidars(config: Config, pool: KernelPool, rig: Rig): FrontEnd {
  const scale = lengthScale(config);
  const { prepare, sensor } = config;
  const lidar = new LidarFrontEnd(pool, {
    deskew: sensor.deskew,
    maxPoints: sensor.maxPoints,
    minRange: sensor.minRange,
    maxRange: sensor.maxRange,
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
      if (isFrame(measurement)) throw wrongSensor('A depth image', measurement.frameId, 'LiDAR');
      const { mount, mountTwist, ...scan } = measurement;
      return lidar.observe(scan, {
        T_body_sensor: rig.locate(scan.frameId, mount),
        ...(mountTwist && { mountTwist }),
      });
    },
  };
}

/** @param beside other kinds of sensors: then somebody must say where the camera is */
function cameras({ rgbd }: Config, pool: KernelPool, rig: Rig, beside: boolean): FrontEnd {
  const camera = new CameraFrontEnd(pool, {
    minRange: rgbd.minRange,
    maxRange: rgbd.maxRange,
    noise: { a: rgbd.noiseFloor, b: rgbd.noiseGrowth, z0: 0.4 },
    trackPoints: rgbd.trackPoints,
  });
  return {
    get notices() {
      return camera.notices;
    },
    observe(measurement) {
      if (!isFrame(measurement)) throw wrongSensor('A LiDAR scan', measurement.frameId, 'a depth camera');
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
