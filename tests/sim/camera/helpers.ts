import { identity, type Pose } from '../../../src/geometry/se3.js';
import { accelerationOf, twistOf, type Body } from '../../../src/sim/body.js';
import { RgbdSimulation, type RgbdSimulationOptions } from '../../../src/sim/camera/rgbd-simulation.js';
import type { Light } from '../../../src/sim/looks/illumination.js';
import { Scene } from '../../../src/sim/looks/scene.js';
import type { Primitive } from '../../../src/sim/primitives.js';
import { worldOf } from '../helpers.js';

export function sceneOf(statics: readonly Primitive[], lights: readonly Light[] = [], ambient = 1): Scene {
  return new Scene({ world: worldOf(statics), lights, ambient });
}

/** A body from its pose as a function of time. */
export function bodyOf(pose: (t: number) => Pose): Body {
  return { pose, twist: (t) => twistOf(pose, t), acceleration: (t) => accelerationOf(pose, t) };
}

/** At rest in the origin. */
export const STILL = bodyOf(() => identity());

/** A small camera, quick to render. */
export const SMALL: RgbdSimulationOptions = { scene: 'room', seed: 3, width: 160, height: 120, duration: 2 };
/** The same without anything that real cameras do. */
export const PERFECT: RgbdSimulationOptions = {
  ...SMALL,
  depthNoise: false,
  colorNoise: false,
  readout: 0,
  delay: 0,
};

export function simulated(options: Partial<RgbdSimulationOptions> = {}): RgbdSimulation {
  return new RgbdSimulation({ ...SMALL, ...options });
}
