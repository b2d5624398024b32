// A motorway: four lanes, cars on all of them as fast as the sensor's or nearly, rails with posts, trees, marker posts and signs.
import { Random } from '../../dist/geometry/random.js';
import { boxBetween, placed } from '../../dist/sim/primitives.js';
import { Route } from '../../dist/sim/route.js';
import { World } from '../../dist/sim/world.js';
import { car } from '../../dist/sim/worlds/car.js';
import { sign, tree } from '../../dist/sim/worlds/plants.js';

const BEYOND = 150; // m before and after the way, out of the LiDAR's sight
const HEIGHT = 1.73; // m of the sensor
const AT = placed(0, 0, 0);
/** m to the left, and the direction of travel. */
const LANES = [
  [3.6, 1],
  [0, 1],
  [-3.6, 1],
  [7.2, -1],
];

/**
 * @param options.speed of the sensor, m/s
 * @param options.length m
 * @param options.rails whether there are rails beside it
 */
export function motorway(seed, { speed, length, rails = true }) {
  const random = new Random(seed).fork('motorway');
  const route = new Route(
    { x: 0, y: 0, heading: 0 },
    [{ length, turn: 0 }],
    { smooth: [0.97 * speed, 1.03 * speed], walking: 1.2 },
    HEIGHT,
  );
  return new World({
    name: 'motorway',
    planes: [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.3 }],
    statics: [-1, 1].flatMap((side) => beside(side, length + BEYOND, rails, random.fork(`side ${side}`))),
    moving: LANES.flatMap(([aside, direction]) =>
      lane(aside, direction, speed, length, random.fork(`lane ${aside}`)),
    ),
    route,
  });
}

function beside(side, end, rails, random) {
  const solids = [];
  const y = side > 0 ? [9, 9.1] : [-9.1, -9];
  if (rails) {
    solids.push(boxBetween(AT, [-BEYOND, end], y, [0.45, 0.75], 0.6));
    for (let x = -BEYOND; x < end; x += 4)
      solids.push(boxBetween(AT, [x, x + 0.12], [y[0] - 0.05, y[1] + 0.05], [0, 0.75], 0.6));
  }
  for (let x = -BEYOND; x < end; x += random.range(15, 45))
    solids.push(...tree(x, side * random.range(13, 35), 0, random.fork(`tree ${x}`), random.range(0.8, 2)));
  for (let x = -BEYOND; x < end; x += 50)
    solids.push(boxBetween(AT, [x, x + 0.12], [side * 8.3 - 0.06, side * 8.3 + 0.06], [-0.1, 1.05], 0.8));
  for (let x = random.range(0, 100) - BEYOND; x < end; x += random.range(120, 250))
    solids.push(...sign(x, side * 10, 0, Math.PI, random.fork(`sign ${x}`)));
  return solids;
}

/** Cars 25 to 60 m apart; those on the sensor's lane keep their distance. */
function lane(aside, direction, speed, length, random) {
  const cars = [];
  for (let s = -120; s < length + 200; s += random.range(25, 60)) {
    if (aside === 0 && Math.abs(s) < 15) continue;
    const start = s;
    const v = speed * direction * (aside === 0 ? 1 : random.range(0.95, 1.15));
    cars.push({
      primitives: car(AT, random.fork(`car ${s}`)),
      place(t, out) {
        out[0] = start + v * t;
        out[1] = aside;
        out[2] = 0;
        out[3] = direction > 0 ? 0 : Math.PI;
      },
    });
  }
  return cars;
}
