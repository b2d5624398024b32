import { describe, expect, it } from 'vitest';
import { FreeBounds } from '../../src/completion/free-bounds.js';
import { NormalEquations } from '../../src/completion/normal-equations.js';
import { DEFAULT_COMPLETION } from '../../src/completion/options.js';
import { placementAt, placedX, placedY } from '../../src/completion/placement.js';
import { decodeShape, PriorReader } from '../../src/completion/shape-prior.js';
import { interpolate, newStencil } from '../../src/completion/prior-grid.js';
import { ballPrior } from './helpers.js';

describe('FreeBounds', () => {
  const prior = ballPrior();
  const placement = placementAt(0.4, [-0.01, 0, 0, 0.02, 0.01, 0]);
  const z = Float64Array.from({ length: prior.rank }, (_, k) => Math.cos(k));
  // A lattice through the shape and around it.
  const points = Float32Array.from(
    [...Array(6 * 6 * 6).keys()].flatMap((i) => [
      -0.05 + 0.02 * (i % 6),
      -0.05 + 0.02 * (Math.floor(i / 6) % 6),
      0.003 + 0.02 * Math.floor(i / 36),
    ]),
  );
  const free = { points, clearances: new Float32Array(points.length / 3).fill(0.006) };
  const field = decodeShape(prior, z);
  const stencil = newStencil();
  const distance = (i: number, values = field): number => {
    const [x, y] = [points[3 * i]!, points[3 * i + 1]!];
    const outside = interpolate(prior.grid, placedX(placement, x, y), placedY(placement, x, y), points[3 * i + 2]!, stencil); // prettier-ignore
    return stencil.corners.reduce((sum, corner, c) => sum + stencil.weights[c]! * values[corner]!, outside);
  };

  it('are rows at the points that a shape comes too near to, once each', () => {
    const near = Array.from(free.clearances.keys()).filter((i) => distance(i) < 0.006);
    expect(near.length).toBeGreaterThan(10);
    expect(near.length).toBeLessThan(200);
    const [system, truth] = [new NormalEquations(prior.rank), new NormalEquations(prior.rank)];
    const bounds = new FreeBounds(prior, placement, free, DEFAULT_COMPLETION);
    expect(bounds.addTo(system, z)).toBe(near.length);
    const reader = new PriorReader(prior);
    for (const i of near) {
      const [x, y] = [points[3 * i]!, points[3 * i + 1]!];
      reader.at(placedX(placement, x, y), placedY(placement, x, y), points[3 * i + 2]!);
      const variance = DEFAULT_COMPLETION.freeSigma ** 2 + DEFAULT_COMPLETION.leftOutShare * reader.leftOut;
      truth.addBound(reader.components, free.clearances[i]! - reader.mean, 1 / variance);
    }
    for (let k = 0; k < prior.rank; k++) expect(system.h[k]! / truth.h[k]!).toBeCloseTo(1, 9);
    expect(system.G).toEqual(truth.G);
    expect(bounds.addTo(system, z)).toBe(0);
  });

  it('are added later where another shape comes too near, but not from far away', () => {
    const system = new NormalEquations(prior.rank);
    const bounds = new FreeBounds(prior, placement, free, DEFAULT_COMPLETION);
    const smaller = decodeShape(
      prior,
      Float64Array.from(z, (v) => -v),
    );
    const all = Array.from(free.clearances.keys());
    const before = new Set(all.filter((i) => distance(i, smaller) < 0.006));
    const reached = all.filter((i) => !before.has(i) && distance(i) < 0.006);
    // What was 2 cm farther than it has to be is taken for out of reach.
    const later = reached.filter((i) => distance(i, smaller) < 0.026);
    expect(later.length).toBeGreaterThan(5);
    expect(later.length).toBeLessThan(reached.length);
    const first = bounds.addTo(
      system,
      Float64Array.from(z, (v) => -v),
    );
    expect(first).toBe(before.size);
    expect(bounds.addTo(system, z)).toBe(later.length);
    expect(system.rows).toBe(first + later.length);
  });
});
