import { compose, inverse, log, type Pose, type Twist } from '../../geometry/se3.js';
import { TIME_SCALE, type LinearSystem, type Unknowns } from '../linear-system.js';
import type { PriorContext, PriorTerm } from './prior.js';
import { twistOffset } from './twist-prior.js';

/** How far the velocity within a sweep may be from what the steps between poses say, m/s and rad/s. */
const SIGMA_LINEAR = 0.3;
const SIGMA_ANGULAR = 0.3;
/** Residuals of neighbouring points are alike: so many of them count as one (measured on real drives). */
export const CORRELATED = 30;

/** What the steps between poses of one sensor say about its velocity. */
export interface MotionSteps {
  /** T_submap_sensor of the observation before. */
  readonly last: Pose;
  /** Seconds since then. */
  readonly dt: number;
  /** Mean velocity up to then, from the step before; sensor frame, m/s and rad/s. */
  readonly before?: Twist | undefined;
  /** Middle of the sweep relative to the stamp, seconds. */
  readonly middle: number;
}

/**
 * Ties the velocity within a sweep to the step from the pose before: both are unknown, but they belong to one motion.
 * The velocity at the middle of the sweep is that of the step, carried on with the acceleration since the step before.
 * Without it the velocity follows what it is mixed up with, such as a wrong elevation of the beams.
 *
 * @example
 * const terms = [geometric, new TwistPrior(twist, 3, 3), new MotionTie({ last, dt: 0.1, middle: 0 })];
 */
export class MotionTie implements PriorTerm {
  readonly kind = 'prior';
  readonly ownUnknowns = 0;
  /** How the tied velocity moves with the pose: change per metre or radian, scaled time. */
  readonly sensitivity: number;
  readonly #gain: number;

  constructor(readonly steps: MotionSteps) {
    const { dt, before, middle } = steps;
    // Of the difference between this step and the one before: from the middle of the step to that of the sweep.
    this.#gain = before ? (middle + dt / 2) / dt : 0;
    this.sensitivity = (1 + this.#gain) / (dt * TIME_SCALE);
  }

  /** Velocity at the middle of the sweep that a pose means; sensor frame, m/s and rad/s. */
  velocity(T_submap_sensor: Pose): Twist {
    const { last, dt, before } = this.steps;
    const step = log(compose(inverse(last), T_submap_sensor)).map((v) => v / dt);
    return before ? step.map((v, i) => v + this.#gain * (v - before[i]!)) : step;
  }

  /** Information of a component of the residual, 0 … 5, per mean squared residual of the measurements. */
  information(component: number): number {
    const sigma = (component < 3 ? SIGMA_LINEAR : SIGMA_ANGULAR) / TIME_SCALE;
    return CORRELATED / (sigma * sigma);
  }

  /**
   * Residual: undistorting twist minus velocity(pose), submap axes. To first order in the turn of a step the latter moves
   * with the pose by (1 + gain)/dt, along the same axes. What a turn does to the linear part is left out: beside what the
   * points say about turns it is nothing.
   */
  add(total: LinearSystem, at: Unknowns, { variance }: PriorContext): void {
    const { A, b, size: n } = total;
    const offset = twistOffset(this.velocity(at.pose), at);
    const s = this.sensitivity;
    for (let i = 0; i < 6; i++) {
      const information = variance * this.information(i);
      A[i * (n + 1)]! += information * s * s;
      A[(6 + i) * (n + 1)]! += information;
      A[(6 + i) * n + i]! -= information * s;
      A[i * n + 6 + i]! -= information * s;
      b[i]! += information * s * offset[i]!;
      b[6 + i]! -= information * offset[i]!;
    }
  }
}
