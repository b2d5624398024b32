import { cornerCount, type PriorGrid } from '../prior-grid.js';
import type { ShapePrior } from '../shape-prior.js';
import type { PrincipalComponents, SampleTable } from './principal-components.js';
import { SAMPLE_UNIT } from './shape-samples.js';

/** A component's largest number; steps are no finer than asked for, coarser where it would not fit. */
const LARGEST = 127;

/**
 * The prior from principal components of sampled shapes: components in units of one standard deviation, in whole numbers
 * of `step` (m), so that weak components have small numbers, which pack well.
 */
export function priorFrom(
  table: SampleTable,
  components: PrincipalComponents,
  grid: PriorGrid,
  truncation: number,
  step: number,
): ShapePrior {
  const corners = cornerCount(grid);
  const rank = components.variances.length;
  const packed = new Int8Array(corners * rank);
  const steps = new Float32Array(rank);
  for (let k = 0; k < rank; k++) {
    const deviation = Math.sqrt(components.variances[k]!) * SAMPLE_UNIT;
    const row = components.directions.subarray(k * corners, (k + 1) * corners);
    const most = deviation * row.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    steps[k] = Math.max(step, most / LARGEST);
    for (let corner = 0; corner < corners; corner++)
      packed[corner * rank + k] = Math.round((deviation * row[corner]!) / steps[k]!);
  }
  const mean = components.mean.map((v) => v * SAMPLE_UNIT);
  const prior = { grid, truncation, mean, rank, components: packed, steps, leftOut: new Float32Array(corners) };
  return { ...prior, leftOut: leftOut(table, prior) };
} // prettier-ignore

/** Variance at each corner that the packed components do not explain: all of it less theirs. */
function leftOut({ rows, columns, values }: SampleTable, prior: Omit<ShapePrior, 'leftOut'>): Float32Array {
  const out = new Float32Array(columns);
  const sums = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; i++)
    for (let d = 0; d < columns; d++) sums[d]! += (values[at++]! * SAMPLE_UNIT - prior.mean[d]!) ** 2;
  for (let d = 0; d < columns; d++) {
    let explained = 0;
    for (let k = 0; k < prior.rank; k++)
      explained += (prior.components[d * prior.rank + k]! * prior.steps[k]!) ** 2;
    out[d] = Math.max(0, sums[d]! / rows - explained);
  }
  return out;
}
