import type { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { luminance, srgb, type Material, type Rgb } from '../looks/material.js';
import { hash3 } from '../looks/noise.js';
import { fabric, mottled, plain, wood } from '../looks/textures.js';
import { boxBetween, placed, type Primitive } from '../primitives.js';

/* What furniture is made of: solids with a look, and looks drawn at random. */

export type Span = readonly [number, number];

export const COLORS = [
  '#b5443c', '#2e5d87', '#4c7a4a', '#c9963a', '#6a4c7c', '#2d3440', '#c7b79b', '#8a4b2d', '#3d8a8a', '#d8d2c4',
].map(srgb); // prettier-ignore

export const GREY = srgb('#8c9196');
export const STEEL: Material = { texture: plain(srgb('#9aa0a6')), shiny: 0.8 };
const WOODS: readonly [Rgb, Rgb][] = [
  [srgb('#c79a62'), srgb('#7d5230')],
  [srgb('#a8764a'), srgb('#5a3720')],
  [srgb('#d9bd8e'), srgb('#a67f4d')],
  [srgb('#7a5236'), srgb('#3a2416')],
];

/** Gives a solid its look; the reflectivity in infrared light is the mean brightness of it. */
export function painted(solid: Primitive, material: Material): Primitive {
  const out = new Float64Array(3);
  let mean = 0;
  for (let i = 0; i < SPOTS; i++) {
    material.texture(hash3(i, 0, 0) - 0.5, hash3(i, 1, 0) - 0.5, hash3(i, 2, 0) - 0.5, out);
    mean += luminance(out[0]!, out[1]!, out[2]!) / SPOTS;
  }
  return { ...solid, material, reflectivity: Math.max(0.03, mean) };
}
const SPOTS = 32;

export function box(at: Pose, x: Span, y: Span, z: Span, material: Material): Primitive {
  return painted(boxBetween(at, x, y, z, 0.5), material);
}

/** A vertical cylinder standing on z0. */
export function round(
  at: Pose,
  x: number,
  y: number,
  z0: number,
  radius: number,
  height: number,
  material: Material,
): Primitive {
  const pose = compose(at, placed(x, y, z0 + height / 2));
  return painted({ kind: 'cylinder', pose, radius, halfHeight: height / 2, reflectivity: 0.5 }, material);
}

export function ball(
  at: Pose,
  x: number,
  y: number,
  z: number,
  radius: number,
  material: Material,
): Primitive {
  return painted({ kind: 'sphere', pose: compose(at, placed(x, y, z)), radius, reflectivity: 0.5 }, material);
}

export function timber(random: Random, along: 0 | 1 | 2 = 0): Material {
  const [light, dark] = WOODS[random.int(WOODS.length)]!;
  return { texture: wood(light, dark, along, random.int(100)) };
}

export function paint(random: Random): Material {
  const c = COLORS[random.int(COLORS.length)]!;
  return { texture: mottled(c, scaled(c, 0.85), 0.08, random.int(100)) };
}

export function cloth(random: Random): Material {
  const c = COLORS[random.int(COLORS.length)]!;
  return { texture: fabric(c, scaled(c, 0.45), random.int(100)) };
}

function scaled(c: Rgb, k: number): Rgb {
  return [c[0] * k, c[1] * k, c[2] * k];
}
