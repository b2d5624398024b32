import type { SurfaceSamples } from '../../sensors/observation.js';
import type { FitChunk } from '../../field/engine.js';
import type { MapField } from '../../field/map-field.js';
import { solveCholesky } from '../../geometry/linear.js';
import { Random } from '../../geometry/random.js';
import { compose, identity, inverse, rotationAngle, translationNorm, type Pose } from '../../geometry/se3.js';
import { bodyPose } from '../body-frame.js';
import { KeyframeStore, type Keyframe } from './keyframes.js';
import { moveAtSensor } from '../tracking/tracker.js';

export interface MapperOptions {
  iterations: number;
  firstScanFactor: number;
  batch: number;
  samplePoints: number;
  huber: number;
  learningRate: number;
  scalarRate: number;
  replayRadius: number;
  keyframeDistance: number;
  /** Radians. */
  keyframeAngle: number;
  window: number;
  /** Largest offset of a sample from the surface, metres. */
  band: number;
  /** Rays of a scan that clear away what has moved, and how far they are followed, metres. */
  freeSpaceRays: number;
  freeSpaceRange: number;
  seed: number;
}

const CHUNK = 256;
/** Share of its weight that a corner keeps when a ray passes through it. */
const KEEP = 0.2;
/**
 * Standard deviations of a keyframe's pose about where the tracker put it, in fine voxels and radians: 2 cm at 0.15 m.
 * The divisors give the same doubles at 0.15 m as the metres that were tuned.
 */
const PRIOR = { translation: (voxel: number): number => voxel / 7.5, rotation: 0.002 };
/** Of a sample's residual: 3 cm at 0.15 m. */
const residualSigma = (voxel: number): number => voxel / 5;
/** With no more samples in a batch a pose stays where it is. */
const MIN_SAMPLES = 64;
/** Steps that an engine with a device of its own does in one go. */
const STEPS_AT_ONCE = 16;

/** Builds the map: fuses a scan, draws its samples, and optimises features and window poses together. */
export class Mapper {
  readonly keyframes: KeyframeStore;
  readonly #field: MapField;
  readonly #options: MapperOptions;
  #current: Keyframe | undefined;

  constructor(field: MapField, options: MapperOptions, slabs: number) {
    this.#field = field;
    this.#options = options;
    this.keyframes = new KeyframeStore(slabs, options.samplePoints * 4);
  }

