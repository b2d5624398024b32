import type { Random } from '../../../geometry/random.js';
import { Path, type PathPoint } from '../path.js';
import { extrude, revolve } from '../shapes.js';
import { shifted, union, type Solid } from '../solid.js';

/**
 * Things of a house that only the shape prior is trained with: thin dishes, solid turned and drawn out things, cutlery, pincers.
 * Every family is a function of the largest extent (m) and of random numbers; all stand on z = 0.
 */

/** Far beyond any object (m): where a path goes on inside. */
const FAR = 1;

/** A rounded rectangle around the z axis: half sides and the radius of its corners (m). */
interface Section {
  readonly a: number;
  readonly b: number;
  readonly round: number;
}

/** A round section, or a rounded rectangle. */
function anySection(r: number, random: Random, roundShare: number): Section {
  if (random.chance(roundShare)) return { a: r, b: r, round: r };
  const b = r * (random.chance(0.4) ? 1 : random.range(0.4, 1));
  return { a: r, b, round: b * random.range(0.2, 1) };
}

/** Signed distance from the outline of a section (m). */
function fromOutline({ a, b, round }: Section, x: number, y: number): number {
  const dx = Math.abs(x) - a + round;
  const dy = Math.abs(y) - b + round;
  const [ox, oy] = [Math.max(dx, 0), Math.max(dy, 0)];
  return Math.sqrt(ox * ox + oy * oy) + Math.min(Math.max(dx, dy), 0) - round;
}

/** A profile led around a section: its x is 0 on the section's outline and negative inwards, its y the height. */
function ledAround(section: Section, profile: Path, half = 0): Solid {
  const [a, b] = [section.a + profile.high[0] + half, section.b + profile.high[0] + half];
  return {
    bounds: [-a, -b, 0, a, b, profile.high[1] + half],
    distance(x, y, z) {
      const across = fromOutline(section, x, y);
      return half > 0 ? profile.distance(across, z) - half : profile.signed(across, z);
    },
  };
}

/** A plate, bowl, cup or box without a lid: one thin wall, round or rounded rectangular, low or high. */
export function dish(size: number, random: Random): Solid {
  const half = random.range(0.0004, 0.0016);
  const high = random.chance(0.25);
  const r = high ? size * random.range(0.2, 0.45) : size / 2;
  const height = high ? size : size * (random.chance(0.5) ? random.range(0.06, 0.2) : random.range(0.2, 0.6));
  const section = anySection(r - half, random, 0.65);
  const foot = section.b * (high ? random.range(0.7, 1) : random.range(0.3, 0.95));
  const bend = random.range(0.15, 0.85);
  // Between a straight side (0) and one that rises late, as a plate's, or early, as a bowl's.
  const out = (foot - section.b) * (1 - bend);
  const up = height * Math.min(0.95, Math.max(0.05, bend + random.range(-0.35, 0.35)));
  const profile: PathPoint[] = [
    [-FAR, half],
    [foot - section.b, half, random.range(0.001, 0.02)],
    [out, up, random.chance(0.5) ? Infinity : 0.005],
    [0, height - half],
  ];
  return ledAround(section, new Path(profile), half);
}

/** Something solid that is turned or has an oval or rounded rectangular section: fruit, jars, flasks, soap. */
export function flask(size: number, random: Random): Solid {
  const flat = random.chance(0.4);
  const r = flat ? size / 2 : size * random.range(0.2, 0.5);
  const height = flat ? size * random.range(0.2, 0.9) : size;
  const section = anySection(r, random, 0.5);
  const b = section.b;
  const side = (): number => -b * random.range(0, 0.35);
  const round = random.chance(0.5) ? Infinity : random.range(0.002, 0.02);
  const neck = !flat && random.chance(0.35) ? -b + Math.max(0.006, b * random.range(0.2, 0.6)) : undefined;
  const body = neck === undefined ? height : height * random.range(0.6, 0.9);
  const profile: PathPoint[] = [
    [-FAR, 0],
    [-b * random.range(0, 0.6), 0, round],
    [side(), body * random.range(0.15, 0.4), Infinity],
    [0, body * random.range(0.4, 0.6), Infinity],
    [side(), body * random.range(0.65, 0.85), Infinity],
    [-b * random.range(0, 0.6), body, round],
    [-FAR, body],
  ];
  const whole = ledAround(section, new Path(profile, true));
  if (neck === undefined) return whole;
  const cap = new Path([[0, 0.5 * body], [b + neck, 0.5 * body], [b + neck, height, 0.002], [0, height]]); // prettier-ignore
  return union(whole, revolve(cap));
}

