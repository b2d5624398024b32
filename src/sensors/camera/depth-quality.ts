import type { ObservationCounts } from '../observation.js';
import type { DepthImage } from './frame.js';

/** Pixels that are looked at: a hundredth of them is known to a thousandth of all. */
const SAMPLES = 16384;
/** Less of the pixels usable than this, and a frame says little. */
const LEAST_USABLE = 0.1;
/** Causes of less than this share are not told. */
const TELLING = 0.02;

/** What became of the pixels of a depth image. */
export interface PixelCounts extends ObservationCounts {
  /** 0: nothing measured. */
  readonly zero: number;
  /** Not a number, or negative. */
  readonly invalid: number;
  /** Infinite: nothing came back. */
  readonly noReturn: number;
  /** Nearer than rgbd.minRange, farther than rgbd.maxRange. */
  readonly tooNear: number;
  readonly tooFar: number;
  /** Among the valid ones, which are in range, but without a surface around them: at edges, between two depths, or too noisy. */
  readonly flying: number;
}

export type MutablePixelCounts = { -readonly [K in keyof PixelCounts]: number };

export const noPixels = (): MutablePixelCounts => ({
  ...{ input: 0, valid: 0, zero: 0, invalid: 0, noReturn: 0, tooNear: 0, tooFar: 0, flying: 0 },
});

/**
 * Counts why pixels of a depth image cannot be used, from up to 16384 of them spread over the image, scaled to all.
 *
 * @param range m
 */
export function countUnusable(
  { data, scale, width }: DepthImage,
  [nearest, farthest]: readonly [number, number],
  out: MutablePixelCounts,
): void {
  // No multiple of a row: samples must not stand in columns.
  let step = Math.max(1, Math.floor(data.length / SAMPLES));
  if (step > 1 && width % step === 0) step++;
  let [zero, invalid, noReturn, tooNear, tooFar, samples] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < data.length; i += step, samples++) {
    const z = data[i]! * scale;
    if (z === 0) zero++;
    else if (!(z > 0)) invalid++;
    else if (z === Infinity) noReturn++;
    else if (z < nearest) tooNear++;
    else if (z > farthest) tooFar++;
  }
  const each = samples > 0 ? data.length / samples : 0;
  out.zero = Math.round(zero * each);
  out.invalid = Math.round(invalid * each);
  out.noReturn = Math.round(noReturn * each);
  out.tooNear = Math.round(tooNear * each);
  out.tooFar = Math.round(tooFar * each);
}

/** Pixels in range that have a surface around them. */
export function usable({ valid, flying = 0 }: ObservationCounts): number {
  return valid - flying;
}

/** Whether so few pixels can be used that a frame says little. */
export function isPoor(counts: ObservationCounts): boolean {
  return usable(counts) < LEAST_USABLE * counts.input;
}

/**
 * What became of the pixels that cannot be used, the largest part first: `83 % hold no depth (…), 4 % lie beyond
 * rgbd.maxRange`.
 */
export function whyUnusable(counts: PixelCounts): string {
  const { input, zero, invalid, noReturn, tooNear, tooFar, flying } = counts;
  const causes: readonly (readonly [number, string])[] = [
    [zero + invalid, 'hold no depth (0 or NaN: too near, dark, shiny, or covered)'],
    [noReturn, 'are infinite (nothing came back)'],
    [tooNear, 'are nearer than rgbd.minRange'],
    [tooFar, 'lie beyond rgbd.maxRange'],
    [flying, 'lie between two depths or are too noisy'],
  ];
  return causes
    .filter(([count]) => count > TELLING * input)
    .sort(([a], [b]) => b - a)
    .map(([count, text]) => `${percent(count / input)} ${text}`)
    .join(', ');
}

/** Sums over the frames of a depth camera. */
export interface DepthQuality {
  /** The camera, by its frame. */
  readonly camera: string;
  readonly frames: number;
  /** Frames of which less than a tenth of the pixels can be used. */
  readonly poorFrames: number;
  /** Of all frames. */
  readonly pixels: PixelCounts;
}

/** What the depth images of each camera were like. */
export function depthQuality(
  results: Iterable<{ readonly camera?: string; readonly points: ObservationCounts }>,
): DepthQuality[] {
  const cameras = new Map<string, { frames: number; poorFrames: number; pixels: MutablePixelCounts }>();
  for (const { camera, points } of results) {
    if (camera === undefined) continue;
    const sum = cameras.get(camera) ?? { frames: 0, poorFrames: 0, pixels: noPixels() };
    cameras.set(camera, sum);
    sum.frames++;
    if (isPoor(points)) sum.poorFrames++;
    for (const name of Object.keys(sum.pixels) as (keyof PixelCounts)[])
      sum.pixels[name] += points[name] ?? 0;
  }
  return [...cameras].map(([camera, sum]) => ({ camera, ...sum }));
}

/** A line for people: `83 % of the pixels usable; 12 % hold no depth …; 37 of 120 frames below 10 %`. */
export function describeQuality({ frames, poorFrames, pixels }: Omit<DepthQuality, 'camera'>): string {
  const why = whyUnusable(pixels);
  return [
    `${percent(usable(pixels) / Math.max(1, pixels.input))} of the pixels usable`,
    ...(why === '' ? [] : [why]),
    ...(poorFrames > 0 ? [`${poorFrames} of ${frames} frames below ${percent(LEAST_USABLE)}`] : []),
  ].join('; ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
