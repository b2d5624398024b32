import type { KernelPool } from '../../compute/pool.js';
import type { FieldBackend } from '../../field/backend.js';
import { createBackend } from '../../field/backends/select.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { Field } from '../../field/field.js';
import { poolFor } from '../../field/grid-spec.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { MapMesher } from '../../mesh/map-mesher.js';
import type { Mesh } from '../../mesh/mesh.js';
import { TouchFrontEnd } from '../../sensors/tactile/front-end.js';
import type { TouchObservation } from '../../sensors/tactile/observation.js';
import type { PosedTouch, Touch } from '../../sensors/tactile/touch.js';
import { optimiseTouches, type BundleResult } from './bundle.js';
import { TOUCH_ROOM, touchGrid } from './grid.js';
import type { TouchState } from './judge.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';
import { bundleTouches, knownFrom, type FeltGel } from './felt-gels.js';
import { finish } from './finish.js';
import { heldBack, heldBackNotice } from './held-back.js';
import { NearbyTouches } from './nearby.js';
import { Notices } from '../notices.js';
import { TouchRegistration } from './registration.js';

export interface TouchMapOptions {
  /** Distance between the corners of the grid (m). Default: 1 mm. */
  readonly voxel?: number;
  /** What the arm's kinematics are good for. Default: 2 mm and 1°. */
  readonly kinematics?: KinematicSigma;
  /** How wrong the sensor's place on the hand may be; default: it is right. */
  readonly handEye?: KinematicSigma;
  readonly seed?: number;
}

/** What came of one touch. */
export interface TouchResult {
  readonly index: number;
  /** T_map_sensor: registered to what was felt before, or as the arm says. */
  readonly pose: Pose;
  readonly state: TouchState;
  /** Empty for a registered touch; otherwise why its pose is the arm's. */
  readonly reason: string;
  /** Whether anything was touched. */
  readonly contact: boolean;
  /** Whether the gel's place is known to be free, which is mapped as well; neither: nobody knows what it felt. */
  readonly free: boolean;
}

const VOXEL = 0.001;
/** Largest stored distance in voxels. */
const TRUNCATION = 4;
const KINEMATICS: KinematicSigma = { translation: 0.002, rotation: Math.PI / 180 };
/** Of distances where something was touched (m). */
const FELT = { sigma: 1e-4 };
const MIN_WEIGHT = 1e-6;
const LEAST_PIECE = 20;

/**
 * A map of an object by touch alone, at a millimetre, in the frame in which the arm gives its poses. Each touch is
 * found among those around it, with the arm's pose as prior, and fused; at the end all poses are found together.
 *
 * @example
 * const map = await TouchMap.create(pool);
 * for await (const touch of readTouchFolder(folder, calibration)) map.add(touch);
 * map.optimise(); // all poses together, and everything fused anew
 * const mesh = map.mesh();
 */
export class TouchMap {
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #mesher: MapMesher;
  readonly #frontEnd: TouchFrontEnd;
  readonly #registration: TouchRegistration;
  readonly #nearby: NearbyTouches;
  readonly #options: TouchMapOptions;
  readonly #kinematics: KinematicSigma;
  readonly #touches: PosedTouch[] = [];
  readonly #results: TouchResult[] = [];
  /** By the number of the touch: those of gels that touched something, and those of them that rested. */
  readonly #gels = new Map<number, FeltGel>();
  readonly #resting = new Map<number, FeltGel>();
  readonly #notices = new Notices();
  #leftOut: readonly string[] = [];

  /** @throws FeltmapError out-of-memory when the pool is too small */
  static async create(pool: KernelPool, options: TouchMapOptions = {}): Promise<TouchMap> {
    const { voxel = VOXEL } = options;
    const spec = touchGrid(voxel, TRUNCATION * voxel, options.seed ?? 1);
    const limits = { scanPoints: 8192, batchChunks: 16, pool: poolFor(spec, TOUCH_ROOM) };
    return new TouchMap(pool, await createBackend('wasm', pool, { spec, room: TOUCH_ROOM, limits }), options);
  }

