import type { Pinhole } from '../geometry/pinhole.js';
import type { Pose } from '../geometry/se3.js';
import type { Mesh } from '../mesh/mesh.js';
import { hasColor, UNKNOWN_COLOR } from '../mesh/vertex-colors.js';

/** What a camera would see of a mesh, row by row. */
export interface RenderedDepth {
  /** Distance along the optical axis at each pixel's centre, metres; NaN where there is no surface. */
  readonly depth: Float32Array;
  /** Of meshes with colours: 3 a pixel, 0…255; UNKNOWN_COLOR three times where there is no surface or it has no colour. */
  readonly color?: Uint8Array;
}

/** Nearer than this nothing is seen, metres. */
const NEAR = 0.01;
/** Neighbours that share an edge leave no gap between them, share of a triangle. */
const EDGE = -1e-9;

/**
 * Depth image and colours of a mesh from a camera: every triangle, either side, by a z-buffer. Triangles that reach
 * behind the camera are cut 1 cm before it.
 *
 * @param T_mesh_camera the camera's frame is optical: x right, y down, z forward
 */
export function renderDepth(mesh: Mesh, camera: Pinhole, T_mesh_camera: Pose): RenderedDepth {
  const pixels = camera.width * camera.height;
  const raster = new Raster(camera);
  const points = toCamera(mesh.positions, T_mesh_camera);
  const { indices } = mesh;
  for (let t = 0; t < indices.length; t += 3)
    raster.triangle(points, 3 * indices[t]!, 3 * indices[t + 1]!, 3 * indices[t + 2]!, t);
  const depth = new Float32Array(pixels);
  const { nearness } = raster;
  for (let i = 0; i < pixels; i++) depth[i] = nearness[i]! > 0 ? 1 / nearness[i]! : NaN;
  if (!mesh.colors) return { depth };
  return { depth, color: colorsOf(mesh.colors, mesh.indices, points, raster.front, camera) };
}

/** R'·(p − t). */
function toCamera(positions: Float32Array, T: Pose): Float64Array {
  const [a, b, c, x, d, e, f, y, g, h, k, z] = T;
  const out = new Float64Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    const px = positions[i]! - x!;
    const py = positions[i + 1]! - y!;
    const pz = positions[i + 2]! - z!;
    out[i] = a! * px + d! * py + g! * pz;
    out[i + 1] = b! * px + e! * py + h! * pz;
    out[i + 2] = c! * px + f! * py + k! * pz;
  }
  return out;
}

/** The z-buffer. */
class Raster {
  /** 1/depth of what is seen, which is linear on the screen; 0 for nothing. */
  readonly nearness: Float32Array;
  /** The triangle that is seen: place of its first corner in the indices; −1 for none. */
  readonly front: Int32Array;
  /** Corners after clipping, x y z each. */
  readonly #clipped = new Float64Array(12);

  constructor(private readonly camera: Pinhole) {
    const pixels = camera.width * camera.height;
    this.nearness = new Float32Array(pixels);
    this.front = new Int32Array(pixels).fill(-1);
  }

  /** @param a, b, c places of the corners in `p` */
  triangle(p: Float64Array, a: number, b: number, c: number, name: number): void {
    const near = +(p[a + 2]! >= NEAR) + +(p[b + 2]! >= NEAR) + +(p[c + 2]! >= NEAR);
    if (near === 3) return this.#fill(p, a, b, c, name);
    if (near === 0) return;
    const count = this.#clip(p, a, b, c);
    for (let k = 2; k < count; k++) this.#fill(this.#clipped, 0, 3 * k - 3, 3 * k, name);
  }

