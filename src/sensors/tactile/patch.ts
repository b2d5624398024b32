import { FeltmapError } from '../../geometry/errors.js';
import { lateralDistance } from './patch-lateral.js';
import { reduceTouch } from './patch-reduce.js';
import { surfaceFits } from './patch-surface.js';
import type { TouchImage } from './touch.js';

/**
 * What a gel felt, as a piece of surface: rows of pixels in the gel frame, and the samples among them where something
 * touches. Pixel (u, v) lies at x = (u − cx)·pitch, y = (v − cy)·pitch with (cx, cy) the middle of the image.
 */
export interface Patch {
  readonly width: number;
  readonly height: number;
  /** Metres from pixel to pixel. */
  readonly pitch: number;
  readonly cx: number;
  readonly cy: number;
  /** Where the gel's surface is along the gel's axis, metres: minus the depth; NaN where it is not known. */
  readonly z: Float32Array;
  /** Unit normal out of what is touched, into the gel; zero where nothing touches or it is not known. */
  readonly nx: Float32Array;
  readonly ny: Float32Array;
  readonly nz: Float32Array;
  /** Metres from each pixel across the axis to the nearest contact, or to the border of what was felt; 0 in contact. */
  readonly lateral: Float32Array;
  /** Pixels that touch something and have a normal. */
  readonly samples: Uint32Array;
  /** Standard deviation of the samples along the axis (m). */
  readonly sigma: number;
  /** Largest depth (m). */
  readonly deepest: number;
  /** Pixels of the image in contact, and those of them whose depth was a number. */
  readonly contacts: number;
  readonly valid: number;
}

export interface PatchOptions {
  /** Metres from sample to sample, 0.3 to 1 mm; images of finer pixels are reduced to it. Default: 0.5 mm. */
  readonly spacing?: number;
}

const SPACING = 5e-4;
const [LEAST_SPACING, MOST_SPACING] = [1e-4, 2e-3];
/** With fewer a plane is not worth its name. */
const LEAST_SAMPLES = 6;

/**
 * The surface in a gel's image: reduced to the spacing, with heights and normals of quadrics through each pixel's
 * neighbours. Pixels without a number count as not known.
 *
 * @throws FeltmapError bad-input for an image that contradicts itself; bad-config for a spacing that makes no sense
 * @example
 * const patch = patchOf(touch); // touch: TouchImage
 * console.log(`${patch.samples.length} samples, ${1e3 * patch.deepest} mm deep`);
 */
export function patchOf(touch: TouchImage, { spacing = SPACING }: PatchOptions = {}): Patch {
  check(touch);
  if (!(spacing >= LEAST_SPACING && spacing <= MOST_SPACING))
    throw new FeltmapError(
      'bad-config',
      `Samples of a touch cannot be ${spacing} m apart; give a spacing between ${LEAST_SPACING} and ${MOST_SPACING} m.`,
    );
  const factor = Math.max(1, Math.round(spacing / touch.pitch));
  const reduced = reduceTouch(touch, factor);
  const { width, height, pitch, z, contact, contacts, valid } = reduced;
  const fits = surfaceFits(reduced, touch.sigma / factor);
  const chosen: number[] = [];
  let deepest = 0;
  for (let i = 0; i < z.length; i++) {
    if (contact[i] === 0) continue;
    deepest = Math.max(deepest, -fits.z[i]!);
    if (fits.nz[i] !== 0) chosen.push(i);
  }
  return {
    width,
    height,
    pitch,
    cx: (width - 1) / 2,
    cy: (height - 1) / 2,
    ...fits,
    lateral: lateralDistance(contact, width, height, pitch),
    samples: Uint32Array.from(chosen.length < LEAST_SAMPLES ? [] : chosen),
    sigma: touch.sigma,
    deepest,
    contacts,
    valid,
  };
}

function check({ width, height, pitch, depth, contact, sigma, frameId }: TouchImage): void {
  const what = `The touch image of '${frameId}'`;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new FeltmapError('bad-input', `${what} has no size (${width}×${height}); check what publishes it.`);
  if (depth.length !== width * height || contact.length !== width * height)
    throw new FeltmapError(
      'bad-input',
      `${what} says ${width}×${height}, but has ${depth.length} depths and ${contact.length} values of contact; it is left out.`,
    );
  if (!(pitch > 0 && pitch < 0.01))
    throw new FeltmapError(
      'bad-input',
      `${what} says that its pixels are ${pitch} m apart; give the pitch in metres (about 0.00006 for a GelSight Mini).`,
    );
  if (!(sigma > 0 && sigma < 0.01))
    throw new FeltmapError(
      'bad-input',
      `${what} says that its depth is certain to ${sigma} m; give a standard deviation in metres.`,
    );
}
