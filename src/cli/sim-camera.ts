import { McapBagWriter } from '../bags/mcap-writer.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { formatTum } from '../export/tum.js';
import { FeltmapError } from '../geometry/errors.js';
import type { RgbdModelOptions } from '../sim/camera/model.js';
import type { Carrier } from '../sim/camera/motion.js';
import { RgbdSimulation, type RgbdSimulationOptions } from '../sim/camera/rgbd-simulation.js';
import type { SceneName } from '../sim/worlds/scenes.js';
import { CameraRecorder } from './sim-camera-recorder.js';
import { encodedFrames } from './sim-frames.js';
import { TUM_UNITS, TumFolder } from './sim-tum-folder.js';

/** What can be left out of the sensor model, one by one. */
export const EFFECTS = [
  'noise', 'steps', 'edges', 'holes', 'shadow', 'bias', 'blur', 'exposure', 'grain', 'rolling-shutter', 'delay',
] as const; // prettier-ignore
export type Effect = (typeof EFFECTS)[number];

export interface SimCameraOptions {
  readonly world: SceneName;
  /** The MCAP file to write; the ground truth goes beside it as .tum. */
  readonly out: string;
  readonly seed?: number | string;
  /** Frames per second, default 30. */
  readonly rate?: number;
  /** Seconds, default 10. */
  readonly duration?: number;
  readonly motion?: string;
  /** Fastest turn of fast motion, degrees per second. Default 90. */
  readonly maxRate?: number;
  readonly width?: number;
  readonly height?: number;
  readonly registered?: boolean;
  readonly without?: readonly string[];
  /** Images as raw sensor_msgs/Image. Default: colour as JPEG, depth raw. */
  readonly raw?: boolean;
  /** Depth as compressedDepth PNG. */
  readonly compressedDepth?: boolean;
  /** JPEG quality, default 90. */
  readonly quality?: number;
  readonly imu?: boolean;
  /** A LiDAR above the camera, with this many beams (default 32). */
  readonly lidar?: boolean;
  readonly beams?: number;
  readonly columns?: number;
  /** A folder in the TUM RGB-D layout instead of an MCAP file; the depth is registered then. */
  readonly folder?: boolean;
  /** zstd level of the file, default 3. */
  readonly level?: number;
  /** Threads that render; 0: this one. Default: as many as there are cores. */
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface SimCameraResult {
  readonly path: string;
  readonly truthPath: string;
  readonly frames: number;
  readonly seconds: number;
  readonly metres: number;
  readonly interrupted: boolean;
}

/** @throws FeltmapError 'bad-config' for an unknown motion or effect */
export function cameraSimulation(options: SimCameraOptions): RgbdSimulation {
  const { motion = 'gentle' } = options;
  if (motion !== 'gentle' && motion !== 'fast' && motion !== 'robot') {
    throw new FeltmapError(
      'bad-config',
      `In a room there is no motion '${motion}'; choose gentle, fast or robot.`,
    );
  }
  const given = {
    scene: options.world,
    carrier: motion as Carrier,
    seed: options.seed,
    rate: options.rate,
    duration: options.duration,
    maxRate: options.maxRate,
    width: options.width,
    height: options.height ?? (options.width === undefined ? undefined : Math.round(0.75 * options.width)),
    registered: options.folder === true ? true : options.registered,
    ...withoutEffects(options.without ?? []),
  };
  return new RgbdSimulation(
    Object.fromEntries(
      Object.entries(given).filter(([, v]) => v !== undefined),
    ) as unknown as RgbdSimulationOptions,
  );
}

function withoutEffects(names: readonly string[]): RgbdModelOptions {
  const unknown = names.find((name) => !EFFECTS.includes(name as Effect));
  if (unknown !== undefined) {
    throw new FeltmapError(
      'bad-config',
      `There is no effect '${unknown}' to leave out; choose ${EFFECTS.join(', ')}.`,
    );
  }
  const off = new Set(names);
  return {
    depthNoise: {
      ...(off.has('noise') && { noise: false }),
      ...(off.has('steps') && { disparityStep: 0 }),
      ...(off.has('edges') && { fattening: 0 }),
      ...(off.has('holes') && { holes: false }),
      ...(off.has('shadow') && { shadow: false }),
      ...(off.has('bias') && { bias: 0 }),
    },
    colorNoise: {
      ...(off.has('blur') && { exposure: 0 }),
      ...(off.has('exposure') && { autoExposure: false }),
      ...(off.has('grain') && { noise: false }),
    },
    ...(off.has('rolling-shutter') && { readout: 0 }),
    ...(off.has('delay') && { delay: 0 }),
  };
}

/**
 * `feltmap sim room`: writes a simulated RGB-D recording as MCAP (/camera/color, /camera/depth, /imu, /ground_truth,
 * /tf_static) and its ground truth T_odom_body at the depth stamps as TUM. The same options give the same bytes.
 *
 * @throws FeltmapError bad-config for options out of range, not-found for an unknown room, io
 */
export async function runSimCamera(options: SimCameraOptions): Promise<SimCameraResult> {
  const simulation = cameraSimulation(options);
  return options.folder === true ? writeFolder(simulation, options) : writeBag(simulation, options);
}

async function writeFolder(simulation: RgbdSimulation, options: SimCameraOptions): Promise<SimCameraResult> {
  const coding = { jpeg: options.quality ?? 95, png: 4, depthUnits: TUM_UNITS };
  const folder = await TumFolder.create(options.out, simulation);
  for await (const frame of encodedFrames(simulation, coding, options.threads)) {
    if (options.signal?.aborted) break;
    await folder.add(frame);
    options.onProgress?.(folder.frames, simulation.frameCount);
  }
  return result(simulation, folder.frames, options.out, await folder.finish());
}

async function writeBag(simulation: RgbdSimulation, options: SimCameraOptions): Promise<SimCameraResult> {
  const coding = {
    jpeg: options.raw === true ? 0 : (options.quality ?? 90),
    png: options.compressedDepth === true ? 7 : 0,
  };
  const writer = await McapBagWriter.create(
    options.out,
    options.level === undefined ? {} : { level: options.level },
  );
  try {
    const { beams, columns } = options;
    const lidar = { ...(beams !== undefined && { beams }), ...(columns !== undefined && { columns }) };
    const recorder = new CameraRecorder(simulation, writer, coding, {
      imu: options.imu !== false,
      ...(options.lidar === true && { lidar }),
    });
    await recorder.begin();
    let frames = 0;
    for await (const frame of encodedFrames(simulation, coding, options.threads)) {
      if (options.signal?.aborted) break;
      await recorder.frame(frames++, frame);
      options.onProgress?.(frames, simulation.frameCount);
    }
    await writer.close();
    const truthPath = options.out.replace(/\.mcap$/i, '') + '.tum';
    const stampsNs = simulation.stamps().slice(0, frames);
    const poses = stampsNs.map((_, k) => simulation.odomPose(k));
    await writeFileAtomic(truthPath, formatTum({ stampsNs, poses }));
    return result(simulation, frames, options.out, truthPath);
  } catch (error) {
    await writer.abort().catch(() => undefined); // the first error says what is wrong
    throw error;
  }
}

function result(
  simulation: RgbdSimulation,
  frames: number,
  path: string,
  truthPath: string,
): SimCameraResult {
  const { carrier } = simulation;
  return {
    path,
    truthPath,
    frames,
    seconds: frames / simulation.model.rate,
    metres: carrier.distanceAt(simulation.time(frames)) - carrier.distanceAt(simulation.time(0)),
    interrupted: frames < simulation.frameCount,
  };
}
