import type { GeometricTerm } from './geometric.js';
import type { PhotometricTerm } from './photometric.js';
import type { PriorTerm } from './prior.js';

/** A term whose sums a backend computes. */
export type MeasurementTerm = GeometricTerm | PhotometricTerm;
/** Whether a term compares a LiDAR's points with a field: all backends compute those themselves. */
export function isPlain(term: MeasurementTerm): term is GeometricTerm {
  return term.kind === 'geometric' && !term.surface.information;
}

/** What a pose is solved from. */
export type Term = MeasurementTerm | PriorTerm;
