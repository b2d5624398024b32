import { imuMessage } from './sim-imu-message.js';
import { McapBagWriter } from '../bags/mcap-writer.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { formatTum } from '../export/tum.js';
import { FeltmapError } from '../geometry/errors.js';
import { identity } from '../geometry/se3.js';
import { encodeCameraInfo, encodeCompressedImage } from '../messages/images.js';
import type { Odometry } from '../messages/poses.js';
import { ROS_TYPES } from '../messages/types.js';
import type { ImuSample } from '../sim/imu.js';
import type { OdometrySample } from '../sim/odometry.js';
import { CarCamera } from '../sim/camera/car-camera.js';
import { simulate, type SimulateOptions, type Simulation } from '../sim/simulate.js';
import type { Motion } from '../sim/trajectory.js';
import { cameraInfo } from './sim-camera-recorder.js';
import { encodeJpeg } from './sim-frames.js';

export interface SimOptions {
  /** street, quad or corridor. */
  readonly world: string;
  /** The MCAP file to write; the ground truth goes beside it as .tum. */
  readonly out: string;
  readonly seed?: number | string;
  readonly beams?: number;
  readonly columns?: number;
  /** Turns per second. */
  readonly rate?: number;
  /** Seconds; or give `length` in metres. */
  readonly duration?: number;
  readonly length?: number;
  readonly motion?: string;
  /** Standard deviation of the range in metres; 0 also turns dropout off. Default 0.02. */
  readonly noise?: number;
  /** Fastest turn of violent motion, degrees per second. Default 150. */
  readonly maxRate?: number;
  /** How much higher than it says each laser points, degrees. Default 0. */
  readonly elevationOffset?: number;
  /** Write IMU readings. Default true. */
  readonly imu?: boolean;
  /** Write wheel odometry. Default false. */
  readonly odometry?: boolean;
  /** Write the images of a colour camera with KITTI's geometry. Default false. */
  readonly camera?: boolean;
  /** Its columns, default 1242. */
  readonly width?: number;
  /** JPEG quality, default 90. */
  readonly quality?: number;
  readonly stamp?: 'start' | 'middle';
  readonly organised?: boolean;
  /** Called after every scan. */
  readonly onProgress?: (done: number, total: number) => void;
  /** When aborted, what was made so far becomes a whole, shorter recording. */
  readonly signal?: AbortSignal;
}

export interface SimResult {
  readonly path: string;
  readonly truthPath: string;
  readonly scans: number;
  readonly points: number;
  readonly seconds: number;
  /** Metres travelled along the way. */
  readonly metres: number;
  readonly interrupted: boolean;
}

const TOPICS = {
  points: '/points',
  imu: '/imu',
  odometry: '/odom',
  truth: '/ground_truth',
  image: '/camera/image_raw/compressed',
  info: '/camera/camera_info',
} as const;
const FRAMES = {
  odom: 'odom',
  wheels: 'wheel_odom',
  base: 'base_link',
  lidar: 'lidar',
  imu: 'imu',
  camera: 'camera_optical',
} as const;

/**
 * `feltmap sim`: writes a simulated recording as MCAP (/points, /imu, /ground_truth, /tf_static, and /odom and /camera if asked for) and its ground truth
 * T_odom_lidar at the scans' stamps as TUM. The same options give the same bytes.
 *
 * @throws FeltmapError bad-config for options out of range, not-found for an unknown world, io
 */
export async function runSim(options: SimOptions): Promise<SimResult> {
  const simulation = simulate(simulateOptions(options));
  const writer = await McapBagWriter.create(options.out);
  try {
    const result = await record(simulation, writer, options);
    await writer.close();
    const poses = simulation.odomPoses().slice(0, result.scans);
    await writeFileAtomic(
      result.truthPath,
      formatTum({ stampsNs: simulation.stamps().slice(0, result.scans), poses }),
    );
    return result;
  } catch (error) {
    await writer.abort().catch(() => undefined); // the first error says what is wrong
    throw error;
  }
}

function simulateOptions(options: SimOptions): SimulateOptions {
  const { world, motion, noise } = options;
  if (world !== 'street' && world !== 'quad' && world !== 'corridor') {
    throw new FeltmapError(
      'not-found',
      `There is no simulated world '${world}'; choose street, quad or corridor.`,
    );
  }
  if (motion !== undefined && motion !== 'smooth' && motion !== 'violent') {
    throw new FeltmapError('bad-config', `There is no motion '${motion}'; choose smooth or violent.`);
  }
  if (noise !== undefined && !(noise >= 0 && noise <= 1)) {
    throw new FeltmapError('bad-config', `The range noise is ${noise} m; choose a value between 0 and 1.`);
  }
  return {
    ...given({
      seed: options.seed,
      beams: options.beams,
      columns: options.columns,
      rate: options.rate,
      duration: options.duration,
      length: options.length,
      motion: motion as Motion | undefined,
      maxRate: options.maxRate,
      elevationOffset: options.elevationOffset,
      stamp: options.stamp,
      organised: options.organised,
    }),
    world,
    frameId: FRAMES.lidar,
    ...(noise === undefined ? {} : { noise: noise === 0 ? false : { range: noise } }),
  };
}

