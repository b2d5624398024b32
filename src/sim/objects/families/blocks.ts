import type { Random } from '../../../geometry/random.js';
import { Path, type PathPoint } from '../path.js';
import { extrude, revolve, roundedBox } from '../shapes.js';
import { moved, shifted, STAND_UP, union, Z_TO_X, type Solid } from '../solid.js';
import { superquadric } from '../superquadric.js';

/** Solid things standing on z = 0; each family is a function of the largest extent (m) and of random numbers. */

/** Half sizes of which one, any, is `size` / 2 and the others at least `least` of it. */
function halves(size: number, least: number, random: Random): [number, number, number] {
  const half: [number, number, number] = [0, 0, 0];
  const longest = random.int(3);
  for (let k = 0; k < 3; k++) half[k] = (size / 2) * (k === longest ? 1 : random.range(least, 1));
  return half;
}

/** A box with rounded edges. */
export function box(size: number, random: Random): Solid {
  const half = halves(size, 0.3, random);
  return shifted(roundedBox(half, random.range(0.001, 0.25 * Math.min(...half))), 0, 0, half[2]);
}

/** A superquadric: from eggs to pillows. */
export function superquadricBlock(size: number, random: Random): Solid {
  const half = halves(size, 0.35, random);
  const exponent = (): number => 2 / random.range(0.35, 1.1);
  return shifted(superquadric(half, exponent(), exponent()), 0, 0, half[2]);
}

/** An angle, a channel or a T of even thickness, standing or lying. */
export function bracket(size: number, random: Random): Solid {
  const width = size;
  const height = size * random.range(0.45, 1);
  const t = size * random.range(0.1, 0.2);
  const edge = random.range(0.001, 0.002);
  const inner = random.range(0.001, 0.006);
  const w = width / 2;
  const kind = random.int(3);
  let outline: PathPoint[];
  if (kind === 0) {
    outline = [[-w, 0], [w, 0], [w, t], [t - w, t, inner], [t - w, height], [-w, height]]; // prettier-ignore
  } else if (kind === 1) {
    outline = [[-w, 0], [w, 0], [w, height], [w - t, height], [w - t, t, inner], [t - w, t, inner], [t - w, height], [-w, height]]; // prettier-ignore
  } else {
    const h = t / 2;
    outline = [[-w, 0], [w, 0], [w, t], [h, t, inner], [h, height], [-h, height], [-h, t, inner], [-w, t]]; // prettier-ignore
  }
  const path = new Path(
    outline.map(([x, y, radius = edge]) => [x, y, radius] as const),
    true,
  );
  const depth = (size / 2) * random.range(0.25, 0.7);
  const plate = extrude(path, depth, edge);
  return random.chance(0.7) ? moved(plate, STAND_UP) : shifted(plate, 0, -height / 2, depth);
}

/** A ring of round or rounded rectangular section, lying or standing. */
export function ring(size: number, random: Random): Solid {
  const r = size / 2;
  const thick = r * random.range(0.25, 0.5);
  const half = random.chance(0.5) ? thick / 2 : Math.min(size / 3, thick * random.range(0.4, 1.2));
  const round = random.chance(0.5) ? Infinity : random.range(0.001, 0.004);
  const section = new Path(
    [[r - thick, -half, round], [r, -half, round], [r, half, round], [r - thick, half, round]], // prettier-ignore
    true,
  );
  const lying = revolve(section);
  return random.chance(0.6) ? shifted(lying, 0, 0, half) : shifted(moved(lying, Z_TO_X), 0, 0, r);
}

/** A cone cut off at the top, sometimes on a plate. */
export function cone(size: number, random: Random): Solid {
  const tall = random.chance(0.6);
  const height = tall ? size : size * random.range(0.4, 0.8);
  const foot = tall ? size * random.range(0.2, 0.4) : size / 2;
  const top = foot * random.range(0.15, 0.7);
  const round = random.range(0.001, 0.4 * top);
  if (random.chance(0.6)) {
    const upside = random.chance(0.3);
    const [low, high] = upside ? [top, foot] : [foot, top];
    return revolve(new Path([[0, 0], [low, 0, round], [high, height, round], [0, height]])); // prettier-ignore
  }
  const plate = 0.006;
  const body = revolve(new Path([[0, 0], [0.85 * foot, 0], [top, height, round], [0, height]])); // prettier-ignore
  return union(body, shifted(roundedBox([foot, foot, plate / 2], 0.0015), 0, 0, plate / 2));
}

/** Two to four simple solids on and beside each other. */
export function composite(size: number, random: Random): Solid {
  const base = part(size * random.range(0.8, 1), size * random.range(0.25, 0.5), random);
  const parts = [base];
  const more = 1 + random.int(3);
  for (let i = 0; i < more; i++) {
    const width = size * random.range(0.25, 0.5);
    const from = i === 0 ? base.bounds[5] * random.range(0.6, 0.95) : 0;
    const height = i === 0 ? size - from : size * random.range(0.3, 0.6);
    const piece = part(width, Math.max(height, 0.3 * size), random);
    const space = (size - width) / 2;
    // The first one stands on the base, the others stand beside or in it on the table.
    const x = random.range(-1, 1) * (i === 0 ? Math.min(space, 0.3 * size) : space);
    const y = random.range(-1, 1) * (i === 0 ? 0.2 : 0.6) * space;
    parts.push(shifted(piece, x, y, from));
  }
  return union(...parts);
}

/** A box, a cylinder or half of a rounded solid, standing on z = 0. */
function part(width: number, height: number, random: Random): Solid {
  const kind = random.int(3);
  const w = width / 2;
  const h = Math.min(height, width) / 2;
  if (kind === 0)
    return shifted(
      roundedBox([w, w * random.range(0.5, 1), h], random.range(0.001, 0.3 * Math.min(w / 2, h))),
      0,
      0,
      h,
    );
  if (kind === 1) {
    const round = random.range(0.001, 0.4 * Math.min(w, h));
    return revolve(new Path([[0, 0], [w, 0, round], [w, 2 * h, round], [0, 2 * h]])); // prettier-ignore
  }
  return shifted(superquadric([w, w * random.range(0.6, 1), h], 2 / random.range(0.5, 1), 2), 0, 0, h);
}
