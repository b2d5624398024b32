import { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { boxBetween, placed, type Primitive } from '../primitives.js';
import { driving } from '../progress.js';
import { Route, turnReach, type Rise } from '../route.js';
import { World, type MovingObject } from '../world.js';
import { building } from './building.js';
import { car } from './car.js';
import { lamp, sign, tree } from './plants.js';

/** Half the road's width, the kerb's height, and where façades stand, from the middle of the road. */
const ROAD = 5;
const KERB = 0.14;
const FACADE = 8.2;
/** Distance of the driven lane from the middle of the road. */
const LANE = 1.65;
const PARKED = 3.95;
const TURN = 22;
const SENSOR_HEIGHT = 1.8;
const TAIL = 30;

interface Segment {
  /** T_world_segment: x along the street, y to its left, origin in the middle of the road at its beginning. */
  readonly at: Pose;
  readonly length: number;
  /** Turn at its beginning and its end: +1 left, −1 right, 0 none. */
  readonly before: number;
  readonly after: number;
  readonly hump: { readonly from: number; readonly to: number; readonly height: number } | null;
}

/**
 * A street of three straight stretches joined by two 90° turns (470 m): houses with recessed windows and doors,
 * kerbs, lamps, signs, trees, parked cars, a hump with two ramps, oncoming cars and one ahead. The seed decides
 * everything, left- or right-hand traffic and the turns included. With more stretches it goes on after the third, turning
 * the other way each time, so that it never meets itself.
 */
export function streetWorld(seed: number | string, stretches = 3): World {
  const random = new Random(seed).fork('street');
  const plan = random.fork('plan');
  const side = plan.chance(0.5) ? 1 : -1; // which side of the road the driven lane is on: −1 right
  const lane = side * LANE;
  const first = plan.chance(0.5) ? 1 : -1;
  const turns = [first, plan.chance(0.5) ? first : -first];
  const lengths = [plan.range(165, 180), plan.range(125, 140), plan.range(170, 185)];
  const more = random.fork('more');
  while (lengths.length < stretches) {
    turns.push(-turns.at(-1)!);
    lengths.push(more.range(125, 185));
  }

  const segments: Segment[] = [];
  let at = placed(0, 0, 0);
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    const hump =
      i === 1 ? { from: length / 2 - 25, to: length / 2 + 25, height: plan.range(0.7, 1.1) } : null;
    segments.push({ at, length, before: turns[i - 1] ?? 0, after: turns[i] ?? 0, hump });
    at = compose(at, placed(length, 0, 0, ((turns[i] ?? 0) * Math.PI) / 2));
  }
  const route = streetRoute(segments, lane);
  const statics = segments.flatMap((s, i) => dress(s, i, random.fork(`segment ${i}`)));
  statics.push(...ends(segments, random.fork('ends')));
  return new World({
    name: 'street',
    planes: [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.28 }],
    statics,
    moving: traffic(route, lane, random.fork('traffic')),
    route,
  });
}

/** The driven lane: from 12 m into the first stretch to 12 m before the end of the last. */
function streetRoute(segments: readonly Segment[], lane: number): Route {
  const reach = turnReach(TURN);
  const rises: Rise[] = [];
  const pieces: { length: number; turn: number }[] = [];
  let s = 0;
  let from = 12;
  for (const [i, segment] of segments.entries()) {
    // The lanes of two stretches meet at (length − turn·lane) along the first and (turn·lane) along the second.
    const to = segment.after ? segment.length - segment.after * lane - reach : segment.length - 12;
    if (segment.hump) {
      const { from: a, to: b, height } = segment.hump;
      const ramp = RAMP_LENGTH;
      rises.push({ from: s + a - from, to: s + a - from + ramp, slope: height / ramp });
      rises.push({ from: s + b - from - ramp, to: s + b - from, slope: -height / ramp });
    }
    pieces.push({ length: to - from, turn: 0 });
    s += to - from;
    if (!segment.after) continue;
    pieces.push({ length: TURN, turn: (segment.after * Math.PI) / 2 });
    s += TURN;
    from = reach + segments[i]!.after * lane;
  }
  const T = segments[0]!.at;
  const start = {
    x: T[3]! + 12 * T[0]! + lane * T[1]!,
    y: T[7]! + 12 * T[4]! + lane * T[5]!,
    heading: Math.atan2(T[4]!, T[0]!),
  };
  return new Route(start, pieces, { smooth: [5, 10], walking: 1.3 }, SENSOR_HEIGHT, rises);
}

