import { Random } from '../../geometry/random.js';
import { gelCoordinate, type GelModel } from './gel.js';

/** A light beside the gel. */
export interface GelLight {
  /** Where it is in the gel frame, metres; behind the gel: z < 0. */
  readonly position: readonly [number, number, number];
  /** What it gives to red, green and blue when the gel at rest is looked at in its middle, grey levels. */
  readonly color: readonly [number, number, number];
}

/** What a camera sees of a gel; each effect can be left out. */
export interface GelLook {
  readonly lights: readonly GelLight[];
  /** Light from everywhere, grey levels of red, green and blue. */
  readonly ambient: readonly [number, number, number];
  /** Light gets weaker with the square of the distance; false: parallel light, the same everywhere. */
  readonly falloff: boolean;
  /** Standard deviation of a pixel, grey levels: of the electronics, and of the light's grains at level 255. */
  readonly noise: { readonly read: number; readonly shot: number };
  /** Relative unevenness of the paint, fixed to the gel. */
  readonly unevenness: number;
  /** Dark dots printed on the gel; null: none. */
  readonly markers: { readonly pitch: number; readonly radius: number; readonly darkness: number } | null;
  /** Relative change of brightness and colour per touch, a random walk held near 1. 0: none. */
  readonly drift: number;
  /** Factor on everything: above 1.5 the brightest slopes are clipped at 255. */
  readonly exposure: number;
}

/** Red from the left, green from below right, blue from above right, 36 mm from the middle and 19 mm behind the gel. */
export const DEFAULT_LOOK: GelLook = {
  lights: [180, 60, -60].map((degrees, i) => ({
    position: [
      0.036 * Math.cos((degrees * Math.PI) / 180),
      0.036 * Math.sin((degrees * Math.PI) / 180),
      -0.019,
    ],
    color: [0, 1, 2].map((channel) => (channel === i ? 62 : 8)) as unknown as [number, number, number],
  })),
  ambient: [22, 22, 22],
  falloff: true,
  noise: { read: 0.8, shot: 2 },
  unevenness: 0.015,
  markers: { pitch: 0.0015, radius: 0.00025, darkness: 0.75 },
  drift: 0.004,
  exposure: 1,
};

/** Without any effect: lights alone, in floating point. */
export const PLAIN_LOOK: GelLook = {
  ...DEFAULT_LOOK,
  noise: { read: 0, shot: 0 },
  unevenness: 0,
  markers: null,
  drift: 0,
};

/** Light of the gel's pixel with slopes dh/dx, dh/dy, h the depth: Lambert's law, lights at finite distance. */
export function shadePixel(
  look: GelLook,
  x: number,
  y: number,
  h: number,
  hx: number,
  hy: number,
  out: Float64Array,
): void {
  // The surface is z = −h; the camera is behind it, hence the normal points towards −z.
  const norm = 1 / Math.sqrt(1 + hx * hx + hy * hy);
  out[0] = look.ambient[0];
  out[1] = look.ambient[1];
  out[2] = look.ambient[2];
  for (const light of look.lights) {
    const [px, py, pz] = light.position;
    const lx = look.falloff ? px - x : px;
    const ly = look.falloff ? py - y : py;
    const lz = look.falloff ? pz + h : pz;
    const square = lx * lx + ly * ly + lz * lz;
    const cosine = (-hx * lx - hy * ly - lz) * norm;
    if (cosine <= 0) continue; // turned away
    // As bright as `color` in the middle at rest, where the cosine is −pz / |p|.
    const middle = px * px + py * py + pz * pz;
    const strength = (cosine / square ** 1.5) * (middle ** 1.5 / -pz);
    out[0]! += light.color[0] * strength;
    out[1]! += light.color[1] * strength;
    out[2]! += light.color[2] * strength;
  }
}

/** Dots of a square grid, moved with the gel, smooth edges. */
function markerShade(look: GelLook, gel: GelModel, x: number, y: number): number {
  const { pitch, radius, darkness } = look.markers!;
  const dx = x - Math.round(x / pitch) * pitch;
  const dy = y - Math.round(y / pitch) * pitch;
  const inside = Math.min(1, Math.max(0, (radius - Math.sqrt(dx * dx + dy * dy)) / gel.pitch + 0.5));
  return 1 - darkness * inside;
}

