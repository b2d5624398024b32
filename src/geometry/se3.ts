/**
 * Rigid transforms in float64.
 *
 * A pose is the top 3×4 of a homogeneous matrix, row-major in 12 numbers: [R | t]. A transform `T_a_b` maps a
 * point in frame b to frame a: p_a = T_a_b · p_b. A twist is [vx vy vz wx wy wz], translation first (REP-103
 * covariance order).
 */
export type Pose = Float64Array;
export type Twist = Float64Array;

export function identity(): Pose {
  return Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
}

/** T_a_c = T_a_b · T_b_c. `out` may be one of the operands. */
export function compose(a: Pose, b: Pose, out: Pose = new Float64Array(12)): Pose {
  // By index: an array that is taken apart goes through its iterator, which is several times slower.
  const [a0, a1, a2, a3] = [a[0]!, a[1]!, a[2]!, a[3]!];
  const [a4, a5, a6, a7] = [a[4]!, a[5]!, a[6]!, a[7]!];
  const [a8, a9, a10, a11] = [a[8]!, a[9]!, a[10]!, a[11]!];
  const [b0, b1, b2, b3] = [b[0]!, b[1]!, b[2]!, b[3]!];
  const [b4, b5, b6, b7] = [b[4]!, b[5]!, b[6]!, b[7]!];
  const [b8, b9, b10, b11] = [b[8]!, b[9]!, b[10]!, b[11]!];
  out[0] = a0 * b0 + a1 * b4 + a2 * b8;
  out[1] = a0 * b1 + a1 * b5 + a2 * b9;
  out[2] = a0 * b2 + a1 * b6 + a2 * b10;
  out[3] = a0 * b3 + a1 * b7 + a2 * b11 + a3;
  out[4] = a4 * b0 + a5 * b4 + a6 * b8;
  out[5] = a4 * b1 + a5 * b5 + a6 * b9;
  out[6] = a4 * b2 + a5 * b6 + a6 * b10;
  out[7] = a4 * b3 + a5 * b7 + a6 * b11 + a7;
  out[8] = a8 * b0 + a9 * b4 + a10 * b8;
  out[9] = a8 * b1 + a9 * b5 + a10 * b9;
  out[10] = a8 * b2 + a9 * b6 + a10 * b10;
  out[11] = a8 * b3 + a9 * b7 + a10 * b11 + a11;
  return out;
}

/** T_b_a of T_a_b. `out` may be the operand. */
export function inverse(T: Pose, out: Pose = new Float64Array(12)): Pose {
  const [r0, r1, r2, x] = [T[0]!, T[1]!, T[2]!, T[3]!];
  const [r4, r5, r6, y] = [T[4]!, T[5]!, T[6]!, T[7]!];
  const [r8, r9, r10, z] = [T[8]!, T[9]!, T[10]!, T[11]!];
  out[0] = r0;
  out[1] = r4;
  out[2] = r8;
  out[3] = -(r0 * x + r4 * y + r8 * z);
  out[4] = r1;
  out[5] = r5;
  out[6] = r9;
  out[7] = -(r1 * x + r5 * y + r9 * z);
  out[8] = r2;
  out[9] = r6;
  out[10] = r10;
  out[11] = -(r2 * x + r6 * y + r10 * z);
  return out;
}

/** p_a = T_a_b · p_b for the point (x, y, z). */
export function transformPoint(T: Pose, x: number, y: number, z: number): [number, number, number] {
  return [
    T[0]! * x + T[1]! * y + T[2]! * z + T[3]!,
    T[4]! * x + T[5]! * y + T[6]! * z + T[7]!,
    T[8]! * x + T[9]! * y + T[10]! * z + T[11]!,
  ];
}

