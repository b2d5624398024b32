// Touches of the ball in the room of the cameras: the truth for tests of touch beside other sensors.
import { loadConfig } from '../../../src/config/load.js';
import { compose, identity, inverse, type Pose } from '../../../src/geometry/se3.js';
import type { TouchMeasurement } from '../../../src/sensors/tactile/touch.js';
import { bodyAt } from '../camera-room.js';
import { ball, feel, lookingAt, type Solid } from './felt.js';

/** A small map, with the room's voxels. */
export const configureRoom = (kind: string, cameraVoxel = 0.015) =>
  loadConfig({
    set: [
      'engine=wasm',
      'threads=1',
      'map.memoryMiB=1500',
      `sensor.kind=${kind}`,
      'sensor.maxRange=20',
      'sensor.minRange=0.1',
      'training.samplePoints=512',
      `rgbd.voxel=${cameraVoxel}`,
    ],
  });

/** Of the room: its ball. */
export const BALL: Solid = ball(0.2, 0.6, 0.25, -0.3);
export const BALL_CENTRE = [0.6, 0.25, -0.3] as const;

/** T_room_gel of a gel that is pressed a millimetre into the ball from a direction. */
export const pressedFrom = (azimuth: number, elevation: number): Pose =>
  lookingAt(BALL_CENTRE, 0.199, azimuth, elevation);

/** What is felt at T_room_gel while the body is where it was at step k; the arm says it with an error of its own. */
export function touchOf(k: number, T_room_gel: Pose, error: Pose = identity()): TouchMeasurement {
  return {
    ...feel(BALL, T_room_gel),
    stampNs: BigInt(k) * 100_000_000n,
    mount: compose(compose(inverse(bodyAt(k)), T_room_gel), error),
  };
}
