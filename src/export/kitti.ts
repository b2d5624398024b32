import { FeltmapError } from '../geometry/errors.js';
import { orthonormalise, type Pose } from '../geometry/se3.js';

/** KITTI trajectory: per pose one line of the twelve numbers of [R | t], row by row; no stamps. */
export function formatKitti(poses: readonly Pose[]): string {
  return poses.map((T) => Array.from(T, scientific).join(' ') + '\n').join('');
}

/**
 * Reads a KITTI trajectory.
 *
 * @param source named in errors
 * @throws FeltmapError bad-input with the line that is wrong
 */
export function parseKitti(text: string, source = 'KITTI trajectory'): Pose[] {
  const poses: Pose[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const T = Float64Array.from(line.trim().split(/\s+/), Number);
    if (T.length !== 12 || !T.every(Number.isFinite) || !isRotation(T))
      throw new FeltmapError(
        'bad-input',
        `${source}, line ${i + 1}: expected the twelve numbers of a rotation and a translation, got "${line.slice(0, 80)}".`,
      );
    poses.push(orthonormalise(T));
  });
  if (poses.length === 0) throw new FeltmapError('bad-input', `${source} holds no poses.`);
  return poses;
}

/** Orthonormal up to what few printed digits leave, and no reflection. */
function isRotation(T: Pose): boolean {
  const row = (i: number) => [T[4 * i]!, T[4 * i + 1]!, T[4 * i + 2]!];
  const dot = (a: number[], b: number[]) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
  const [x, y, z] = [row(0), row(1), row(2)];
  const cross = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!];
  const near = (a: number, b: number) => Math.abs(a - b) < 0.01;
  return near(dot(x, x), 1) && near(dot(y, y), 1) && near(dot(x, y), 0) && near(dot(cross, z), 1);
}

/** As C's %.9e. */
function scientific(v: number): string {
  return (v === 0 ? 0 : v).toExponential(9).replace(/e([+-])(\d)$/, 'e$10$2');
}
