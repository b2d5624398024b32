// A floor of an office building: a ring of corridors with rooms along both long sides that look much alike, a large room at either end.
// Turned by 180° it looks much the same, but for furniture, doors and the depth of the large rooms.
import { Random } from '../../dist/geometry/random.js';
import { compose } from '../../dist/geometry/se3.js';
import { boxBetween, placed } from '../../dist/sim/primitives.js';
import { cabinet, chair, desk, door, plant, shelf, table } from '../../dist/sim/worlds/furniture.js';
import { indoorLoop } from '../../dist/sim/worlds/indoor-loop.js';
import { World } from '../../dist/sim/world.js';

const CEILING = 2.7; // m, all lengths
const WAY = { p: 16, q: 4, turn: 2.2 }; // half sizes of the ring
const HALF_CORRIDOR = 1;
const OPEN_FROM = 12.5; // |x| beyond which the large rooms are
const END = { '-1': 19, 1: 21.5 }; // where they end in the west and in the east
const DEPTH = 4.5; // of the small rooms
const ROOMS = 5; // along either side
const GAP = 0.5; // half the width of a doorway
const LINTEL = 2.1;
const THICK = 0.12;
const SPEED = 1; // m/s

/** @returns the way is a loop of 80 m through corridors and both large rooms */
export function officeFloor(seed) {
  const random = new Random(seed).fork('office floor');
  const outer = WAY.q + HALF_CORRIDOR;
  const statics = [
    solid(
      [-END[-1] - 0.2, END[1] + 0.2],
      [-outer - DEPTH - 0.2, outer + DEPTH + 0.2],
      [CEILING, CEILING + 0.2],
      0.7,
    ),
    ...[-1, 1].flatMap((side) => [
      solid(
        between(side * END[side], side * (END[side] + 0.2)),
        [-outer - DEPTH, outer + DEPTH],
        [-0.1, CEILING + 0.1],
        0.6,
      ),
      ...largeRoom(side, random.fork(`large room ${side}`)),
      ...smallRooms(side, outer, random.fork(`rooms ${side}`)),
      ...core(side, random.fork(`core ${side}`)),
    ]),
  ];
  return new World({
    name: 'office floor',
    planes: [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.4 }],
    statics,
    moving: [],
    route: indoorLoop({ x: 0, y: 0 }, WAY.p, WAY.q, WAY.turn, 1, 0, SPEED),
  });
}

const solid = (x, y, z, reflectivity) => boxBetween(placed(0, 0, 0), x, y, z, reflectivity);
const between = (a, b) => [Math.min(a, b), Math.max(a, b)];

/** A row of rooms behind a corridor, each with a desk, a chair and a shelf; every second door or so stands open. */
function smallRooms(side, outer, random) {
  const width = (2 * OPEN_FROM) / ROOMS;
  const wall = between(side * outer, side * (outer + THICK));
  const solids = [
    solid(
      [-END[-1], END[1]],
      between(side * (outer + DEPTH), side * (outer + DEPTH + 0.2)),
      [-0.1, CEILING + 0.1],
      0.6,
    ),
    ...[-1, 1].map((end) => solid(between(end * OPEN_FROM, end * END[end]), wall, [0, CEILING], 0.6)),
  ];
  for (let i = 0; i <= ROOMS; i++) {
    const x = -OPEN_FROM + i * width;
    solids.push(
      solid([x - THICK / 2, x + THICK / 2], between(side * outer, side * (outer + DEPTH)), [0, CEILING], 0.6),
    );
    if (i === ROOMS) break;
    const r = random.fork(`room ${i}`);
    const middle = x + width / 2 + r.range(-1, 1);
    const facing = side > 0 ? Math.PI : 0; // furniture's back is at the outer wall
    const back = placed(x + width / 2, side * (outer + DEPTH), 0, facing);
    const at = (along, away) => compose(back, placed(along, away, 0));
    solids.push(...desk(at(r.range(-1.2, 1.2), 0), r.fork('desk')));
    solids.push(...chair(at(r.range(-0.8, 0.8), 1.2), r.fork('chair')));
    solids.push(
      ...shelf(
        compose(at(width / 2 - 0.1, r.range(1, 2.5)), placed(0, 0, 0, Math.PI / 2)),
        1.1,
        r.range(1, 2),
        r.fork('shelf'),
      ),
    );
    solids.push(
      solid([x, middle - GAP], wall, [0, CEILING], 0.6),
      solid([middle + GAP, x + width], wall, [0, CEILING], 0.6),
    );
    solids.push(solid([middle - GAP, middle + GAP], wall, [LINTEL, CEILING], 0.6));
    if (r.chance(0.5)) solids.push(...door(placed(middle, side * outer, 0, facing), r.fork('door')));
  }
  return solids;
}

/** Half of the block that the ring leads around, with closed doors and a cabinet. */
function core(side, random) {
  const y = WAY.q - HALF_CORRIDOR;
  const solids = [solid([-OPEN_FROM, OPEN_FROM], between(0, side * y), [0, CEILING], 0.6)];
  for (let x = random.range(-11, -8); x < OPEN_FROM - 1; x += random.range(4, 8))
    solids.push(...door(placed(x, side * y, 0, side > 0 ? 0 : Math.PI), random.fork(`door ${x}`)));
  return solids;
}

/** A room over the whole width, where the ring turns: tables in its middle, cabinets and plants along its walls. */
function largeRoom(side, random) {
  const solids = [];
  const wall = placed(side * END[side], 0, 0, (side * Math.PI) / 2);
  for (let i = -1; i <= 1; i++) {
    const r = random.fork(`table ${i}`);
    solids.push(
      ...table(placed(side * (14 + r.range(-0.3, 0.3)), 1.8 * i, 0, r.range(-0.2, 0.2)), 1.4, 0.8, r),
    );
  }
  solids.push(...cabinet(compose(wall, placed(random.range(-3, -1), 0, 0)), 1.6, random.fork('cabinet')));
  solids.push(...shelf(compose(wall, placed(random.range(1, 3), 0, 0)), 1.6, 2, random.fork('shelf')));
  for (const y of [-4.5, 4.5])
    solids.push(...plant(placed(side * (END[side] - 0.5), y, 0), random.fork(`plant ${y}`)));
  return solids;
}
