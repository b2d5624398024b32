import { compose, inverse, log, type Pose, type Twist } from '../geometry/se3.js';

/** Something on the move, smooth to the second derivative. */
export interface Body {
  /** T_world_body at t seconds. */
  pose(t: number): Pose;
  /** Velocity in the body's frame [vx vy vz wx wy wz]. */
  twist(t: number): Twist;
  /** Acceleration of the body's origin in the world frame, m/s². */
  acceleration(t: number): [number, number, number];
}

/** Velocity in the body's frame [vx vy vz wx wy wz], by fourth-order differences of the pose on SE(3). */
export function twistOf(pose: (t: number) => Pose, t: number): Twist {
  const h = 1e-3;
  const d1 = log(compose(inverse(pose(t - h)), pose(t + h)));
  const d2 = log(compose(inverse(pose(t - 2 * h)), pose(t + 2 * h)));
  return d1.map((v, i) => (8 * v - d2[i]!) / (12 * h));
}

/** Acceleration of the body's origin in the world frame, m/s² (fourth-order second difference). */
export function accelerationOf(pose: (t: number) => Pose, t: number): [number, number, number] {
  const h = 4e-3;
  const p = [-2, -1, 0, 1, 2].map((k) => pose(t + k * h));
  const along = (i: number): number =>
    (-p[0]![i]! + 16 * p[1]![i]! - 30 * p[2]![i]! + 16 * p[3]![i]! - p[4]![i]!) / (12 * h * h);
  return [along(3), along(7), along(11)];
}

/**
 * What is screwed to a body, at T_body_part.
 *
 * @example
 * const camera = mounted(robot, T_base_camera);
 * camera.pose(2); // T_world_camera after 2 s
 */
export function mounted(body: Body, T_body_part: Pose): Body {
  const pose = (t: number): Pose => compose(body.pose(t), T_body_part);
  return { pose, twist: (t) => twistOf(pose, t), acceleration: (t) => accelerationOf(pose, t) };
}
