import { moveAtSensor, type Pose } from '../../../geometry/se3.js';
import type { SurfaceSamples } from '../../../sensors/observation.js';
import { corrected } from '../../gauss-newton.js';
import { emptySums, LinearSystem, TIME_SCALE, unknownsAt, type ClassSums } from '../../linear-system.js';
import { MAX_LINEAR_TURN, type AlignProblem, type AlignSolution } from '../../registration.js';
import type { GeometricTerm } from '../../terms/geometric.js';
import { MotionTie } from '../../terms/motion-tie.js';
import { PoseTerm } from '../../terms/pose-term.js';
import { HOLD_INFORMATION, NOISE_FLOOR, SlidingHold } from '../../terms/sliding-hold.js';
import { TwistPrior, twistOffset } from '../../terms/twist-prior.js';
import { registerOptions } from '../plain.js';
import { ownField } from './field.js';
import { MAX_PRIORS, STATE, STOP } from './layout.js';
import { addSums, type AlignInput, type AlignOutcome } from './registering.js';

/** The one kind of problem that the device solves by itself. */
interface DeviceProblem {
  readonly term: GeometricTerm & { readonly kernelEnd: number };
  readonly twistPrior: TwistPrior | undefined;
  readonly hold: SlidingHold | undefined;
  readonly tie: MotionTie | undefined;
  readonly priors: readonly PoseTerm[];
}

/** Undefined for a problem of another kind. */
function asDeviceProblem({ terms, solveTwist, twist }: AlignProblem): DeviceProblem | undefined {
  const geometric = terms.filter((term) => term.kind === 'geometric');
  const twistPrior = terms.find((term) => term instanceof TwistPrior);
  const hold = terms.find((term) => term instanceof SlidingHold);
  const tie = terms.find((term) => term instanceof MotionTie);
  const priors = terms.filter((term) => term instanceof PoseTerm);
  const known = [...geometric, ...priors, twistPrior, hold, tie].filter((term) => term !== undefined).length;
  const [term] = geometric;
  if (geometric.length !== 1 || known !== terms.length || term!.kernelEnd === undefined) return undefined;
  if ((solveTwist && !twistPrior) || priors.length > MAX_PRIORS) return undefined;
  if (hold && hold.predictedTwist !== (twistPrior?.predicted ?? twist)) return undefined;
  if (term!.surface.keypoints.length === 0) return undefined;
  return { term: { ...term!, kernelEnd: term!.kernelEnd }, twistPrior, hold, tie, priors };
}

/** The upper triangle of Λ, the residual, and 1 if it fades. */
function atPose(prior: PoseTerm, pose: Pose): number[] {
  const { information, residual } = prior.quadratic(pose);
  return [...information.filter((_, i) => i % 6 >= Math.floor(i / 6)), ...residual, prior.fades ? 1 : 0];
}

/** Points as they are sent: views of shared memory, not copies. */
export function registered({
  x,
  y,
  z,
  tau,
  flags,
  keypoints,
}: SurfaceSamples): Pick<SurfaceSamples, 'x' | 'y' | 'z' | 'tau' | 'flags' | 'keypoints'> {
  return { x, y, z, tau, flags, keypoints };
}

/**
 * Gauss–Newton with the iteration on the device, without a round trip per step; its steps are repeated here in float64.
 *
 * @param align undefined when the device is gone
 * @returns undefined where the shared loop must do it, from the start: the problem is of another kind, or the device
 *   went away
 */
export function solveOnDevice(
  problem: AlignProblem,
  align: (input: AlignInput & { field: number; scan: unknown }) => AlignOutcome | undefined,
): AlignSolution | undefined {
  const known = asDeviceProblem(problem);
  if (!known) return undefined;
  const { term, twistPrior, hold, tie, priors } = known;
  const { undistort, twist, maxIterations, translationTolerance, rotationTolerance, anneal } = problem;
  const predictedTwist = twistPrior?.predicted ?? twist;
  const correction = new Float64Array(6);
  let pose = problem.start;
  let undistorted = twist;
  let kernel = term.kernels[0]!;
  let iterations = 0;
  let pending = false;
  let ended: number | undefined;
  for (;;) {
    const unknowns = { ...unknownsAt(pose), correction };
    const kernels = [kernel, ...term.kernels.slice(1)];
    const done = align({
      field: ownField(term.field).number,
      scan: registered(term.surface),
      pose,
      options: { ...registerOptions(term, unknowns), kernels },
      kernelEnd: term.kernelEnd,
      anneal,
      maxIterations: maxIterations - iterations,
      translationTolerance,
      rotationTolerance,
      groundWeight: term.groundWeight,
      solveTwist: problem.solveTwist,
      twistSigmaLinear: (twistPrior?.sigmaLinear ?? 1) / TIME_SCALE,
      twistSigmaAngular: (twistPrior?.sigmaAngular ?? 1) / TIME_SCALE,
      twistOffset: undistorted.map((v, i) => (v - predictedTwist[i]!) / TIME_SCALE),
      maxTurn: MAX_LINEAR_TURN,
      hold: hold !== undefined,
      minConditioning: hold?.minConditioning ?? 1,
      holdInformation: HOLD_INFORMATION,
      noiseFloor: NOISE_FLOOR,
      tie: tie && {
        gain: tie.sensitivity,
        information: Array.from({ length: 6 }, (_, i) => tie.information(i)),
        offset: [...twistOffset(tie.velocity(pose), { ...unknownsAt(pose), undistorted })],
      },
      priors: priors.map((prior) => atPose(prior, pose)),
      predicted: hold?.predicted ?? problem.start,
      pending,
    });
    if (!done) {
      undistort?.(twist);
      return undefined;
    }
    const { state, partials } = done;
    const stop = state[STATE.stop]!;
    const taken = state[STATE.iterations]! - (stop === STOP.singular ? 1 : 0);
    for (let at = STATE.steps; at < STATE.steps + 12 * taken; at += 12) {
      pose = moveAtSensor(pose, state.subarray(at, at + 6));
      for (let i = 0; i < 6; i++) correction[i]! += state[at + 6 + i]!;
    }
    iterations += state[STATE.iterations]!;
    kernel = state[STATE.kernel]!;
    pending = state[STATE.pending] !== 0;
    if (stop === STOP.deskew && undistort) {
      undistorted = corrected(undistorted, pose, correction);
      undistort(undistorted);
      correction.fill(0);
      continue;
    }
    if (term.sumsKernel !== undefined && ended === undefined) {
      // One more pass, for the sums alone.
      ended = stop;
      kernel = term.sumsKernel;
      pending = true;
      continue;
    }
    const sums: ClassSums = [emptySums(), emptySums()];
    addSums(partials, sums);
    const system = new LinearSystem();
    system.addGeometric(sums, term.groundWeight);
    const { weight, cost } = system;
    return {
      pose,
      twist: corrected(undistorted, pose, correction),
      own: new Float64Array(0),
      system,
      variance: weight > 0 ? Math.max(1e-6, cost / weight) : kernel * kernel,
      iterations,
      converged: (ended ?? stop) === STOP.converged,
    };
  }
}
