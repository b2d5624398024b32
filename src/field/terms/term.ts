import type { GeometricTerm } from './geometric.js';
import type { PriorTerm } from './prior.js';

/** A term whose sums a backend computes. */
export type MeasurementTerm = GeometricTerm;
/** What a pose is solved from. */
export type Term = MeasurementTerm | PriorTerm;
