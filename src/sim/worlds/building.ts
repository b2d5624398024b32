import type { Random } from '../../geometry/random.js';
import type { Pose } from '../../geometry/se3.js';
import { boxBetween, type Primitive } from '../primitives.js';

export interface BuildingOptions {
  readonly width: number;
  readonly depth: number;
  readonly floors: number;
  /** Where false, doors and balconies are left out (walls that are nearly plain). */
  readonly rich?: boolean;
}

const FLOOR = 3.1;

/**
 * A house in the frame `at`: x along the façade (0…width), y out of it towards the street, z up, façade at y = 0.
 * Windows and doors are recesses: the core's face lies behind, and piers and bands stand before it. Depths of
 * parts differ by centimetres so that no two exposed faces coincide.
 */
export function building(at: Pose, options: BuildingOptions, random: Random): Primitive[] {
  const { width, depth, floors, rich = true } = options;
  const recess = random.range(0.16, 0.32);
  const height = floors * FLOOR + 0.6;
  const wall = random.range(0.3, 0.75);
  const glass = random.range(0.08, 0.25);
  const trim = random.range(0.4, 0.85);
  const parts: Primitive[] = [boxBetween(at, [0, width], [-depth, -recess], [-1, height - 0.3], glass)];

  const bays = Math.max(2, Math.round(width / random.range(2.6, 3.6)));
  const bay = width / bays;
  const pier = bay * random.range(0.32, 0.48);
  const [sill, head] = [random.range(0.75, 1), random.range(2.2, 2.5)];
  const doors = new Set<number>(rich ? [random.int(bays)] : []);

  for (let b = 0; b <= bays; b++) {
    const [x0, x1] = [Math.max(0, b * bay - pier / 2), Math.min(width, b * bay + pier / 2)];
    parts.push(boxBetween(at, [x0, x1], [-depth + 0.1, 0], [-0.5, height - 0.2], wall));
  }
  for (let f = 0; f < floors; f++) {
    const z = f * FLOOR;
    // The band from this floor's window heads to the next floor's sills.
    const top = f + 1 < floors ? z + FLOOR + sill : height - 0.1;
    parts.push(boxBetween(at, [0.05, width - 0.05], [-0.6, -0.025], [z + head, top], wall));
  }
  for (let b = 0; b < bays; b++) {
    if (doors.has(b)) continue;
    parts.push(boxBetween(at, [b * bay + 0.02, (b + 1) * bay - 0.02], [-0.6, -0.035], [-0.5, sill], wall));
  }
  const hasSills = random.chance(0.7);
  const hasBars = random.chance(0.6);
  for (let f = 0; f < floors; f++) {
    for (let b = 0; b < bays; b++) {
      if (f === 0 && doors.has(b)) continue;
      const z = f * FLOOR;
      const [x0, x1] = [b * bay + pier / 2, (b + 1) * bay - pier / 2];
      if (hasSills)
        parts.push(
          boxBetween(at, [x0 - 0.08, x1 + 0.08], [-0.5, 0.09], [z + sill - 0.06, z + sill + 0.03], trim),
        );
      if (hasBars) {
        const middle = (x0 + x1) / 2;
        parts.push(
          boxBetween(
            at,
            [middle - 0.04, middle + 0.04],
            [-recess - 0.1, -recess + 0.06],
            [z + sill - 0.2, z + head + 0.2],
            trim,
          ),
        );
      }
      if (rich && f > 0 && random.chance(0.12)) parts.push(...balcony(at, x0, x1, z, trim));
    }
  }
  for (const door of doors) {
    const [x0, x1] = [door * bay + pier / 2, (door + 1) * bay - pier / 2];
    parts.push(boxBetween(at, [x0 - 0.1, x1 + 0.1], [-0.7, 0.3], [-0.3, 0.29], trim)); // the doorstep
  }
  parts.push(boxBetween(at, [-0.05, width + 0.05], [-depth - 0.15, 0.27], [height - 0.35, height], trim)); // cornice
  parts.push(boxBetween(at, [0.4, width - 0.4], [-depth + 0.4, -1.2], [height - 0.3, height + 1.3], 0.3)); // attic
  if (random.chance(0.6)) {
    parts.push(boxBetween(at, [0.01, width - 0.01], [-0.5, 0.05], [FLOOR - 0.2, FLOOR + 0.02], trim)); // string course
  }
  return parts;
}

function balcony(at: Pose, x0: number, x1: number, z: number, trim: number): Primitive[] {
  return [
    boxBetween(at, [x0 - 0.3, x1 + 0.3], [-0.4, 0.95], [z - 0.08, z + 0.08], trim),
    boxBetween(at, [x0 - 0.28, x1 + 0.28], [0.86, 0.92], [z, z + 0.95], trim),
    boxBetween(at, [x0 - 0.28, x0 - 0.22], [-0.4, 0.9], [z, z + 0.93], trim),
    boxBetween(at, [x1 + 0.22, x1 + 0.28], [-0.4, 0.9], [z, z + 0.93], trim),
  ];
}
