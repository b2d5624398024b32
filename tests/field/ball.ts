import { encodeSavedMap, openSavedMap, type SavedGrid } from '../../src/field/saved/saved-map.js';
import type { Random } from '../../src/geometry/random.js';
import { identity } from '../../src/geometry/se3.js';
import type { Field } from '../../src/field/field.js';
import type { Cloud } from './helpers.js';

/** A ball before the sensor, metres. */
export const CENTRE = [0.8, 0.1, -0.2] as const;
export const RADIUS = 0.3;

/** Points on the side of the ball that the sensor sees, with 2 mm of noise. */
export function ball(random: Random, count: number): Cloud {
  const points: [number, number, number][] = [];
  const normals: [number, number, number][] = [];
  while (points.length < count) {
    const d = [random.normal(), random.normal(), random.normal()];
    const length = Math.hypot(...d);
    const n = d.map((v) => v / length) as [number, number, number];
    const r = RADIUS + 0.002 * random.normal();
    const p = n.map((v, a) => CENTRE[a]! + r * v) as [number, number, number];
    if (p[0] * n[0] + p[1] * n[1] + p[2] * n[2] > -0.2 * Math.hypot(...p)) continue;
    points.push(p);
    normals.push(n);
  }
  const each = <T>(value: T): T[] => points.map(() => value);
  return { points, normals, qualities: each(1), taus: each(0), ground: each(false) };
}

/** The same points without noise, x y z each. */
export function onBall(random: Random, count: number): Float32Array {
  return Float32Array.from(
    ball(random, count).points.flatMap((p) => {
      const d = p.map((v, a) => v - CENTRE[a]!);
      const length = Math.hypot(...d);
      return d.map((v, a) => CENTRE[a]! + (v / length) * RADIUS);
    }),
  );
}

/** Of sampled values (SAMPLE_VALUES each) at points on a surface: root mean square distance, and the share that is known. */
export function errorOf(values: Float32Array): { rms: number; known: number } {
  let [sum, known] = [0, 0];
  for (let i = 0; i < values.length; i += 5)
    if (values[i + 4]! > 0) [sum, known] = [sum + values[i]! ** 2, known + 1];
  return { rms: Math.sqrt(sum / known), known: (5 * known) / values.length };
}

/** What is saved of a field, read back. */
export function savedOf(field: Field): SavedGrid {
  const files = encodeSavedMap({
    sensor: 'none',
    frame: 'map',
    scans: 3,
    last: { submap: 0, T_submap_sensor: identity() },
    submaps: [{ id: 0, T_world_submap: identity(), places: [], grids: [field.content()] }],
  });
  return openSavedMap(files).submaps[0]!.grids[0]!;
}
