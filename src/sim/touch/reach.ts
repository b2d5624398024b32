import type { Pose } from '../../geometry/se3.js';
import type { Solid } from '../objects/solid.js';
import type { GelModel } from './gel.js';
import { pushUntil } from './press.js';

/** How far out a touch begins, metres. */
export const APPROACH = 0.04;
/** What the housing keeps from the object and the table, metres. */
const CLEARANCE = 0.001;

/** The pose of a gel in front of a surface point: z against its normal, x turned by `roll` from the level direction. */
export function facing(point: ArrayLike<number>, normal: ArrayLike<number>, roll: number): Pose {
  const z = [-normal[0]!, -normal[1]!, -normal[2]!] as const;
  // Level: across the vertical; for surfaces that face up or down, along x.
  let [ax, ay] = [-z[1], z[0]];
  const length = Math.hypot(ax, ay);
  if (length < 1e-3) [ax, ay] = [1, 0];
  else [ax, ay] = [ax / length, ay / length];
  // Made exactly perpendicular to z.
  const along = ax * z[0] + ay * z[1];
  let a = [ax - along * z[0], ay - along * z[1], -along * z[2]];
  const norm = Math.hypot(...a);
  a = a.map((v) => v / norm);
  const b = [z[1] * a[2]! - z[2] * a[1]!, z[2] * a[0]! - z[0] * a[2]!, z[0] * a[1]! - z[1] * a[0]!];
  const [c, s] = [Math.cos(roll), Math.sin(roll)];
  const T = new Float64Array(12);
  for (let k = 0; k < 3; k++) {
    T[4 * k] = c * a[k]! + s * b[k]!;
    T[4 * k + 1] = c * b[k]! - s * a[k]!;
    T[4 * k + 2] = z[k]!;
    T[4 * k + 3] = point[k]!;
  }
  return T;
}

/** Whether the housing at T is clear of the object, and housing and gel of the table z = `table`. */
export function isClear(solid: Solid, T: Pose, gel: GelModel, table = 0): boolean {
  const { half, length, behind } = gel.housing;
  const at = (x: number, y: number, z: number): readonly [number, number, number] => [
    T[0]! * x + T[1]! * y + T[2]! * z + T[3]!,
    T[4]! * x + T[5]! * y + T[6]! * z + T[7]!,
    T[8]! * x + T[9]! * y + T[10]! * z + T[11]!,
  ];
  const gelX = (gel.width / 2) * gel.pitch;
  const gelY = (gel.height / 2) * gel.pitch;
  for (const x of [-gelX, gelX])
    for (const y of [-gelY, gelY]) if (at(x, y, 0)[2] < table + CLEARANCE) return false;
  for (const x of [-half[0], half[0]])
    for (const y of [-half[1], half[1]])
      for (const z of [-behind, -behind - length]) if (at(x, y, z)[2] < table + CLEARANCE) return false;
  // A grid of points about 5 mm apart through the housing; thin parts between them are thicker than the clearance.
  for (let k = 0; k <= 6; k++)
    for (let j = 0; j <= 4; j++)
      for (let i = 0; i <= 5; i++) {
        const p = at((i / 2.5 - 1) * half[0], (j / 2 - 1) * half[1], -behind - (k / 6) * length);
        if (solid.distance(...p) < CLEARANCE) return false;
      }
  return true;
}

/**
 * The pose at which a gel pressed against a surface point stops, or undefined where the point cannot be reached
 * straight from outside: something is in the way, the housing would hit the object or the table, or the gel would
 * touch elsewhere first, too far away for the point to be felt.
 *
 * @param depth of the deepest point of the press (m)
 */
export function reach(
  solid: Solid,
  point: ArrayLike<number>,
  normal: ArrayLike<number>,
  roll: number,
  gel: GelModel,
  depth: number,
): Pose | undefined {
  if (normal[2]! < -0.5) return undefined; // not from below
  const start = facing(point, normal, roll);
  for (let k = 0; k < 3; k++) start[4 * k + 3]! -= APPROACH * start[4 * k + 2]!;
  if (!isClear(solid, start, gel)) return undefined;
  const T = pushUntil(solid, start, gel, depth, 2 * APPROACH);
  if (T === undefined || !isClear(solid, T, gel)) return undefined;
  const missing = T[2]! * (point[0]! - T[3]!) + T[6]! * (point[1]! - T[7]!) + T[10]! * (point[2]! - T[11]!);
  if (missing > 0.0005) return undefined; // the point itself stays away from the gel
  // On the way in the housing only moves along its axis: half way is checked too.
  const half = T.slice();
  for (let k = 0; k < 3; k++) half[4 * k + 3]! = (T[4 * k + 3]! + start[4 * k + 3]!) / 2;
  return isClear(solid, half, gel) ? T : undefined;
}
