import type { Random } from '../../geometry/random.js';
import { compose, exp, type Pose } from '../../geometry/se3.js';

/** How wrong the arm is about where its sensor is. Standard deviations per axis; 0: exact. */
export interface KinematicError {
  /** Of each contact by itself (a slide is one): metres and radians. */
  readonly position: number;
  readonly rotation: number;
  /** Of each step within a slide, on top of what its first touch errs by, and adding up: metres and radians. */
  readonly stepPosition: number;
  readonly stepRotation: number;
  /** Of how the sensor sits on the hand, the same for all touches: metres and radians. */
  readonly handEyePosition: number;
  readonly handEyeRotation: number;
}

const DEGREE = Math.PI / 180;

/** 2 mm and 1° for each contact, 0.1 mm and 0.05° more with each step of a slide, 1 mm and 0.5° that all share. */
export const DEFAULT_KINEMATICS: KinematicError = {
  position: 0.002,
  rotation: DEGREE,
  stepPosition: 0.0001,
  stepRotation: 0.05 * DEGREE,
  handEyePosition: 0.001,
  handEyeRotation: 0.5 * DEGREE,
};

/** A small random motion. */
function disturbance(position: number, rotation: number, random: Random): Pose {
  const v = Array.from({ length: 6 }, (_, k) => random.normal() * (k < 3 ? position : rotation));
  const turn = exp([0, 0, 0, v[3]!, v[4]!, v[5]!]);
  for (let k = 0; k < 3; k++) turn[4 * k + 3] = v[k]!;
  return turn;
}

/** The error in how the sensor sits on the hand, drawn once: from where it is to where the arm has it. */
export function handEyeError(error: KinematicError, random: Random): Pose {
  return disturbance(error.handEyePosition, error.handEyeRotation, random);
}

/**
 * T_map_sensor as the arm has it: T_true · T_handEye · T_own, and as many steps of a slide. Turns are about the middle of the gel.
 *
 * @param random the same for all touches of a contact
 * @param steps of the slide before this touch
 */
export function kinematicPose(
  T_true: Pose,
  handEye: Pose,
  error: KinematicError,
  random: Random,
  steps = 0,
): Pose {
  let pose = compose(compose(T_true, handEye), disturbance(error.position, error.rotation, random));
  for (let k = 0; k < steps; k++)
    pose = compose(pose, disturbance(error.stepPosition, error.stepRotation, random));
  return pose;
}
