import type { Pose } from '../../geometry/se3.js';
import { heightRamp } from '../../mesh/color.js';

export const MESH_COLOR_MODES = ['height', 'normal', 'plain'] as const;

/** How the mesh is coloured in RViz. */
export interface MeshColor {
  readonly mode: (typeof MESH_COLOR_MODES)[number];
  /** z of the lowest and highest colour, metres in the odometry frame. */
  readonly range: readonly [number, number];
}

/** Direction to the light, odometry frame: from above and a little from the side, so that walls differ. */
const LIGHT = [0.36, 0.24, 0.9] as const;

/**
 * Vertex colours, 3 per vertex, 0…1. RViz draws vertex colours unlit, so that the shading is part of them.
 *
 * @param positions 3 per vertex, odometry frame
 * @param normals 3 per vertex, in the frame that `T` turns to the odometry frame
 */
export function colorBlock(
  positions: ArrayLike<number>,
  normals: Float32Array,
  T: Pose,
  { mode, range }: MeshColor,
): Float32Array {
  const out = new Float32Array(normals.length);
  for (let i = 0; i < normals.length; i += 3) {
    const [a, b, c] = [normals[i]!, normals[i + 1]!, normals[i + 2]!];
    const nx = T[0]! * a + T[1]! * b + T[2]! * c;
    const ny = T[4]! * a + T[5]! * b + T[6]! * c;
    const nz = T[8]! * a + T[9]! * b + T[10]! * c;
    if (mode === 'normal') {
      out[i] = 0.5 * (nx + 1);
      out[i + 1] = 0.5 * (ny + 1);
      out[i + 2] = 0.5 * (nz + 1);
      continue;
    }
    const light = 0.62 + 0.38 * (nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]);
    const tint = mode === 'height' ? heightRamp(positions[i + 2]!, range[0], range[1]) : PLAIN;
    for (let k = 0; k < 3; k++) out[i + k] = Math.min(1, (tint[k]! / 255) * light);
  }
  return out;
}

const PLAIN = [205, 205, 200] as const;
