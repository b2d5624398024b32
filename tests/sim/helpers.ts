import type { Random } from '../../src/geometry/random.js';
import { exp } from '../../src/geometry/se3.js';
import type { HalfSpace, Primitive } from '../../src/sim/primitives.js';
import { Route } from '../../src/sim/route.js';
import { World, type MovingObject } from '../../src/sim/world.js';

export type Vector = [number, number, number];

export function direction(random: Random): Vector {
  const v: Vector = [random.normal(), random.normal(), random.normal()];
  const n = Math.hypot(...v);
  return [v[0] / n, v[1] / n, v[2] / n];
}

/** A world of the given solids; its way is 100 m along x at y = z = 0, the sensor 1 m above. */
export function worldOf(
  statics: readonly Primitive[],
  planes: readonly HalfSpace[] = [],
  moving: readonly MovingObject[] = [],
): World {
  const speeds = { smooth: [4, 6] as [number, number], walking: 1.2 };
  const route = new Route({ x: 0, y: 0, heading: 0 }, [{ length: 100, turn: 0 }], speeds, 1);
  return new World({ name: 'test', planes, statics, moving, route });
}

/** One primitive of each kind, turned and placed at random. */
export function randomPrimitives(random: Random): Primitive[] {
  const pose = () =>
    exp([0, 0, 0, random.normal(), random.normal(), random.normal()]).map((v, i) =>
      i % 4 === 3 ? random.range(-2, 2) : v,
    );
  const size = () => random.range(0.3, 1.5);
  const common = () => ({ pose: pose(), reflectivity: 0.5 });
  return [
    { kind: 'box', half: [size(), size(), size()], ...common() },
    {
      kind: 'box',
      half: [size(), size(), size()],
      reflectivity: 0.5,
      pose: Float64Array.of(0, -1, 0, 0.3, 1, 0, 0, -0.2, 0, 0, 1, 0.5), // a quarter turn: the fast path
    },
    { kind: 'cylinder', radius: size(), halfHeight: size(), ...common() },
    { kind: 'sphere', radius: size(), ...common() },
    { kind: 'wedge', half: [size(), size(), size()], ...common() },
  ];
}

/** Sphere tracing: steps by the signed distance until it vanishes. NaN where it has not settled in time. */
export function sphereTrace(
  sdf: (x: number, y: number, z: number) => number,
  [ox, oy, oz]: Vector,
  [dx, dy, dz]: Vector,
  tMax: number,
): number {
  let t = 0;
  for (let i = 0; i < 5000; i++) {
    const d = sdf(ox + t * dx, oy + t * dy, oz + t * dz);
    if (d < 1e-10) return t;
    t += d;
    if (t > tMax) return Infinity;
  }
  return Number.NaN;
}
