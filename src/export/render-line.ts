import type { PixelBuffer } from './rasterise.js';
import type { Rgb } from './render-colors.js';
import { project, type View } from './render-camera.js';

export interface PathStyle {
  /** 3·N positions in the mesh's frame. */
  readonly points: Float32Array;
  /** #rrggbb */
  readonly color?: string;
  /** Pixels of the finished picture. */
  readonly width?: number;
  /** How visible the path is where the mesh hides it, 0…1; default 0.35. */
  readonly hidden?: number;
}

/**
 * Draws a polyline with round joints over shaded pixels, fainter where the mesh is in front. Every pixel is blended
 * once per path, with the greatest of the strengths of the pieces that touch it.
 *
 * @param out 4·pixels, linear light and coverage, as from `shade`
 * @param radius half the width in pixels of the buffer
 */
export function drawPath(
  out: Float32Array,
  buffer: PixelBuffer,
  view: View,
  points: Float32Array,
  color: Rgb,
  radius: number,
  hidden: number,
): void {
  const { width, height, nearness } = buffer;
  const strength = new Float32Array(width * height);
  let from: [number, number, number] | undefined;
  for (let i = 0; i < points.length; i += 3) {
    const to = project(view, points[i]!, points[i + 1]!, points[i + 2]!);
    const visible = (!view.perspective || to[2] > 0.1) && to.every(Number.isFinite);
    if (visible) stroke(strength, from ?? to, to);
    from = visible ? to : undefined;
  }
  for (let i = 0; i < strength.length; i++) {
    const s = strength[i]!;
    if (s === 0) continue;
    for (let c = 0; c < 3; c++) out[4 * i + c] = out[4 * i + c]! * (1 - s) + color[c]! * s;
    out[4 * i + 3] = out[4 * i + 3]! * (1 - s) + s;
  }

  function stroke(target: Float32Array, a: [number, number, number], b: [number, number, number]): void {
    const x0 = Math.max(0, Math.floor(Math.min(a[0], b[0]) - radius));
    const x1 = Math.min(width - 1, Math.ceil(Math.max(a[0], b[0]) + radius));
    const y0 = Math.max(0, Math.floor(Math.min(a[1], b[1]) - radius));
    const y1 = Math.min(height - 1, Math.ceil(Math.max(a[1], b[1]) + radius));
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const length2 = dx * dx + dy * dy;
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const [px, py] = [x + 0.5 - a[0], y + 0.5 - a[1]];
        const s = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
        if ((px - s * dx) ** 2 + (py - s * dy) ** 2 > radius * radius) continue;
        const depth = a[2] + s * (b[2] - a[2]);
        const near = view.perspective ? 1 / depth : -depth;
        const i = y * width + x;
        target[i] = Math.max(target[i]!, near >= nearness[i]! ? 1 : hidden);
      }
    }
  }
}
