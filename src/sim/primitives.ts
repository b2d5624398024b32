import type { Pose } from '../geometry/se3.js';
import type { Solid } from './objects/solid.js';
import type { Material } from './looks/material.js';

/**
 * The solids worlds are made of. `pose` is T_parent_solid (rigid); sizes are metres. Each has an exact signed
 * distance, so their union is exact everywhere outside and on its surface (see world.ts).
 */
export type Primitive = {
  readonly pose: Pose;
  /** Diffuse reflectivity in [0, 1] at the LiDAR's wavelength. */
  readonly reflectivity: number;
  /** How a camera sees it; grey of its reflectivity without. */
  readonly material?: Material;
} & (
  | { readonly kind: 'box'; readonly half: readonly [number, number, number] }
  /** Axis along local z. */
  | { readonly kind: 'cylinder'; readonly radius: number; readonly halfHeight: number }
  | { readonly kind: 'sphere'; readonly radius: number }
  /** A triangular prism: the box of the same half sizes cut along its diagonal, rising towards +x, solid below. */
  | { readonly kind: 'wedge'; readonly half: readonly [number, number, number] }
  /** Any solid with a signed distance, in its own frame; rays are marched. `half` sizes of a box about the local origin that holds it. */
  | { readonly kind: 'solid'; readonly half: readonly [number, number, number]; readonly solid: Solid }
);

/** A solid half space: points with normal · p ≤ offset. The normal is unit and points out of the solid. */
export interface HalfSpace {
  readonly normal: readonly [number, number, number];
  readonly offset: number;
  readonly reflectivity: number;
}

/**
 * A pose from a position and a turn about z. Quarter turns are exact: boxes that stay parallel to the axes are cast
 * several times faster.
 */
export function placed(x: number, y: number, z: number, yaw = 0): Pose {
  let [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  if (Math.abs(c) < 1e-12 || Math.abs(s) < 1e-12) [c, s] = [Math.round(c), Math.round(s)];
  return Float64Array.of(c, -s, 0, x, s, c, 0, y, 0, 0, 1, z);
}

/** A box from its extents in the frame `at`: [x0, x1] × [y0, y1] × [z0, z1]. */
export function boxBetween(
  at: Pose,
  [x0, x1]: readonly [number, number],
  [y0, y1]: readonly [number, number],
  [z0, z1]: readonly [number, number],
  reflectivity: number,
): Primitive {
  const [x, y, z] = [(x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2];
  const pose = Float64Array.from(at);
  pose[3]! += at[0]! * x + at[1]! * y + at[2]! * z;
  pose[7]! += at[4]! * x + at[5]! * y + at[6]! * z;
  pose[11]! += at[8]! * x + at[9]! * y + at[10]! * z;
  return { kind: 'box', pose, half: [(x1 - x0) / 2, (y1 - y0) / 2, (z1 - z0) / 2], reflectivity };
}

/** A vertical cylinder standing on z0. */
export function post(
  x: number,
  y: number,
  z0: number,
  radius: number,
  height: number,
  reflectivity: number,
): Primitive {
  return {
    kind: 'cylinder',
    pose: placed(x, y, z0 + height / 2),
    radius,
    halfHeight: height / 2,
    reflectivity,
  };
}
