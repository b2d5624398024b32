import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { Random } from '../../src/geometry/random.js';
import { compose, inverse, translationNorm } from '../../src/geometry/se3.js';
import { boxBetween, placed } from '../../src/sim/primitives.js';
import { Route } from '../../src/sim/route.js';
import { simulate } from '../../src/sim/simulate.js';
import { World, type MovingObject } from '../../src/sim/world.js';
import { car } from '../../src/sim/worlds/car.js';
import { tree } from '../../src/sim/worlds/plants.js';
import { createSlam } from '../../src/slam/create.js';

const SPEED = 25; // m/s
const SCANS = 10;
const AT = placed(0, 0, 0);

/** Three lanes of cars, most of them as fast as the sensor's, one lane towards it; trees and marker posts beside them. */
function motorway(seed: number): World {
  const random = new Random(seed).fork('motorway test');
  const lanes: readonly (readonly [y: number, velocity: number, gap: number])[] = [
    [0, SPEED, 24],
    [-3.6, SPEED, 31],
    [3.6, 1.02 * SPEED, 27],
    [7.2, -SPEED, 37],
  ];
  const statics = [-1, 1].flatMap((side) => {
    const solids = [];
    for (let x = -120; x < 200; x += random.range(14, 30))
      solids.push(...tree(x, side * random.range(12, 25), 0, random.fork(`tree ${side} ${x}`), 1.3));
    for (let x = -120; x < 200; x += 50)
      solids.push(boxBetween(AT, [x, x + 0.12], [side * 9.3 - 0.06, side * 9.3 + 0.06], [0, 1.05], 0.8));
    return solids;
  });
  const moving = lanes.flatMap(([y, velocity, gap]) => {
    const cars: MovingObject[] = [];
    for (let start = -4.5 * gap; start < 200; start += gap) {
      if (y === 0 && Math.abs(start) < 15) continue;
      cars.push({
        primitives: car(AT, random.fork(`car ${y} ${start}`)),
        place(t, out): void {
          out.set([start + velocity * t, y, 0, velocity > 0 ? 0 : Math.PI]);
        },
      });
    }
    return cars;
  });
  const route = new Route(
    { x: 0, y: 0, heading: 0 },
    [{ length: 0.1 * SPEED * SCANS + 30, turn: 0 }],
    { smooth: [0.97 * SPEED, 1.03 * SPEED], walking: 1.2 },
    1.73,
  );
  const planes = [{ normal: [0, 0, 1] as [number, number, number], offset: 0, reflectivity: 0.3 }];
  return new World({ name: 'motorway', planes, statics, moving, route });
}

describe('on a motorway, begun at 25 m/s', () => {
  it.each([1, 2])(
    'what stands is told from cars that drive along or come towards it, seed %i',
    async (seed) => {
      const sim = simulate({ world: motorway(seed), seed, duration: 0.1 * SCANS });
      const T_first_world = inverse(sim.trajectory.pose(sim.stampTime(0)));
      const slam = await createSlam(
        configSchema.parse({ map: { memoryMiB: 512 }, mesh: { blocksPerScan: 0 }, threads: 1 }),
      );
      const states: string[] = [];
      let worst = 0;
      for (let k = 0; k < SCANS; k++) {
        const { pose, state } = slam.process(sim.scan(k));
        states.push(state);
        const truth = compose(T_first_world, sim.trajectory.pose(sim.stampTime(k)));
        if (state !== 'lost') worst = Math.max(worst, translationNorm(compose(inverse(truth), pose)));
      }
      await slam.close();
      expect(worst).toBeLessThan(0.3);
      expect(states.filter((state) => state === 'lost').length).toBeLessThanOrEqual(1);
    },
    120_000,
  );
});