/** Leaves out what is undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

async function record(
  simulation: Simulation,
  writer: McapBagWriter,
  options: SimOptions,
): Promise<SimResult> {
  const camera = options.camera
    ? new CarCamera(simulation, options.width === undefined ? {} : { width: options.width })
    : undefined;
  const start = { stampNs: simulation.startNs, frameId: FRAMES.base, transform: identity() };
  await writer.writeTransforms(
    [
      { ...start, childFrameId: FRAMES.lidar },
      { ...start, childFrameId: FRAMES.imu },
      ...(camera
        ? [{ ...start, frameId: FRAMES.lidar, childFrameId: FRAMES.camera, transform: camera.mount }]
        : []),
    ],
    true,
  );
  const readings = inOrder(
    options.imu === false ? [] : simulation.imu(),
    options.odometry ? simulation.odometry() : [],
  );
  let reading = readings.next();
  const writeReadings = async (until: bigint): Promise<void> => {
    for (; !reading.done && reading.value.stampNs <= until; reading = readings.next()) {
      const { value } = reading;
      if ('gyro' in value) await writer.writeImu(TOPICS.imu, imuMessage(value, FRAMES.imu));
      else await writer.writeOdometry(TOPICS.odometry, wheelMessage(value));
    }
  };
  let scans = 0;
  let points = 0;
  for (const scan of simulation.scans()) {
    if (options.signal?.aborted) break;
    await writeReadings(scan.stampNs);
    await writer.writeOdometry(TOPICS.truth, truthMessage(simulation, scans));
    if (camera) {
      await writeReadings(camera.stampNs(scans));
      await writeImage(writer, camera, scans, options.quality ?? 90);
    }
    scans++;
    // A scan is recorded when its sweep is complete, after what was measured meanwhile.
    const end = simulation.startNs + BigInt(Math.round((scans / simulation.model.rate) * 1e9));
    await writeReadings(end);
    await writer.writeScan(TOPICS.points, scan, undefined, end);
    points += scan.count;
    options.onProgress?.(scans, simulation.scanCount);
    await new Promise(setImmediate); // lets Ctrl-C through
  }
  const seconds = scans / simulation.model.rate;
  const { trajectory } = simulation;
  return {
    path: options.out,
    truthPath: options.out.replace(/\.mcap$/i, '') + '.tum',
    scans,
    points,
    seconds,
    metres:
      trajectory.distanceAt(simulation.sweepStart(scans)) - trajectory.distanceAt(simulation.sweepStart(0)),
    interrupted: scans < simulation.scanCount,
  };
}

/** Image k with its camera_info, recorded when it was taken. */
async function writeImage(
  writer: McapBagWriter,
  camera: CarCamera,
  k: number,
  quality: number,
): Promise<void> {
  const header = { stampNs: camera.stampNs(k), frameId: FRAMES.camera };
  const { width, height } = camera.camera;
  const data = await encodeJpeg(camera.image(k), width, height, quality);
  const message = { ...header, format: 'rgb8; jpeg compressed bgr8', data };
  const { stampNs } = header;
  const info = encodeCameraInfo(cameraInfo(header.stampNs, header.frameId, camera.camera));
  await writer.writeRaw(TOPICS.info, ROS_TYPES.cameraInfo, stampNs, info);
  await writer.writeRaw(TOPICS.image, ROS_TYPES.compressedImage, stampNs, encodeCompressedImage(message));
}

/** Readings of both, in order of time. */
function* inOrder(
  imu: Iterable<ImuSample>,
  wheels: Iterable<OdometrySample>,
): Generator<ImuSample | OdometrySample, undefined> {
  const [a, b] = [imu[Symbol.iterator](), wheels[Symbol.iterator]()];
  let [x, y] = [a.next(), b.next()];
  while (!x.done || !y.done) {
    if (y.done || (!x.done && x.value.stampNs <= y.value.stampNs)) {
      yield x.value as ImuSample;
      x = a.next();
    } else {
      yield y.value;
      y = b.next();
    }
  }
}

function wheelMessage(sample: OdometrySample): Odometry {
  return { ...sample, frameId: FRAMES.wheels, childFrameId: FRAMES.base };
}

function truthMessage(simulation: Simulation, k: number): Odometry {
  return {
    stampNs: simulation.stampNs(k),
    frameId: FRAMES.odom,
    childFrameId: FRAMES.lidar,
    pose: simulation.odomPose(k),
    poseCovariance: new Float64Array(36),
    twist: simulation.trajectory.twist(simulation.stampTime(k)),
    twistCovariance: new Float64Array(36),
  };
}
