import type { Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { encodePng } from './png.js';
import type { Vec3 } from './render-camera.js';
import { headingOf } from './render-views.js';
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

/** From behind a camera that looks about, whatever way it went (degrees). */
function overTheShoulder(poses: readonly Pose[], points: Float32Array): { turn: number; elevation: number } {
  const [x, y] = [0, 4].map((k) => poses.reduce((sum, T) => sum + T[k]!, 0)) as [number, number];
  return { turn: ((Math.atan2(y, x) - headingOf(points)) * 180) / Math.PI + 12, elevation: 34 };
}

/** Walls between the eye and the room are left out: they are seen from behind. */
function withoutBacks(mesh: Mesh, eye: Vec3): Mesh {
  const { positions: p, indices } = mesh;
  const kept = new Uint32Array(indices.length);
  let n = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [3 * indices[t]!, 3 * indices[t + 1]!, 3 * indices[t + 2]!];
    const u = [0, 1, 2].map((k) => p[b + k]! - p[a + k]!);
    const v = [0, 1, 2].map((k) => p[c + k]! - p[a + k]!);
    const facing =
      (u[1]! * v[2]! - u[2]! * v[1]!) * (eye[0] - p[a]!) +
      (u[2]! * v[0]! - u[0]! * v[2]!) * (eye[1] - p[a + 1]!) +
      (u[0]! * v[1]! - u[1]! * v[0]!) * (eye[2] - p[a + 2]!);
    if (facing <= 0) continue;
    kept.set(indices.subarray(t, t + 3), n);
    n += 3;
  }
  return { ...mesh, indices: kept.slice(0, n) };
}

/**
 * PNG picture of a mesh and the path that made it, framed by itself: from above, or into a room whose colours a camera saw.
 */
export function meshPicture(mesh: Mesh, poses: readonly Pose[], options: PictureOptions = {}): Uint8Array {
  const { width = 1280, height = 720, view = 'three-quarter', pathColor = '#ff5a4f' } = options;
  const points = Float32Array.from(poses.flatMap((T) => [T[3]!, T[7]!, T[11]!]));
  const indoors = mesh.colors !== undefined && poses.length > 0;
  const aspect = width / height;
  const camera =
    view === 'top'
      ? topDownView(mesh, points, { aspect })
      : threeQuarterView(mesh, points, indoors ? { aspect, ...overTheShoulder(poses, points) } : { aspect });
  const rgba = renderMesh(indoors ? withoutBacks(mesh, camera.eye) : mesh, {
    width,
    height,
    camera,
    shading: options.shading ?? (mesh.colors ? 'colors' : 'height'),
    ...(options.background === undefined ? {} : { background: options.background }),
    paths: pathColor === null ? [] : [{ points, color: pathColor, width: Math.max(2, width / 360) }],
  });
  return encodePng(rgba, width, height);
}
