import { hash3, mix, noise3, noise3x2 } from './noise.js';
import type { Rgb, Texture } from './material.js';

/** Which of the solid's axes a flat pattern runs along. */
export type Plane = readonly [0 | 1 | 2, 0 | 1 | 2];

/** out ← a + (b − a)·t, times `shade`. */
function blend(out: Float64Array, a: Rgb, b: Rgb, t: number, shade = 1): void {
  out[0] = mix(a[0], b[0], t) * shade;
  out[1] = mix(a[1], b[1], t) * shade;
  out[2] = mix(a[2], b[2], t) * shade;
}

/** One colour. */
export function plain(color: Rgb): Texture {
  return (_x, _y, _z, out) => blend(out, color, color, 0);
}

/** Soft blotches of `scale` metres, as of plaster, cloth or stone. */
export function mottled(a: Rgb, b: Rgb, scale: number, seed = 0): Texture {
  const f = 1 / scale;
  return (x, y, z, out) => blend(out, a, b, noise3x2(x * f + seed, y * f, z * f));
}

/** Woven cloth: blotches with a fine weave of 12 mm. */
export function fabric(a: Rgb, b: Rgb, seed = 0): Texture {
  return (x, y, z, out) => {
    const coarse = noise3(x * 7 + seed, y * 7, z * 7);
    const fine = noise3(x * 80, y * 80, z * 80 + seed);
    blend(out, a, b, 0.45 * coarse + 0.55 * fine);
  };
}

/** Wood with its grain along an axis of the solid. */
export function wood(light: Rgb, dark: Rgb, along: 0 | 1 | 2 = 0, seed = 0): Texture {
  const [fx, fy, fz] = [0, 1, 2].map((axis) => (axis === along ? 2.2 : 24)) as [number, number, number];
  return (x, y, z, out) => {
    const bend = noise3(x * 3 + seed, y * 3, z * 3);
    const grain = noise3x2(x * fx + seed, y * fy + 2 * bend, z * fz);
    const rings = 0.5 + 0.5 * Math.sin(22 * bend + 6 * grain);
    blend(out, light, dark, 0.65 * grain + 0.35 * rings);
  };
}

/** Floor boards of 12 × 90 cm, each of its own shade, with dark joints. */
export function planks(light: Rgb, dark: Rgb, [u, v]: Plane = [0, 1], seed = 0): Texture {
  const p = [0, 0, 0];
  const [width, length, joint] = [0.12, 0.9, 0.0025];
  return (x, y, z, out) => {
    p[0] = x;
    p[1] = y;
    p[2] = z;
    const a = p[u]!;
    const b = p[v]!;
    const row = Math.floor(b / width);
    const shifted = a + length * hash3(row, 7, seed);
    const board = Math.floor(shifted / length);
    const edge = Math.min(b - row * width, width - (b - row * width));
    const end = Math.min(shifted - board * length, length - (shifted - board * length));
    const shade = 0.72 + 0.4 * hash3(row, board, seed + 1);
    const grain = noise3x2(a * 3 + 9 * row, b * 40, seed + board);
    blend(out, light, dark, grain, edge < joint || end < joint ? 0.35 : shade);
  };
}

/** Square tiles with joints. */
export function tiles(tile: Rgb, joint: Rgb, size: number, [u, v]: Plane = [0, 1], seed = 0): Texture {
  const p = [0, 0, 0];
  return (x, y, z, out) => {
    p[0] = x;
    p[1] = y;
    p[2] = z;
    const a = p[u]! / size;
    const b = p[v]! / size;
    const [i, j] = [Math.floor(a), Math.floor(b)];
    const edge = Math.min(a - i, i + 1 - a, b - j, j + 1 - b) * size;
    if (edge < 0.004) blend(out, joint, joint, 0);
    else blend(out, tile, tile, 0, 0.8 + 0.25 * hash3(i, j, seed) - 0.1 * noise3(a * 5, b * 5, seed));
  };
}

/** Two colours in squares. */
export function checker(a: Rgb, b: Rgb, size: number, [u, v]: Plane = [0, 1]): Texture {
  const p = [0, 0, 0];
  return (x, y, z, out) => {
    p[0] = x;
    p[1] = y;
    p[2] = z;
    const odd = (Math.floor(p[u]! / size) + Math.floor(p[v]! / size)) & 1;
    blend(out, a, b, odd);
  };
}

/** Stripes of two colours across an axis, each `width` wide. */
export function stripes(a: Rgb, b: Rgb, width: number, axis: 0 | 1 | 2): Texture {
  return (x, y, z, out) => {
    const p = axis === 0 ? x : axis === 1 ? y : z;
    blend(out, a, b, Math.floor(p / width) & 1);
  };
}

/** Brickwork of 24 × 7 cm with light joints. */
export function bricks(brick: Rgb, joint: Rgb, [u, v]: Plane, seed = 0): Texture {
  const p = [0, 0, 0];
  const [length, height, gap] = [0.24, 0.075, 0.005];
  return (x, y, z, out) => {
    p[0] = x;
    p[1] = y;
    p[2] = z;
    const row = Math.floor(p[v]! / height);
    const a = p[u]! / length + (row & 1) * 0.5;
    const i = Math.floor(a);
    const side = Math.min(a - i, i + 1 - a) * length;
    const level = Math.min(p[v]! - row * height, (row + 1) * height - p[v]!);
    if (side < gap || level < gap) blend(out, joint, joint, 0);
    else
      blend(
        out,
        brick,
        brick,
        0,
        0.65 + 0.5 * hash3(i, row, seed) + 0.25 * noise3(x * 40, y * 40, z * 40) - 0.1,
      );
  };
}

/** Spines of books side by side along x, 2 to 5 cm each, with a label; z is up. */
export function books(seed: number, palette: readonly Rgb[]): Texture {
  const cell = 0.036;
  return (x, _y, z, out) => {
    const at = x / cell;
    let i = Math.floor(at);
    const cut = i + 0.2 + 0.6 * hash3(i, 3, seed); // each cell is cut once: spines have different widths
    if (at < cut) i--;
    const left = i + 0.2 + 0.6 * hash3(i, 3, seed);
    const right = i + 1.2 + 0.6 * hash3(i + 1, 3, seed);
    const edge = Math.min(at - left, right - at) * cell;
    const color = palette[Math.floor(hash3(i, 1, seed) * palette.length)]!;
    const band = Math.abs(z - 0.08 * (hash3(i, 2, seed) - 0.5)) < 0.012 + 0.02 * hash3(i, 4, seed);
    const shade = edge < 0.0015 ? 0.25 : 0.75 + 0.3 * hash3(i, 5, seed);
    if (band && edge >= 0.004) blend(out, color, [0.75, 0.7, 0.55], 0.8);
    else blend(out, color, color, 0, shade);
  };
}

/** Lines of writing on a board, along x, 6 cm apart; z is up. */
export function writing(paper: Rgb, ink: Rgb, width: number, seed: number): Texture {
  return (x, _y, z, out) => {
    const line = Math.floor(z / 0.06);
    const v = z / 0.06 - line;
    const reach = width * (hash3(line, 1, seed) - 0.15);
    const inside = x < reach && x > -0.42 * width && hash3(line, 2, seed) > 0.25;
    const stroke = Math.abs(v - 0.5 - 0.22 * Math.sin(x * 140 + 9 * noise3(x * 25, line, seed))) < 0.11;
    const word = noise3(x * 18, line * 3, seed) > 0.32;
    blend(out, paper, ink, inside && stroke && word ? 0.85 : 0);
  };
}
