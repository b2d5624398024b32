import type { Mesh } from '../mesh/mesh.js';
import { hasColor } from '../mesh/vertex-colors.js';
import type { PixelBuffer } from './rasterise.js';
import { hexToLinear, normalColor, ramp, toLinear, type Rgb } from './render-colors.js';
import { cross, dot, subtract, unit, type Vec3, type View } from './render-camera.js';

export type Shading = 'height' | 'normal' | 'plain' | 'colors';

/** Back sides, seen through the gap where a surface was never scanned from behind. */
const BACK: Rgb = hexToLinear('#5a6070');
const PLAIN: Rgb = hexToLinear('#c9ced8');
/** Share of the light that colours seen by cameras bring with them. */
const OWN_LIGHT = 0.7;

/**
 * Colours every pixel of the buffer in linear light: two-sided, a warm key light from over the viewer's shoulder,
 * blue light from the sky and a weak headlight, times the ambient occlusion. What cameras saw brings its own light and
 * takes less of this one.
 *
 * @param occlusion 0 (hidden) … 1 (open) per pixel
 * @param heights of the ramp's ends (m)
 * @returns 4·pixels: red, green, blue, coverage
 */
export function shade(
  mesh: Mesh,
  view: View,
  buffer: PixelBuffer,
  normals: Float32Array,
  occlusion: Float32Array,
  shading: Shading,
  heights: readonly [number, number],
): Float32Array {
  const { width, height, triangle, nearness } = buffer;
  const out = new Float32Array(4 * width * height);
  const key = keyLight(view);
  const toEye: Vec3 = [-view.forward[0], -view.forward[1], -view.forward[2]];
  for (let i = 0; i < triangle.length; i++) {
    if (triangle[i]! < 0) continue;
    const n: Vec3 = [normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!];
    const z = worldZ(view, buffer, i, nearness[i]!);
    const back = facesAway(mesh, view, triangle[i]!);
    const base = back
      ? BACK
      : shading === 'colors'
        ? ownColor(mesh, view, buffer, i)
        : baseColor(shading, n, (z - heights[0]) / (heights[1] - heights[0]));
    const own = shading === 'colors' && !back ? OWN_LIGHT : 0;
    const sky = 0.5 + 0.5 * n[2];
    const lambert = Math.max(0, dot(n, key));
    const head = Math.max(0, dot(n, toEye));
    const o = occlusion[i]!;
    const open = o * (0.55 + 0.45 * o);
    const direct = lambert * (0.4 + 0.6 * o);
    const soft = own * (0.7 + 0.3 * o) * (0.75 + 0.35 * lambert);
    const rest = 1 - own;
    out[4 * i] = base[0] * (rest * (0.95 * direct + open * (0.3 * sky + 0.22 * head + 0.1)) + soft);
    out[4 * i + 1] = base[1] * (rest * (0.91 * direct + open * (0.33 * sky + 0.22 * head + 0.1)) + soft);
    out[4 * i + 2] = base[2] * (rest * (0.82 * direct + open * (0.4 * sky + 0.22 * head + 0.11)) + soft);
    out[4 * i + 3] = 1;
  }
  return out;
}

/**
 * Normal per pixel, towards the viewer: interpolated from the vertices where the mesh has normals, else the
 * triangle's. 3·pixels.
 */
export function pixelNormals(mesh: Mesh, view: View, buffer: PixelBuffer): Float32Array {
  const { width, triangle } = buffer;
  const out = new Float32Array(3 * triangle.length);
  for (let i = 0; i < triangle.length; i++) {
    const t = triangle[i]!;
    if (t < 0) continue;
    const [a, b, c] = cornersOf(mesh, t);
    const e1 = subtract(b, a);
    const e2 = subtract(c, a);
    const flat = cross(e1, e2);
    const ray = rayOf(view, (i % width) + 0.5, Math.floor(i / width) + 0.5);
    let n: Vec3 = unit(flat);
    if (mesh.normals) {
      const [u, v] = weightsAt(ray, a, e1, e2);
      const m = mesh.normals;
      const [ia, ib, ic] = [3 * mesh.indices[t]!, 3 * mesh.indices[t + 1]!, 3 * mesh.indices[t + 2]!];
      const smooth: Vec3 = [0, 1, 2].map(
        (k) => (1 - u - v) * m[ia + k]! + u * m[ib + k]! + v * m[ic + k]!,
      ) as unknown as Vec3;
      if (Math.hypot(...smooth) > 1e-3) n = unit(smooth);
    }
    const sign = dot(n, ray.direction) > 0 ? -1 : 1;
    out[3 * i] = sign * n[0];
    out[3 * i + 1] = sign * n[1];
    out[3 * i + 2] = sign * n[2];
  }
  return out;
}

