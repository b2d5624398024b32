import { McapBagWriter } from '../bags/mcap-writer.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { encodePly } from '../export/ply.js';
import { formatTum } from '../export/tum.js';
import { FeltmapError } from '../geometry/errors.js';
import { transformPoint, type Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import type { RgbdModelOptions } from '../sim/camera/model.js';
import type { Carrier } from '../sim/camera/motion.js';
import { RgbdSimulation, type RgbdSimulationOptions } from '../sim/camera/rgbd-simulation.js';
import type { ObjectFamily } from '../sim/objects/object.js';
import type { SceneName } from '../sim/worlds/scenes.js';
import { ArmTouches, armDuration, firstTouch } from './sim-arm.js';
import { CameraRecorder } from './sim-camera-recorder.js';
import { encodedFrames } from './sim-frames.js';
import {
  TOUCH_EFFECTS,
  touchKinds,
  touchSimulation,
  type SimTouchOptions,
  type TouchEffect,
} from './sim-touch.js';
import { TUM_UNITS, TumFolder } from './sim-tum-folder.js';

/** What can be left out of the sensor model, one by one. */
export const EFFECTS = [
  'noise', 'steps', 'edges', 'holes', 'shadow', 'bias', 'blur', 'exposure', 'grain', 'rolling-shutter', 'delay',
] as const; // prettier-ignore
export type Effect = (typeof EFFECTS)[number];

/** With an object on the table of the room, the robot drives for `duration` and then touches it. */
type ArmOptions = Pick<
  SimTouchOptions,
  'object' | 'touches' | 'probing' | 'positionError' | 'rotationError' | 'exposure' | 'only'
>;

export interface SimCameraOptions extends ArmOptions {
  /** How often the arm touches, times a second. Default 1. */
  readonly touchRate?: number;
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
  /** With an object on the table: how often it was touched, the gel's true poses, and the surface, in the odom frame. */
  readonly touched?: number;
  readonly touchTruthPath?: string;
  readonly meshPath?: string;
}

/** @throws FeltmapError 'bad-config' for an unknown motion or effect */
export function cameraSimulation(options: SimCameraOptions): RgbdSimulation {
  const { object, motion = object === undefined ? 'gentle' : 'arm' } = options;
  const drive = options.duration ?? 10;
  if (motion !== 'gentle' && motion !== 'fast' && motion !== 'robot' && motion !== 'arm') {
    throw new FeltmapError(
      'bad-config',
      `In a room there is no motion '${motion}'; choose gentle, fast, robot or arm.`,
    );
  }
  const given = {
    scene: options.world,
    carrier: motion as Carrier,
    seed: options.seed,
    rate: options.rate,
    duration:
      object === undefined ? options.duration : armDuration(drive, options.touches ?? 20, options.touchRate),
    ...(object !== undefined && { object: object as ObjectFamily, standAfter: drive }),
    maxRate: options.maxRate,
    width: options.width,
    height: options.height ?? (options.width === undefined ? undefined : Math.round(0.75 * options.width)),
    registered: options.folder === true ? true : options.registered,
    ...withoutEffects((options.without ?? []).filter((name) => !ofTouch(options, name))),
  };
  return new RgbdSimulation(
    Object.fromEntries(
      Object.entries(given).filter(([, v]) => v !== undefined),
    ) as unknown as RgbdSimulationOptions,
  );
}

/** Whether an effect to leave out is one of the touches only. */
function ofTouch({ object }: SimCameraOptions, name: string): boolean {
  return (
    object !== undefined && TOUCH_EFFECTS.includes(name as TouchEffect) && !EFFECTS.includes(name as Effect)
  );
}

/** The touches of a room's object, once the robot stands; undefined without an object. */
function armTouches(simulation: RgbdSimulation, options: SimCameraOptions): ArmTouches | undefined {
  if (options.object === undefined) return undefined;
  const without = (options.without ?? []).filter((name) => TOUCH_EFFECTS.includes(name as TouchEffect));
  const startNs = firstTouch(simulation.startNs, options.duration ?? 10);
  const touches = touchSimulation({ ...touchingOf(options), without }, startNs);
  return new ArmTouches(simulation, touches, touchKinds(options.only));
}

/** What of the options is about the touches: rate and width are the cameras'. */
export function touchingOf(options: SimCameraOptions): SimTouchOptions {
  const given = Object.entries(options).filter(([name]) => name !== 'rate' && name !== 'width');
  const { touchRate } = options;
  return {
    ...(Object.fromEntries(given) as unknown as SimTouchOptions),
    ...(touchRate !== undefined && { rate: touchRate }),
  };
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
  if (options.folder === true && options.object !== undefined)
    throw new FeltmapError(
      'bad-config',
      'A folder of images has no place for touches; leave out --folder or --object.',
    );
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
    const arm = armTouches(simulation, options);
    const { beams, columns } = options;
    const lidar = { ...(beams !== undefined && { beams }), ...(columns !== undefined && { columns }) };
    const recorder = new CameraRecorder(simulation, writer, coding, {
      imu: options.imu !== false,
      ...(options.lidar === true && { lidar }),
      ...(arm && { arm }),
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
    const written = result(simulation, frames, options.out, truthPath);
    return arm ? { ...written, ...(await writeArmTruth(arm, options.out)) } : written;
  } catch (error) {
    await writer.abort().catch(() => undefined); // the first error says what is wrong
    throw error;
  }
}

/** True poses T_odom_gel as NAME.touch.tum, and the object's surface in the odom frame as NAME.object.ply. */
async function writeArmTruth(
  arm: ArmTouches,
  out: string,
): Promise<Pick<SimCameraResult, 'touched' | 'touchTruthPath' | 'meshPath'>> {
  const base = out.replace(/\.mcap$/i, '');
  const [touchTruthPath, meshPath] = [`${base}.touch.tum`, `${base}.object.ply`];
  const all = Array.from({ length: arm.touches }, (_, i) => i);
  const truth = {
    stampsNs: all.map((i) => arm.simulation.stampNs(i)),
    poses: all.map((i) => arm.truePose(i)),
  };
  await writeFileAtomic(touchTruthPath, formatTum(truth));
  await writeFileAtomic(
    meshPath,
    encodePly(transformMesh(arm.simulation.mesh, arm.T_odom_object), [
      `${arm.simulation.object.family}, frame odom`,
    ]),
  );
  return { touched: arm.touches, touchTruthPath, meshPath };
}

function transformMesh(mesh: Mesh, T: Pose): Mesh {
  const turn = T.slice();
  turn[3] = turn[7] = turn[11] = 0;
  const apply = (values: Float32Array, by: Pose): Float32Array => {
    const out = new Float32Array(values.length);
    for (let i = 0; i < values.length; i += 3)
      out.set(transformPoint(by, values[i]!, values[i + 1]!, values[i + 2]!), i);
    return out;
  };
  return {
    ...mesh,
    positions: apply(mesh.positions, T),
    ...(mesh.normals && { normals: apply(mesh.normals, turn) }),
  };
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
