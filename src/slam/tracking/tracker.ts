import type { FieldBackend } from '../../field/backend.js';
import type { Field } from '../../field/field.js';
import { LinearSystem, unknownsAt } from '../../field/linear-system.js';
import type { AlignSolution } from '../../field/registration.js';
import type { GeometricTerm } from '../../field/terms/geometric.js';
import { MotionTie, type MotionSteps } from '../../field/terms/motion-tie.js';
import type { Exposure, PhotometricOptions } from '../../field/terms/photometric.js';
import type { PriorTerm } from '../../field/terms/prior.js';
import { SlidingHold } from '../../field/terms/sliding-hold.js';
import { TurnHold } from '../../field/terms/turn-hold.js';
import { TwistPrior } from '../../field/terms/twist-prior.js';
import { eigenSymmetric } from '../../geometry/linear.js';
import { compose, exp, type Pose, type Twist } from '../../geometry/se3.js';
import type { SurfaceSamples } from '../../sensors/observation.js';
import { meanInformation } from '../places/mean-information.js';
import { ColourSearch, isUnique } from './colour-search.js';
import { AS_MAPPED, exposureOf } from './exposure.js';
import { OpenDirection } from './open-direction.js';
import { trackCovariance } from './track-covariance.js';

/** Robust scale of a settled registration, as a multiple of the mean absolute residual: 1.6 of normal noise's σ. */
const RESIDUALS = 2;
/** And at least this share of the last scale of one that is not. */
const LEAST_KERNEL = 0.2;

export interface TrackerOptions {
  maxIterations: number;
  /** Robust scale of the first iteration and of the last, metres; multiplied by `anneal` in each. */
  kernelStart: number;
  kernelEnd: number;
  anneal: number;
  /** Scale of the weight by | |∇| − 1 |. */
  gradientScale: number;
  minWeight: number;
  /** Relative weight of each scalar level, finest first. */
  levelWeights: readonly number[];
  /** Robust scale of the coarse levels as a multiple of their voxel. */
  coarseKernels: readonly number[];
  /** Stop when a step is below, metres and radians. */
  translationTolerance: number;
  rotationTolerance: number;
  /** Standard deviations of the deskewing twist about its prediction, m/s and rad/s; 0 keeps it fixed. */
  twistSigmaLinear: number;
  twistSigmaAngular: number;
  /** Weight of ground points, relative to the others. */
  groundWeight: number;
  /** Directions seen with less (see Track.conditioning) are held to the prediction. */
  minConditioning: number;
  /** Whether turns that are not constrained are held too: a sensor that looks all around sees all. */
  holdTurns?: boolean | undefined;
  /** How brightness is compared with the map, where both have it; default: not at all. */
  photometric?: PhotometricOptions | undefined;
}

export interface Track {
  /** T_submap_sensor at the stamp. */
  readonly pose: Pose;
  /** Velocity at the middle of the sweep, sensor frame, m/s and rad/s. */
  readonly twist: Twist;
  /** 6×6 row-major, [x y z rotX rotY rotZ] about the sensor, submap axes. */
  readonly covariance: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
  /** Share of points with a value in the map, and of those within the kernel. */
  readonly valuedRatio: number;
  /** Points with a fine value. */
  readonly valuedPoints: number;
  /** Share of non-ground points with a value on any level, and of all those that fit it at least coarsely. */
  readonly knownRatio: number;
  readonly coarseRatio: number;
  readonly inlierRatio: number;
  /** Mean absolute residual of the inliers, metres. */
  readonly residual: number;
  /** Smallest eigenvalue of the translation part per unit weight: 1/3 when all directions are seen alike, 0 when one slides. */
  readonly conditioning: number;
  /** 3×3, Σ e eᵀ over the directions e that slide and were held to the prediction. */
  readonly unconstrained: Float64Array;
  /** Of the sensor during the sweep, its own frame, m/s² and rad/s²; absent where none was assumed. */
  readonly acceleration?: Twist;
  /** Of a frame with brightness, against the map. */
  readonly exposure?: Exposure;
  /** Of a frame with brightness: sum of the robust weights (0 … 1) of the points whose brightness was compared, as a share of all. */
  readonly colours?: number;
  /** How far (m) the sensor may be from where it was found, as neither surfaces nor colours tell where along a direction it is. */
  readonly ambiguousBy?: number;
  /** The same where surfaces and colours were compared at other places along it, and fit worse from here on. */
  readonly ambiguousWithin?: number;
  /** Told along a direction by so few points that it is known there to some voxels only: nothing to make a map with. */
  readonly imprecise?: boolean;
}

