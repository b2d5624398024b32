import type { Random } from '../../../geometry/random.js';
import { Path, type PathPoint } from '../path.js';
import { revolve, tube } from '../shapes.js';
import { subtract, union, type Solid } from '../solid.js';

/**
 * Vessels, turned about z and standing on z = 0. Every family is a function of the largest extent (m) and of random
 * numbers.
 */

/**
 * An open vessel: a wall of even thickness that follows the outer outline (from the foot to the lip), and a floor.
 * The inside is as hollow as the real thing.
 */
function hollow(outer: readonly PathPoint[], wall: number): { shell: Solid; cavity: Solid } {
  const [footX, , footRadius = 0] = outer[0]!;
  const [lipX, lipZ] = outer.at(-1)!;
  const inner: PathPoint[] = outer.map(([x, z, radius = 0], i) => {
    if (i === 0) return [Math.max(x - wall, wall), wall, Math.max(footRadius, wall)];
    return [Math.max(x - wall, wall), Math.max(z, 1.5 * wall), radius];
  });
  inner[inner.length - 1] = [lipX - wall, lipZ, 0.49 * wall];
  const lip: PathPoint = [lipX, lipZ, 0.49 * wall];
  const shell = new Path([
    [0, 0],
    [footX, 0, footRadius],
    ...outer.slice(1, -1),
    lip,
    ...[...inner].reverse(),
    [0, wall],
  ]);
  const cavity = new Path([[0, wall], ...inner.slice(0, -1), [lipX - wall, lipZ], [lipX - wall, lipZ + 1], [0, lipZ + 1]]); // prettier-ignore
  return { shell: revolve(shell), cavity: revolve(cavity) };
}

/** A cup with a handle: straight or slightly conical, hollow. */
export function mug(size: number, random: Random): Solid {
  const height = size * random.range(0.75, 1);
  const wall = random.range(0.003, 0.005);
  const bar = Math.min(0.12 * height, random.range(0.0045, 0.0075));
  const reach = height * random.range(0.28, 0.38);
  const top = Math.min(height * random.range(0.36, 0.48), (size - reach - bar) / 2);
  const foot = top * random.range(0.8, 1.02);
  const { shell, cavity } = hollow(
    [
      [foot, 0, random.range(0.003, 0.012)],
      [(foot + top) / 2, height / 2, Infinity],
      [top, height],
    ],
    wall,
  );
  const high = height * random.range(0.78, 0.86);
  const low = height * random.range(0.18, 0.28);
  const at = (z: number): number => foot + ((top - foot) * z) / height - wall;
  const round = random.range(0.5, 1) * reach;
  const handle = tube(
    new Path([
      [at(high), high],
      [top + reach - bar, high, round],
      [top + reach - bar, low, round],
      [at(low), low],
    ]),
    bar,
  );
  return union(shell, subtract(handle, cavity));
}

/** A closed bottle: body, shoulder, neck, cap. */
export function bottle(size: number, random: Random): Solid {
  const body = size * random.range(0.14, 0.24);
  const neck = body * random.range(0.28, 0.5);
  const shoulder = size * random.range(0.5, 0.65);
  const throat = shoulder + size * random.range(0.1, 0.18);
  const cap = neck + random.range(0.001, 0.003);
  const capFrom = size * random.range(0.86, 0.92);
  const waist = random.chance(0.4) ? body * random.range(0.8, 0.93) : body;
  return revolve(
    new Path([
      [0, 0],
      [body, 0, random.range(0.002, 0.008)],
      [body, 0.25 * shoulder, Infinity],
      [waist, 0.55 * shoulder, Infinity],
      [body, 0.9 * shoulder, Infinity],
      [neck, throat, Infinity],
      [neck, capFrom, 0.001],
      [cap, capFrom, 0.001],
      [cap, size, 0.0015],
      [0, size],
    ]),
  );
}

/** A tin or a drinks can: a cylinder with rims and sunken ends, or with drawn-in ends. */
export function can(size: number, random: Random): Solid {
  const flat = random.chance(0.3);
  const height = flat ? size * random.range(0.3, 0.7) : size;
  const r = flat ? size / 2 : size * random.range(0.25, 0.42);
  const rim = random.range(0.002, 0.004);
  const sunk = random.range(0.001, 0.003);
  const neck = random.chance(0.5) ? r * random.range(0.84, 0.95) : r;
  const drawn = 1.5 * (r - neck) + 0.004;
  return revolve(
    new Path([
      [0, sunk],
      [neck - rim, sunk, 0.001],
      [neck - rim, 0, 0.4 * rim],
      [neck, 0, 0.4 * rim],
      [r, drawn, Infinity],
      [r, height - drawn, Infinity],
      [neck, height, 0.4 * rim],
      [neck - rim, height, 0.4 * rim],
      [neck - rim, height - sunk, 0.001],
      [0, height - sunk],
    ]),
  );
}

/** An open vase: its radius swings on the way up. */
export function vase(size: number, random: Random): Solid {
  const wall = random.range(0.003, 0.005);
  const belly = size * random.range(0.22, 0.4);
  const neck = Math.max(belly * random.range(0.35, 0.75), 0.012);
  const bellyAt = random.range(0.25, 0.5);
  const neckAt = random.range(0.7, 0.85);
  const { shell } = hollow(
    [
      [Math.max(belly * random.range(0.45, 0.8), 0.015), 0, 0.003],
      [belly, bellyAt * size * 0.55, Infinity],
      [belly, bellyAt * size * 1.25, Infinity],
      [neck, neckAt * size, Infinity],
      [Math.max(neck * random.range(0.9, 1.4), 0.012), size],
    ],
    wall,
  );
  return shell;
}

/** A bowl on a small foot. */
export function bowl(size: number, random: Random): Solid {
  const r = size / 2;
  const height = size * random.range(0.28, 0.6);
  const wall = random.range(0.003, 0.006);
  const { shell } = hollow(
    [
      [r * random.range(0.35, 0.6), 0, 0.003],
      [r * random.range(0.78, 1), height * random.range(0.3, 0.5), Infinity],
      [r, height],
    ],
    wall,
  );
  return shell;
}
