// First guesses of where a sensor may be.
import { compose, exp, type Pose } from '../../geometry/se3.js';

/** Angles from −range to range in steps, radians; 0 first. */
export function yawFan(rangeDegrees: number, stepDegrees: number): number[] {
  const angles = [0];
  for (let a = stepDegrees; a <= rangeDegrees; a += stepDegrees)
    angles.push(...(a < 180 ? [a, -a] : [a]).map((v) => (v * Math.PI) / 180));
  return angles;
}

/** Axis 0, 1 or 2 of a sensor: the one that is nearest to up in its frame. A LiDAR's is z, a camera's y. */
export function uprightAxis(up: ArrayLike<number>): number {
  const size = (axis: number): number => Math.abs(up[axis]!);
  return [1, 0].reduce((best, axis) => (size(axis) > size(best) ? axis : best), 2);
}

/** A pose turned about an axis of its own, radians. */
export function turnedAbout(pose: Pose, axis: number, yaw: number): Pose {
  const twist = new Float64Array(6);
  twist[3 + axis] = yaw;
  return compose(pose, exp(twist));
}

/** Each pose turned about the upright axis of its sensor by each angle of a fan. @param up as uprightAxis gives it */
export function turned(poses: readonly Pose[], yaws: readonly number[], up = 2): Pose[] {
  return poses.flatMap((pose) => yaws.map((yaw) => turnedAbout(pose, up, yaw)));
}

/** `center` shifted in the sensor's horizontal plane, on a square grid within a circle (m); itself first. @param up likewise */
export function shifted(center: Pose, reach: number, step: number, up = 2): Pose[] {
  const [first, second] = [0, 1, 2].filter((axis) => axis !== up);
  const shift = (a: number, b: number): Float64Array => {
    const twist = new Float64Array(6);
    twist[first!] = a;
    twist[second!] = b;
    return twist;
  };
  const poses: Pose[] = [center];
  const n = Math.floor(reach / step);
  for (let i = -n; i <= n; i++)
    for (let j = -n; j <= n; j++)
      if ((i || j) && Math.hypot(i, j) * step <= reach)
        poses.push(compose(center, exp(shift(i * step, j * step))));
  return poses;
}
