// First guesses of where a sensor may be.
import { compose, exp, type Pose } from '../../geometry/se3.js';

/** Angles from −range to range in steps, radians; 0 first. */
export function yawFan(rangeDegrees: number, stepDegrees: number): number[] {
  const angles = [0];
  for (let a = stepDegrees; a <= rangeDegrees; a += stepDegrees)
    angles.push(...(a < 180 ? [a, -a] : [a]).map((v) => (v * Math.PI) / 180));
  return angles;
}

/** Each pose turned about its own up axis by each angle of a fan. */
export function turned(poses: readonly Pose[], yaws: readonly number[]): Pose[] {
  return poses.flatMap((pose) => yaws.map((yaw) => compose(pose, exp([0, 0, 0, 0, 0, yaw]))));
}

/** `center` shifted in the sensor's horizontal plane, on a square grid within a circle (m); itself first. */
export function shifted(center: Pose, reach: number, step: number): Pose[] {
  const poses: Pose[] = [center];
  const n = Math.floor(reach / step);
  for (let i = -n; i <= n; i++)
    for (let j = -n; j <= n; j++)
      if ((i || j) && Math.hypot(i, j) * step <= reach)
        poses.push(compose(center, exp([i * step, j * step, 0, 0, 0, 0])));
  return poses;
}
