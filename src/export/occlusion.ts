import type { PixelBuffer } from './rasterise.js';
import type { View } from './render-camera.js';

const SAMPLES = 14;
const GOLDEN = 2.399963229728653;
const TURNS = 16;
/** Offsets on the unit disc: for each of the 16 turns of the spiral its samples, x then y. */
const SPIRAL = Float32Array.from({ length: 2 * SAMPLES * TURNS }, (_, i) => {
  const k = (i >> 1) % SAMPLES;
  const angle = k * GOLDEN + (Math.floor(i / (2 * SAMPLES)) * 2 * Math.PI) / TURNS;
  return Math.sqrt((k + 0.5) / SAMPLES) * (i & 1 ? Math.sin(angle) : Math.cos(angle));
});

/**
 * Ambient occlusion in screen space (after McGuire et al. 2012, "Scalable ambient obscurance"): neighbours on a
 * spiral that rise above a pixel's tangent plane hide the sky from it. Smoothed over 4×4 pixels of like depth, the
 * size of the spiral's rotation pattern.
 *
 * @param radius of the neighbourhood (m)
 * @returns 0 (hidden) … 1 (open) per pixel
 */
export function ambientOcclusion(
  view: View,
  buffer: PixelBuffer,
  normals: Float32Array,
  radius: number,
): Float32Array {
  const { width, height, triangle } = buffer;
  const raw = new Float32Array(triangle.length).fill(1);
  const { right: r, down: d, forward: f, focal } = view;
  const perspective = view.perspective ? 1 : 0;
  const depths = depthOf(buffer, view);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (triangle[i]! < 0) continue;
      const depth = depths[i]!;
      const scale = (perspective ? depth : 1) / focal; // metres per pixel
      const reach = Math.min(radius / scale, 0.15 * height);
      if (reach < 1) continue;
      const px = (x + 0.5 - width / 2) * scale;
      const py = (y + 0.5 - height / 2) * scale;
      const nx = normals[3 * i]!;
      const ny = normals[3 * i + 1]!;
      const nz = normals[3 * i + 2]!;
      const cx = r[0] * nx + r[1] * ny + r[2] * nz;
      const cy = d[0] * nx + d[1] * ny + d[2] * nz;
      const cz = f[0] * nx + f[1] * ny + f[2] * nz;
      const first = 2 * SAMPLES * ((x & 3) * 4 + (y & 3));
      let hidden = 0;
      for (let k = first; k < first + 2 * SAMPLES; k += 2) {
        const qx = (x + 0.5 + reach * SPIRAL[k]!) | 0;
        const qy = (y + 0.5 + reach * SPIRAL[k + 1]!) | 0;
        if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
        const dq = depths[qy * width + qx]!;
        if (dq === Infinity) continue;
        const sq = (perspective ? dq : 1) / focal;
        const vx = (qx + 0.5 - width / 2) * sq - px;
        const vy = (qy + 0.5 - height / 2) * sq - py;
        const vz = dq - depth;
        const v2 = vx * vx + vy * vy + vz * vz;
        if (v2 >= radius * radius) continue;
        const above = vx * cx + vy * cy + vz * cz - 0.02 * radius;
        if (above > 0) hidden += ((1 - v2 / (radius * radius)) * above) / Math.sqrt(v2 + 1e-6);
      }
      raw[i] = Math.max(0, 1 - (1.9 * hidden) / SAMPLES);
    }
  }
  return smooth(raw, buffer, depths, radius);
}

function smooth(
  raw: Float32Array,
  { width, height, triangle }: PixelBuffer,
  depths: Float32Array,
  radius: number,
): Float32Array {
  const out = new Float32Array(raw.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (triangle[i]! < 0) continue;
      const depth = depths[i]!;
      let sum = 0;
      let n = 0;
      for (let qy = Math.max(0, y - 2); qy < Math.min(height, y + 2); qy++) {
        for (let qx = Math.max(0, x - 2); qx < Math.min(width, x + 2); qx++) {
          const j = qy * width + qx;
          if (triangle[j]! < 0 || Math.abs(depths[j]! - depth) > radius) continue;
          sum += raw[j]!;
          n++;
        }
      }
      out[i] = n > 0 ? sum / n : raw[i]!;
    }
  }
  return out;
}

/** Depth along the view per pixel (m), Infinity where nothing is. */
function depthOf({ triangle, nearness }: PixelBuffer, view: View): Float32Array {
  const out = new Float32Array(triangle.length).fill(Infinity);
  for (let i = 0; i < out.length; i++)
    if (triangle[i]! >= 0) out[i] = view.perspective ? 1 / nearness[i]! : -nearness[i]!;
  return out;
}
