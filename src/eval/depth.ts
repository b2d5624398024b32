import { hasColor } from '../mesh/vertex-colors.js';

/** Limits of {@link depthError}, metres. */
export interface DepthLimits {
  /** Larger errors and misses count as this. Default 0.10. */
  readonly cap?: number;
  /** Pixels within this are complete. Default 0.05. */
  readonly complete?: number;
}

/** How well a rendered mesh agrees with a measured depth image. */
export interface DepthError {
  /** Pixels with a measured depth: those that count. */
  readonly pixels: number;
  /** Mean absolute error, each at most the cap, misses as the cap, metres. */
  readonly l1: number;
  /** Median absolute error; misses are infinitely large. Metres. */
  readonly median: number;
  /** Share of the pixels within `complete`; misses count against. */
  readonly completion: number;
  /** Share of the pixels where the mesh has a surface at all. */
  readonly hitRatio: number;
}

/**
 * Absolute differences at the pixels with a measured depth, metres; infinite where the mesh has no surface.
 *
 * @param rendered metres along the optical axis, NaN where there is no surface, as of renderDepth
 * @param measured likewise; 0, NaN and infinite are unknown
 * @throws RangeError when the images differ in size
 */
export function depthResiduals(rendered: Float32Array, measured: Float32Array): Float32Array {
  if (rendered.length !== measured.length)
    throw new RangeError(
      `Depth images of ${rendered.length} and ${measured.length} pixels cannot be compared.`,
    );
  const out = new Float32Array(measured.length);
  let count = 0;
  for (let i = 0; i < measured.length; i++) {
    const z = measured[i]!;
    if (!(z > 0 && z < Infinity)) continue;
    const difference = Math.abs(rendered[i]! - z);
    out[count++] = Number.isNaN(difference) ? Infinity : difference;
  }
  return out.slice(0, count);
}

/** Figures over residuals, of one frame or of many put together; all NaN without any. */
export function summariseDepth(
  residuals: Float32Array,
  { cap = 0.1, complete = 0.05 }: DepthLimits = {},
): DepthError {
  const pixels = residuals.length;
  let [sum, within, hits] = [0, 0, 0];
  for (let i = 0; i < pixels; i++) {
    const r = residuals[i]!;
    sum += r < cap ? r : cap;
    if (r <= complete) within++;
    if (r < Infinity) hits++;
  }
  const sorted = residuals.slice().sort();
  const middle = (pixels - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)] ?? NaN, sorted[Math.ceil(middle)] ?? NaN];
  return {
    pixels,
    l1: sum / pixels,
    median: low === high ? low : (low + high) / 2,
    completion: within / pixels,
    hitRatio: hits / pixels,
  };
}

/**
 * How well a rendered mesh agrees with a measured depth image: {@link depthResiduals} and {@link summariseDepth} in one.
 */
export function depthError(
  rendered: Float32Array,
  measured: Float32Array,
  limits: DepthLimits = {},
): DepthError {
  return summariseDepth(depthResiduals(rendered, measured), limits);
}

/** How well rendered colours agree with an image. */
export interface ColourAgreement {
  /** 10·log10(255² / mean squared error) over pixels and channels, decibels; Infinity where they are the same. */
  readonly psnr: number;
  /** What the rendered values were multiplied with, and what was added then, before they were compared. */
  readonly gain: number;
  readonly bias: number;
  /** Pixels with a rendered colour: those that count. */
  readonly pixels: number;
}

/**
 * Peak signal-to-noise ratio of rendered colours against an image, after the gain and bias (one pair for all channels)
 * that fit best in the least squares: exposure is no fault of a map.
 *
 * @param rendered 3 a pixel, 0…255; pixels without colour (see UNKNOWN_COLOR) do not count
 * @param image 3 a pixel, 0…255
 * @throws RangeError when the images differ in size
 */
export function colourPsnr(rendered: Uint8Array, image: Uint8Array): ColourAgreement {
  if (rendered.length !== image.length)
    throw new RangeError(
      `Images of ${rendered.length / 3} and ${image.length / 3} pixels cannot be compared.`,
    );
  let pixels = 0;
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (let i = 0; i < rendered.length / 3; i++) {
    if (!hasColor(rendered, i)) continue;
    pixels++;
    for (let k = 3 * i; k < 3 * i + 3; k++) {
      const x = rendered[k]!;
      const y = image[k]!;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
    }
  }
  const n = 3 * pixels;
  const spread = n * sxx - sx * sx;
  const gain = spread > 0 ? (n * sxy - sx * sy) / spread : 0;
  const bias = n > 0 ? (sy - gain * sx) / n : 0;
  let squares = 0;
  for (let i = 0; i < rendered.length / 3; i++)
    if (hasColor(rendered, i))
      for (let k = 3 * i; k < 3 * i + 3; k++) squares += (gain * rendered[k]! + bias - image[k]!) ** 2;
  return { psnr: 10 * Math.log10((255 * 255 * n) / squares), gain, bias, pixels };
}