  /** Sutherland & Hodgman (1974) at the near plane. @returns corners in `#clipped` */
  #clip(p: Float64Array, a: number, b: number, c: number): number {
    const out = this.#clipped;
    let count = 0;
    for (let side = 0; side < 3; side++) {
      const from = side === 0 ? a : side === 1 ? b : c;
      const to = side === 0 ? b : side === 1 ? c : a;
      const before = p[from + 2]! - NEAR;
      const after = p[to + 2]! - NEAR;
      if (before >= 0) {
        for (let k = 0; k < 3; k++) out[3 * count + k] = p[from + k]!;
        count++;
      }
      if (before >= 0 === after >= 0) continue;
      const share = before / (before - after);
      for (let k = 0; k < 3; k++) out[3 * count + k] = p[from + k]! + share * (p[to + k]! - p[from + k]!);
      count++;
    }
    return count;
  }

  #fill(p: Float64Array, a: number, b: number, c: number, name: number): void {
    const { width, height, fx, fy, cx, cy } = this.camera;
    const { nearness, front } = this;
    const na = 1 / p[a + 2]!;
    const nb = 1 / p[b + 2]!;
    const nc = 1 / p[c + 2]!;
    const ax = fx * p[a]! * na + cx;
    const ay = fy * p[a + 1]! * na + cy;
    const bx = fx * p[b]! * nb + cx;
    const by = fy * p[b + 1]! * nb + cy;
    const dx = fx * p[c]! * nc + cx;
    const dy = fy * p[c + 1]! * nc + cy;
    const area = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax);
    const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, dx)));
    const x1 = Math.min(width - 1, Math.floor(Math.max(ax, bx, dx)));
    const y0 = Math.max(0, Math.ceil(Math.min(ay, by, dy)));
    const y1 = Math.min(height - 1, Math.floor(Math.max(ay, by, dy)));
    // Written so that coordinates that are not finite fall through as well.
    if (!(x0 <= x1 && y0 <= y1 && area !== 0)) return;
    // Weights of corners b and c, and with them the nearness, are linear on the screen.
    const inverse = 1 / area;
    const ub = (dy - ay) * inverse;
    const vb = (ax - dx) * inverse;
    const uc = (ay - by) * inverse;
    const vc = (bx - ax) * inverse;
    for (let y = y0; y <= y1; y++) {
      let wb = ub * (x0 - ax) + vb * (y - ay);
      let wc = uc * (x0 - ax) + vc * (y - ay);
      for (let i = y * width + x0, end = y * width + x1; i <= end; i++, wb += ub, wc += uc) {
        if (!(wb >= EDGE && wc >= EDGE && wb + wc <= 1 - EDGE)) continue;
        const n = na + wb * (nb - na) + wc * (nc - na);
        if (n <= nearness[i]!) continue;
        nearness[i] = n;
        front[i] = name;
      }
    }
  }
}

/** Colours where the pixels' rays meet the planes of the triangles that are seen. */
function colorsOf(
  colors: Uint8Array,
  indices: Uint32Array,
  p: Float64Array,
  front: Int32Array,
  { width, fx, fy, cx, cy }: Pinhole,
): Uint8Array {
  const out = new Uint8Array(3 * front.length).fill(UNKNOWN_COLOR);
  for (let i = 0; i < front.length; i++) {
    const t = front[i]!;
    if (t < 0) continue;
    const va = indices[t]!;
    const vb = indices[t + 1]!;
    const vc = indices[t + 2]!;
    if (!hasColor(colors, va) || !hasColor(colors, vb) || !hasColor(colors, vc)) continue;
    // Volumes spanned by the ray and two corners each are the barycentric weights, up to one factor.
    const x = ((i % width) - cx) / fx;
    const y = (Math.floor(i / width) - cy) / fy;
    const wa = volume(x, y, p, 3 * vb, 3 * vc);
    const wb = volume(x, y, p, 3 * vc, 3 * va);
    const wc = volume(x, y, p, 3 * va, 3 * vb);
    const scale = 1 / (wa + wb + wc);
    for (let k = 0; k < 3; k++) {
      const mean = wa * colors[3 * va + k]! + wb * colors[3 * vb + k]! + wc * colors[3 * vc + k]!;
      out[3 * i + k] = Math.min(255, Math.max(0, mean * scale + 0.5));
    }
    if (!hasColor(out, i)) out[3 * i + 2] = UNKNOWN_COLOR - 1;
  }
  return out;
}

/** (x, y, 1) · (a × b). */
function volume(x: number, y: number, p: Float64Array, a: number, b: number): number {
  const ax = p[a]!;
  const ay = p[a + 1]!;
  const az = p[a + 2]!;
  const bx = p[b]!;
  const by = p[b + 1]!;
  const bz = p[b + 2]!;
  return x * (ay * bz - az * by) + y * (az * bx - ax * bz) + (ax * by - ay * bx);
}
