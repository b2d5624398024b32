import type { Random } from '../../../src/geometry/random.js';
import type { Bounds } from '../../../src/sim/objects/solid.js';

/** A point in the bounds grown by `margin` of their largest extent. */
export function pointAround(bounds: Bounds, margin: number, random: Random): [number, number, number] {
  const extent = Math.max(bounds[3] - bounds[0], bounds[4] - bounds[1], bounds[5] - bounds[2]);
  const coordinate = (k: 0 | 1 | 2): number =>
    random.range(bounds[k] - margin * extent, bounds[(k + 3) as 3 | 4 | 5] + margin * extent);
  return [coordinate(0), coordinate(1), coordinate(2)];
}