  private constructor(
    pool: KernelPool,
    { backend, field }: { readonly backend: FieldBackend; readonly field: Field },
    options: TouchMapOptions,
  ) {
    this.#options = options;
    this.#kinematics = options.kinematics ?? KINEMATICS;
    this.#nearby = new NearbyTouches(this.#kinematics);
    this.#backend = backend;
    this.#field = field;
    this.#mesher = new MapMesher(pool, this.#backend, this.#field, {
      minWeight: MIN_WEIGHT,
      minComponentTriangles: LEAST_PIECE,
      features: false,
    });
    this.#frontEnd = new TouchFrontEnd(pool);
    this.#registration = new TouchRegistration(this.#backend);
  }

  /** What the user should know about the touches so far: only ever grows. */
  get notices(): readonly string[] {
    return this.#notices.gather([this.#frontEnd.notices, this.#leftOut]);
  }

  /** Of each touch, in their order; {@link optimise} replaces the poses. */
  get results(): readonly TouchResult[] {
    return this.#results;
  }

  /**
   * Finds where a touch was, by those around it, and fuses it.
   *
   * @throws FeltmapError bad-input for a touch that contradicts itself or has no pose; what was mapped stays
   */
  add(touch: PosedTouch): TouchResult {
    checkPose(touch);
    const observation = this.#frontEnd.observe(touch);
    try {
      const { state, reason, pose } = this.#register(observation, touch);
      const index = this.#touches.length;
      this.#fuse(observation, pose, index);
      const free = observation.contacts.clear !== undefined;
      const result = { index, pose, state, reason, contact: observation.isContact, free };
      this.#touches.push(touch);
      this.#results.push(result);
      return result;
    } finally {
      observation.release();
    }
  }

  /**
   * Finds all poses together, and the sensor's place on the hand where that is asked for, then fuses everything anew. Gels
   * only: single points say too little of each other. Undefined where there are fewer than two.
   */
  optimise(): BundleResult | undefined {
    const gels = [...this.#gels];
    if (gels.length < 2) return undefined;
    const { handEye } = this.#options;
    const bundle = optimiseTouches(
      bundleTouches(gels.map(([, gel]) => gel), { anew: true }), // prettier-ignore
      { kinematics: this.#kinematics, ...(handEye && { handEye }) },
    );
    gels.forEach(([, gel], i) => {
      gel.pose = bundle.poses[i]!;
      gel.known = knownFrom(gel.pose, gel.prior, bundle.overlaps[i]!, { whole: true });
    });
    for (const gel of this.#resting.values())
      if (gel.slide?.from) gel.pose = compose(gel.slide.from.pose, gel.slide.pose);
    const sigmas = finish(bundle.weaklyHeldSigmas());
    const samples = gels.map(([, { patch }]) => patch.samples.length);
    const left = heldBack(sigmas, samples, this.#field.spec.voxel);
    if (left.size > 0 && this.#leftOut.length === 0) this.#leftOut = [heldBackNotice(left, sigmas)];
    const leftOut = new Set(Array.from(left, (i) => gels[i]![1]));
    this.#field.clear();
    this.#mesher.clear();
    this.#touches.forEach((touch, index) => {
      const gel = this.#gels.get(index) ?? this.#resting.get(index);
      // What was not compared with others has the hand's error all the same.
      const pose = gel?.pose ?? compose(touch.T_map_sensor, bundle.handEyes[0]!);
      // One that rests says the same as the touch that it rests on.
      const same = this.#resting.get(index)?.slide?.from ?? gel;
      if (!same || !leftOut.has(same)) {
        const observation = this.#frontEnd.observe(touch);
        this.#fuse(observation, pose, index);
        observation.release();
      }
      this.#results[index] = { ...this.#results[index]!, pose };
    });
    return bundle;
  }

  /** What was felt so far. */
  mesh(): Mesh {
    return this.#mesher.weld();
  }

  #register(
    observation: TouchObservation,
    touch: PosedTouch,
  ): Pick<TouchResult, 'pose' | 'state' | 'reason'> {
    const predicted = touch.T_map_sensor;
    const asArm = (reason: string, state: TouchState = 'unknown') => ({ pose: predicted, state, reason });
    if (!observation.isContact) {
      this.#nearby.lift(touch.frameId);
      const { clear } = observation.contacts;
      return asArm(clear ? 'Nothing is touched.' : 'Nobody knows what it felt.', 'kinematic');
    }
    const { patch } = observation;
    if (patch) {
      const kinematics = this.#kinematics;
      const prior = { pose: predicted, information: kinematicInformation(kinematics) };
      const contact = { sensor: touch.frameId, stampNs: touch.stampNs, mount: predicted };
      const { gel, rests, found } = this.#nearby.register({ patch, predicted, kinematics, prior, contact });
      if (!rests) this.#nearby.add(gel);
      (rests ? this.#resting : this.#gels).set(this.#touches.length, gel);
      return found ?? asArm('No other touch overlaps this one; its pose is the arm’s.');
    }
    const { pose, state, reason } = this.#registration.register({
      field: this.#field,
      contacts: observation.contacts,
      predicted,
      kinematics: this.#kinematics,
      quality: FELT,
    });
    return { pose, state, reason };
  }

  #fuse(observation: TouchObservation, pose: Pose, scan: number): void {
    const { surface, grid } = observation;
    this.#backend.integrate(this.#field, surface, pose, { scan, ...(grid && { grid }) });
  }
}

/** A touch whose pose may be missing: nobody answered, or with something that is no pose. */
type MaybePosedTouch = Touch & { readonly T_map_sensor?: Pose | undefined };

/** @throws FeltmapError bad-input where there is no pose */
function checkPose({ T_map_sensor: T, frameId }: MaybePosedTouch): void {
  if (T === undefined || T.length !== 12)
    throw new FeltmapError(
      'bad-input',
      `Nothing says where '${frameId}' was when it touched; publish its transform on /tf, or give the pose with the touch.`,
    );
  if (!T.every(Number.isFinite))
    throw new FeltmapError(
      'bad-input',
      `The pose of '${frameId}' at its touch is not made of numbers; the touch is left out.`,
    );
}
