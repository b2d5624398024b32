import { SAMPLE_CHUNK } from '../../kernels/layout/field.js';
import type { RangeGrid, SurfaceSamples } from '../../sensors/observation.js';
import type { FieldBackend, FitBatch, FitChunk, FitOptions } from '../../field/backend.js';
import type { Exposure } from '../../field/terms/photometric.js';
import type { Field } from '../../field/field.js';
import { Random } from '../../geometry/random.js';
import { compose, identity, inverse, rotationAngle, translationNorm, type Pose } from '../../geometry/se3.js';
import { bodyPose } from '../body-frame.js';
import { KeyframeStore, type Keyframe } from './keyframes.js';

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
  /** Standard deviation of the poses that the tracker finds (m): how far they are optimised. Default: by the voxel. */
  poseSigma?: number;
  /** Largest offset of a sample from the surface, metres. */
  band: number;
  /** Scans in which all of the map is looked at for what has moved, and how far it is; 0: never. */
  carveEvery: number;
  freeSpaceRange: number;
  seed: number;
}

/** What there is to say about an observation that is mapped. */
export interface MappedHow {
  /** Keyframes are kept by how far the body has moved, whichever sensor looks; the sensor is the body unless given. */
  readonly T_body_sensor?: Pose;
  /** The pose is not optimised: the surface alone does not determine it. */
  readonly held?: boolean;
  /** The surface in rows and columns, where the sensor has them. */
  readonly grid?: RangeGrid;
  /** Of its colours against those of the map; default: the same. */
  readonly exposure?: Exposure;
}

/** Share of its weight that a corner keeps when a ray passes through it. */
const KEEP = 0.02;
/** Standard deviation of a keyframe's pose about where the tracker put it, unless given, in fine voxels: 2 cm at 0.15 m. */
const POSE_SIGMA = 1 / 7.5;
/** And of its turn, rad; where the other is given, radians a metre: at 10 m both move a surface alike. */
const TURN_SIGMA = 0.002;
const TURN_PER_METRE = 0.1;
/** Of a sample's residual: 3 cm at 0.15 m. */
const residualSigma = (voxel: number): number => voxel / 5;
/** With no more samples in a batch a pose stays where it is. */
const MIN_SAMPLES = 64;
/**
 * Builds the map: fuses a scan, draws its samples, and optimises features and window poses together.
 *
 * @example
 * const mapper = new Mapper(backend, field, options, 16);
 * mapper.integrate(surface, T_submap_sensor, scan);
 * const refined = mapper.optimise();
 */
export class Mapper {
  readonly keyframes: KeyframeStore;
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #options: MapperOptions;
  readonly #fit: FitOptions;
  #current: Keyframe | undefined;

  constructor(backend: FieldBackend, field: Field, options: MapperOptions, slabs: number) {
    this.#backend = backend;
    this.#field = field;
    this.#options = options;
    const { huber, learningRate, scalarRate } = options;
    const { voxel } = field.levels[0]!;
    const { poseSigma } = options;
    const turnSigma = poseSigma === undefined ? TURN_SIGMA : TURN_PER_METRE * poseSigma;
    // The batch's weights are in units of 1/huber; systemScale makes them information of residuals with the usual sigma.
    const prior = {
      priorTranslation: 1 / (poseSigma ?? voxel * POSE_SIGMA) ** 2,
      priorRotation: 1 / turnSigma ** 2,
      systemScale: huber / residualSigma(voxel) ** 2,
      minSamples: MIN_SAMPLES,
    };
    this.#fit = { huber, learningRate, scalarRate, prior };
    this.keyframes = new KeyframeStore(slabs, options.samplePoints * 4);
  }

  /**
   * Fuses a scan and draws its samples.
   *
   * @param pose T_submap_sensor
   */
  integrate(surface: SurfaceSamples, pose: Pose, scan: number, how: MappedHow = {}): void {
    const { T_body_sensor = identity(), held = false, grid, exposure } = how;
    const o = this.#options;
    const seed = (o.seed * 7919 + scan * 104729) >>> 0;
    const parts = o.carveEvery;
    const carving = { part: scan % parts, parts, maxRange: o.freeSpaceRange, keep: KEEP };
    this.#backend.integrate(this.#field, surface, pose, {
      scan,
      ...(scan > 0 && parts > 0 && { carving }),
      ...(grid && { grid }),
      ...(exposure && { exposure }),
    });
    if (o.iterations === 0 || surface.count === 0) return;
    const chosen = Math.min(o.samplePoints, surface.count);
    const first = this.keyframes.writeTo;
    this.#backend.drawSamples(this.#field, surface, pose, { points: chosen, first, seed, band: o.band });
    this.#current = this.#isKeyframe(pose, T_body_sensor)
      ? this.keyframes.keep(scan, pose, chosen * 4, T_body_sensor, held)
      : { scan, pose, anchor: pose, first, count: chosen * 4, T_body_sensor, held };
  }

  /** A few steps over new and replayed samples; returns the refined T_submap_sensor of the latest scan. */
  optimise(): Pose | undefined {
    const o = this.#options;
    const current = this.#current;
    if (!current) return undefined;
    const random = new Random(`${o.seed}/${current.scan}`);
    const window = this.keyframes.last(o.window).filter((frame) => frame !== current);
    const half = Math.max(1, Math.floor(o.batch / SAMPLE_CHUNK / 2));
    const starts = Math.max(1, Math.floor(current.count / SAMPLE_CHUNK));
    const steps = o.iterations * (current.scan === 0 ? o.firstScanFactor : 1);
    const joint = o.window > 0 && current.scan > 0;
    const frames: Keyframe[] = [];
    const batchOf = (step: number): FitBatch => {
      const chunks: FitChunk[] = [];
      const add = (keyframe: Keyframe, chunk: number): void => {
        let frame = frames.indexOf(keyframe);
        if (frame < 0) frame = frames.push(keyframe) - 1;
        const first = keyframe.first + chunk * SAMPLE_CHUNK;
        chunks.push({ first, count: Math.min(SAMPLE_CHUNK, keyframe.first + keyframe.count - first), frame });
      };
      for (let i = 0; i < half; i++) add(current, (step * half + i) % starts);
      for (const keyframe of this.keyframes.draw(current.pose, o.replayRadius, half, random))
        add(keyframe, random.int(Math.max(1, Math.floor(keyframe.count / SAMPLE_CHUNK))));
      return chunks;
    };
    const atOnce = this.#backend.batchesPerFit;
    for (let step = 0; step < steps; step += atOnce) {
      frames.length = 0;
      const count = Math.min(atOnce, steps - step);
      const batches = Array.from({ length: count }, (_, i) => batchOf(step + i));
      const moving = frames.map((keyframe) => ({
        pose: keyframe.pose,
        anchor: keyframe.anchor,
        optimise: joint && !keyframe.held && (keyframe === current || window.includes(keyframe)),
      }));
      this.#backend.fit(this.#field, batches, moving, this.#fit);
      moving.forEach(({ pose }, i) => (frames[i]!.pose = pose));
    }
    return current.pose;
  }

  clear(): void {
    this.keyframes.clear();
    this.#current = undefined;
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
