import type { Material, Rgb } from '../looks/material.js';
import { hash3 } from '../looks/noise.js';
import { Scene } from '../looks/scene.js';
import { mottled } from '../looks/textures.js';
import { srgb } from '../looks/material.js';
import type { Primitive } from '../primitives.js';
import type { World } from '../world.js';
import { COLORS, GREY } from './solids.js';

const LEAVES: Rgb = srgb('#4f7f3a');
/** Reflectivities of what is grey in any street: roads, pavements and posts. */
const PLAIN = new Set([0.28, 0.4, 0.35, 0.3]);
/** Of daylight under clouds: from all sides, without shadows. */
const DAYLIGHT = 0.9;

/**
 * A street, quad or corridor in colours, for cameras beside its LiDAR. What a house or a car is made of has one reflectivity in it, and takes one
 * of ten colours by that, in blotches; roads and posts are grey, crowns of trees green. What moves is not seen.
 */
export function outdoorScene(world: World): Scene {
  return new Scene({ world, lights: [], ambient: DAYLIGHT, look: lookOf });
}

function lookOf({ kind, reflectivity }: Primitive): Material {
  if (kind === 'sphere') return blotched(LEAVES, reflectivity);
  if (PLAIN.has(reflectivity)) return blotched(GREY, reflectivity);
  const n = Math.floor(hash3(Math.round(1e6 * reflectivity), 7, 0) * COLORS.length);
  return blotched(COLORS[n]!, reflectivity);
}

function blotched(colour: Rgb, seed: number): Material {
  const [r, g, b] = colour;
  return { texture: mottled(colour, [0.6 * r, 0.6 * g, 0.6 * b], 1.5, Math.floor(100 * seed)) };
}
