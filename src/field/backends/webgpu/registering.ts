import { R_SUMS } from '../../../kernels/layout/field.js';
import type { Pose } from '../../../geometry/se3.js';
import type { ClassSums } from '../../linear-system.js';
import type { RegisterOptions } from '../plain.js';
import type { DeviceField } from './device-field.js';
import type { GpuMap } from './gpu-map.js';
import { MAX_STEPS, PRIOR_WORDS, PRIORS, REGISTER_CHUNK, STATE, STATE_WORDS, STOP } from './layout.js';

const SYSTEM = 75;
/** Words of the state that a pass reads, and poses that are registered in one go. */
const SHORT_STATE = 32;
const MANY = 64;
const RECORD = 11; // words a point, as in wgsl/register.ts
/** Steps recorded in one go; most scans need no more. */
const AHEAD = 8;

/** Poses at which points are registered, each with a correction of the twist. */
export interface RegisterInput {
  readonly poses: readonly Pose[];
  /** 6 per pose. */
  readonly twists: Float64Array;
  readonly options: RegisterOptions;
}

/** A {@link MotionTie} at the first pose. */
export interface TieInput {
  /** Change of the velocity per change of the pose, scaled time. */
  readonly gain: number;
  /** Information per variance of each component, scaled time. */
  readonly information: readonly number[];
  /** Twist minus velocity, submap axes and scaled time. */
  readonly offset: readonly number[];
}

/** What a whole registration needs; lengths in metres, angles in radians. */
export interface AlignInput {
  readonly pose: Pose;
  /** The first robust scale is that of the next pass. */
  readonly options: RegisterOptions;
  readonly kernelEnd: number;
  readonly anneal: number;
  readonly maxIterations: number;
  readonly translationTolerance: number;
  readonly rotationTolerance: number;
  readonly groundWeight: number;
  /** Whether the twist is solved for too, and its standard deviations per unit of scaled time. */
  readonly solveTwist: boolean;
  readonly twistSigmaLinear: number;
  readonly twistSigmaAngular: number;
  /** Twist that the points are undistorted with minus the predicted one, sensor frame, per unit of scaled time. */
  readonly twistOffset: ArrayLike<number>;
  /** Turn (radians per unit of scaled time) beyond which the points must be undistorted anew. */
  readonly maxTurn: number;
  /** Whether directions seen with less than `minConditioning` are held to the prediction. */
  readonly hold: boolean;
  readonly minConditioning: number;
  /** Information per variance with which they are held at most, and the eigenvalue per unit weight that noise makes. */
  readonly holdInformation: number;
  readonly noiseFloor: number;
  /** How the velocity within the sweep is tied to the pose; absent where it is not. */
  readonly tie?: TieInput | undefined;
  /** Priors about the pose at the first pose: the upper triangle of Λ, the residual and 1 if it fades, 28 numbers each; two at most. */
  readonly priors: readonly (readonly number[])[];
  readonly predicted: Pose;
  /** The last step before was small: the first pass only gives the sums. */
  readonly pending: boolean;
}

/** Sums per chunk of points, 2 × R_SUMS each. */
export interface RegisterOutcome {
  readonly partials: Float32Array;
}

export interface AlignOutcome extends RegisterOutcome {
  readonly state: Float32Array;
}

/** x y z τ and 1 = ground, per point. */
function uploadTargets(map: GpuMap, targets: Float32Array): number {
  const { gpu } = map;
  gpu.write(gpu.ensureBuffer('targets', targets.byteLength), 0, targets);
  const count = targets.length / 5;
  gpu.ensureBuffer('records', Math.ceil(count / REGISTER_CHUNK) * REGISTER_CHUNK * RECORD * 4);
  gpu.ensureBuffer('partials', Math.ceil(count / REGISTER_CHUNK) * 2 * R_SUMS * 4);
  return count;
}

function pass(
  map: GpuMap,
  field: DeviceField,
  count: number,
  options: RegisterOptions,
  always: boolean,
  k = 0,
): void {
  const { levels } = field.options;
  const four = (values: readonly number[]): number[] => [0, 1, 2, 3].map((i) => values[i] ?? 0);
  const chunks = Math.ceil(count / REGISTER_CHUNK);
  map.gpu.run('register', chunks * REGISTER_CHUNK, [
    four(options.kernels),
    four(options.levelWeights),
    four(levels.map(({ voxel }) => 1 / voxel)),
    [options.gradientScale, options.minWeight, options.timeScale, k * SHORT_STATE],
    { u: [count, levels.length, always ? 1 : 0, chunks * REGISTER_CHUNK] },
    { u: [field.grid(0), 0, 0, 0] },
  ]);
  map.gpu.run('sumRegister', chunks * 14, [{ u: [chunks, chunks * REGISTER_CHUNK, k * chunks, 0] }]);
}

