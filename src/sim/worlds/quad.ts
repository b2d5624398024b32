import { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { boxBetween, placed, post, type Primitive } from '../primitives.js';
import { Route, turnReach } from '../route.js';
import { World } from '../world.js';
import { building } from './building.js';
import { bench, lamp, tree } from './plants.js';

const TURN = 11;
const LAPS = 12;
const SENSOR_HEIGHT = 1.4;
/** The way keeps this far from the façades. */
const MARGIN = 7.5;

/**
 * A courtyard between four buildings: an arcade along one side, steps before another, a ramp before a third, lawns
 * with trees and a fountain in the middle, benches and lamps. The way goes round it, about 80 m a lap.
 */
export function quadWorld(seed: number | string): World {
  const random = new Random(seed).fork('quad');
  const plan = random.fork('plan');
  const [a, b] = [plan.range(19, 24), plan.range(15.5, 19)]; // half the courtyard's size
  const yard = placed(0, 0, 0);
  const route = lap(yard, a - MARGIN, b - MARGIN, plan.chance(0.5) ? 1 : -1);

  // South, east, north and west wing: x along the façade, y into the courtyard.
  const wings = [
    { at: placed(-a - 1, -b, 0, 0), width: 2 * a + 2 },
    { at: placed(a, -b - 1, 0, Math.PI / 2), width: 2 * b + 2 },
    { at: placed(a + 1, b, 0, Math.PI), width: 2 * a + 2 },
    { at: placed(-a, b + 1, 0, -Math.PI / 2), width: 2 * b + 2 },
  ];
  const statics: Primitive[] = [];
  for (const [i, wing] of wings.entries()) {
    const r = random.fork(`wing ${i}`);
    statics.push(
      ...building(compose(yard, wing.at), { width: wing.width, depth: 8, floors: 2 + r.int(3) }, r),
    );
  }
  statics.push(...arcade(compose(yard, placed(-a, -b, 0, 0)), 2 * a, random.fork('arcade')));
  statics.push(...steps(compose(yard, placed(a, 0, 0, Math.PI / 2)), random.fork('steps')));
  statics.push(ramp(compose(yard, placed(-a + 1.6, 3, 0, -Math.PI / 2))));
  statics.push(...middle(yard, a - MARGIN, b - MARGIN, random.fork('middle')));
  statics.push(...borders(yard, a, b, random.fork('borders')));
  return new World({
    name: 'quad',
    planes: [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.35 }],
    statics,
    moving: [],
    route,
  });
}

/** Rounds of a rectangle of half sizes p × q with smooth corners, from the middle of a long side. */
function lap(yard: Pose, p: number, q: number, way: number): Route {
  const reach = turnReach(TURN);
  const turn = { length: TURN, turn: (way * Math.PI) / 2 };
  const long = { length: 2 * (p - reach), turn: 0 };
  const short = { length: 2 * (q - reach), turn: 0 };
  const half = { length: p - reach, turn: 0 };
  const pieces = [half];
  for (let i = 0; i < LAPS; i++)
    pieces.push(turn, short, turn, long, turn, short, turn, i + 1 < LAPS ? long : half);
  const heading = Math.atan2(yard[4]!, yard[0]!);
  // Going left (way 1) the middle lies on the left: start on the side y = −q.
  const start = { x: yard[3]! - way * q * yard[1]!, y: yard[7]! - way * q * yard[5]!, heading };
  return new Route(start, pieces, { smooth: [1, 1.5], walking: 1.25 }, SENSOR_HEIGHT);
}

/** Columns and round arches, 2.2 m before a façade; x along it, y into the yard. Arches are rings of wedge stones. */
function arcade(at: Pose, length: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const bays = Math.round(length / 4);
  const bay = length / bays;
  const y = 2.2;
  const radius = bay / 2 - 0.3;
  const spring = random.range(2.2, 2.6);
  const stones = 11;
  for (let i = 0; i <= bays; i++) {
    const x = i * bay;
    const column = compose(at, placed(x, y, 0));
    out.push(post(column[3]!, column[7]!, -0.2, 0.24, spring + 0.2, 0.6));
    out.push(boxBetween(column, [-0.36, 0.36], [-0.36, 0.36], [-0.2, 0.32], 0.6));
    out.push(boxBetween(column, [-0.33, 0.33], [-0.33, 0.33], [spring - 0.25, spring], 0.6));
    // The wall above the column, narrow enough to stay out of both arches.
    out.push(boxBetween(column, [-0.29, 0.29], [-0.24, 0.24], [spring - 0.01, spring + radius + 0.3], 0.6));
    if (i === bays) break;
    for (let k = 0; k < stones; k++) {
      const angle = (Math.PI * (k + 0.5)) / stones;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const out0 = radius + 0.21;
      // Local x along the arc, local z outwards.
      const stone = Float64Array.of(s, 0, c, x + bay / 2 + out0 * c, 0, 1, 0, y, -c, 0, s, spring + out0 * s);
      out.push({
        kind: 'box',
        pose: compose(at, stone),
        half: [((radius + 0.42) * Math.PI) / stones / 2, 0.25, 0.21],
        reflectivity: 0.65,
      });
    }
  }
  const top = spring + radius;
  out.push(boxBetween(at, [-0.4, length + 0.4], [y - 0.235, y + 0.235], [top + 0.2, top + 0.9], 0.6));
  out.push(boxBetween(at, [-0.4, length + 0.4], [-0.3, y + 0.32], [top + 0.8, top + 1], 0.5));
  return out;
}

