import type { Random } from '../../../geometry/random.js';
import { Path, type PathPoint } from '../path.js';
import { ball, extrude, revolve, roundCone, tube } from '../shapes.js';
import { moved, shifted, union, Z_TO_X, type Solid } from '../solid.js';

/** Families that no shape prior is trained on. Extents in metres, standing or lying on z = 0. */

/** A banana lying on its side: a bent bar that tapers to both ends, with a stem. */
export function banana(size: number, random: Random): Solid {
  const thick = size * random.range(0.1, 0.13);
  const bend = random.range(1.4, 2.1); // the angle it turns through
  // Chord of the bent line plus what the ends add.
  const radius = (size - 0.5 * thick) / (2 * Math.sin(bend / 2));
  const pieces = 24;
  const at = (i: number): [number, number, number] => {
    const angle = ((2 * i) / pieces - 1) * (bend / 2);
    return [radius * Math.sin(angle), radius * (Math.cos(angle) - Math.cos(bend / 4)), thick];
  };
  const stem = 0.3 * thick;
  const radiusAt = (i: number): number => {
    const s = Math.abs((2 * i) / pieces - 1);
    return Math.max(stem, thick * Math.sqrt(Math.max(0, 1 - 0.9 * s ** 3)));
  };
  const parts: Solid[] = [];
  for (let i = 0; i < pieces; i++) parts.push(roundCone(at(i), radiusAt(i), at(i + 1), radiusAt(i + 1)));
  return union(...parts);
}

/** A hexagonal nut with its hole, lying. */
export function nut(size: number, random: Random): Solid {
  const corner = size / 2;
  const flat = corner * Math.sqrt(0.75);
  const hole = flat * random.range(0.4, 0.65);
  const half = size * random.range(0.15, 0.3);
  const edge = random.range(0.001, 0.003);
  const points = Array.from({ length: 6 }, (_, i): PathPoint => {
    const angle = (i * Math.PI) / 3;
    return [corner * Math.cos(angle), corner * Math.sin(angle), edge];
  });
  const hexagon = new Path(points, true);
  // Hole and flats are apart, hence the larger of both distances is exact.
  const section = {
    low: hexagon.low,
    high: hexagon.high,
    signed: (x: number, y: number) => Math.max(hexagon.signed(x, y), hole - Math.sqrt(x * x + y * y)),
  };
  return shifted(extrude(section, half, edge), 0, 0, half);
}

/** Two thick discs or balls on a bar, lying. */
export function dumbbell(size: number, random: Random): Solid {
  const r = size * random.range(0.17, 0.26);
  const bar = Math.max(0.006, r * random.range(0.25, 0.45));
  const e = size / 2;
  if (random.chance(0.5)) {
    const rod = roundCone([r - e, 0, r], bar, [e - r, 0, r], bar);
    return union(rod, ball(r - e, 0, r, r), ball(e - r, 0, r, r));
  }
  const disc = size * random.range(0.18, 0.3);
  const round = random.range(0.002, 0.3 * Math.min(disc, r));
  const outline = new Path([
    [0, 0],
    [r, 0, round],
    [r, disc, round],
    [bar, disc, 0.002],
    [bar, size - disc, 0.002],
    [r, size - disc, round],
    [r, size, round],
    [0, size],
  ]);
  return shifted(moved(revolve(outline), Z_TO_X), -e, 0, r);
}

/** A round pot with a lid, a knob, a spout towards +x and a handle towards −x. */
export function teapot(size: number, random: Random): Solid {
  const r = size * random.range(0.27, 0.31);
  const height = 2 * r * random.range(0.8, 1);
  const knob = 0.16 * r;
  const body = revolve(
    new Path([
      [0, 0],
      [0.65 * r, 0, 0.003],
      [r, 0.28 * height, Infinity],
      [r, 0.7 * height, Infinity],
      [0.6 * r, height, Infinity],
      [0, height],
    ]),
  );
  const reach = size / 2;
  const tip = random.range(0.008, 0.011) * Math.min(1, size / 0.12);
  const spout = union(
    roundCone([0.7 * r, 0, 0.35 * height], 0.3 * r, [(r + reach) / 2, 0, 0.6 * height], 1.3 * tip),
    roundCone([(r + reach) / 2, 0, 0.6 * height], 1.3 * tip, [reach - tip, 0, 0.95 * height], tip),
  );
  const bar = Math.max(0.004, 0.11 * r);
  const round = random.range(0.6, 1) * (reach - r);
  const handle = tube(
    new Path([
      [-0.8 * r, 0.78 * height],
      [bar - reach, 0.78 * height, round],
      [bar - reach, 0.3 * height, round],
      [-0.8 * r, 0.3 * height],
    ]),
    bar,
  );
  return union(body, ball(0, 0, height + 0.6 * knob, knob), spout, handle);
}
