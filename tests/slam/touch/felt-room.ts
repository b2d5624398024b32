// Touches of the ball in the room of the cameras: the truth for tests of touch beside other sensors.
import { loadConfig } from '../../../src/config/load.js';
import { compose, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { bodyAt } from '../camera-room.js';
import { ball, feel, type Solid } from './felt.js';

/** A small map, with the room's voxels. */
export const configureRoom = (kind: string) =>
  loadConfig({
    set: [
      'engine=wasm',
      'threads=1',
      'map.memoryMiB=1500',
      `sensor.kind=${kind}`,
      'sensor.maxRange=20',
      'sensor.minRange=0.1',
      'training.samplePoints=512',
      'rgbd.voxel=0.015',
    ],
  });

/** Of the room: its ball. */
export const BALL: Solid = ball(0.2, 0.6, 0.25, -0.3);
export const BALL_CENTRE = [0.6, 0.25, -0.3] as const;

/** T_room_gel of a gel that is pressed a millimetre into the ball from a direction. */
export function pressedFrom(azimuth: number, elevation: number): Pose {
  const d = [
    Math.cos(elevation) * Math.cos(azimuth),
    Math.cos(elevation) * Math.sin(azimuth),
    Math.sin(elevation),
  ] as const;
  const x = [-Math.sin(azimuth), Math.cos(azimuth), 0] as const;
  const z = d.map((v) => -v) as [number, number, number];
  const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]] as const;
  const p = d.map((v, i) => BALL_CENTRE[i]! + v * 0.199);
  return Float64Array.of(x[0], y[0], z[0], p[0]!, x[1], y[1], z[1], p[1]!, x[2], y[2], z[2], p[2]!);
}

/** What is felt at T_room_gel while the body is where it was at step k; the arm says it with an error of its own. */
export function touchOf(k: number, T_room_gel: Pose, error: Pose = identity()): TouchMeasurement {
  return {
    ...feel(BALL, T_room_gel),
    stampNs: BigInt(k) * 100_000_000n,
    mount: compose(compose(inverse(bodyAt(k)), T_room_gel), error),
  };
}