/** Four steps up to a landing, frame: x along the façade, y into the yard. */
function steps(at: Pose, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const width = random.range(3, 4.5);
  for (let i = 0; i < 4; i++) {
    const [w, depth, top] = [width / 2 + 0.3 * (3 - i), 1.2 + 0.34 * (3 - i), 0.16 * (i + 1)];
    out.push(boxBetween(at, [-w, w], [-0.5, depth], [-0.3 + 0.01 * i, top], 0.5));
  }
  return out;
}

/** A ramp along a façade, 5 m long. */
function ramp(at: Pose): Primitive {
  return {
    kind: 'wedge',
    pose: compose(at, placed(0, 0, 0.45)),
    half: [2.5, 0.8, 0.45],
    reflectivity: 0.5,
  };
}

/** Lawn kerb, fountain and trees inside the lap, all at least 2 m from the way. */
function middle(yard: Pose, p: number, q: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const [lx, ly] = [p - 2.2, q - 2.2];
  out.push(boxBetween(yard, [-lx, lx], [-ly, ly], [-0.3, 0.12], 0.5));
  const basin = random.range(1.3, 1.7);
  for (const [r, h] of [
    [basin, 0.55],
    [0.25, 1.5],
    [0.7, 0],
  ] as const) {
    if (h > 0) out.push(post(yard[3]!, yard[7]!, -0.1, r, h + 0.1, 0.6));
    else out.push(post(yard[3]!, yard[7]!, 1.4, r, 0.2, 0.6));
  }
  out.push({ kind: 'sphere', pose: placed(yard[3]!, yard[7]!, 1.75), radius: 0.28, reflectivity: 0.6 });
  for (const sx of [-1, 1]) {
    for (const sy of [-1, 1]) {
      if (random.chance(0.2)) continue;
      const x = sx * random.range(Math.min(3.5, lx - 1.3), lx - 1.2);
      const y = sy * random.range(Math.min(1.5, ly - 1.3), ly - 1.2);
      const T = compose(yard, placed(x, y, 0));
      out.push(...tree(T[3]!, T[7]!, 0.12, random.fork(`tree ${sx} ${sy}`), random.range(0.6, 0.75)));
    }
  }
  return out;
}

/** Benches, lamps and shrubs between the way and the façades (not under the arcade). */
function borders(yard: Pose, a: number, b: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const side = (x: number, y: number, yaw: number): Pose => compose(yard, placed(x, y, 0, yaw));
  const add = (T: Pose, r: Random): void => {
    const yaw = Math.atan2(T[4]!, T[0]!);
    const pick = r.next();
    if (pick < 0.4) out.push(...bench(T[3]!, T[7]!, 0, yaw));
    else if (pick < 0.6) out.push(...lamp(T[3]!, T[7]!, 0, yaw - Math.PI / 2, r));
    else if (pick < 0.85) {
      out.push({
        kind: 'sphere',
        pose: placed(T[3]!, T[7]!, 0.3),
        radius: r.range(0.5, 0.8),
        reflectivity: 0.45,
      });
      out.push({
        kind: 'sphere',
        pose: placed(T[3]! + 0.5, T[7]! + 0.2, 0.2),
        radius: r.range(0.4, 0.6),
        reflectivity: 0.45,
      });
    } else out.push(...tree(T[3]!, T[7]!, 0, r, 0.75));
  };
  for (let x = -a + 3; x < a - 3; x += random.range(3.5, 6))
    add(side(x, b - 3, 0), random.fork(`north ${x}`));
  for (let y = -b + 5; y < b - 3; y += random.range(3.5, 6)) {
    if (Math.abs(y) > 4.5) add(side(a - 3, y, -Math.PI / 2), random.fork(`east ${y}`));
    if (y < -1 || y > 7) add(side(-a + 3, y, Math.PI / 2), random.fork(`west ${y}`));
  }
  return out;
}
