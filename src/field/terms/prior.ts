import type { LinearSystem, Unknowns } from '../linear-system.js';

/** What a prior may go by. */
export interface PriorContext {
  /** The measurements alone, as they were summed. */
  readonly measured: LinearSystem;
  /** Mean squared residual of the measurements: information in their units is variance/σ². */
  readonly variance: number;
  /** Whether all robust scales have reached their end. */
  readonly final: boolean;
  /** Index of the term's first own unknown in the system; in `at.own` it is 12 less. */
  readonly firstOwn: number;
}

/**
 * A term that needs no field: what is known beforehand, or a measurement whose residuals are computed in TypeScript. It
 * may bring unknowns of its own, such as a bias or a gain, which are solved together with the pose.
 */
export interface PriorTerm {
  readonly kind: 'prior';
  /** Number of unknowns of its own. */
  readonly ownUnknowns: number;
  /** Adds its information matrix and minus its gradient. */
  add(total: LinearSystem, at: Unknowns, context: PriorContext): void;
}
