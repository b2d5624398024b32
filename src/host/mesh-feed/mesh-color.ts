import type { Pose } from '../../geometry/se3.js';
import { heightRamp } from '../../mesh/color.js';
import { hasColor } from '../../mesh/vertex-colors.js';

/** `color`: as the cameras saw it, by height where they saw nothing. */
export const MESH_COLOR_MODES = ['color', 'height', 'normal', 'plain'] as const;

/** How the mesh is coloured in RViz. */
export interface MeshColor {
  readonly mode: (typeof MESH_COLOR_MODES)[number];
  /** z of the lowest and highest colour, metres in the odometry frame. */
  readonly range: readonly [number, number];
}

/** Direction to the light, odometry frame: from above and a little from the side, so that walls differ. */
const LIGHT = [0.36, 0.24, 0.9] as const;

/**
 * Vertex colours, 3 per vertex, 0…1. RViz draws vertex colours unlit, so that the shading is part of them; what a camera
 * saw brings its own.
 *
 * @param positions 3 per vertex, odometry frame
 * @param normals 3 per vertex, in the frame that `T` turns to the odometry frame
 * @param colors 3 per vertex, 0…255, of the mesh where it has some
 */
export function colorBlock(
  positions: ArrayLike<number>,
  normals: Float32Array,
  T: Pose,
  { mode, range }: MeshColor,
  colors?: Uint8Array,
): Float32Array {
  const out = new Float32Array(normals.length);
  const own = mode === 'color' ? colors : undefined;
  for (let i = 0; i < normals.length; i += 3) {
    if (own && hasColor(own, i / 3)) {
      for (let k = 0; k < 3; k++) out[i + k] = own[i + k]! / 255;
      continue;
    }
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
    const tint = mode === 'plain' ? PLAIN : heightRamp(positions[i + 2]!, range[0], range[1]);
    for (let k = 0; k < 3; k++) out[i + k] = Math.min(1, (tint[k]! / 255) * light);
  }
  return out;
}

const PLAIN = [205, 205, 200] as const;
