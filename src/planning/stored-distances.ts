import { SAMPLE_VALUES, type FieldBackend } from '../field/backend.js';
import type { Field } from '../field/field.js';
import type { Layer } from './layers.js';

export interface SlicedGrid extends Layer {
  readonly field: Field;
  /** Corners seen with less weight count as not seen. */
  readonly minWeight: number;
}

/** Share of the truncation beyond which a stored distance is one at least, no more. */
const WHOLE = 0.9;
/** Shortest gradient by which the nearest point of a surface is found. */
const LEAST_GRADIENT = 0.3;

/**
 * Distances at cells as the grids of a map have them, added coarsest first: near its surface the finest that saw a cell
 * counts; what a coarser one holds for solid stays so where a finer one only says that no surface is near.
 *
 * @example
 * const stored = new StoredDistances(points);
 * for (const grid of grids) stored.add(backend, grid, 0.05);
 * const { values, exact } = stored;
 */
export class StoredDistances {
  /** Metres; NaN where nothing was seen. */
  readonly values: Float32Array;
  /** 1 where the value is the distance; where it is 0, the distance is so large at least. */
  readonly exact: Uint8Array;

  /** @param points x y z per cell, metres; NaN where nothing is asked for */
  constructor(private readonly points: Float32Array) {
    const cells = points.length / 3;
    this.values = new Float32Array(cells).fill(NaN);
    this.exact = new Uint8Array(cells);
  }

  /** @param resolution side of a cell, metres */
  add(backend: FieldBackend, { field, minWeight, columns, parts }: SlicedGrid, resolution: number): void {
    const cells: number[] = [];
    const places: number[] = [];
    const { points } = this;
    const step = resolution / parts;
    for (let c = 0; c < this.exact.length; c++) {
      const [x, y, z] = [points[3 * c]!, points[3 * c + 1]!, points[3 * c + 2]!];
      if (Number.isNaN(z)) continue;
      for (let j = 0; j < parts; j++)
        for (let i = 0; i < parts; i++) {
          const px = x + (i + 0.5 - parts / 2) * step;
          const py = y + (j + 0.5 - parts / 2) * step;
          if (!columns.tile(Math.floor(px / columns.tileSide), Math.floor(py / columns.tileSide))) continue;
          cells.push(c);
          places.push(px, py, z);
        }
    }
    if (cells.length === 0) return;
    const samples = backend.sample(field, 'distance', Float32Array.from(places));
    const whole = WHOLE * field.levels[0]!.truncation;
    // Of a cell's places, the one that knows its nearest surface best.
    for (let first = 0; first < cells.length;) {
      const c = cells[first]!;
      let [near, far] = [NaN, NaN];
      for (; cells[first] === c; first++) {
        const o = first * SAMPLE_VALUES;
        const weight = samples[o + 4]!;
        if (!(weight > 0 && weight >= minWeight)) continue;
        const d = samples[o]!;
        if (!(Math.abs(d) < whole)) {
          if (!(d <= far)) far = d;
          continue;
        }
        const [dx, dy] = [points[3 * c]! - places[3 * first]!, points[3 * c + 1]! - places[3 * first + 1]!];
        const there = fromCentre(d, dx, dy, samples.subarray(o + 1, o + 4));
        if (!(Math.abs(there) >= Math.abs(near))) near = there;
      }
      this.#put(c, near, far);
    }
  }

  /** What a finer grid says about a cell: its distance there, or that it is at least so large; NaN where it does not say. */
  #put(c: number, near: number, far: number): void {
    const { values, exact } = this;
    const before = values[c]!;
    if (!Number.isNaN(near)) {
      values[c] = near;
      exact[c] = 1;
    } else if (Number.isNaN(before)) values[c] = far;
    else if (far > 0 && before > 0 && before < far) {
      values[c] = far;
      exact[c] = 0;
    } else if (far < 0 && before > far) {
      values[c] = far;
      exact[c] = 0;
    }
  }
}

/** Distance of a cell's centre, (dx, dy) metres beside a place with distance d, from the nearest point of its surface. */
function fromCentre(d: number, dx: number, dy: number, gradient: ArrayLike<number>): number {
  const [gx, gy, gz] = [gradient[0]!, gradient[1]!, gradient[2]!];
  const length = Math.hypot(gx, gy, gz);
  if ((dx === 0 && dy === 0) || length < LEAST_GRADIENT) return d;
  const [x, y, z] = [dx + (d * gx) / length, dy + (d * gy) / length, (d * gz) / length];
  return Math.sign(x * gx + y * gy + z * gz || 1) * Math.hypot(x, y, z);
}
