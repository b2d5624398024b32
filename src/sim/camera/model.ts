import { FeltmapError } from '../../geometry/errors.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';

/** What goes wrong in the depth camera; lengths in metres. Each can be switched off by itself. */
export interface DepthNoise {
  /** Random error with σ(z) = 1.2 mm + 1.9 mm·(z − 0.4)² in all, the quantisation included. */
  readonly noise: boolean;
  /** Steps of the disparity, pixels of a sensor of 640 columns; 0: none. */
  readonly disparityStep: number;
  /** How far nearer things grow at their edges, pixels, 0, 1 or 2. */
  readonly fattening: number;
  /** Depth missing at grazing angles, on dark and on shiny surfaces, and at random. */
  readonly holes: boolean;
  /** No depth on the side that the projector does not reach. */
  readonly shadow: boolean;
  /** Largest share by which depth is wrong, slowly changing over the image. */
  readonly bias: number;
}

export interface ColorNoise {
  /** Seconds that the shutter is open; 0: no motion blur. */
  readonly exposure: number;
  /** Gain that follows the scene, and near black at the start. */
  readonly autoExposure: boolean;
  /** Photon and read noise. */
  readonly noise: boolean;
}

/** A colour camera and a depth camera side by side in one housing. */
export interface RgbdModel {
  readonly color: CameraIntrinsics;
  readonly depth: CameraIntrinsics;
  /** The colour camera is this far to the right of the depth camera, metres. */
  readonly baseline: number;
  /** The depth camera's projector (or second eye) is this far to its right, metres. */
  readonly projector: number;
  readonly minRange: number;
  readonly maxRange: number;
  /** Frames per second. */
  readonly rate: number;
  /** Seconds from the first row to the last one, of both cameras; 0: all rows at once. */
  readonly readout: number;
  /** The colour image is taken this much after the depth image, seconds. */
  readonly delay: number;
  /** Rays per colour pixel, spread over the exposure. */
  readonly samples: number;
  readonly depthNoise: DepthNoise;
  readonly colorNoise: ColorNoise;
}

export interface RgbdModelOptions {
  /** Columns and rows, default 640 × 480. */
  readonly width?: number;
  readonly height?: number;
  readonly rate?: number;
  /** Depth as seen by the colour camera, with its intrinsics. Default false: two cameras 25 mm apart. */
  readonly registered?: boolean;
  readonly readout?: number;
  readonly delay?: number;
  readonly samples?: number;
  /** False: a perfect depth camera. */
  readonly depthNoise?: Partial<DepthNoise> | false;
  /** False: a perfect colour camera. */
  readonly colorNoise?: Partial<ColorNoise> | false;
}

export const DEPTH_NOISE: DepthNoise = {
  noise: true,
  disparityStep: 1 / 8,
  fattening: 2,
  holes: true,
  shadow: true,
  bias: 0.001,
};
const NO_DEPTH_NOISE: DepthNoise = {
  noise: false,
  disparityStep: 0,
  fattening: 0,
  holes: false,
  shadow: false,
  bias: 0,
};
const COLOR_NOISE: ColorNoise = { exposure: 0.01, autoExposure: true, noise: true };
const NO_COLOR_NOISE: ColorNoise = { exposure: 0, autoExposure: false, noise: false };

/** σ(z) of structured-light and stereo depth cameras, metres (Nguyen, Izadi and Lovell, 3DIMPVT 2012, axial). */
export function depthSigma(z: number): number {
  return 0.0012 + 0.0019 * (z - 0.4) ** 2;
}

/** @throws FeltmapError 'bad-config' for sizes or rates out of range. */
export function rgbdModel(options: RgbdModelOptions = {}): RgbdModel {
  const { width = 640, height = 480, rate = 30, readout = 0.02, delay = 0.004, samples = 4 } = options;
  if (
    !Number.isInteger(width) ||
    !Number.isInteger(height) ||
    width < 16 ||
    height < 16 ||
    width > 4096 ||
    height > 4096
  ) {
    throw new FeltmapError(
      'bad-config',
      `The simulated camera cannot have ${width}×${height} pixels; use 16 to 4096 each way.`,
    );
  }
  if (!(rate > 0 && rate <= 120)) {
    throw new FeltmapError(
      'bad-config',
      `The simulated camera cannot take ${rate} images a second; use up to 120.`,
    );
  }
  if (!(readout >= 0 && readout * rate <= 1)) {
    throw new FeltmapError(
      'bad-config',
      `Rows cannot be read out over ${readout} s at ${rate} images a second; use less.`,
    );
  }
  if (!Number.isInteger(samples) || samples < 1 || samples > 64) {
    throw new FeltmapError(
      'bad-config',
      `The simulated camera cannot cast ${samples} rays a pixel; use 1 to 64.`,
    );
  }
  const pinhole = (f: number, cx: number, cy: number): CameraIntrinsics => {
    const k = width / 640;
    const [fx, fy] = [f * k, f * k];
    const [px, py] = [(width - 1) / 2 + cx * k, (height - 1) / 2 + cy * k];
    return { width, height, fx, fy, cx: px, cy: py, distortion: 'none', coefficients: [] };
  };
  const color = pinhole(540, -3.2, 4.1);
  const registered = options.registered ?? false;
  return {
    color,
    depth: registered ? color : pinhole(578, 2.3, -1.7),
    baseline: registered ? 0 : 0.025,
    projector: 0.075,
    minRange: 0.4,
    maxRange: 8,
    rate,
    readout,
    delay,
    samples,
    depthNoise: options.depthNoise === false ? NO_DEPTH_NOISE : { ...DEPTH_NOISE, ...options.depthNoise },
    colorNoise: options.colorNoise === false ? NO_COLOR_NOISE : { ...COLOR_NOISE, ...options.colorNoise },
  };
}
