import type { Mesh } from '../mesh/mesh.js';
import { project, viewOf, type Camera, type Vec3 } from './render-camera.js';

export interface AutoViewOptions {
  /** Width over height of the picture. */
  readonly aspect: number;
  /** How far from the path the mesh should be in the picture (m); default 20. */
  readonly reach?: number;
  /** Angle of the view above the horizon (degrees); default 38. */
  readonly elevation?: number;
  /** Turn of the view from the direction of travel (degrees, counter-clockwise); default 35. */
  readonly turn?: number;
}

/**
 * A three-quarter view from above: looks roughly along the direction of travel, framed so that the mesh around the
 * path fills the picture.
 *
 * @param path 3·N positions in the mesh's frame; without any the whole mesh is framed
 */
export function threeQuarterView(mesh: Mesh, path: Float32Array, options: AutoViewOptions): Camera {
  const { elevation = 38, turn = 35 } = options;
  const points = pointsToFrame(mesh, path, options.reach ?? 20);
  const heading = headingOf(path) + (turn * Math.PI) / 180;
  const tilt = (elevation * Math.PI) / 180;
  const look: Vec3 = [
    Math.cos(heading) * Math.cos(tilt),
    Math.sin(heading) * Math.cos(tilt),
    -Math.sin(tilt),
  ];
  const fovY = (32 * Math.PI) / 180;
  let target = centre(points);
  let distance = 1;
  // Alternately fit the distance to the farthest corners and move the middle of the picture to theirs.
  for (let pass = 0; pass < 4; pass++) {
    const limits = framing(points, look, target, fovY, options.aspect);
    distance = limits.distance;
    target = limits.target;
  }
  return { kind: 'perspective', eye: along(target, look, -distance), target, fovY };
}

/** Straight down, north up or turned so that the longer side of the path lies along the picture's. */
export function topDownView(mesh: Mesh, path: Float32Array, options: AutoViewOptions): Camera {
  const points = pointsToFrame(mesh, path, options.reach ?? 20);
  const along = options.aspect >= 1 ? headingOf(path) : headingOf(path) - Math.PI / 2;
  const right: Vec3 = [Math.cos(along), Math.sin(along), 0];
  const up: Vec3 = [-right[1], right[0], 0];
  const [u, v, z] = [range(points, right), range(points, up), range(points, [0, 0, 1])];
  const viewHeight = 1.06 * Math.max(v[1] - v[0], (u[1] - u[0]) / options.aspect, 1);
  const [a, b] = [(u[0] + u[1]) / 2, (v[0] + v[1]) / 2];
  const target: Vec3 = [right[0] * a + up[0] * b, right[1] * a + up[1] * b, z[0]];
  return { kind: 'orthographic', eye: [target[0], target[1], z[1] + 100], target, up, viewHeight };
}

/** Direction of the path's longer side, pointing the way it goes (radians). */
export function headingOf(path: Float32Array): number {
  const n = path.length / 3;
  let [mx, my] = [0, 0];
  for (let i = 0; i < path.length; i += 3) [mx, my] = [mx + path[i]! / n, my + path[i + 1]! / n];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < path.length; i += 3) {
    const [x, y] = [path[i]! - mx, path[i + 1]! - my];
    [xx, xy, yy] = [xx + x * x, xy + x * y, yy + y * y];
  }
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const last = path.length - 3;
  const forward =
    last > 0 &&
    Math.cos(angle) * (path[last]! - path[0]!) + Math.sin(angle) * (path[last + 1]! - path[1]!) < 0;
  return forward ? angle + Math.PI : angle;
}

/** A few thousand mesh vertices near the path, with the strays beyond the 1st and 99th percentile of height left out. */
function pointsToFrame(mesh: Mesh, path: Float32Array, reach: number): Vec3[] {
  const out: Vec3[] = [];
  const { positions } = mesh;
  const stride = 3 * Math.max(1, Math.floor(positions.length / 3 / 20_000));
  const step = 3 * Math.max(1, Math.floor(path.length / 3 / 200));
  for (let i = 0; i < positions.length; i += stride) {
    const p: Vec3 = [positions[i]!, positions[i + 1]!, positions[i + 2]!];
    let near = path.length === 0;
    for (let k = 0; k < path.length && !near; k += step)
      near = Math.hypot(path[k]! - p[0], path[k + 1]! - p[1]) < reach;
    if (near) out.push(p);
  }
  for (let k = 0; k < path.length; k += step) out.push([path[k]!, path[k + 1]!, path[k + 2]!]);
  if (out.length === 0) return [[0, 0, 0]];
  const heights = out.map((p) => p[2]).sort((a, b) => a - b);
  const low = heights[Math.floor(0.01 * heights.length)]!;
  const high = heights[Math.ceil(0.99 * heights.length) - 1]!;
  return out.filter((p) => p[2] >= low && p[2] <= high);
}

/** The eye comes this near (m): objects that were felt are a hand wide. */
const NEAREST = 0.4;

/** Distance at which all but 2 % of the points are in the picture, and the target that centres them. */
function framing(points: Vec3[], look: Vec3, target: Vec3, fovY: number, aspect: number) {
  const unitView = viewOf(
    { kind: 'orthographic', eye: target, target: along(target, look, 1), viewHeight: 1 },
    1,
    1,
  );
  const tanY = Math.tan(fovY / 2);
  const needed = points.map((p) => {
    const [x, y, depth] = project(unitView, ...p);
    return Math.max(Math.abs(x - 0.5) / (tanY * aspect), Math.abs(y - 0.5) / tanY) - depth;
  });
  needed.sort((a, b) => a - b);
  const distance = Math.max(NEAREST, 1.02 * needed[Math.floor(0.98 * (needed.length - 1))]!);
  const view = viewOf({ kind: 'perspective', eye: along(target, look, -distance), target, fovY }, aspect, 1);
  const seen = points.map((p) => project(view, ...p)).filter((p) => p[2] > 0.1 * distance);
  const middle = (k: 0 | 1) => {
    const sorted = seen.map((p) => p[k]).sort((a, b) => a - b);
    return (
      (sorted[Math.floor(0.02 * (sorted.length - 1))]! + sorted[Math.ceil(0.98 * (sorted.length - 1))]!) / 2
    );
  };
  const k = distance / view.focal;
  const [dx, dy] = [(middle(0) - aspect / 2) * k, (middle(1) - 0.5) * k];
  return { distance, target: along(along(target, view.right, dx), view.down, dy) };
}

function along(from: Vec3, direction: Vec3, distance: number): Vec3 {
  return [
    from[0] + direction[0] * distance,
    from[1] + direction[1] * distance,
    from[2] + direction[2] * distance,
  ];
}

function centre(points: Vec3[]): Vec3 {
  const sum = points.reduce<[number, number, number]>(
    (s, p) => [s[0] + p[0], s[1] + p[1], s[2] + p[2]],
    [0, 0, 0],
  );
  return [sum[0] / points.length, sum[1] / points.length, sum[2] / points.length];
}

function range(points: Vec3[], axis: Vec3): [number, number] {
  const values = points.map((p) => p[0] * axis[0] + p[1] * axis[1] + p[2] * axis[2]).sort((a, b) => a - b);
  return [values[Math.floor(0.005 * (values.length - 1))]!, values[Math.ceil(0.995 * (values.length - 1))]!];
}
