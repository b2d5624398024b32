// First guesses of where a sensor may be.
import { compose, exp, type Pose } from '../../geometry/se3.js';

/** Angles from −range to range in steps, radians; 0 first. */
export function yawFan(rangeDegrees: number, stepDegrees: number): number[] {
  const angles = [0];
  for (let a = stepDegrees; a <= rangeDegrees; a += stepDegrees)
    angles.push(...(a < 180 ? [a, -a] : [a]).map((v) => (v * Math.PI) / 180));
  return angles;
}

/** Each pose turned about the body's up axis by each angle of a fan. @param mount T_body_sensor */
export function turned(poses: readonly Pose[], yaws: readonly number[], mount: Pose): Pose[] {
  return about(poses, [mount[8]!, mount[9]!, mount[10]!], yaws);
}

/** Each pose tilted up and down by each angle (radians). @param mount T_body_sensor */
export function tilted(poses: readonly Pose[], angles: readonly number[], mount: Pose): Pose[] {
  return about(poses, [mount[4]!, mount[5]!, mount[6]!], angles);
}

/** Each pose rolled about the body's forward axis by each angle (radians). @param mount T_body_sensor */
export function rolled(poses: readonly Pose[], angles: readonly number[], mount: Pose): Pose[] {
  return about(poses, [mount[0]!, mount[1]!, mount[2]!], angles);
}

function about(poses: readonly Pose[], axis: readonly number[], angles: readonly number[]): Pose[] {
  const turns = angles.map((angle) => exp([0, 0, 0, ...axis.map((v) => (v === 0 ? 0 : v * angle))]));
  return poses.flatMap((pose) => turns.map((turn) => compose(pose, turn)));
}

/**
 * `center` shifted in the body's horizontal plane, on a square grid within a circle (m); itself first.
 *
 * @param mount T_body_sensor
 */
export function shifted(center: Pose, reach: number, step: number, mount: Pose): Pose[] {
  const poses: Pose[] = [center];
  const n = Math.floor(reach / step);
  const along = (i: number, j: number): readonly number[] =>
    [0, 1, 2].map((k) => (mount[k]! * i + mount[4 + k]! * j) * step);
  for (let i = -n; i <= n; i++)
    for (let j = -n; j <= n; j++)
      if ((i || j) && Math.hypot(i, j) * step <= reach)
        poses.push(compose(center, exp([...along(i, j), 0, 0, 0])));
  return poses;
}

/** `center` and the places beside it along each axis of the sensor, `step` metres away. */
export function shifted3(center: Pose, step: number): Pose[] {
  const axes = [0, 1, 2].flatMap((axis) => [-step, step].map((v) => ({ axis, v })));
  return [
    center,
    ...axes.map(({ axis, v }) =>
      compose(center, exp(Float64Array.from({ length: 6 }, (_, i) => (i === axis ? v : 0)))),
    ),
  ];
}
