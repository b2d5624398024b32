// A gel that is easy to see through: three coloured lamps, brightness that falls off, noise; Lambert's law gives the colour
// of a slope. Balls are pressed into it; a skirt of gel hangs around the contact.
import { Random } from '../../../src/geometry/random.js';
import type { ColorImage } from '../../../src/sensors/camera/frame.js';

export interface Ball {
  /** Pixels. */
  readonly x: number;
  readonly y: number;
  /** Radius of the ball, and of the circle in which it touches. */
  readonly radius: number;
  readonly contact: number;
}

export interface GelScene {
  readonly width: number;
  readonly height: number;
  /** Grey levels. */
  readonly noise?: number;
  /** Brightness of all. */
  readonly gain?: number;
  /** Printed dots, this far apart, moved by so many pixels. */
  readonly dots?: { readonly spacing: number; readonly shift: number };
  readonly seed?: number;
}

/** Depth of the gel in pixels: the ball inside the circle, dying away over a third of the radius outside. */
export function depthAt({ x, y, radius, contact }: Ball, u: number, v: number): number {
  const r = Math.hypot(u - x, v - y);
  const top = Math.sqrt(radius ** 2 - contact ** 2);
  const skirt = 0.12 * contact;
  if (r <= contact) return Math.sqrt(radius ** 2 - r * r) - top + skirt;
  return skirt * Math.exp(-(r - contact) / (0.12 * contact));
}

const LAMPS = [
  [0.9, 0.1],
  [-0.4, 0.8],
  [-0.5, -0.8],
] as const;

export function renderGel(scene: GelScene, ball?: Ball): ColorImage {
  const { width, height, noise = 0.7, gain = 1, dots, seed = 1 } = scene;
  const random = new Random(seed);
  const data = new Uint8Array(3 * width * height);
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const gx = ball ? depthAt(ball, u + 0.5, v) - depthAt(ball, u - 0.5, v) : 0;
      const gy = ball ? depthAt(ball, u, v + 0.5) - depthAt(ball, u, v - 0.5) : 0;
      const length = Math.hypot(gx, gy, 1);
      const falloff = 1 - 0.3 * Math.hypot(u / width - 0.4, v / height - 0.6);
      LAMPS.forEach(([lx, ly], c) => {
        // A wide light from above and a lamp from the side.
        const light = Math.max(0.05, (0.8 - 0.7 * (lx * gx + ly * gy)) / length);
        let value = 150 * falloff * light * gain;
        if (dots && isDot(u - dots.shift, v, dots.spacing)) value *= 0.35;
        data[3 * (v * width + u) + c] = Math.min(255, Math.max(0, value + noise * random.normal()));
      });
    }
  return { width, height, data };
}

function isDot(u: number, v: number, spacing: number): boolean {
  const near = (a: number): number => ((a % spacing) + spacing) % spacing;
  return Math.hypot(near(u) - spacing / 2, near(v) - spacing / 2) < spacing / 8;
}

/** Balls all over a gel. */
export function scatter(count: number, { width, height }: GelScene, seed: number): Ball[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const contact = 0.13 * height * random.range(0.9, 1.2);
    return {
      x: random.range(0.15, 0.85) * width,
      y: random.range(0.2, 0.8) * height,
      radius: 0.2 * height,
      contact,
    };
  });
}