  /**
   * Fuses a scan and draws its samples.
   *
   * @param pose T_submap_sensor
   * @param T_body_sensor keyframes are kept by how far the body has moved, whichever sensor looks
   */
  integrate(surface: SurfaceSamples, pose: Pose, scan: number, T_body_sensor = identity()): void {
    const o = this.#options;
    const seed = (o.seed * 7919 + scan * 104729) >>> 0;
    if (scan > 0)
      this.#field.carve(surface, pose, {
        rays: o.freeSpaceRays,
        maxRange: o.freeSpaceRange,
        keep: KEEP,
        seed,
      });
    this.#field.fuse(surface, pose, scan);
    if (o.iterations === 0 || surface.count === 0) return;
    const chosen = Math.min(o.samplePoints, surface.count);
    const first = this.keyframes.writeTo;
    this.#field.drawSamples(surface, chosen, first, {
      seed,
      band: o.band,
    });
    this.#current = this.#isKeyframe(pose, T_body_sensor)
      ? this.keyframes.keep(scan, pose, chosen * 4, T_body_sensor)
      : { scan, pose, anchor: pose, first, count: chosen * 4, T_body_sensor };
  }

  /** A few steps over new and replayed samples; returns the refined T_submap_sensor of the latest scan. */
  optimise(): Pose | undefined {
    const o = this.#options;
    const current = this.#current;
    if (!current) return undefined;
    const random = new Random(`${o.seed}/${current.scan}`);
    const window = this.keyframes.last(o.window).filter((frame) => frame !== current);
    const half = Math.max(1, Math.floor(o.batch / CHUNK / 2));
    const starts = Math.max(1, Math.floor(current.count / CHUNK));
    const steps = o.iterations * (current.scan === 0 ? o.firstScanFactor : 1);
    const joint = o.window > 0 && current.scan > 0;
    this.#field.allocateRows(
      [{ first: current.first, count: current.count, pose: 0, optimisePose: false }],
      [current.pose],
    );
    const frames: Keyframe[] = [current];
    const batchOf = (step: number): FitChunk[] => {
      const chunks: FitChunk[] = [];
      const add = (frame: Keyframe, chunk: number): void => {
        let pose = frames.indexOf(frame);
        if (pose < 0) pose = frames.push(frame) - 1;
        const first = frame.first + chunk * CHUNK;
        const optimisePose = joint && (frame === current || window.includes(frame));
        chunks.push({ first, count: Math.min(CHUNK, frame.first + frame.count - first), pose, optimisePose });
      };
      for (let i = 0; i < half; i++) add(current, (step * half + i) % starts);
      for (const frame of this.keyframes.draw(current.pose, o.replayRadius, half, random))
        add(frame, random.int(Math.max(1, Math.floor(frame.count / CHUNK))));
      return chunks;
    };
    if (this.#field.fitMany) {
      for (let step = 0; step < steps; step += STEPS_AT_ONCE) {
        const count = Math.min(STEPS_AT_ONCE, steps - step);
        this.#fitMany(
          Array.from({ length: count }, (_, i) => batchOf(step + i)),
          frames,
          joint,
        );
      }
      return current.pose;
    }
    for (let step = 0; step < steps; step++) {
      frames.length = 1;
      const { systems } = this.#field.fit(
        batchOf(step),
        frames.map((frame) => frame.pose),
        o,
      );
      if (joint) frames.forEach((frame, i) => this.#movePose(frame, systems.subarray(i * 28, i * 28 + 28)));
    }
    return current.pose;
  }

  /** Steps on the engine's device, poses included; what moved them is repeated here in float64. */
  #fitMany(batches: FitChunk[][], frames: readonly Keyframe[], joint: boolean): void {
    const { huber } = this.#options;
    const moves = this.#field.fitMany!(
      batches,
      frames.map((frame) => frame.pose),
      frames.map((frame) => frame.anchor),
      {
        ...this.#options,
        priorTranslation: 1 / PRIOR.translation(this.#voxel) ** 2,
        priorRotation: 1 / PRIOR.rotation ** 2,
        systemScale: huber / residualSigma(this.#voxel) ** 2,
        minSamples: MIN_SAMPLES,
      },
    );
    if (!joint) return;
    for (let at = 0; at < moves.length; at += 6) {
      const frame = frames[(at / 6) % frames.length]!;
      const move = moves.subarray(at, at + 6);
      if (move.some((v) => v !== 0)) frame.pose = moveAtSensor(frame.pose, move);
    }
  }

  /** Distance between fine corners, metres. */
  get #voxel(): number {
    return this.#field.levels[0]!.voxel;
  }

  clear(): void {
    this.keyframes.clear();
    this.#current = undefined;
  }

  /** One damped Gauss–Newton step of a keyframe's pose against the field, held to where the tracker put it. */
  #movePose(frame: Keyframe, system: Float64Array): void {
    const { anchor } = frame;
    if (!(system[27]! > MIN_SAMPLES)) return; // too few samples to say anything
    // The batch's weights are in units of 1/huber; as information of residuals with the usual sigma:
    const scale = this.#options.huber / residualSigma(this.#voxel) ** 2;
    const offset = compose(frame.pose, inverse(anchor));
    const A = new Float64Array(36);
    const b = new Float64Array(6);
    let at = 0;
    for (let r = 0; r < 6; r++)
      for (let c = r; c < 6; c++) A[c * 6 + r] = A[r * 6 + c] = scale * system[at++]!;
    const moved = [
      frame.pose[3]! - anchor[3]!,
      frame.pose[7]! - anchor[7]!,
      frame.pose[11]! - anchor[11]!,
      (offset[9]! - offset[6]!) / 2,
      (offset[2]! - offset[8]!) / 2,
      (offset[4]! - offset[1]!) / 2,
    ];
    for (let i = 0; i < 6; i++) {
      const prior = 1 / (i < 3 ? PRIOR.translation(this.#voxel) : PRIOR.rotation) ** 2;
      A[i * 7]! += prior;
      b[i] = -scale * system[21 + i]! - prior * moved[i]!;
    }
    if (solveCholesky(A, b, 6)) frame.pose = moveAtSensor(frame.pose, b);
  }

  #isKeyframe(pose: Pose, T_body_sensor: Pose): boolean {
    const last = this.keyframes.frames.at(-1);
    if (!last) return true;
    const motion = compose(inverse(bodyPose(last.pose, last.T_body_sensor)), bodyPose(pose, T_body_sensor));
    return (
      translationNorm(motion) > this.#options.keyframeDistance ||
      rotationAngle(motion) > this.#options.keyframeAngle
    );
  }
}
