import type { Pinhole } from '../../geometry/pinhole.js';
import type { Intrinsics } from './view-pair.js';

export interface Contradicted {
  /** For the log. */
  readonly notice: string;
  /** Of each pose from then on. */
  readonly reason: string;
}

/** What of the intrinsics is contradicted. */
export interface Wrong {
  readonly focal: boolean;
  readonly ratio: boolean;
  readonly centre: boolean;
}

/** To two digits: more is not known. */
const about = (pixels: number): string => String(Number(pixels.toPrecision(2)));

/**
 * @param given of the images as they came
 * @param fits the motion
 */
export function describeContradiction(
  camera: string,
  given: Pinhole,
  fits: Intrinsics,
  { focal, ratio, centre }: Wrong,
): Contradicted {
  const both = Math.sqrt(fits.fx * fits.fy);
  const parts: string[] = [];
  if (ratio)
    parts.push(
      `focal lengths of about ${about(fits.fx)} and ${about(fits.fy)} pixels fit, not ${given.fx.toFixed(0)} and ${given.fy.toFixed(0)}`,
    );
  else if (focal)
    parts.push(`a focal length of about ${about(both)} pixels fits, not ${given.fx.toFixed(0)}`);
  if (centre)
    parts.push(
      `a principal point of about (${about(fits.cx)}, ${about(fits.cy)}) fits, not (${given.cx.toFixed(0)}, ${given.cy.toFixed(0)})`,
    );
  const what = ratio || (focal && centre) ? 'intrinsics' : focal ? 'focal length' : 'principal point';
  return {
    notice:
      `The motion that camera '${camera}' sees contradicts its intrinsics (images of ${given.width}×${given.height}): ${parts.join(', ')}; ` +
      'check its camera_info or calibration. Its path and map are distorted, and its poses degraded, until then.',
    reason: `The camera's ${what} contradict${what === 'intrinsics' ? '' : 's'} the motion that it sees, so that path and map are distorted.`,
  };
}