/** Exponential map se(3) → SE(3) with the left Jacobian for the translation (Barfoot, State Estimation, eq. 7.85). */
export function exp(xi: ArrayLike<number>): Pose {
  const [vx, vy, vz, wx, wy, wz] = [xi[0]!, xi[1]!, xi[2]!, xi[3]!, xi[4]!, xi[5]!];
  const theta2 = wx * wx + wy * wy + wz * wz;
  const theta = Math.sqrt(theta2);
  let a: number, b: number, c: number; // sinθ/θ, (1−cosθ)/θ², (θ−sinθ)/θ³
  if (theta < 1e-4) {
    a = 1 - theta2 / 6;
    b = 0.5 - theta2 / 24;
    c = 1 / 6 - theta2 / 120;
  } else {
    a = Math.sin(theta) / theta;
    b = (1 - Math.cos(theta)) / theta2;
    c = (1 - a) / theta2;
  }
  const R = rodrigues(wx, wy, wz, a, b);
  const V = rodrigues(wx, wy, wz, b, c);
  return Float64Array.of(
    R[0]!, R[1]!, R[2]!, V[0]! * vx + V[1]! * vy + V[2]! * vz,
    R[3]!, R[4]!, R[5]!, V[3]! * vx + V[4]! * vy + V[5]! * vz,
    R[6]!, R[7]!, R[8]!, V[6]! * vx + V[7]! * vy + V[8]! * vz,
  ); // prettier-ignore
}

/** I + a·[w]× + b·[w]×² */
function rodrigues(wx: number, wy: number, wz: number, a: number, b: number): number[] {
  return [
    1 - b * (wy * wy + wz * wz), b * wx * wy - a * wz, b * wx * wz + a * wy,
    b * wx * wy + a * wz, 1 - b * (wx * wx + wz * wz), b * wy * wz - a * wx,
    b * wx * wz - a * wy, b * wy * wz + a * wx, 1 - b * (wx * wx + wy * wy),
  ]; // prettier-ignore
}

/** Rotation vector of a pose, in (−π, π]. */
export function rotationVector(T: Pose): [number, number, number] {
  const [x, y, z, w] = toQuaternion(T);
  const s = Math.hypot(x, y, z);
  if (s < 1e-12) return [2 * x, 2 * y, 2 * z];
  const k = (2 * Math.atan2(s, w)) / s; // w ≥ 0 by construction of toQuaternion
  return [x * k, y * k, z * k];
}

/** Logarithm SE(3) → se(3), the inverse of {@link exp}. */
export function log(T: Pose): Twist {
  const [wx, wy, wz] = rotationVector(T);
  const theta2 = wx * wx + wy * wy + wz * wz;
  const theta = Math.sqrt(theta2);
  // V⁻¹ = I − ½[w]× + k[w]×²
  const k =
    theta < 1e-3
      ? 1 / 12 + theta2 / 720
      : (1 - (theta * Math.cos(theta / 2)) / (2 * Math.sin(theta / 2))) / theta2;
  const V = rodrigues(wx, wy, wz, -0.5, k);
  const [x, y, z] = [T[3]!, T[7]!, T[11]!];
  return Float64Array.of(
    V[0]! * x + V[1]! * y + V[2]! * z,
    V[3]! * x + V[4]! * y + V[5]! * z,
    V[6]! * x + V[7]! * y + V[8]! * z,
    wx, wy, wz,
  ); // prettier-ignore
}

/** Unit quaternion [x, y, z, w] with w ≥ 0 (Shepperd's method). */
export function toQuaternion(T: Pose): [number, number, number, number] {
  const [m00, m01, m02, m10, m11, m12, m20, m21, m22] = [
    T[0]!,
    T[1]!,
    T[2]!,
    T[4]!,
    T[5]!,
    T[6]!,
    T[8]!,
    T[9]!,
    T[10]!,
  ];
  const trace = m00 + m11 + m22;
  let q: [number, number, number, number];
  if (trace >= Math.max(m00, m11, m22)) q = [m21 - m12, m02 - m20, m10 - m01, 1 + trace];
  else if (m00 >= m11 && m00 >= m22) q = [1 + m00 - m11 - m22, m01 + m10, m02 + m20, m21 - m12];
  else if (m11 >= m22) q = [m01 + m10, 1 - m00 + m11 - m22, m12 + m21, m02 - m20];
  else q = [m02 + m20, m12 + m21, 1 - m00 - m11 + m22, m10 - m01];
  const n = Math.hypot(q[0], q[1], q[2], q[3]) * (q[3] < 0 ? -1 : 1);
  return [q[0] / n, q[1] / n, q[2] / n, q[3] / n];
}

