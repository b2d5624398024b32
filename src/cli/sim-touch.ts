import { writeFileAtomic } from '../export/atomic-file.js';
import { encodePly } from '../export/ply.js';
import { formatTum } from '../export/tum.js';
import { FeltmapError } from '../geometry/errors.js';
import { McapBagWriter } from '../bags/mcap-writer.js';
import { OBJECT_FAMILIES, type ObjectFamily } from '../sim/objects/object.js';
import { DEFAULT_GEL } from '../sim/touch/gel.js';
import { DEFAULT_LOOK } from '../sim/touch/gel-light.js';
import { DEFAULT_KINEMATICS } from '../sim/touch/kinematics.js';
import { PROBING, type Probing } from '../sim/touch/probing.js';
import { TouchSimulation } from '../sim/touch/touch-simulation.js';
import { TouchFolder } from './sim-touch-folder.js';
import { TOUCH_KINDS, TouchRecorder, type TouchKind } from './sim-touch-recorder.js';

/** What can be left out of the gel, its camera and the arm, one by one. */
export const TOUCH_EFFECTS = [
  'noise', 'markers', 'shear', 'drift', 'unevenness', 'falloff', 'skirt', 'kinematics', 'hand-eye',
] as const; // prettier-ignore
export type TouchEffect = (typeof TOUCH_EFFECTS)[number];

