import type { Matrix4 } from 'three';
import type { Pose } from '../../../geometry/se3.js';

/** A row-major [R|t] as a matrix of three.js. */
export function matrixOf(T: Pose, out: Matrix4): Matrix4 {
  return out.set(
    T[0]!,
    T[1]!,
    T[2]!,
    T[3]!,
    T[4]!,
    T[5]!,
    T[6]!,
    T[7]!,
    T[8]!,
    T[9]!,
    T[10]!,
    T[11]!,
    0,
    0,
    0,
    1,
  );
}
