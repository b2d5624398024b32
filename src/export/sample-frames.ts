import { colourPsnr, depthError } from '../eval/depth.js';
import type { RenderedDepth } from '../eval/render-depth.js';
import { escapeHtml, formatLength, formatNumber } from './html.js';
import { encodePng, pngDataUri } from './png.js';
import { mix, ramp, toSrgb, type Rgb } from './render-colors.js';

/** A frame of a depth camera beside what the mesh looks like from its pose, all of one size. */
export interface SampleFrame {
  /** What the reader sees above it, such as its number and time. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Metres along the optical axis; 0, NaN and infinite are unknown. */
  readonly depth: Float32Array;
  /** 3 a pixel, sRGB. */
  readonly image?: Uint8Array;
  /** As renderDepth gives it. */
  readonly rendered: RenderedDepth;
}

/** Frames that a report shows; further ones are left out. */
export const MAX_SAMPLE_FRAMES = 4;
/** Pictures are thinned to at most this many pixels across. */
const MAX_WIDTH = 320;
/** Errors of this size and more have the last colour, metres. */
const ERROR_END = 0.1;
const UNKNOWN: Rgb = [0.006, 0.006, 0.008];
const MISS: Rgb = [0.55, 0.02, 0.5];
const GOOD: Rgb = [0.02, 0.07, 0.16];
const FAIR: Rgb = [0.85, 0.6, 0.12];
const BAD: Rgb = [0.9, 0.05, 0.03];

/** A part of `report.html`: every frame's images, the mesh from the same pose, and how far they are apart. */
export function sampleFrames(frames: readonly SampleFrame[]): string {
  if (frames.length === 0) return '';
  const shown = frames.slice(0, MAX_SAMPLE_FRAMES).map(frameRow).join('');
  const note =
    'Depth from near (dark) to far (light), black where unknown. Error of the depth: dark below 1 cm, yellow at 5, red from 10 cm on, violet where the mesh has a hole.';
  return `<section class="card frames"><h2>Sample frames</h2>${shown}<p>${note}</p></section>`;
}

function frameRow(frame: SampleFrame): string {
  const { width, height, depth, image, rendered } = frame;
  const error = depthError(rendered.depth, depth);
  const psnr = image && rendered.color ? colourPsnr(rendered.color, image).psnr : NaN;
  const range = depthRange(depth);
  const figure = (
    label: string,
    color: (pixel: number) => Rgb | readonly number[],
    linear = true,
  ): string => {
    const uri = pngDataUri(picture(width, height, color, linear));
    return `<figure><img alt="${label}" src="${uri}"><figcaption>${label}</figcaption></figure>`;
  };
  const ofDepth =
    (values: Float32Array) =>
    (i: number): Rgb =>
      values[i]! > 0 && values[i]! < Infinity
        ? ramp((values[i]! - range[0]) / (range[1] - range[0]))
        : UNKNOWN;
  const ofColor =
    (colors: Uint8Array) =>
    (i: number): readonly number[] =>
      colors.subarray(3 * i, 3 * i + 3) as unknown as readonly number[];
  const figures = [
    `L1 ${formatLength(error.l1)}`,
    `median ${formatLength(error.median)}`,
    `${formatNumber(100 * error.completion, 1)} % within 5 cm`,
    ...(Number.isFinite(psnr) ? [`colour ${formatNumber(psnr, 1)} dB`] : []),
  ].join(' · ');
  return (
    `<h3>${escapeHtml(frame.title)}</h3><p>${figures}</p><div class="row">` +
    (image ? figure('Image', ofColor(image), false) : '') +
    (rendered.color ? figure('Mesh, colour', ofColor(rendered.color), false) : '') +
    figure('Depth', ofDepth(depth)) +
    figure('Mesh, depth', ofDepth(rendered.depth)) +
    figure('Error', (i) => errorColor(rendered.depth[i]!, depth[i]!)) +
    '</div>'
  );
}

/** In linear light. */
function errorColor(rendered: number, measured: number): Rgb {
  if (!(measured > 0 && measured < Infinity)) return UNKNOWN;
  if (Number.isNaN(rendered)) return MISS;
  const share = Math.min(1, Math.abs(rendered - measured) / ERROR_END);
  return share < 0.5 ? mix(GOOD, FAIR, 2 * share) : mix(FAIR, BAD, 2 * share - 1);
}

/** 2nd and 98th percentile of the known depths. */
function depthRange(depth: Float32Array): [number, number] {
  const known = depth.filter((z) => z > 0 && z < Infinity).sort();
  const low = known[Math.floor(0.02 * (known.length - 1))] ?? 0;
  const high = known[Math.ceil(0.98 * (known.length - 1))] ?? 1;
  return [low, Math.max(high, low + 0.1)];
}

/** Every n-th pixel as PNG. @param color of a pixel: linear light, or sRGB bytes */
function picture(
  width: number,
  height: number,
  color: (pixel: number) => Rgb | readonly number[],
  linear: boolean,
): Uint8Array {
  const step = Math.ceil(width / MAX_WIDTH);
  const [w, h] = [Math.ceil(width / step), Math.ceil(height / step)];
  const rgba = new Uint8Array(4 * w * h).fill(255);
  for (let i = 0; i < w * h; i++) {
    const rgb = color(Math.floor(i / w) * step * width + (i % w) * step);
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = linear ? Math.round(255 * toSrgb(rgb[c]!)) : rgb[c]!;
  }
  return encodePng(rgba, w, h);
}