/** A track, and what it rests on. */
interface Registered {
  readonly track: Track;
  /** The measurements at its pose; valid until the next registration. */
  readonly system: LinearSystem;
  /** Direction that is seen the least, submap axes, and the conditioning of the next one. */
  readonly weakest: readonly [number, number, number];
  readonly second: number;
}

/** What a registration starts from. */
export interface TrackInput {
  /** Undistorted with `twist`. */
  readonly surface: SurfaceSamples;
  /** T_submap_sensor. */
  readonly predicted: Pose;
  /** Prediction of the sensor-frame twist. */
  readonly twist: Twist;
  /** Undistorts the samples anew with a corrected twist; absent where they carry no times. */
  readonly undistort?: ((twist: Twist) => void) | undefined;
  /** What the steps between poses say about the velocity within the sweep. */
  readonly steps?: MotionSteps | undefined;
  /** Whether the prediction is good enough to hold sliding directions to it; default: yes. */
  readonly hold?: boolean;
  /**
   * Mean absolute residual of the registration (m) whose result the prediction is: the robust scale begins and ends with
   * what suits it.
   */
  readonly settled?: number | undefined;
  /** What is known of the pose beside the surface. */
  readonly priors?: readonly PriorTerm[] | undefined;
  /** Of a frame with brightness: what is expected. */
  readonly exposure?: Exposure;
  /** Seconds since the pose that the prediction starts from, where it is only assumed that the motion went on; Infinity: no prediction. */
  readonly gap?: number | undefined;
}

/** Longest gap (s) over which a motion that goes on stays within what colours can follow, a voxel or two. */
export const FOLLOWED = 0.2;
/** Factor of the least conditioning that surfaces alone must have after a gap: close to it noise passes for information. */
const WEAK = 1.5;
/** Distance (fine voxels) within which places that fit alike are one place. */
const SETTLED = 5;
/** Beyond this (fine voxels) the frame is tracked, but not mapped: a box's key frames, 6 cm off and mapped, took those that followed along. */
const IMPRECISE = 4;
/** Share of points by which a start from the last place must fit better than one from the prediction. */
const BETTER = 0.02;
/** Share of all points that fit. */
export const fitOf = ({ valuedRatio, inlierRatio }: Track): number => valuedRatio * inlierRatio;
/** How fast a camera in a hand or on a robot is assumed to change its velocity (m/s²), and how far it strays at most (m). */
const STRAY = 1;
const MOST_STRAY = 0.5;
/** Metres that a pose may be wrong by before it is lost. */
export const MAX_AMBIGUITY = 0.25;
/** How far a sensor may be from where constant velocity takes it (m). */
function strayed(gap: number): number {
  return Math.min(MOST_STRAY, STRAY * gap * gap);
}

/** e eᵀ, 3×3. */
const outer = (e: readonly number[]): Float64Array =>
  Float64Array.from({ length: 9 }, (_, k) => e[Math.floor(k / 3)]! * e[k % 3]!);

/** How well surfaces alone tell the position: without what brightness adds. */
interface WeakDirections {
  /** Conditioning of the direction that is seen the least, and of the next one. */
  readonly least: number;
  readonly second: number;
  /** That direction, submap axes. */
  readonly weakest: readonly [number, number, number];
}

function weakDirections(system: LinearSystem): WeakDirections {
  const { weight, brightness } = system;
  const block = system.translationBlock().map((v, i) => v - brightness.block[i]!);
  const { values, vectors } = eigenSymmetric(block, 3);
  const share = (value: number): number => (weight > 0 ? Math.max(0, value) / weight : 0);
  return {
    least: share(values[0]!),
    second: share(values[1]!),
    weakest: [vectors[0]!, vectors[3]!, vectors[6]!],
  };
}

/**
 * Registers a surface with a field: makes the problem, has the backend solve it, and turns the solution into a track.
 *
 * @example
 * const track = new Tracker(backend, field, options).track({ surface, predicted, twist });
 */
export class Tracker {
  readonly #backend: FieldBackend;
  readonly #field: Field;
  readonly #options: TrackerOptions;
  readonly #scored = [new LinearSystem()];
  readonly #colours: ColourSearch | undefined;
  readonly #open: OpenDirection | undefined;