export interface SimTouchOptions {
  /** The MCAP file or the folder to write. */
  readonly out: string;
  readonly seed?: number | string;
  /** Family of the object, default mug. */
  readonly object?: string;
  /** Default 20. */
  readonly touches?: number;
  /** spread (default), random or sliding. */
  readonly probing?: string;
  /** Touches a second, default 1. */
  readonly rate?: number;
  /** Columns of the gel's image, default 320; rows follow. */
  readonly width?: number;
  /** Standard deviation of the arm's error per touch and axis: metres (default 0.002) and degrees (default 1). */
  readonly positionError?: number;
  readonly rotationError?: number;
  /** Brightness of the images, default 1; from 1.5 on they clip. */
  readonly exposure?: number;
  readonly without?: readonly string[];
  /** Which messages a bag holds: image, depth, points (default: all). */
  readonly only?: readonly string[];
  /** Presses of a ball for the calibration, in a folder. Default 40. */
  readonly presses?: number;
  readonly folder?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface SimTouchResult {
  readonly path: string;
  readonly truthPath: string;
  readonly meshPath: string;
  readonly object: ObjectFamily;
  readonly touches: number;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** @throws FeltmapError bad-config for an unknown object, policy or effect */
export function touchSimulation(options: SimTouchOptions, startNs?: bigint): TouchSimulation {
  const { object = 'mug', probing = 'spread', without = [], width } = options;
  const chosen = <T extends string>(what: string, value: string, among: readonly T[]): T => {
    if (!among.includes(value as T))
      throw new FeltmapError('bad-config', `There is no ${what} '${value}'; choose ${among.join(', ')}.`);
    return value as T;
  };
  const off = new Set(without.map((name) => chosen('effect to leave out of a touch', name, TOUCH_EFFECTS)));
  if (width !== undefined && !(width >= 16 && width <= 2048))
    throw new FeltmapError('bad-config', `A gel of ${width} columns cannot be simulated; choose 16 to 2048.`);
  const degrees = options.rotationError;
  return new TouchSimulation({
    object: chosen('object', object, OBJECT_FAMILIES),
    probing: chosen('way of probing', probing, PROBING) as Probing,
    ...(startNs !== undefined && { startNs }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.touches !== undefined && { touches: options.touches }),
    ...(options.rate !== undefined && { rate: options.rate }),
    gel: {
      ...(width !== undefined && {
        width,
        height: Math.round((width * DEFAULT_GEL.height) / DEFAULT_GEL.width),
      }),
      ...(off.has('skirt') && { skirt: 0 }),
    },
    look: {
      exposure: options.exposure ?? DEFAULT_LOOK.exposure,
      ...(off.has('noise') && { noise: { read: 0, shot: 0 } }),
      ...(off.has('markers') && { markers: null }),
      ...(off.has('drift') && { drift: 0 }),
      ...(off.has('unevenness') && { unevenness: 0 }),
      ...(off.has('falloff') && { falloff: false }),
    },
    kinematics: {
      position: off.has('kinematics') ? 0 : (options.positionError ?? DEFAULT_KINEMATICS.position),
      rotation: off.has('kinematics')
        ? 0
        : degrees === undefined
          ? DEFAULT_KINEMATICS.rotation
          : (degrees * Math.PI) / 180,
      ...(off.has('kinematics') && { stepPosition: 0, stepRotation: 0 }),
      ...(off.has('hand-eye') && { handEyePosition: 0, handEyeRotation: 0 }),
    },
    ...(off.has('noise') && { depthNoise: 0, pointNoise: 0 }),
    ...(off.has('shear') && { shear: false }),
  });
}

/**
 * `feltmap sim touch`: writes touches of a generated object as MCAP, with the truth beside it (T_map_gel as .tum, the
 * surface as .ply), or as a folder. The same options give the same bytes.
 *
 * @throws FeltmapError bad-config for options out of range, bad-input where nothing is in reach, io
 */
export async function runSimTouch(options: SimTouchOptions): Promise<SimTouchResult> {
  const simulation = touchSimulation(options);
  const written =
    options.folder === true ? await writeFolder(simulation, options) : await writeBag(simulation, options);
  const { touches } = written;
  const seconds = touches === 0 ? 0 : Number(simulation.stampNs(touches - 1) - simulation.stampNs(0)) / 1e9;
  return {
    ...written,
    path: options.out,
    object: simulation.object.family,
    seconds,
    interrupted: touches < simulation.touches.length,
  };
}

type Written = Pick<SimTouchResult, 'truthPath' | 'meshPath' | 'touches'>;

async function writeFolder(simulation: TouchSimulation, options: SimTouchOptions): Promise<Written> {
  const folder = await TouchFolder.create(options.out, simulation);
  await folder.calibration(options.presses ?? 40);
  for (let i = 0; i < simulation.touches.length && !options.signal?.aborted; i++) {
    await folder.touch(i);
    options.onProgress?.(i + 1, simulation.touches.length);
    await new Promise(setImmediate); // lets Ctrl-C through
  }
  return { ...(await folder.finish()), touches: folder.touches };
}

/** @throws FeltmapError bad-config for a kind of message that there is not */
export function touchKinds(only: readonly string[] = TOUCH_KINDS): ReadonlySet<TouchKind> {
  const unknown = only.find((kind) => !TOUCH_KINDS.includes(kind as TouchKind));
  if (unknown !== undefined)
    throw new FeltmapError(
      'bad-config',
      `There is no message '${unknown}'; choose ${TOUCH_KINDS.join(', ')}.`,
    );
  return new Set(only as TouchKind[]);
}

async function writeBag(simulation: TouchSimulation, options: SimTouchOptions): Promise<Written> {
  const kinds = touchKinds(options.only);
  const writer = await McapBagWriter.create(options.out);
  try {
    const recorder = new TouchRecorder(simulation, writer, kinds);
    await recorder.begin();
    let touches = 0;
    for (; touches < simulation.touches.length && !options.signal?.aborted; touches++) {
      await recorder.touch(touches);
      options.onProgress?.(touches + 1, simulation.touches.length);
      await new Promise(setImmediate); // lets Ctrl-C through
    }
    await writer.close();
    const base = options.out.replace(/\.mcap$/i, '');
    const [truthPath, meshPath] = [`${base}.tum`, `${base}.ply`];
    await writeFileAtomic(
      truthPath,
      trajectoryText(simulation, touches, (i) => simulation.truePose(i)),
    );
    await writeFileAtomic(meshPath, encodePly(simulation.mesh, [`${simulation.object.family}, frame map`]));
    return { truthPath, meshPath, touches };
  } catch (error) {
    await writer.abort().catch(() => undefined); // the first error says what is wrong
    throw error;
  }
}

/** Poses of the first touches as TUM. */
function trajectoryText(
  simulation: TouchSimulation,
  touches: number,
  pose: (i: number) => Float64Array,
): string {
  const all = Array.from({ length: touches }, (_, i) => i);
  return formatTum({ stampsNs: all.map((i) => simulation.stampNs(i)), poses: all.map(pose) });
}
