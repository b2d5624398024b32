/** A tactile sensor that touches generated objects: truth, images of its gel, and what the arm believes. */
export {
  TouchSimulation,
  pressBall,
  type BallPress,
  type TouchSimulationOptions,
} from './touch-simulation.js';
export { DEFAULT_GEL, gelModel, type GelModel } from './gel.js';
export { DEFAULT_LOOK, GelRenderer, PLAIN_LOOK, type GelLight, type GelLook } from './gel-light.js';
export { DEFAULT_KINEMATICS, type KinematicError } from './kinematics.js';
export { press, pushUntil, type Press } from './press.js';
export { planTouches, PROBING, type PlannedTouch, type Probing, type ProbingOptions } from './probing.js';
