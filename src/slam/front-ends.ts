import type { KernelPool } from '../compute/pool.js';
import { lengthScale } from '../config/lengths.js';
import type { Config } from '../config/schema.js';
import { FeltmapError } from '../geometry/errors.js';
import { CameraFrontEnd } from '../sensors/camera/front-end.js';
import { CAMERA_ON_BODY } from '../sensors/camera/frame.js';
import { LidarFrontEnd } from '../sensors/lidar/front-end.js';
import type { ScanStorage } from '../sensors/lidar/scan.js';
import { isFrame, type PosedMeasurement } from '../sensors/measurement.js';
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
}

/** The front end that a configuration asks for. */
export function makeFrontEnd(config: Config, pool: KernelPool): FrontEnd {
  return config.sensor.kind === 'rgbd' ? cameras(config, pool) : lidars(config, pool);
}

function lidars(config: Config, pool: KernelPool): FrontEnd {
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
  const rig = new Rig();
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

function cameras({ rgbd }: Config, pool: KernelPool): FrontEnd {
  const camera = new CameraFrontEnd(pool, {
    minRange: rgbd.minRange,
    maxRange: rgbd.maxRange,
    noise: { a: rgbd.noiseFloor, b: rgbd.noiseGrowth, z0: 0.4 },
    trackPoints: rgbd.trackPoints,
  });
  const rig = new Rig();
  return {
    get notices() {
      return camera.notices;
    },
    observe(measurement) {
      if (!isFrame(measurement)) throw wrongSensor('A LiDAR scan', measurement.frameId, 'a depth camera');
      const { frameId, mount } = measurement;
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