const RAMP_LENGTH = 17;

function dress(segment: Segment, index: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  for (const left of [1, -1]) {
    const r = random.fork(left > 0 ? 'left' : 'right');
    // On the inner side of a turn the crossing street cuts this side short; on the outer side it goes on.
    const cut = (turn: number): number => (turn === 0 ? -TAIL : turn === left ? FACADE : -FACADE);
    const from = cut(segment.before);
    const to = segment.length - cut(segment.after);
    out.push(...houses(segment, left, from, to, r.fork('houses')));
    // No kerb where cars cut the inner corner, nor across the mouth of the crossing street.
    const clear = (turn: number): number => (turn === 0 ? -TAIL : turn === left ? ROAD + 9 : -FACADE - 1.4);
    const [k0, k1] = [clear(segment.before), segment.length - clear(segment.after)];
    const inset = 0.004 * ((index % 3) + 1); // pavements that meet at a corner must not share a face
    out.push(
      boxBetween(
        segment.at,
        [k0, k1],
        left > 0 ? [ROAD, FACADE + 1.5] : [-FACADE - 1.5, -ROAD],
        [-0.5, KERB - inset],
        0.4,
      ),
    );
    out.push(
      ...furniture(
        segment,
        left,
        Math.max(k0, -TAIL + 5) + 3,
        Math.min(k1, segment.length + TAIL - 5) - 3,
        r,
      ),
    );
  }
  if (segment.hump) out.push(...hump(segment));
  return out;
}

function houses(segment: Segment, left: number, from: number, to: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  let x = from;
  while (to - x > 6) {
    let width = random.range(10, 19);
    if (to - x - width < 8) width = to - x;
    const setback = random.range(0, 0.8);
    const skew = random.chance(0.4) ? random.range(-0.02, 0.02) : 0;
    // Façade frames look at the street: on the left side their x runs against the street's.
    const face =
      left > 0
        ? placed(x + width, FACADE + setback + 0.2, 0, Math.PI + skew)
        : placed(x, -FACADE - setback - 0.2, 0, skew);
    const floors = 2 + random.int(4);
    out.push(...building(compose(segment.at, face), { width, depth: 9, floors }, random.fork(`house ${x}`)));
    x += width;
    if (random.chance(0.3) && to - x > 14) {
      const gap = random.range(2.5, 5.5);
      const wall = left * (FACADE + 0.9);
      if (random.chance(0.6)) {
        const y: [number, number] = left > 0 ? [wall, wall + 0.25] : [wall - 0.25, wall];
        out.push(boxBetween(segment.at, [x - 0.3, x + gap + 0.3], y, [-0.5, random.range(1.2, 2.2)], 0.5));
      }
      out.push(
        ...tree(...segmentPoint(segment, x + gap / 2, left * (FACADE + 4)), 0, random.fork(`gap ${x}`), 1.1),
      );
      x += gap;
    }
  }
  return out;
}

