import { compose, inverse, log, type Pose, type Twist } from '../../geometry/se3.js';
import { TIME_SCALE, type LinearSystem, type Unknowns } from '../linear-system.js';
import type { PriorContext, PriorTerm } from './prior.js';
import { twistOffset } from './twist-prior.js';

/** How far the velocity within a sweep may be from what the steps between poses say, m/s or rad/s, at least. */
const SIGMA = 0.2;
/** And how far as a multiple of what carrying the acceleration on was wrong by in the steps before. */
const SPREADS = 5;
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
  /** Velocity at the middle of the sweep before, sensor frame. */
  readonly sweep?: Twist | undefined;
  /** Variances (m/s, rad/s; submap axes) of the steps' velocities about their acceleration carried on; none: 0. */
  readonly spread?: Float64Array | undefined;
  /** Middle of the sweep relative to the stamp, and its length, seconds. */
  readonly middle: number;
  readonly duration?: number;
}

/**
 * Ties the velocity within a sweep to the step from the pose before: both are unknown, but they belong to one motion.
 * The velocity at the middle of the sweep is that of the step, carried on with the acceleration since the step before.
 * Without it the velocity follows what it is mixed up with, such as a wrong elevation of the beams. Where the motion is
 * restless, as the bounce of a walker, the tie is the looser.
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
    const variance = SIGMA ** 2 + SPREADS ** 2 * (this.steps.spread?.[component] ?? 0);
    return (CORRELATED * TIME_SCALE ** 2) / variance;
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
