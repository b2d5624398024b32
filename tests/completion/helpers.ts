import { Random } from '../../src/geometry/random.js';
import { gatherEvidence, type SurfaceEvidence } from '../../src/completion/evidence.js';
import type { PriorGrid } from '../../src/completion/prior-grid.js';
import { cornerCount } from '../../src/completion/prior-grid.js';
import type { ShapePrior } from '../../src/completion/shape-prior.js';
import { priorFrom } from '../../src/completion/training/fit-prior.js';
import { principalComponents } from '../../src/completion/training/principal-components.js';
import { sampleShape } from '../../src/completion/training/shape-samples.js';

export const GRID: PriorGrid = { nx: 13, ny: 13, nz: 14, cell: 0.01, origin: [-0.06, -0.06, -0.02] };
export const TRUNCATION = 0.04;

/** An ellipsoid-free family: balls of 25 … 45 mm that lie on the table. */
export function ball(radius: number) {
  return (x: number, y: number, z: number): number => Math.hypot(x, y, z - radius) - radius;
}

let made: ShapePrior | undefined;

/** A prior of balls on the table, of two radii mixed with shifts of a few millimetres. */
export function ballPrior(): ShapePrior {
  if (made) return made;
  const random = new Random('balls');
  const rows = 120;
  const columns = cornerCount(GRID);
  const table = { rows, columns, values: new Int16Array(rows * columns) };
  for (let i = 0; i < rows; i++) {
    const r = random.range(0.025, 0.045);
    const placement = { yaw: 0, dx: 0.003 * random.normal(), dy: 0.003 * random.normal() };
    sampleShape(ball(r), GRID, placement, TRUNCATION, table.values.subarray(i * columns, (i + 1) * columns));
  }
  const components = principalComponents(table, 12, random);
  made = priorFrom(table, components, GRID, TRUNCATION, 2e-5);
  return made;
}

/** Touches of a ball on the table: 3 × 3 points around each direction (azimuth, height of the normal). */
export function ballTouches(radius: number, at: readonly (readonly [number, number])[]): SurfaceEvidence {
  return gatherEvidence(
    at.map(([azimuth, up]) => {
      const points: number[] = [];
      const normals: number[] = [];
      for (let a = -1; a <= 1; a++)
        for (let b = -1; b <= 1; b++) {
          const z = Math.min(0.999, Math.max(-0.999, up + 0.15 * a));
          const side = Math.sqrt(1 - z * z);
          const n = [side * Math.cos(azimuth + 0.15 * b), side * Math.sin(azimuth + 0.15 * b), z];
          normals.push(...n);
          points.push(radius * n[0]!, radius * n[1]!, radius * (1 + n[2]!));
        }
      return { points, normals, sigma: 0.0002, touched: true };
    }),
  );
}

/** A plate that stands on the table, in its own frame: long in x, thin in y. */
export function plate(length: number, height: number) {
  return (x: number, y: number, z: number): number => {
    const q = [Math.abs(x) - length / 2, Math.abs(y) - 0.008, Math.abs(z - height / 2) - height / 2];
    return Math.hypot(...q.map((v) => Math.max(v, 0))) + Math.min(0, Math.max(...q));
  };
}

/** A wall of 1 mm that stands on the table along x, thinner than any cell. */
export function sheet(length: number, height: number) {
  return (x: number, y: number, z: number): number => {
    const q = [Math.abs(x) - length / 2, Math.abs(y) - 0.0005, Math.abs(z - height / 2) - height / 2];
    return Math.hypot(...q.map((v) => Math.max(v, 0))) + Math.min(0, Math.max(...q));
  };
}

/** A prior of such walls. */
export function sheetPrior(): ShapePrior {
  const random = new Random('sheets');
  const rows = 100;
  const columns = cornerCount(GRID);
  const table = { rows, columns, values: new Int16Array(rows * columns) };
  for (let i = 0; i < rows; i++) {
    const placement = { yaw: 0, dx: 0.002 * random.normal(), dy: 0.002 * random.normal() };
    const distance = sheet(random.range(0.05, 0.08), random.range(0.03, 0.08));
    sampleShape(distance, GRID, placement, TRUNCATION, table.values.subarray(i * columns, (i + 1) * columns));
  }
  return priorFrom(table, principalComponents(table, 16, random), GRID, TRUNCATION, 2e-5);
}

let plates: ShapePrior | undefined;

/** A prior of plates that all stand along x: completions have to find their yaw. */
export function platePrior(): ShapePrior {
  if (plates) return plates;
  const random = new Random('plates');
  const rows = 150;
  const columns = cornerCount(GRID);
  const table = { rows, columns, values: new Int16Array(rows * columns) };
  for (let i = 0; i < rows; i++) {
    const distance = plate(random.range(0.06, 0.1), random.range(0.04, 0.08));
    const placement = { yaw: 0, dx: 0.003 * random.normal(), dy: 0.003 * random.normal() };
    sampleShape(distance, GRID, placement, TRUNCATION, table.values.subarray(i * columns, (i + 1) * columns));
  }
  plates = { ...priorFrom(table, principalComponents(table, 16, random), GRID, TRUNCATION, 2e-5), yaws: 24 };
  return plates;
}