/** Lamps, trees and signs on the pavement and cars at the kerb, between two positions along one side. */
function furniture(segment: Segment, left: number, from: number, to: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const yaw = Math.atan2(segment.at[4]!, segment.at[0]!);
  const props = random.fork('props');
  for (let x = from + props.range(0, 5); x < to; x += props.range(5, 10)) {
    const [px, py] = segmentPoint(segment, x, left * (ROAD + 0.7));
    const pick = props.next();
    if (pick < 0.4) out.push(...tree(px, py, KERB, props.fork(`tree ${x}`)));
    else if (pick < 0.65)
      out.push(...lamp(px, py, KERB, yaw - (left * Math.PI) / 2, props.fork(`lamp ${x}`)));
    else if (pick < 0.8)
      out.push(...sign(px, py, KERB, yaw + (left > 0 ? 0 : Math.PI), props.fork(`sign ${x}`)));
    else if (pick < 0.88) {
      out.push(
        boxBetween(
          compose(segment.at, placed(x, left * (ROAD + 0.8), 0)),
          [-0.35, 0.35],
          [-0.3, 0.3],
          [-0.2, KERB + 1.05],
          0.35,
        ),
      );
    }
  }
  const parked = random.fork('parked');
  for (let x = from + 4; x < to - 6; x += parked.range(5.4, 7.2)) {
    const nearHump = segment.hump && x > segment.hump.from - 4 && x < segment.hump.to + 4;
    const nearTurn = (segment.before && x < 26) || (segment.after && x > segment.length - 26);
    if (nearHump || nearTurn || !parked.chance(0.5)) continue;
    const turned =
      (parked.chance(0.8) ? (left > 0 ? Math.PI : 0) : left > 0 ? 0 : Math.PI) + parked.range(-0.03, 0.03);
    const pose = compose(segment.at, placed(x, left * (PARKED + parked.range(-0.05, 0.05)), 0, turned));
    out.push(...car(pose, parked.fork(`car ${x}`)));
  }
  return out;
}

function segmentPoint(segment: Segment, x: number, y: number): [number, number] {
  const T = segment.at;
  return [T[3]! + T[0]! * x + T[1]! * y, T[7]! + T[4]! * x + T[5]! * y];
}

/** Two ramps and a flat top across the road. */
function hump(segment: Segment): Primitive[] {
  const { from, to, height } = segment.hump!;
  const half: [number, number, number] = [RAMP_LENGTH / 2, ROAD - 0.12, height / 2];
  const ramp = (x: number, yaw: number): Primitive => ({
    kind: 'wedge',
    pose: compose(segment.at, placed(x, 0, height / 2, yaw)),
    half,
    reflectivity: 0.28,
  });
  return [
    ramp(from + RAMP_LENGTH / 2, 0),
    boxBetween(segment.at, [from + RAMP_LENGTH, to - RAMP_LENGTH], [-half[1], half[1]], [-0.5, height], 0.28),
    ramp(to - RAMP_LENGTH / 2, Math.PI),
  ];
}

/** Houses across both ends of the street. */
function ends(segments: readonly Segment[], random: Random): Primitive[] {
  const options = { width: 2 * FACADE + 2, depth: 6, floors: 4 };
  const [first, last] = [segments[0]!, segments[2]!];
  return [
    ...building(
      compose(first.at, placed(-TAIL + 1, FACADE + 1, 0, -Math.PI / 2)),
      options,
      random.fork('first'),
    ),
    ...building(
      compose(last.at, placed(last.length + TAIL - 1, -FACADE - 1, 0, Math.PI / 2)),
      options,
      random.fork('last'),
    ),
  ];
}

/** Oncoming cars on the other lane, and one that drives ahead on ours. */
function traffic(route: Route, lane: number, random: Random): MovingObject[] {
  const origin = placed(0, 0, 0);
  const point = route.at(0);
  const follow = (s: number, aside: number, turned: number, out: Float64Array): void => {
    route.at(s, point);
    out[0] = point.x - aside * Math.sin(point.heading);
    out[1] = point.y + aside * Math.cos(point.heading);
    out[2] = point.z;
    out[3] = point.heading + turned;
  };
  const objects: MovingObject[] = [];
  for (let s = random.range(60, 110); s < route.length + 420; s += random.range(55, 110)) {
    const [start, speed] = [s, random.range(6, 8)];
    objects.push({
      primitives: car(origin, random.fork(`oncoming ${s}`)),
      place: (t, out) => follow(start - speed * t, -2 * lane, Math.PI, out),
    });
  }
  const ahead = driving(route, random.fork('ahead'));
  const gap = random.range(24, 32);
  // Kept ahead of a sensor driving the same lane at any speed between the route's limits only near the start, so it leaves fast.
  objects.push({
    primitives: car(origin, random.fork('ahead')),
    place: (t, out) => follow(gap + ahead.distance(t * 1.15), 0, 0, out),
  });
  return objects;
}