/** Pose from translation and quaternion [x, y, z, w]; the quaternion is normalised. */
export function fromQuaternion(t: ArrayLike<number>, q: ArrayLike<number>): Pose {
  const n = Math.hypot(q[0]!, q[1]!, q[2]!, q[3]!);
  const [x, y, z, w] = [q[0]! / n, q[1]! / n, q[2]! / n, q[3]! / n];
  return Float64Array.of(
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), t[0]!,
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x), t[1]!,
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y), t[2]!,
  ); // prettier-ignore
}

/** Ad(T_a_b)·ξ: a twist given in frame b, of the same rigid body, in frame a (Barfoot, eq. 7.46, translation first). */
export function transformTwist(T: Pose, twist: ArrayLike<number>): Twist {
  const [vx, vy, vz, wx, wy, wz] = [twist[0]!, twist[1]!, twist[2]!, twist[3]!, twist[4]!, twist[5]!];
  const a = T[0]! * wx + T[1]! * wy + T[2]! * wz;
  const b = T[4]! * wx + T[5]! * wy + T[6]! * wz;
  const c = T[8]! * wx + T[9]! * wy + T[10]! * wz;
  const [x, y, z] = [T[3]!, T[7]!, T[11]!];
  return Float64Array.of(
    T[0]! * vx + T[1]! * vy + T[2]! * vz + y * c - z * b,
    T[4]! * vx + T[5]! * vy + T[6]! * vz + z * a - x * c,
    T[8]! * vx + T[9]! * vy + T[10]! * vz + x * b - y * a,
    a, b, c,
  ); // prettier-ignore
}

/** Geodesic interpolation on SE(3): a at s = 0, b at s = 1; extrapolates outside. */
export function interpolate(a: Pose, b: Pose, s: number): Pose {
  const xi = log(compose(inverse(a), b));
  return compose(a, exp(xi.map((v) => v * s)));
}

/** Rotation angle in radians. */
export function rotationAngle(T: Pose): number {
  return Math.hypot(...rotationVector(T));
}

/** Distance (m) between the origins of two poses in one frame. */
export function separation(a: Pose, b: Pose): number {
  return Math.hypot(a[3]! - b[3]!, a[7]! - b[7]!, a[11]! - b[11]!);
}

/** Whether two poses in one frame are no farther from each other than so many metres and radians. */
export function areWithin(
  a: Pose,
  b: Pose,
  reach: { readonly metres: number; readonly radians: number },
): boolean {
  return separation(a, b) <= reach.metres && rotationAngle(compose(inverse(a), b)) <= reach.radians;
}

export function translationNorm(T: Pose): number {
  return Math.hypot(T[3]!, T[7]!, T[11]!);
}

/** The nearest rotation by one Gram–Schmidt pass: keeps products of many float64 poses orthonormal. */
export function orthonormalise(T: Pose): Pose {
  return fromQuaternion([T[3]!, T[7]!, T[11]!], toQuaternion(T));
}

/** p ↦ exp(ω)(p − c) + c + v with c the sensor's position: the update of a left perturbation centred at the sensor. */
export function moveAtSensor(pose: Pose, step: ArrayLike<number>): Pose {
  const moved = compose(exp([0, 0, 0, step[3]!, step[4]!, step[5]!]), pose);
  moved[3] = pose[3]! + step[0]!;
  moved[7] = pose[7]! + step[1]!;
  moved[11] = pose[11]! + step[2]!;
  return moved;
}
