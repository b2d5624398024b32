import { FeltmapError } from '../../geometry/errors.js';
import { Random } from '../../geometry/random.js';
import type { Pose } from '../../geometry/se3.js';
import type { Mesh } from '../../mesh/mesh.js';
import type { PosedTouch, TouchImage, TouchPoints } from '../../sensors/tactile/touch.js';
import { objectMesh } from '../objects/object-mesh.js';
import { makeObject, type ObjectFamily, type SimObject } from '../objects/object.js';
import { ball } from '../objects/shapes.js';
import { gelCoordinate, gelModel, type GelModel } from './gel.js';
import { DEFAULT_LOOK, GelRenderer, type Exposure, type GelLook } from './gel-light.js';
import { DEFAULT_KINEMATICS, handEyeError, kinematicPose, type KinematicError } from './kinematics.js';
import { press, type Press } from './press.js';
import { planTouches, type PlannedTouch, type Probing, type ProbingOptions } from './probing.js';
import { facing } from './reach.js';

export interface TouchSimulationOptions {
  /** A family to make an object of, or an object that stands on z = 0. */
  readonly object: ObjectFamily | SimObject;
  readonly seed?: number | string;
  /** Default 20. */
  readonly touches?: number;
  /** Default 'spread'. */
  readonly probing?: Probing;
  readonly slideLength?: ProbingOptions['slideLength'];
  readonly slideStep?: ProbingOptions['slideStep'];
  readonly depth?: ProbingOptions['depth'];
  readonly gel?: Partial<GelModel>;
  readonly look?: Partial<GelLook>;
  readonly kinematics?: Partial<KinematicError>;
  /** Whether what touches draws the gel along. Default true. */
  readonly shear?: boolean;
  /** Standard deviation of the depth images and of the contact points (m). Default 0.02 and 0.1 mm; 0: exact. */
  readonly depthNoise?: number;
  readonly pointNoise?: number;
  /** Stamp of the first touch; default 1 000 s. */
  readonly startNs?: bigint;
  /** Touches per second; default 1 (10 within a slide). */
  readonly rate?: number;
  /** Frame of the gel; default `gel`. */
  readonly frameId?: string;
}

/** A press of a ball, for calibration. */
export interface BallPress {
  /** Centre of the contact in the gel frame, metres. */
  readonly x: number;
  readonly y: number;
  /** Depth of its deepest point, metres. */
  readonly depth: number;
  readonly radius: number;
}

/** Longest edge of the cells of the truth's mesh, metres. */
const MESH_CELL = 0.0015;
/** Contact points: every so many pixels. */
const POINT_STEP = 16;

/**
 * An object on a table touched by a gel: true poses and depths, what the camera behind the gel sees, and what the arm
 * believes. The same options give the same bytes; each touch can be asked for in any order.
 *
 * @example
 * const simulation = new TouchSimulation({ object: 'mug', seed: 7, touches: 60 });
 * const touch = simulation.depthImage(0); // a PosedTouch with the pose by kinematics
 * const image = simulation.rgb(0); // rgb8
 */
export class TouchSimulation {
  readonly object: SimObject;
  readonly gel: GelModel;
  readonly look: GelLook;
  readonly kinematics: KinematicError;
  /** The surface, for truth and pictures. */
  readonly mesh: Mesh;
  /** In order of time. */
  readonly touches: readonly PlannedTouch[];
  readonly frameId: string;
  readonly renderer: GelRenderer;
  readonly #options: TouchSimulationOptions;
  readonly #random: Random;
  readonly #handEye: Pose;
  readonly #gains: [number, number, number][];
  readonly #stamps: bigint[] = [];
  #last: { index: number; press: Press } | undefined;

  /** @throws FeltmapError bad-config for an unknown object or a count that is none, bad-input when nothing is in reach */
  constructor(options: TouchSimulationOptions) {
    const { seed = 0, touches = 20, probing = 'spread' } = options;
    if (!(Number.isInteger(touches) && touches >= 1 && touches <= 100_000))
      throw new FeltmapError('bad-config', `The number of touches is ${touches}; choose 1 to 100000.`);
    this.#options = options;
    this.#random = new Random(`touch ${seed}`);
    this.object = typeof options.object === 'string' ? makeObject(options.object, seed) : options.object;
    this.gel = gelModel(options.gel);
    this.look = { ...DEFAULT_LOOK, ...options.look };
    this.kinematics = { ...DEFAULT_KINEMATICS, ...options.kinematics };
    this.mesh = objectMesh(this.object, MESH_CELL);
    this.renderer = new GelRenderer(this.gel, this.look, seed);
    this.frameId = options.frameId ?? 'gel';
    const { slideLength, slideStep, depth } = options;
    this.touches = planTouches(
      this.object,
      this.mesh,
      this.gel,
      {
        policy: probing,
        touches,
        ...(slideLength !== undefined && { slideLength }),
        ...(slideStep !== undefined && { slideStep }),
        ...(depth !== undefined && { depth }),
      },
      this.#random.fork('plan'),
    );
    this.#handEye = handEyeError(this.kinematics, this.#random.fork('hand-eye'));
    this.#gains = driftingGains(this.touches.length, this.look.drift, this.#random.fork('drift'));
    let stamp = options.startNs ?? 1_000_000_000_000n;
    const period = 1e9 / (options.rate ?? 1);
    this.touches.forEach(({ contact }, i) => {
      if (i > 0) stamp += BigInt(Math.round(contact === this.touches[i - 1]!.contact ? period / 10 : period));
      this.#stamps.push(stamp);
    });
  }

  stampNs(i: number): bigint {
    return this.#stamps[i]!;
  }

  /** T_map_gel in truth; the map is the frame that the object stands in. */
  truePose(i: number): Pose {
    return this.touches[i]!.pose;
  }