/** Weights of a triangle's second and third corner where a ray meets its plane (Möller & Trumbore 1997). */
function weightsAt(ray: ReturnType<typeof rayOf>, a: Vec3, e1: Vec3, e2: Vec3): [number, number] {
  const p = cross(ray.direction, e2);
  const det = dot(e1, p);
  if (!(Math.abs(det) > 1e-20)) return [0, 0];
  const s = subtract(ray.origin, a);
  const inside = (w: number): number => Math.min(1, Math.max(0, w / det));
  return [inside(dot(s, p)), inside(dot(ray.direction, cross(s, e1)))];
}

function baseColor(shading: Shading, n: Vec3, height: number): Rgb {
  if (shading === 'normal') return normalColor(...n);
  return shading === 'height' ? ramp(height) : PLAIN;
}

/** The mesh's own colour at a pixel, corners without one plain. */
function ownColor(mesh: Mesh, view: View, buffer: PixelBuffer, pixel: number): Rgb {
  const { colors } = mesh;
  if (!colors) return PLAIN;
  const t = buffer.triangle[pixel]!;
  const [a, b, c] = cornersOf(mesh, t);
  const ray = rayOf(view, (pixel % buffer.width) + 0.5, Math.floor(pixel / buffer.width) + 0.5);
  const [u, v] = weightsAt(ray, a, subtract(b, a), subtract(c, a));
  const weights = [Math.max(0, 1 - u - v), u, v];
  const out: [number, number, number] = [0, 0, 0];
  for (let corner = 0; corner < 3; corner++) {
    const vertex = mesh.indices[t + corner]!;
    const known = hasColor(colors, vertex);
    for (let k = 0; k < 3; k++)
      out[k]! += weights[corner]! * (known ? toLinear(colors[3 * vertex + k]! / 255) : PLAIN[k]!);
  }
  return out;
}

/** From the upper left behind the viewer, always from above. */
function keyLight(view: View): Vec3 {
  const { right: r, forward: f } = view;
  const flat = Math.hypot(f[0], f[1]) > 1e-3 ? unit([f[0], f[1], 0]) : ([0, 0, 0] as const);
  return unit([-0.75 * r[0] - 0.35 * flat[0], -0.75 * r[1] - 0.35 * flat[1], 0.9]);
}

function cornersOf(mesh: Mesh, t: number): [Vec3, Vec3, Vec3] {
  const at = (k: number): Vec3 => {
    const v = 3 * mesh.indices[t + k]!;
    return [mesh.positions[v]!, mesh.positions[v + 1]!, mesh.positions[v + 2]!];
  };
  return [at(0), at(1), at(2)];
}

/** Whether the triangle's corners run clockwise as seen from the eye: its inner side. */
function facesAway(mesh: Mesh, view: View, t: number): boolean {
  const [a, b, c] = cornersOf(mesh, t);
  const towards = view.perspective ? subtract(a, view.eye) : view.forward;
  return dot(cross(subtract(b, a), subtract(c, a)), towards) > 0;
}

/** The line of sight through a pixel. */
function rayOf(view: View, x: number, y: number): { origin: Vec3; direction: Vec3 } {
  const u = (x - view.width / 2) / view.focal;
  const v = (y - view.height / 2) / view.focal;
  const { eye, right: r, down: d, forward: f } = view;
  const aside: Vec3 = [u * r[0] + v * d[0], u * r[1] + v * d[1], u * r[2] + v * d[2]];
  return view.perspective
    ? { origin: eye, direction: [f[0] + aside[0], f[1] + aside[1], f[2] + aside[2]] }
    : { origin: [eye[0] + aside[0], eye[1] + aside[1], eye[2] + aside[2]], direction: f };
}

function worldZ(view: View, buffer: PixelBuffer, i: number, nearness: number): number {
  const depth = view.perspective ? 1 / nearness : -nearness;
  const ray = rayOf(view, (i % buffer.width) + 0.5, Math.floor(i / buffer.width) + 0.5);
  return ray.origin[2] + depth * ray.direction[2];
}
