import type { Random } from '../../geometry/random.js';
import { compose, exp, type Pose } from '../../geometry/se3.js';

/** How wrong the arm is about where its sensor is. Standard deviations per axis; 0: exact. */
export interface KinematicError {
  /** Of each contact by itself (a slide is one): metres and radians. */
  readonly position: number;
  readonly rotation: number;
  /** Of how the sensor sits on the hand, the same for all touches: metres and radians. */
  readonly handEyePosition: number;
  readonly handEyeRotation: number;
}

const DEGREE = Math.PI / 180;

/** 2 mm and 1° for each touch, 1 mm and 0.5° that all share. */
export const DEFAULT_KINEMATICS: KinematicError = {
  position: 0.002,
  rotation: DEGREE,
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

/** T_map_sensor as the arm has it: T_true · T_handEye · T_own. Turns are about the middle of the gel. */
export function kinematicPose(T_true: Pose, handEye: Pose, error: KinematicError, random: Random): Pose {
  return compose(compose(T_true, handEye), disturbance(error.position, error.rotation, random));
}
