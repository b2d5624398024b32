import type { Patch } from '../../sensors/tactile/patch.js';
import type { TouchPoints } from '../../sensors/tactile/touch.js';

/** What a touch says about a surface, in its sensor's frame. */
export interface Contacts {
  /** Where the surface was felt: x y z each (m). */
  readonly points: Float32Array;
  /** Unit normals out of what was touched, zero where unknown. */
  readonly normals: Float32Array;
  /** Where the sensor was and nothing touched it: outside of everything. */
  readonly free: Float32Array;
  /** Standard deviation of the points (m). */
  readonly sigma: number;
  /** Area that the points stand for (m²). */
  readonly area: number;
}

/** Pixels this near to a contact (in pitches) may touch or not: they are not free for sure. */
const LEAST_LATERAL = 1;

/**
 * At most `most` contacts of a patch, and as many places where it was free, spread evenly.
 *
 * @example
 * const { points, free } = contactsOf(patchOf(touch), 300);
 */
export function contactsOf(patch: Patch, most: number): Contacts {
  const { width, pitch, cx, cy, samples, z, lateral, sigma } = patch;
  const clear: number[] = [];
  for (let i = 0; i < z.length; i++)
    if (lateral[i]! > LEAST_LATERAL * pitch && Number.isFinite(z[i]!)) clear.push(i);
  const [touched, free] = [spread(samples, width, most), spread(clear, width, most)];
  const place = (chosen: readonly number[]): Float32Array =>
    Float32Array.from(
      chosen.flatMap((at) => [((at % width) - cx) * pitch, (Math.floor(at / width) - cy) * pitch, z[at]!]),
    );
  return {
    points: place(touched),
    normals: Float32Array.from(touched.flatMap((at) => [patch.nx[at]!, patch.ny[at]!, patch.nz[at]!])),
    free: place(free),
    sigma,
    area: samples.length * pitch ** 2,
  };
}

/** Single contacts, those with numbers only; each stands for as much as its noise covers. */
export function contactsOfPoints({ points, normals, sigma }: TouchPoints): Contacts {
  const valid: number[] = [];
  for (let i = 0; 3 * i + 2 < points.length; i++)
    if (Number.isFinite(points[3 * i]! + points[3 * i + 1]! + points[3 * i + 2]!)) valid.push(i);
  const pick = (from: Float32Array): Float32Array =>
    Float32Array.from(valid.flatMap((i) => [from[3 * i]!, from[3 * i + 1]!, from[3 * i + 2]!]));
  return {
    points: pick(points),
    normals: normals ? pick(normals) : new Float32Array(3 * valid.length),
    free: new Float32Array(0),
    sigma,
    area: valid.length * sigma ** 2,
  };
}

/** Those that lie on a grid of pixels so wide that at most `most` are chosen. */
function spread(pixels: ArrayLike<number>, width: number, most: number): number[] {
  for (let step = Math.max(1, Math.floor(Math.sqrt(pixels.length / most))); ; step++) {
    const chosen: number[] = [];
    for (let i = 0; i < pixels.length; i++) {
      const at = pixels[i]!;
      if ((at % width) % step === 0 && Math.floor(at / width) % step === 0) chosen.push(at);
    }
    if (chosen.length <= most) return chosen;
  }
}
