// Poses and velocities of a sensor and of the body that it is mounted on. A sensor that is the body changes no bit.
import { compose, inverse, transformTwist, type Pose, type Twist } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
const isBody = (T_body_sensor: Pose): boolean => IDENTITY.every((v, i) => T_body_sensor[i] === v);

/** T_odom_sensor = T_odom_body · T_body_sensor. */
export function sensorPose(T_odom_body: Pose, T_body_sensor: Pose): Pose {
  return isBody(T_body_sensor) ? T_odom_body : compose(T_odom_body, T_body_sensor);
}

/** T_odom_body of a sensor's pose T_odom_sensor. */
export function bodyPose(T_odom_sensor: Pose, T_body_sensor: Pose): Pose {
  return isBody(T_body_sensor) ? T_odom_sensor : compose(T_odom_sensor, inverse(T_body_sensor));
}

/** How a sensor is mounted: where, and its own velocity relative to the body (sensor frame) where it moves on it. */
export type Mount = Pick<Observation, 'T_body_sensor' | 'mountTwist'>;

/** The body's velocity (body frame) as the sensor has it (sensor frame). */
export function sensorTwist(twist: Twist, { T_body_sensor, mountTwist }: Mount): Twist {
  const rigid = isBody(T_body_sensor) ? twist : transformTwist(inverse(T_body_sensor), twist);
  return mountTwist ? rigid.map((v, i) => v + mountTwist[i]!) : rigid;
}

/** A sensor's velocity (sensor frame) as the body has it (body frame). */
export function bodyTwist(twist: Twist, { T_body_sensor, mountTwist }: Mount): Twist {
  const rigid = mountTwist ? twist.map((v, i) => v - mountTwist[i]!) : twist;
  return isBody(T_body_sensor) ? rigid : transformTwist(T_body_sensor, rigid);
}
