import { solveCholesky } from '../geometry/linear.js';
import { compose, inverse, moveAtSensor, type Pose } from '../geometry/se3.js';
import type { FitBatch, FitFrame, FitOptions, FitResult, PosePrior } from './backend.js';

/** Numbers of a frame's system: H (21), b (6), samples. */
export const POSE_SYSTEM = 28;

/** Steps of `fit` with the poses moved in between, for backends that do one at a time. */
export function fitSteps(
  batches: readonly FitBatch[],
  frames: readonly FitFrame[],
  { prior }: FitOptions,
  step: (batch: FitBatch) => FitResult,
): FitResult {
  let result: FitResult = { loss: 0, used: 0, systems: new Float64Array(frames.length * POSE_SYSTEM) };
  for (const batch of batches) {
    result = step(batch);
    frames.forEach((frame, i) => {
      const system = result.systems.subarray(i * POSE_SYSTEM, (i + 1) * POSE_SYSTEM);
      if (frame.optimise) frame.pose = poseStep(frame.pose, frame.anchor, system, prior);
    });
  }
  return result;
}

/** One damped Gauss–Newton step of a pose against the field, held to its anchor. */
function poseStep(pose: Pose, anchor: Pose, system: Float64Array, prior: PosePrior): Pose {
  if (!(system[27]! > prior.minSamples)) return pose; // too few samples to say anything
  const scale = prior.systemScale;
  const offset = compose(pose, inverse(anchor));
  const A = new Float64Array(36);
  const b = new Float64Array(6);
  let at = 0;
  for (let r = 0; r < 6; r++) for (let c = r; c < 6; c++) A[c * 6 + r] = A[r * 6 + c] = scale * system[at++]!;
  const moved = [
    pose[3]! - anchor[3]!,
    pose[7]! - anchor[7]!,
    pose[11]! - anchor[11]!,
    (offset[9]! - offset[6]!) / 2,
    (offset[2]! - offset[8]!) / 2,
    (offset[4]! - offset[1]!) / 2,
  ];
  for (let i = 0; i < 6; i++) {
    const information = i < 3 ? prior.priorTranslation : prior.priorRotation;
    A[i * 7]! += information;
    b[i] = -scale * system[21 + i]! - information * moved[i]!;
  }
  return solveCholesky(A, b, 6) ? moveAtSensor(pose, b) : pose;
}
