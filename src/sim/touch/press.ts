import type { Pose } from '../../geometry/se3.js';
import type { Solid } from '../objects/solid.js';
import { gelCoordinate, type GelModel } from './gel.js';
import { pressMembrane } from './membrane.js';

/** How far behind the resting gel rays begin, beyond the deepest press, metres. */
const BEHIND = 0.001;
/** Where a ray has arrived, metres. */
const CLOSE = 1e-7;
const MAX_STEPS = 400;

/** The gel pressed against something: true depths. */
export interface Press {
  /** How deep the gel is pressed in at each pixel, metres, row by row. */
  readonly depth: Float32Array;
  /** 1 where the gel lies on what is touched. */
  readonly contact: Uint8Array;
}

/**
 * Distance along the gel's z axis from the plane z = `from` to the surface, at a point of the gel; Infinity where
 * there is none within `far`. Marched by the signed distance.
 */
function rayAlong(solid: Solid, T: Pose, x: number, y: number, from: number, far: number): number {
  const px = T[0]! * x + T[1]! * y + T[2]! * from + T[3]!;
  const py = T[4]! * x + T[5]! * y + T[6]! * from + T[7]!;
  const pz = T[8]! * x + T[9]! * y + T[10]! * from + T[11]!;
  const [dx, dy, dz] = [T[2]!, T[6]!, T[10]!];
  let t = 0;
  for (let step = 0; step < MAX_STEPS && t <= far; step++) {
    const distance = solid.distance(px + t * dx, py + t * dy, pz + t * dz);
    if (distance < CLOSE) return t;
    t += distance;
  }
  return Infinity;
}

/**
 * What the gel at T_world_gel feels of a solid: by how much it intrudes at each pixel, and the membrane over it.
 *
 * @example
 * const fromAbove = exp([0, 0, 0.0495, Math.PI, 0, 0]); // T_world_gel: half a millimetre deep
 * const { depth } = press(roundedBox([0.05, 0.05, 0.05], 0.002), fromAbove, gelModel());
 */
export function press(solid: Solid, T_world_gel: Pose, gel: GelModel): Press {
  const { width, height, pitch } = gel;
  const intrusion = new Float32Array(width * height);
  // Rays begin behind whatever the gel could be pressed against.
  const from = -(gel.maxDepth + BEHIND);
  for (let v = 0; v < height; v++) {
    const y = gelCoordinate(v, height, pitch);
    for (let u = 0; u < width; u++) {
      const t = rayAlong(solid, T_world_gel, gelCoordinate(u, width, pitch), y, from, -from + 0.002);
      intrusion[v * width + u] = t === Infinity ? -1 : -(from + t);
    }
  }
  const depth = new Float32Array(width * height);
  const contact = new Uint8Array(width * height);
  pressMembrane(intrusion, width, height, pitch, gel.skirt, depth, contact);
  return { depth, contact };
}

/** Rays over the gel that find where it would first touch. */
const COLUMNS = 33;
const ROWS = 25;

/**
 * Moves a gel along its z axis until its deepest point is pressed in by `depth`; undefined when there is nothing in
 * front of it within `reach` metres.
 *
 * @param T_world_gel any pose on the way, in free space
 */
export function pushUntil(
  solid: Solid,
  T_world_gel: Pose,
  gel: GelModel,
  depth: number,
  reach: number,
): Pose | undefined {
  const halfX = ((gel.width - 1) / 2) * gel.pitch;
  const halfY = ((gel.height - 1) / 2) * gel.pitch;
  let first = Infinity;
  for (let j = 0; j < ROWS; j++)
    for (let i = 0; i < COLUMNS; i++) {
      const x = ((2 * i) / (COLUMNS - 1) - 1) * halfX;
      const y = ((2 * j) / (ROWS - 1) - 1) * halfY;
      first = Math.min(first, rayAlong(solid, T_world_gel, x, y, 0, Math.min(reach, first)));
    }
  if (first === Infinity) return undefined;
  const out = T_world_gel.slice();
  for (let k = 0; k < 3; k++) out[4 * k + 3]! += (first + depth) * T_world_gel[4 * k + 2]!;
  return out;
}
