import type { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { boxBetween, type Primitive } from '../primitives.js';

/** The overall half width of every car, mirrors left out. */
const CAR_HALF_WIDTH = 0.92;

/** A car in the frame `at`: x forward, origin on the ground below its middle. */
export function car(at: Pose, random: Random): Primitive[] {
  const length = random.range(3.9, 4.7);
  const half = CAR_HALF_WIDTH - 0.02;
  const bonnet = random.range(0.85, 0.98);
  const roof = bonnet + random.range(0.5, 0.75);
  const paint = random.range(0.15, 0.75);
  const [front, rear] = [length / 2, -length / 2];
  const cabinFront = front - random.range(0.95, 1.25);
  const cabinRear = rear + random.range(0.05, 0.6);
  const windscreen = 0.55;
  const parts = [
    boxBetween(at, [rear, front], [-half, half], [0.24, bonnet], paint),
    boxBetween(at, [rear - 0.08, front + 0.08], [-half + 0.08, half - 0.08], [0.3, 0.55], 0.2),
    boxBetween(at, [cabinRear, cabinFront - windscreen], [-half + 0.12, half - 0.12], [bonnet, roof], paint),
    wedge(at, cabinFront - windscreen / 2, windscreen, half - 0.12, bonnet, roof),
  ];
  for (const x of [front - 0.8, rear + 0.75]) {
    for (const y of [-half + 0.1, half - 0.1]) parts.push(wheel(at, x, y));
  }
  return parts;
}

/** The windscreen's prism: rises backwards, hence turned by half a circle. */
function wedge(at: Pose, x: number, length: number, halfWidth: number, z0: number, z1: number): Primitive {
  const local = Float64Array.of(-1, 0, 0, x, 0, -1, 0, 0, 0, 0, 1, (z0 + z1) / 2);
  return {
    kind: 'wedge',
    pose: compose(at, local),
    half: [length / 2, halfWidth, (z1 - z0) / 2],
    reflectivity: 0.12,
  };
}

function wheel(at: Pose, x: number, y: number): Primitive {
  const lying = Float64Array.of(1, 0, 0, x, 0, 0, -1, y, 0, 1, 0, 0.31); // axis z → across the car
  return { kind: 'cylinder', pose: compose(at, lying), radius: 0.31, halfHeight: 0.1, reflectivity: 0.08 };
}
