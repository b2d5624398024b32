import type { Mesh } from '../mesh/mesh.js';
import type { View } from './render-camera.js';

/** What is seen in each pixel. */
export interface PixelBuffer {
  readonly width: number;
  readonly height: number;
  /** Triangle (index of its first corner in `indices`), −1 where nothing is. */
  readonly triangle: Int32Array;
  /** Grows towards the eye and is linear on the screen: 1/depth (perspective) or −depth (orthographic). */
  readonly nearness: Float32Array;
}

/** Nearer than this the view is cut (m). */
const NEAR = 0.05;
/** Camera coordinates of up to four corners after clipping: right, down, depth. */
const corner = new Float64Array(12);
const clipped = new Float64Array(12);

/** Fills the pixel buffer with the nearest triangle at each pixel's centre (z-buffer, half-space edge functions). */
export function rasterise(mesh: Mesh, view: View): PixelBuffer {
  const { width, height } = view;
  const buffer: PixelBuffer = {
    width,
    height,
    triangle: new Int32Array(width * height).fill(-1),
    nearness: new Float32Array(width * height).fill(-Infinity),
  };
  const camera = toCamera(mesh.positions, view);
  for (let t = 0; t < mesh.indices.length; t += 3) {
    let behind = 0;
    let finite = 0;
    for (let k = 0; k < 3; k++) {
      const v = 3 * mesh.indices[t + k]!;
      for (let c = 0; c < 3; c++) {
        const value = camera[v + c]!;
        corner[3 * k + c] = value;
        finite += value;
      }
      if (corner[3 * k + 2]! < NEAR) behind++;
    }
    if (behind === 3 || !Number.isFinite(finite)) continue;
    if (behind === 0) fill(buffer, view, t, corner, 0, 1, 2);
    else {
      const n = clipNear();
      for (let k = 2; k < n; k++) fill(buffer, view, t, clipped, 0, k - 1, k);
    }
  }
  return buffer;
}

function toCamera(positions: Float32Array, view: View): Float32Array {
  const { eye, right: r, down: d, forward: f } = view;
  const out = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]! - eye[0];
    const y = positions[i + 1]! - eye[1];
    const z = positions[i + 2]! - eye[2];
    out[i] = r[0] * x + r[1] * y + r[2] * z;
    out[i + 1] = d[0] * x + d[1] * y + d[2] * z;
    out[i + 2] = f[0] * x + f[1] * y + f[2] * z;
  }
  return out;
}

/** Sutherland–Hodgman against the near plane, `corner` → `clipped`; returns the number of corners. */
function clipNear(): number {
  let n = 0;
  for (let k = 0; k < 3; k++) {
    const a = 3 * k;
    const b = 3 * ((k + 1) % 3);
    const da = corner[a + 2]! - NEAR;
    const db = corner[b + 2]! - NEAR;
    if (da >= 0) clipped.set(corner.subarray(a, a + 3), 3 * n++);
    if (da >= 0 === db >= 0) continue;
    const s = da / (da - db);
    for (let c = 0; c < 3; c++) clipped[3 * n + c] = corner[a + c]! + s * (corner[b + c]! - corner[a + c]!);
    n++;
  }
  return n;
}

function fill(
  buffer: PixelBuffer,
  view: View,
  triangle: number,
  p: Float64Array,
  a: number,
  b: number,
  c: number,
): void {
  const { width, height, nearness } = buffer;
  const da = p[3 * a + 2]!;
  const db = p[3 * b + 2]!;
  const dc = p[3 * c + 2]!;
  const ka = view.perspective ? view.focal / da : view.focal;
  const kb = view.perspective ? view.focal / db : view.focal;
  const kc = view.perspective ? view.focal / dc : view.focal;
  const ax = width / 2 + ka * p[3 * a]!;
  const ay = height / 2 + ka * p[3 * a + 1]!;
  const bx = width / 2 + kb * p[3 * b]!;
  const by = height / 2 + kb * p[3 * b + 1]!;
  const cx = width / 2 + kc * p[3 * c]!;
  const cy = height / 2 + kc * p[3 * c + 1]!;
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0) return;
  const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
  const x1 = Math.min(width - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
  const y0 = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
  const y1 = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
  if (x0 > x1 || y0 > y1) return;
  const na = view.perspective ? 1 / da : -da;
  const nb = view.perspective ? 1 / db : -db;
  const nc = view.perspective ? 1 / dc : -dc;
  // Barycentric weights of b and c and the nearness are linear on the screen.
  const inv = 1 / area;
  const wbx = (cy - ay) * inv;
  const wby = (ax - cx) * inv;
  const wcx = (ay - by) * inv;
  const wcy = (bx - ax) * inv;
  for (let y = y0; y <= y1; y++) {
    const dy = y + 0.5 - ay;
    let wb = wbx * (x0 + 0.5 - ax) + wby * dy;
    let wc = wcx * (x0 + 0.5 - ax) + wcy * dy;
    for (let i = y * width + x0, end = y * width + x1; i <= end; i++, wb += wbx, wc += wcx) {
      if (wb < 0 || wc < 0 || wb + wc > 1) continue;
      const n = na + wb * (nb - na) + wc * (nc - na);
      if (n <= nearness[i]!) continue;
      nearness[i] = n;
      buffer.triangle[i] = triangle;
    }
  }
}