function initialState(pose: Pose, twist: ArrayLike<number>, kernel: number): Float32Array {
  const state = new Float32Array(STATE_WORDS);
  state.set(pose, STATE.pose);
  state.set(twist, STATE.turned);
  state[STATE.kernel] = kernel;
  return state;
}

/** One pass of the points at each of the poses; many cost one round trip. Sums of a pose follow those of the one before. */
export async function register(
  map: GpuMap,
  field: DeviceField,
  targets: Float32Array,
  { poses, twists, options }: RegisterInput,
): Promise<RegisterOutcome> {
  const count = targets.length / 5;
  if (count === 0) return { partials: new Float32Array(0) };
  const { gpu } = map;
  uploadTargets(map, targets);
  const sums = Math.ceil(count / REGISTER_CHUNK) * 2 * R_SUMS;
  const out = new Float32Array(poses.length * sums);
  for (let first = 0; first < poses.length; first += MANY) {
    const part = poses.slice(first, first + MANY);
    const states = new Float32Array(part.length * SHORT_STATE);
    part.forEach((pose, k) => {
      const twist = twists.subarray((first + k) * 6, (first + k + 1) * 6);
      const state = initialState(pose, twist, options.kernels[0]!);
      states.set(state.subarray(0, SHORT_STATE), k * SHORT_STATE);
    });
    gpu.ensureBuffer('partials', part.length * sums * 4);
    gpu.write(gpu.buffer('state'), 0, states);
    part.forEach((_, k) => pass(map, field, count, options, true, k));
    const [words] = await gpu.read({ buffer: gpu.buffer('partials'), bytes: part.length * sums * 4 });
    out.set(new Float32Array(words!), first * sums);
  }
  return { partials: out };
}

/** Gauss–Newton without a round trip per step: passes and solutions follow each other on the device. */
export async function align(
  map: GpuMap,
  field: DeviceField,
  targets: Float32Array,
  o: AlignInput,
): Promise<AlignOutcome> {
  const { gpu } = map;
  const count = uploadTargets(map, targets);
  const start = initialState(o.pose, o.options.twist, o.options.kernels[0]!);
  start.set(o.twistOffset, STATE.offset);
  start.set([o.predicted[3]!, o.predicted[7]!, o.predicted[11]!], STATE.predicted);
  start[STATE.pending] = o.pending ? 1 : 0;
  o.priors.forEach((prior, i) => start.set(prior, PRIORS + i * PRIOR_WORDS));
  gpu.write(gpu.buffer('state'), 0, start);
  const steps = Math.min(o.maxIterations, MAX_STEPS);
  const chunks = Math.ceil(count / REGISTER_CHUNK);
  for (let done = 0; ; done += AHEAD) {
    for (let i = done; i < Math.min(done + AHEAD, steps + 1); i++) {
      pass(map, field, count, o.options, false);
      gpu.runGroups('solve', 1, [
        [o.kernelEnd, o.anneal, o.translationTolerance, o.rotationTolerance],
        [o.twistSigmaLinear, o.twistSigmaAngular, o.maxTurn],
        [o.groundWeight, o.minConditioning, o.holdInformation, o.noiseFloor],
        [o.tie?.gain ?? 0, ...(o.tie?.information.slice(0, 3) ?? [0, 0, 0])],
        [...(o.tie?.information.slice(3) ?? [0, 0, 0]), o.priors.length],
        o.tie?.offset.slice(0, 3) ?? [0, 0, 0],
        o.tie?.offset.slice(3) ?? [0, 0, 0],
        { u: [chunks, steps, o.solveTwist ? 12 : 6, o.hold ? 1 : 0] },
      ]);
    }
    const bytes = chunks * 2 * R_SUMS * 4;
    const [state, partials] = await gpu.read(
      { buffer: gpu.buffer('state'), bytes: STATE_WORDS * 4 },
      { buffer: gpu.buffer('partials'), bytes },
    );
    const outcome = { state: new Float32Array(state!), partials: new Float32Array(partials!) };
    if (outcome.state[STATE.stop] !== STOP.running || done + AHEAD > steps) return outcome;
  }
}

/** Adds the chunks' sums up in float64, in order. */
export function addSums(partials: Float32Array, sums: ClassSums): void {
  const total = new Float64Array(2 * R_SUMS);
  for (let at = 0; at < partials.length; at += total.length)
    for (let e = 0; e < total.length; e++) total[e]! += partials[at + e]!;
  sums.forEach((out, kind) => {
    const at = kind * R_SUMS;
    out.system.set(total.subarray(at, at + SYSTEM));
    out.weight = total[at + 75]!;
    out.cost = total[at + 76]!;
    out.valued = total[at + 77]!;
    out.inliers = total[at + 78]!;
    out.points = total[at + 79]!;
    out.absolute = total[at + 80]!;
    out.coarse = total[at + 81]!;
    out.coarseInliers = total[at + 82]!;
  });
}
