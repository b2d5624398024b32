import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from './frame.js';

/** Pixels of the grid along which something may hide a pixel from the colour camera, on the way towards it. */
export interface OcclusionSearch {
  readonly pixels: number;
  /** Pixels right and down, and inverse depth (1/m), of one step; the longer side of a step is one pixel. */
  readonly step: readonly [number, number, number];
}

/** Longest search, pixels: what stands nearer to a camera far beside is not found. */
const LONGEST = 32;

/**
 * The search for a colour camera beside the depth camera; none where nothing can be hidden, and none for one that is more
 * before or behind it than beside it: the way to that goes in another direction at each pixel.
 *
 * @param grid a pinhole
 * @param minRange nearest that anything can be, metres
 */
export function occlusionSearch(
  { fx, fy }: CameraIntrinsics,
  T_depth_color: Pose,
  minRange: number,
): OcclusionSearch | undefined {
  const [right, down] = [fx * T_depth_color[3]!, fy * T_depth_color[7]!];
  const perInverse = Math.max(Math.abs(right), Math.abs(down)); // pixels per 1/m
  if (Math.abs(T_depth_color[11]!) > Math.hypot(T_depth_color[3]!, T_depth_color[7]!)) return undefined;
  const pixels = Math.min(LONGEST, Math.ceil(perInverse / minRange));
  // Less than half a pixel at the nearest.
  if (!(perInverse / minRange > 0.5)) return undefined;
  return { pixels, step: [right / perInverse, down / perInverse, 1 / perInverse] };
}
