import { FeltmapError } from '../../geometry/errors.js';
import { markContact } from './contact.js';
import type { TouchImage } from './touch.js';

/** Heights that a sensor's own driver has worked out. */
export interface DepthInput {
  readonly stampNs: bigint;
  readonly frameId: string;
  readonly width: number;
  readonly height: number;
  /** How deep the gel is pressed in, metres, row by row (32FC1); NaN where unknown. */
  readonly data: Float32Array;
  /** Metres of gel from one pixel to the next. */
  readonly pitch: number;
  /** Standard deviation of the depth (m); default 0.05 mm. */
  readonly sigma?: number;
}

/** No gel is pressed in deeper (m), nor by more than this share of its shorter side where that is more than the second number. */
const DEEPEST = [0.05, 0.005] as const;
const DEEPEST_SHARE = 0.5;
/** Heights (m) that are negative by more, while hardly any is positive, have the wrong sign: a gel bulges by less around a contact. */
const NEGATIVE = 3e-4;
const POSITIVE = 5e-5;
const SIGMA = 5e-5;

/**
 * A touch from an image of depths. What is infinite counts as unknown.
 *
 * @example
 * const touch = touchFromDepth({ stampNs, frameId: 'gel', width, height, data, pitch: 5e-5 });
 * @throws FeltmapError bad-input for an image that contradicts itself, knows nothing, or is not in metres
 */
export function touchFromDepth(input: DepthInput): TouchImage {
  const { width, height, data, pitch, sigma = SIGMA, frameId, stampNs } = input;
  const where = `The depth image of ${frameId || 'the gel'}`;
  if (!(width > 0 && height > 0) || data.length !== width * height)
    throw new FeltmapError(
      'bad-input',
      `${where} holds ${data.length} values instead of ${width}×${height}; it is left out.`,
    );
  if (!(pitch > 0 && pitch < 0.01))
    throw new FeltmapError(
      'bad-config',
      `${where} needs the size of a pixel on the gel, in metres (such as 0.00006), not ${pitch}.`,
    );
  const depth = new Float32Array(data.length);
  const deepest = Math.min(DEEPEST[0], Math.max(DEEPEST[1], DEEPEST_SHARE * pitch * Math.min(width, height)));
  let [known, least, most] = [0, 0, 0];
  for (let i = 0; i < depth.length; i++) {
    const h = data[i]!;
    depth[i] = Number.isFinite(h) ? h : NaN;
    if (!Number.isFinite(h)) continue;
    known++;
    if (h < least) least = h;
    if (h > most) most = h;
    if (Math.abs(h) > deepest)
      throw new FeltmapError(
        'bad-input',
        `${where} says ${h.toPrecision(3)} m, deeper than any gel of ${(1e3 * pitch * width).toFixed(0)} × ${(1e3 * pitch * height).toFixed(0)} mm: depths have to be in metres; it is left out.`,
      );
  }
  if (known === 0)
    throw new FeltmapError('bad-input', `${where} knows no depth at all (all NaN); it is left out.`);
  if (least < -NEGATIVE && most < POSITIVE)
    throw new FeltmapError(
      'bad-input',
      `${where} has negative depths only (down to ${(1e3 * least).toFixed(2)} mm): a depth is how far the gel is pressed in, 0 at rest; it is left out.`,
    );
  const contact = new Uint8Array(depth.length);
  markContact(depth, undefined, contact);
  return { kind: 'touch-image', stampNs, frameId, width, height, pitch, depth, contact, sigma };
}
