import * as L from '../../kernels/layout/camera.js';
import type { CameraIntrinsics } from './frame.js';

/** How a grid and the samples of its surface lie in memory. */
export interface GridLayout {
  readonly camera: CameraIntrinsics;
  /** Floats of a row of the padded plane. */
  readonly stride: number;
  /** Rows and columns of the grid between two samples, and how many rows and columns of samples there are. */
  readonly step: number;
  readonly across: number;
  readonly down: number;
}

/** Floats right of a padded row's last pixel: the rest of a vector and half a window. */
const PAD_RIGHT = 8;

export function gridLayout(camera: CameraIntrinsics, step: number): GridLayout {
  return {
    camera,
    stride: 4 * Math.ceil((L.PAD_LEFT + camera.width + PAD_RIGHT) / 4),
    step,
    across: Math.ceil(camera.width / step),
    down: Math.ceil(camera.height / step),
  };
}

/** Of memory that holds no image yet. */
export const NO_GRID = gridLayout(
  { width: 0, height: 0, fx: 1, fy: 1, cx: 0, cy: 0, distortion: 'none', coefficients: [] },
  1,
);