/** Depth (m) at which the gel follows half of a shear. */
const SHEAR_DEPTH = 0.0002;

/** What the light of one image is like. */
export interface Exposure {
  /** Factors on red, green and blue. */
  readonly gain: readonly [number, number, number];
  /** How far what touches has drawn the gel along, metres: x, y. */
  readonly shear: readonly [number, number];
  /** Stream of the pixels' noise. */
  readonly seed: string;
}

/**
 * Renders what the camera behind the gel sees.
 *
 * @example
 * const renderer = new GelRenderer(gelModel(), DEFAULT_LOOK, 'gel 1');
 * const rgb = renderer.render(depth, { gain: [1, 1, 1], shear: [0, 0], seed: 'touch 3' });
 */
export class GelRenderer {
  readonly #paint: Float32Array;

  constructor(
    readonly gel: GelModel,
    readonly look: GelLook,
    seed: number | string,
  ) {
    this.#paint = paint(gel, look.unevenness, new Random(`paint ${seed}`));
  }

  /** Grey levels before rounding and clipping, red, green and blue per pixel; without noise and gain. */
  light(depth: Float32Array, shear: readonly [number, number] = [0, 0]): Float32Array {
    const { gel, look } = this;
    const { width, height, pitch } = gel;
    const out = new Float32Array(3 * width * height);
    const color = new Float64Array(3);
    for (let v = 0; v < height; v++) {
      const y = gelCoordinate(v, height, pitch);
      const [up, down] = [v > 0 ? width : 0, v < height - 1 ? width : 0];
      for (let u = 0; u < width; u++) {
        const x = gelCoordinate(u, width, pitch);
        const i = v * width + u;
        const [left, right] = [u > 0 ? 1 : 0, u < width - 1 ? 1 : 0];
        const hx = (depth[i + right]! - depth[i - left]!) / ((left + right) * pitch);
        const hy = (depth[i + down]! - depth[i - up]!) / ((up + down) / width) / pitch;
        const h = depth[i]!;
        shadePixel(look, x, y, h, hx, hy, color);
        const follows = h / (h + SHEAR_DEPTH);
        const mark = look.markers
          ? markerShade(look, gel, x - shear[0] * follows, y - shear[1] * follows)
          : 1;
        const shade = this.#paint[i]! * mark * look.exposure;
        for (let c = 0; c < 3; c++) out[3 * i + c] = color[c]! * shade;
      }
    }
    return out;
  }

  /** The image, rgb8. */
  render(depth: Float32Array, exposure: Exposure): Uint8Array {
    const light = this.light(depth, exposure.shear);
    const { read, shot } = this.look.noise;
    const random = new Random(exposure.seed);
    const noisy = read > 0 || shot > 0;
    const out = new Uint8Array(light.length);
    for (let i = 0; i < light.length; i++) {
      let level = light[i]! * exposure.gain[i % 3]!;
      if (noisy) level += Math.sqrt(read * read + (shot * shot * level) / 255) * random.normal();
      out[i] = Math.min(255, Math.max(0, Math.round(level)));
    }
    return out;
  }
}

/** Blotches of a few pixels, mean 1. */
function paint(gel: GelModel, unevenness: number, random: Random): Float32Array {
  const { width, height } = gel;
  const out = new Float32Array(width * height).fill(1);
  if (unevenness <= 0) return out;
  const cell = 6;
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const grid = Float32Array.from({ length: columns * rows }, () => random.normal());
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const [i, j] = [Math.floor(u / cell), Math.floor(v / cell)];
      const [a, b] = [u / cell - i, v / cell - j];
      const at = (k: number, l: number): number => grid[(j + l) * columns + i + k]!;
      const value = (1 - b) * ((1 - a) * at(0, 0) + a * at(1, 0)) + b * ((1 - a) * at(0, 1) + a * at(1, 1));
      out[v * width + u] = 1 + unevenness * value;
    }
  return out;
}
