import type { Mesh } from '../mesh/mesh.js';
import { ambientOcclusion } from './occlusion.js';
import { rasterise } from './rasterise.js';
import { viewOf, type Camera } from './render-camera.js';
import { hexToLinear, mix, toSrgb, type Rgb } from './render-colors.js';
import { drawPath, type PathStyle } from './render-line.js';
import { pixelNormals, shade, type Shading } from './shade.js';

export type { Camera } from './render-camera.js';
export type { PathStyle } from './render-line.js';
export type { Shading } from './shade.js';
export { threeQuarterView, topDownView, headingOf } from './render-views.js';

export interface RenderOptions {
  readonly width: number;
  readonly height: number;
  readonly camera: Camera;
  /** `height` (default): colour by height; `normal`: by direction; `plain`; `colors`: the mesh's own. */
  readonly shading?: Shading;
  /** Ends of the height ramp (m); default the 2nd and 98th percentile of the mesh. */
  readonly heights?: readonly [number, number];
  /** Colours at top and bottom, or null for a transparent background. */
  readonly background?: readonly [string, string] | null;
  readonly paths?: readonly PathStyle[];
  /** Pixels per side for each pixel of the picture, then averaged; default 2. */
  readonly antialias?: number;
  /** Reach of ambient occlusion (m); default 1.2, 0 turns it off. */
  readonly occlusionRadius?: number;
}

const DARK = ['#10151f', '#2b3444'] as const;

/**
 * Draws a mesh to a picture in software: no GPU, no window, the same pixels everywhere.
 *
 * @returns 4·width·height: RGBA, sRGB, rows from the top
 */
export function renderMesh(mesh: Mesh, options: RenderOptions): Uint8Array {
  const { width, height, antialias = 2, occlusionRadius = 1.2, background = DARK } = options;
  const view = viewOf(options.camera, width * antialias, height * antialias);
  const buffer = rasterise(mesh, view);
  const normals = pixelNormals(mesh, view, buffer);
  const occlusion =
    occlusionRadius > 0
      ? ambientOcclusion(view, buffer, normals, occlusionRadius)
      : new Float32Array(buffer.triangle.length).fill(1);
  const heights = options.heights ?? heightRange(mesh.positions);
  const lit = shade(mesh, view, buffer, normals, occlusion, options.shading ?? 'height', heights);
  for (const path of options.paths ?? [])
    drawPath(
      lit,
      buffer,
      view,
      path.points,
      hexToLinear(path.color ?? '#ff5a4f'),
      ((path.width ?? 3) * antialias) / 2,
      path.hidden ?? 0.35,
    );
  return reduce(lit, width, height, antialias, background);
}

/** Averages antialias² pixels each in linear light, puts the background behind and converts to sRGB bytes. */
function reduce(
  lit: Float32Array,
  width: number,
  height: number,
  n: number,
  background: readonly [string, string] | null,
): Uint8Array {
  const out = new Uint8Array(4 * width * height);
  const ends = background?.map(hexToLinear) as [Rgb, Rgb] | undefined;
  for (let y = 0; y < height; y++) {
    const behind = ends ? mix(ends[0], ends[1], y / Math.max(1, height - 1)) : ([0, 0, 0] as const);
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0, 0];
      for (let j = 0; j < n; j++)
        for (let i = 0; i < n; i++) {
          const at = 4 * ((y * n + j) * width * n + x * n + i);
          for (let c = 0; c < 4; c++) sum[c]! += lit[at + c]! / (n * n);
        }
      const alpha = sum[3]!;
      const o = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        const light = ends ? sum[c]! + (1 - alpha) * behind[c]! : alpha > 0 ? sum[c]! / alpha : 0;
        out[o + c] = Math.round(255 * toSrgb(light));
      }
      out[o + 3] = ends ? 255 : Math.round(255 * alpha);
    }
  }
  return out;
}

function heightRange(positions: Float32Array): [number, number] {
  const n = positions.length / 3;
  const stride = Math.max(1, Math.floor(n / 50_000));
  const heights: number[] = [];
  for (let i = 0; i < n; i += stride) heights.push(positions[3 * i + 2]!);
  heights.sort((a, b) => a - b);
  const low = heights[Math.floor(0.02 * (heights.length - 1))] ?? 0;
  const high = heights[Math.ceil(0.98 * (heights.length - 1))] ?? 1;
  return [low, Math.max(high, low + 0.1)];
}
