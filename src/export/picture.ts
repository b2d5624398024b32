import type { Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { encodePng } from './png.js';
import { renderMesh, threeQuarterView, topDownView, type Shading } from './render.js';

export interface PictureOptions {
  readonly width?: number;
  readonly height?: number;
  readonly view?: 'three-quarter' | 'top';
  /** Without one the colours of a mesh that has some, else by height. */
  readonly shading?: Shading;
  readonly background?: readonly [string, string] | null;
  /** #rrggbb of the path, or null for none. */
  readonly pathColor?: string | null;
}

/** PNG picture of a mesh and the path that made it, framed by itself. */
export function meshPicture(mesh: Mesh, poses: readonly Pose[], options: PictureOptions = {}): Uint8Array {
  const { width = 1280, height = 720, view = 'three-quarter', pathColor = '#ff5a4f' } = options;
  const points = Float32Array.from(poses.flatMap((T) => [T[3]!, T[7]!, T[11]!]));
  const camera = (view === 'top' ? topDownView : threeQuarterView)(mesh, points, { aspect: width / height });
  const rgba = renderMesh(mesh, {
    width,
    height,
    camera,
    shading: options.shading ?? (mesh.colors ? 'colors' : 'height'),
    ...(options.background === undefined ? {} : { background: options.background }),
    paths: pathColor === null ? [] : [{ points, color: pathColor, width: Math.max(2, width / 360) }],
  });
  return encodePng(rgba, width, height);
}
