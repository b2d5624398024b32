import { exp, identity, type Pose } from '../../geometry/se3.js';

/** R·x of a pose's rotation. */
export function turn(T: Pose, x: ArrayLike<number>): Float64Array {
  return Float64Array.from([0, 4, 8], (r) => T[r]! * x[0]! + T[r + 1]! * x[1]! + T[r + 2]! * x[2]!);
}

export function rotationOf(T: Pose): Pose {
  const out = T.slice();
  out[3] = out[7] = out[11] = 0;
  return out;
}

/** The smallest rotation that takes a force to z. */
export function levelled(force: ArrayLike<number>): Pose {
  const length = Math.hypot(force[0]!, force[1]!, force[2]!);
  const [x, y, z] = [force[0]! / length, force[1]! / length, force[2]! / length];
  const sine = Math.hypot(x, y);
  const angle = Math.atan2(sine, z);
  return sine < 1e-9 && z > 0
    ? identity()
    : exp([0, 0, 0, ...(sine < 1e-9 ? [angle, 0, 0] : [(y * angle) / sine, (-x * angle) / sine, 0])]);
}

/** The position's part of a covariance, level axes. */
export function inLevel(T_level_odom: Pose, covariance?: Float64Array): Float64Array {
  const out = new Float64Array(9);
  if (!covariance) return out;
  const R = [0, 1, 2, 4, 5, 6, 8, 9, 10].map((i) => T_level_odom[i]!);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) out[r * 3 + c]! += R[r * 3 + i]! * covariance[i * 6 + j]! * R[c * 3 + j]!;
  return out;
}

/** 3×3 with the same variance along every axis. */
export function alike(variance: number): Float64Array {
  return Float64Array.of(variance, 0, 0, 0, variance, 0, 0, 0, variance);
}

/** 3×3 of a rotation of which only the part about a unit vector is known, with this variance (rad²). */
export function aboutUp(variance: number, up: ArrayLike<number>): Float64Array {
  return alike(variance).map((v, k) => {
    const [i, j] = [Math.floor(k / 3), k % 3];
    return v + (i === j ? 1 : 0) - up[i]! * up[j]!;
  });
}

/** Mean variance of roll, pitch and heading (rad²) in a pose's 6×6 covariance; 0 where there is none. */
export function attitudeVariance(covariance?: Float64Array): number {
  return covariance ? (covariance[21]! + covariance[28]! + covariance[35]!) / 3 : 0;
}
