import { solveCholesky } from '../../geometry/linear.js';
import type { Circle } from './circle.js';

/** How well heights are those of a ball; lengths in pixels. */
export interface BallFit {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Height of the ball's top. */
  readonly top: number;
  /** Root mean square of what is left. */
  readonly rms: number;
  readonly count: number;
}

/** Share of the circle of contact in which heights are compared: at its rim a slope is hardly defined. */
const INNER = 0.9;
const ROUNDS = 20;

/**
 * The ball H = √(R² − (x − cx)² − (y − cy)²) + c that fits heights best (Gauss–Newton), inside 0.9 of a circle.
 *
 * @param heights in pixels, row by row
 * @param ballRadius in pixels; fitted too where `free`, from there on
 * @returns undefined where fewer than 30 pixels are inside
 */
export function fitBall(
  heights: Float32Array,
  width: number,
  height: number,
  circle: Circle,
  ballRadius: number,
  free = false,
): BallFit | undefined {
  const reach = INNER * Math.min(circle.radius, 0.98 * ballRadius);
  const pixels: number[] = [];
  for (let y = Math.max(0, Math.ceil(circle.y - reach)); y <= Math.min(height - 1, circle.y + reach); y++)
    for (let x = Math.max(0, Math.ceil(circle.x - reach)); x <= Math.min(width - 1, circle.x + reach); x++)
      if (Math.hypot(x - circle.x, y - circle.y) <= reach && Number.isFinite(heights[y * width + x]))
        pixels.push(y * width + x);
  if (pixels.length < 30) return undefined;
  const unknowns = free ? 4 : 3;
  // cx, cy, c, R; c starts where it belongs on average.
  const p = [circle.x, circle.y, 0, ballRadius];
  const row = new Float64Array(4);
  const residual = (pixel: number): number => {
    const dx = (pixel % width) - p[0]!;
    const dy = Math.floor(pixel / width) - p[1]!;
    const root = Math.sqrt(Math.max(1e-4 * p[3]! ** 2, p[3]! ** 2 - dx * dx - dy * dy));
    row[0] = dx / root;
    row[1] = dy / root;
    row[2] = 1;
    row[3] = p[3]! / root;
    return heights[pixel]! - root - p[2]!;
  };
  p[2] = pixels.reduce((sum, pixel) => sum + residual(pixel), 0) / pixels.length;
  for (let round = 0; round < ROUNDS; round++) {
    const a = new Float64Array(unknowns * unknowns);
    const b = new Float64Array(unknowns);
    for (const pixel of pixels) {
      const e = residual(pixel);
      for (let i = 0; i < unknowns; i++) {
        b[i]! += row[i]! * e;
        for (let j = 0; j < unknowns; j++) a[i * unknowns + j]! += row[i]! * row[j]!;
      }
    }
    if (!solveCholesky(a, b, unknowns)) return undefined;
    b.forEach((value, i) => (p[i]! += value));
    if (Math.hypot(...b) < 1e-6) break;
  }
  const squares = pixels.reduce((sum, pixel) => sum + residual(pixel) ** 2, 0);
  const [x, y, c, radius] = p as [number, number, number, number];
  const rms = Math.sqrt(squares / pixels.length);
  return Number.isFinite(rms) ? { x, y, radius, top: c + radius, rms, count: pixels.length } : undefined;
}
