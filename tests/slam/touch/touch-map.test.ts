import { afterAll, beforeAll, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { compose, exp, type Pose } from '../../../src/geometry/se3.js';
import { Random } from '../../../src/geometry/random.js';
import type { PosedTouch } from '../../../src/sensors/tactile/touch.js';
import { TouchMap } from '../../../src/slam/touch/touch-map.js';
import { lookingAt } from './felt.js';

const RADIUS = 0.02;
const PRESSED = 0.001;
const [WIDTH, HEIGHT, PITCH] = [41, 31, 0.0005];

/** A gel that is pressed a millimetre deep into a ball at the origin, from a direction. */
const pressFrom = (azimuth: number, elevation: number): Pose =>
  lookingAt([0, 0, 0], RADIUS - PRESSED, azimuth, elevation);

function touchAt(T_map_sensor: Pose, pressed = PRESSED): PosedTouch {
  const depth = new Float32Array(WIDTH * HEIGHT);
  for (let i = 0; i < depth.length; i++) {
    const [u, v] = [
      ((i % WIDTH) - (WIDTH - 1) / 2) * PITCH,
      (Math.floor(i / WIDTH) - (HEIGHT - 1) / 2) * PITCH,
    ];
    const r2 = u * u + v * v;
    depth[i] = r2 < RADIUS ** 2 ? Math.max(0, pressed - (RADIUS - Math.sqrt(RADIUS ** 2 - r2))) : 0;
  }
  return {
    kind: 'touch-image',
    stampNs: 0n,
    frameId: 'gel',
    width: WIDTH,
    height: HEIGHT,
    pitch: PITCH,
    depth,
    contact: Uint8Array.from(depth, (h) => (h > 0 ? 1 : 0)),
    sigma: 5e-5,
    T_map_sensor,
  };
}

/** Directions all over the upper half, so near that neighbours overlap. */
const DIRECTIONS = [0.1, 0.35, 0.6, 0.85, 1.1, 1.35].flatMap((elevation) => {
  const count = Math.max(4, Math.round((2 * Math.PI * Math.cos(elevation)) / 0.28));
  return Array.from({ length: count }, (_, i) => [(2 * Math.PI * i) / count, elevation] as const);
});

const offBall = (positions: Float32Array): number[] =>
  Array.from({ length: positions.length / 3 }, (_, i) =>
    Math.abs(Math.hypot(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!) - RADIUS),
  ).sort((a, b) => a - b);
const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 900 });
});
afterAll(() => pool.close());

it('meshes a ball that is touched all over to a tenth of a millimetre', async () => {
  const map = await TouchMap.create(pool);
  for (const direction of DIRECTIONS) map.add(touchAt(pressFrom(...direction)));
  const { positions } = map.mesh();
  expect(positions.length / 3).toBeGreaterThan(800);
  expect(rms(offBall(positions).slice(0, Math.floor(0.95 * (positions.length / 3))))).toBeLessThan(1e-4);
}, 60_000);

it('takes most of what an arm errs by out of the surface, registered and then found together', async () => {
  const random = new Random('arm');
  const error = { translation: 0.001, rotation: 0.008 };
  const map = await TouchMap.create(pool, { kinematics: error });
  const noise = (): Pose =>
    exp(Array.from({ length: 6 }, (_, i) => (i < 3 ? error.translation : error.rotation) * random.normal()));
  const guesses: Pose[] = [];
  for (const direction of DIRECTIONS) {
    const guess = compose(pressFrom(...direction), noise());
    guesses.push(guess);
    map.add({ ...touchAt(pressFrom(...direction)), T_map_sensor: guess });
  }
  const bundle = map.optimise()!;
  expect(Math.min(...bundle.overlaps)).toBeGreaterThan(0);
  const { positions } = map.mesh();
  // Where the ball as a whole lies is the arm's: its mean error remains.
  const centre = [0, 1, 2].map((c) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = c; i < positions.length; i += 3)
      [low, high] = [Math.min(low, positions[i]!), Math.max(high, positions[i]!)];
    return c < 2 ? (low + high) / 2 : high - RADIUS;
  });
  const found = rms(offBall(positions.map((v, i) => v - centre[i % 3]!)));
  const asArm = await TouchMap.create(pool, { kinematics: { translation: 1e-6, rotation: 1e-6 } });
  DIRECTIONS.forEach((direction, i) =>
    asArm.add({ ...touchAt(pressFrom(...direction)), T_map_sensor: guesses[i]! }),
  );
  const control = rms(offBall(asArm.mesh().positions));
  expect(control).toBeGreaterThan(4e-4);
  expect(found).toBeLessThan(0.6 * control);
}, 120_000);

it('maps a gel that touches nothing as free, and loses nothing to a touch without a pose', async () => {
  const map = await TouchMap.create(pool);
  expect(map.add(touchAt(pressFrom(0, 0.5), -0.001))).toMatchObject({ contact: false, state: 'kinematic' });
  map.add(touchAt(pressFrom(1, 0.5)));
  const before = map.mesh().indices.length;
  expect(before).toBeGreaterThan(0);
  expect(() =>
    map.add({ ...touchAt(pressFrom(0, 0)), T_map_sensor: new Float64Array(12).fill(NaN) }),
  ).toThrow(/not made of numbers/);
  expect(map.mesh().indices.length).toBe(before);
  expect(map.results).toHaveLength(2);
});