/** A knife, a fork or a spoon lying on the table: thin, its handle arched, wider at the head. */
export function cutlery(size: number, random: Random): Solid {
  const half = random.range(0.0007, 0.002);
  const e = size / 2;
  const arch = size * random.range(0, 0.12);
  const deep = random.chance(0.5) ? size * random.range(0, 0.06) : 0;
  const from = size * random.range(0.05, 0.2);
  const line = new Path([
    [-e + half, half + deep * 0.6],
    [-e + 0.14 * size, half, 0.05],
    [-e + 0.28 * size, half + deep, 0.05],
    [from, half + arch, Infinity],
    [e - half, half + arch * random.range(0, 0.8)],
  ]);
  const [neck, head] = [size * random.range(0.015, 0.035), size * random.range(0.05, 0.13)];
  const end = neck * random.range(1, 2.2);
  const headLength = size * random.range(0.25, 0.4);
  const point = random.range(0.3, 1);
  const edge = new Path(
    outline([
      [-e, 0.4 * head * point, 0.01],
      [-e + 0.3 * headLength, head * point, 0.03],
      [-e + 0.7 * headLength, head, 0.03],
      [-e + headLength, neck, 0.03],
      [e - 0.1 * size, end, 0.03],
      [e, 0.7 * end, 0.01],
    ]),
    true,
  );
  return {
    bounds: [-e, -Math.max(head, end), 0, e, Math.max(head, end), 2 * half + arch + deep],
    distance: (x, y, z) => Math.max(edge.signed(x, y), line.distance(x, z) - half),
  };
}

/** Both sides of an outline that is given by its half width. */
function outline(points: readonly PathPoint[]): PathPoint[] {
  return [...points.map(([x, y, r = 0]): PathPoint => [x, -y, r]), ...[...points].reverse().map(([x, y, r = 0]): PathPoint => [x, y, r])]; // prettier-ignore
}

/** A clamp, pliers or scissors lying on the table: two arms that meet or cross at a joint. */
export function pincers(size: number, random: Random): Solid {
  const half = random.range(0.004, 0.014);
  const joint = size * random.range(-0.15, 0.2);
  const open = size * random.range(0.08, 0.3);
  const jaw = size * random.range(0.02, 0.14) * (random.chance(0.3) ? -1 : 1);
  const thick = Math.max(0.003, size * random.range(0.025, 0.06));
  const bow = size * random.range(0, 0.12);
  const e = size / 2 - thick;
  const arm = (side: number, scale: number): Solid => {
    const line = new Path([
      [-e * random.range(0.9, 1), side * jaw * scale],
      [(joint - e) / 2, side * (jaw + bow * Math.sign(jaw)) * scale, 0.04],
      [joint, side * 0.4 * thick, 0.02],
      [(joint + e) / 2, -side * (0.6 * open + bow) * scale, 0.06],
      [e * random.range(0.85, 1), -side * open * scale],
    ]);
    const bar = { low: [line.low[0] - thick, line.low[1] - thick] as [number, number], high: [line.high[0] + thick, line.high[1] + thick] as [number, number], signed: (x: number, y: number) => line.distance(x, y) - thick }; // prettier-ignore
    return extrude(bar, half * random.range(0.7, 1), Math.min(0.002, 0.4 * thick));
  };
  const block = size * random.range(0.04, 0.1);
  const middle = new Path([
    [joint - block, -block, 0.4 * block],
    [joint + block, -block, 0.4 * block],
    [joint + block, block, 0.4 * block],
    [joint - block, block, 0.4 * block],
  ], true); // prettier-ignore
  return shifted(union(arm(1, 1), arm(-1, random.range(0.7, 1)), extrude(middle, half, 0.001)), 0, 0, half);
}
