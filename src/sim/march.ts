import type { Solid } from './objects/solid.js';

/** A ray marched through a solid has arrived where it is this near, metres. */
const ARRIVED = 1e-6;
const MAX_MARCH = 500;

/** Sphere tracing of a unit ray between t = near and far; Infinity where it misses. */
export function march(
  solid: Solid,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
  near: number,
  far: number,
): number {
  let t = near;
  for (let step = 0; step < MAX_MARCH && t <= far; step++) {
    const distance = solid.distance(px + t * dx, py + t * dy, pz + t * dz);
    if (distance < ARRIVED) return t;
    t += distance;
  }
  return Infinity;
}
