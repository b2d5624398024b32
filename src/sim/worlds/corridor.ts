import { Random } from '../../geometry/random.js';
import { boxBetween, placed, type Primitive } from '../primitives.js';
import { Route } from '../route.js';
import { World } from '../world.js';

/** Beyond this distance past either end of the way the corridor is closed: out of the LiDAR's range. */
const BEYOND = 115;
const SENSOR_HEIGHT = 1;

export interface CorridorOptions {
  /** Door frames every few metres; without them nothing shows how far one has come. Default false. */
  readonly doorFrames?: boolean;
}

/** Two long plain parallel walls, floor and ceiling, 100 m of way: degenerate along its axis. */
export function corridorWorld(seed: number | string, options: CorridorOptions = {}): World {
  const random = new Random(seed).fork('corridor');
  const half = random.range(1.2, 1.8);
  const height = random.range(2.5, 3.2);
  const at = placed(0, 0, 0);
  const route = new Route(
    { x: 0, y: 0, heading: Math.atan2(at[4]!, at[0]!) },
    [{ length: 100, turn: 0 }],
    { smooth: [1, 1.6], walking: 1.2 },
    SENSOR_HEIGHT,
  );
  const [x0, x1] = [-BEYOND, route.length + BEYOND];
  const statics: Primitive[] = [
    boxBetween(at, [x0 - 1, x1 + 1], [half, half + 0.5], [-0.5, height + 0.5], 0.6),
    boxBetween(at, [x0 - 1, x1 + 1], [-half - 0.5, -half], [-0.5, height + 0.5], 0.6),
    boxBetween(at, [x0 - 1, x1 + 1], [-half - 0.4, half + 0.4], [height, height + 0.4], 0.7),
    boxBetween(at, [x0 - 0.5, x0], [-half - 0.3, half + 0.3], [-0.4, height + 0.3], 0.6),
    boxBetween(at, [x1, x1 + 0.5], [-half - 0.3, half + 0.3], [-0.4, height + 0.3], 0.6),
  ];
  if (options.doorFrames) {
    const doors = random.fork('doors');
    for (let x = -100; x < route.length + 100; x += doors.range(4, 9)) {
      const side = doors.chance(0.5) ? 1 : -1;
      for (const [a, b, z0, z1] of [
        [0, 0.1, -0.1, 2.1],
        [0.95, 1.05, -0.1, 2.1],
        [0, 1.05, 2.1, 2.2],
      ] as const) {
        const y: [number, number] = side > 0 ? [half - 0.07, half + 0.1] : [-half - 0.1, -half + 0.07];
        statics.push(boxBetween(at, [x + a, x + b], y, [z0, z1], 0.5));
      }
    }
  }
  return new World({
    name: 'corridor',
    planes: [{ normal: [0, 0, 1], offset: 0, reflectivity: 0.45 }],
    statics,
    moving: [],
    route,
  });
}
