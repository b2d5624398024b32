import type { Submaps } from './mapping/submaps.js';
import type { Scales } from './scale.js';
import type { KinematicSigma } from './touch/kinematics.js';
import type { TouchRegistration } from './touch/registration.js';
import type { TouchesTogether } from './touch/together.js';
import type { Extrinsics } from './tracking/extrinsics.js';
import type { BodyMotion } from './tracking/motion.js';

/** The parts with which an Estimator finds poses; see create.ts for how they are made. */
export interface EstimatorParts {
  readonly motion: BodyMotion;
  readonly scales: Scales;
  readonly submaps: Submaps;
  readonly extrinsics: Extrinsics;
  /** Of touches, with what the arm is good for, and the touches so far where they are mapped. */
  readonly touch: {
    readonly registration: TouchRegistration;
    readonly kinematics: KinematicSigma;
    readonly together?: TouchesTogether | undefined;
  };
}