  constructor(backend: FieldBackend, field: Field, options: TrackerOptions) {
    this.#backend = backend;
    this.#field = field;
    this.#options = options;
    this.#colours = options.photometric && new ColourSearch(backend, field, options.photometric);
    this.#open = options.photometric && new OpenDirection(backend, field, options.photometric);
  }

  /** Registers a surface; where only colours tell how far it moved, they must do so in one place alone. */
  track(input: TrackInput): Track {
    const { surface, gap = 0 } = input;
    if (!surface.grey || !this.#colours || gap <= FOLLOWED) return this.#track(input, true).track;
    // Constant velocity is no measurement over so long a gap: held to it, key frames would be pulled away from where they were taken.
    const free = this.#freely(input, gap);
    const weak = weakDirections(free.system);
    if (weak.least >= WEAK * this.#options.minConditioning) return free.track;
    const away = this.#unsure(input, free, weak);
    const { voxel } = this.#field.levels[0]!;
    if (away <= SETTLED * voxel) return this.#located(free.track, away > IMPRECISE * voxel);
    const alone = this.#track(input, false);
    const placed = gap < Infinity ? this.#byColours(input, alone) : undefined;
    if (placed) return placed;
    // Both together are the best guess still, though no more than that along what the surfaces leave open.
    const open = alone.track.unconstrained;
    const unconstrained = open.some((v) => v !== 0) ? open : outer(alone.weakest);
    const found = { conditioning: weak.least, unconstrained };
    if (away <= MAX_AMBIGUITY) return { ...free.track, ...found, ambiguousWithin: away };
    return { ...this.#track(input, true).track, ...found, ambiguousBy: strayed(gap) };
  }

  /** From where the motion would have taken the sensor, or from where it was: in a hand it swings to and fro. The better fit. */
  #freely(input: TrackInput, gap: number): Registered {
    const onward = { ...input, hold: false };
    if (gap === Infinity || input.twist.every((v) => v === 0)) return this.#track(onward, true);
    const back = exp(input.twist.map((v) => -v * gap));
    const stayed = { ...onward, predicted: compose(input.predicted, back) };
    const { track } = this.#track(stayed, true);
    const gone = this.#track(onward, true);
    return fitOf(track) > fitOf(gone.track) + BETTER ? this.#track(stayed, true) : gone;
  }

  /** How far (m) along the one direction that the surfaces hardly tell the sensor may be from a registration. */
  #unsure(
    { surface, gap = 0, exposure = AS_MAPPED }: TrackInput,
    { track }: Registered,
    weak: WeakDirections,
  ): number {
    const reach = strayed(gap);
    if (gap === Infinity || weak.second < this.#options.minConditioning) return reach;
    const term = this.#term(surface, this.#options.kernelEnd);
    return this.#open!.farthest(term, track.pose, weak.weakest, reach, track.exposure ?? exposure);
  }

  /** A track that fits nowhere else along the direction which few points tell. */
  #located(track: Track, imprecise: boolean): Track {
    const conditioning = Math.max(track.conditioning, this.#options.minConditioning);
    return { ...track, conditioning, unconstrained: new Float64Array(9), imprecise };
  }

  /** The place along the one direction that the surfaces leave open where the colours fit best, if they do so there only. */
  #byColours(input: TrackInput, { track: { pose }, weakest, second }: Registered): Track | undefined {
    if (second < this.#options.minConditioning) return undefined;
    const { surface, gap = 0, exposure = AS_MAPPED } = input;
    const fit = this.#colours!.along(surface, pose, weakest, strayed(gap), exposure);
    if (!fit || !isUnique(fit)) return undefined;
    const start = pose.slice();
    for (let i = 0; i < 3; i++) start[i * 4 + 3]! += fit.offset * weakest[i]!;
    // Within a step of the right place: the scale is that of residuals which are not known yet.
    return this.#track({ ...input, predicted: start, settled: Infinity, hold: false }, true).track;
  }

  #track(
    { surface, predicted, twist, undistort, hold = true, steps, settled, priors = [], ...rest }: TrackInput,
    coloured: boolean,
  ): Registered {
    const o = this.#options;
    const { exposure = AS_MAPPED } = rest;
    const photometric = coloured && surface.grey ? o.photometric : undefined;
    const solveTwist = undistort !== undefined && o.twistSigmaLinear > 0;
    const solution = this.#backend.solve({
      terms: [
        settled === undefined
          ? { ...this.#term(surface, o.kernelStart), kernelEnd: o.kernelEnd }
          : this.#settledTerm(surface, settled),
        ...(photometric
          ? [
              {
                kind: 'photometric' as const,
                ...photometric,
                expected: exposure,
                field: this.#field,
                surface,
              },
            ]
          : []),
        new TwistPrior(twist, o.twistSigmaLinear, o.twistSigmaAngular),
        ...(solveTwist && steps ? [new MotionTie(steps)] : []),
        ...priors,
        ...(hold ? [new SlidingHold(predicted, twist, o.minConditioning)] : []),
        ...(hold && o.holdTurns ? [new TurnHold(predicted)] : []),
      ],
      ...(photometric && { own: Float64Array.of(exposure.gain, exposure.bias) }),
      start: predicted,
      twist,
      solveTwist,
      undistort,
      maxIterations: o.maxIterations,
      anneal: o.anneal,
      translationTolerance: o.translationTolerance,
      rotationTolerance: o.rotationTolerance,
    });
    const { system, own } = solution;
    const concluded = this.#conclude(solution, steps, solveTwist);
    if (!photometric) return concluded;
    const colours = system.brightness.weight / photometric.metresPerLevel ** 2 / surface.keypoints.length;
    const found = exposureOf(system, photometric.hold, own, exposure);
    const track = { ...concluded.track, exposure: found, colours };
    return { ...concluded, track };
  }