  /** T_map_gel as the arm has it; its error changes little while it slides. */
  kinematicPose(i: number): Pose {
    const { contact } = this.touches[i]!;
    const random = this.#random.fork(`pose ${contact}`);
    let steps = 0;
    while (this.touches[i - steps - 1]?.contact === contact) steps++;
    return kinematicPose(this.truePose(i), this.#handEye, this.kinematics, random, steps);
  }

  /** True depth and contact of touch i. */
  press(i: number): Press {
    if (this.#last?.index !== i)
      this.#last = { index: i, press: press(this.object, this.truePose(i), this.gel) };
    return this.#last.press;
  }

  /** Touch i as a depth image with noise, posed by kinematics. */
  depthImage(i: number): PosedTouch & TouchImage {
    const { depth, contact } = this.press(i);
    const { depthNoise = 0.00002 } = this.#options;
    const random = this.#random.fork(`depth ${i}`);
    return {
      kind: 'touch-image',
      stampNs: this.stampNs(i),
      frameId: this.frameId,
      width: this.gel.width,
      height: this.gel.height,
      pitch: this.gel.pitch,
      depth: depthNoise > 0 ? depth.map((value) => value + depthNoise * random.normal()) : depth,
      contact,
      sigma: depthNoise,
      T_map_sensor: this.kinematicPose(i),
    };
  }

  /** Touch i as single points of contact (one a square millimetre) with normals, posed by kinematics. */
  contactPoints(i: number): PosedTouch & TouchPoints {
    const { depth, contact } = this.press(i);
    const { width, height, pitch } = this.gel;
    const { pointNoise = 0.0001 } = this.#options;
    const random = this.#random.fork(`points ${i}`);
    const points: number[] = [];
    const normals: number[] = [];
    for (let v = POINT_STEP >> 1; v < height - 1; v += POINT_STEP)
      for (let u = POINT_STEP >> 1; u < width - 1; u += POINT_STEP) {
        const k = v * width + u;
        if (contact[k] === 0) continue;
        const hx = (depth[k + 1]! - depth[k - 1]!) / (2 * pitch);
        const hy = (depth[k + width]! - depth[k - width]!) / (2 * pitch);
        const norm = Math.sqrt(1 + hx * hx + hy * hy);
        points.push(
          gelCoordinate(u, width, pitch) + pointNoise * random.normal(),
          gelCoordinate(v, height, pitch) + pointNoise * random.normal(),
          -depth[k]! + pointNoise * random.normal(),
        );
        normals.push(-hx / norm, -hy / norm, -1 / norm); // out of what is touched, into the gel
      }
    return {
      kind: 'touch-points',
      stampNs: this.stampNs(i),
      frameId: this.frameId,
      points: Float32Array.from(points),
      normals: Float32Array.from(normals),
      sigma: pointNoise,
      T_map_sensor: this.kinematicPose(i),
    };
  }

  /** What the camera behind the gel sees of touch i: rgb8, rows from the top. */
  rgb(i: number): Uint8Array {
    return this.renderer.render(this.press(i).depth, this.exposure(i));
  }

  /** Light and shear of touch i. */
  exposure(i: number): Exposure {
    return {
      gain: this.#gains[i]!,
      shear: this.#options.shear === false ? [0, 0] : this.touches[i]!.shear,
      seed: `${String(this.#options.seed)} pixels ${i}`,
    };
  }

  /** The untouched gel before the first touch: rgb8. */
  reference(): Uint8Array {
    const flat = new Float32Array(this.gel.width * this.gel.height);
    return this.renderer.render(flat, {
      gain: [1, 1, 1],
      shear: [0, 0],
      seed: `${String(this.#options.seed)} reference`,
    });
  }

  /** Presses of a ball all over the gel, the last column and row of contacts cut by its edge. */
  ballPresses(count: number, radius: number): BallPress[] {
    const random = this.#random.fork('balls');
    const { width, height, pitch, maxDepth } = this.gel;
    const columns = Math.max(1, Math.round(Math.sqrt((count * width) / height)));
    const rows = Math.ceil(count / columns);
    return Array.from({ length: count }, (_, i) => ({
      x: ((i % columns) + random.range(0.2, 0.8) - columns / 2) * ((width * pitch) / columns),
      y: (Math.floor(i / columns) + random.range(0.2, 0.8) - rows / 2) * ((height * pitch) / rows),
      depth: maxDepth * random.range(0.5, 1),
      radius,
    }));
  }

  /** The truth of a ball's press, and what the camera sees of it. */
  pressBall(ballPress: BallPress, index: number): Press & { readonly rgb: Uint8Array } {
    const pressed = pressBall(ballPress, this.gel);
    const seed = `${String(this.#options.seed)} ball ${index}`;
    return { ...pressed, rgb: this.renderer.render(pressed.depth, { gain: [1, 1, 1], shear: [0, 0], seed }) };
  }
}

/** The gel under a ball. */
export function pressBall({ x, y, depth, radius }: BallPress, gel: GelModel): Press {
  const T = facing([0, 0, 0], [0, 0, -1], 0); // the gel looks up
  return press(ball(T[0]! * x + T[1]! * y, T[4]! * x + T[5]! * y, radius - depth, radius), T, gel);
}

/** Brightness and colour that walk about: each touch a small step, drawn back to 1 within some hundred touches. */
function driftingGains(count: number, drift: number, random: Random): [number, number, number][] {
  const gain: [number, number, number] = [1, 1, 1];
  return Array.from({ length: count }, () => {
    const all = drift * random.normal();
    for (let c = 0; c < 3; c++) gain[c] = 1 + (gain[c]! - 1) * 0.99 + all + 0.5 * drift * random.normal();
    return [...gain] as [number, number, number];
  });
}