  /** Mean robust residual of a pose, for searches; small is good. */
  score(surface: SurfaceSamples, pose: Pose, kernel: number): number {
    this.#backend.linearise([this.#term(surface, kernel)], [unknownsAt(pose)], this.#scored);
    const [other, ground] = this.#scored[0]!.sums;
    const all = other.points + ground.points;
    return all ? 1 - (other.weight + ground.weight) / all / meanInformation(surface) : 1;
  }

  #term(surface: SurfaceSamples, kernel: number): GeometricTerm {
    const { coarseKernels, levelWeights, gradientScale, minWeight, groundWeight } = this.#options;
    return {
      kind: 'geometric',
      field: this.#field,
      surface,
      kernels: [kernel, ...coarseKernels],
      levelWeights,
      gradientScale,
      minWeight,
      groundWeight,
    };
  }

  /** With the scale of the residuals, so that edges which the grid rounds off do not pull; judged as any other. */
  #settledTerm(surface: SurfaceSamples, residual: number): GeometricTerm {
    const { kernelEnd } = this.#options;
    const kernel = Math.min(kernelEnd, Math.max(LEAST_KERNEL * kernelEnd, RESIDUALS * residual));
    return { ...this.#term(surface, kernel), kernelEnd: kernel, sumsKernel: kernelEnd };
  }

  #conclude(
    { pose, twist, system, variance, iterations, converged }: AlignSolution,
    steps: MotionSteps | undefined,
    swept: boolean,
  ): Registered {
    const [other, ground] = system.sums;
    const points = other.points + ground.points;
    const valued = other.valued + ground.valued;
    const inliers = other.inliers + ground.inliers;
    const { weight } = system;
    const { values, vectors } = eigenSymmetric(system.translationBlock(), 3);
    const unconstrained = new Float64Array(9);
    for (let k = 0; k < 3 && values[k]! < weight * this.#options.minConditioning; k++)
      for (let r = 0; r < 3; r++)
        for (let c = 0; c < 3; c++) unconstrained[r * 3 + c]! += vectors[r * 3 + k]! * vectors[c * 3 + k]!;
    const track = {
      pose,
      twist,
      covariance: trackCovariance(system, variance, steps, swept),
      iterations,
      converged,
      valuedPoints: valued,
      knownRatio: other.points ? (other.valued + other.coarse) / other.points : 0,
      coarseRatio: other.points ? (other.inliers + other.coarseInliers) / other.points : 0,
      valuedRatio: points ? valued / points : 0,
      inlierRatio: valued ? inliers / valued : 0,
      residual: inliers ? (other.absolute + ground.absolute) / inliers : Infinity,
      conditioning: weight > 0 ? Math.max(0, values[0]!) / weight : 0,
      unconstrained,
    };
    const second = weight > 0 ? Math.max(0, values[1]!) / weight : 0;
    return { track, system, weakest: [vectors[0]!, vectors[3]!, vectors[6]!], second };
  }
}
