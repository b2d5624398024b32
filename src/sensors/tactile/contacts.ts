import type { ClearBall, Contacts } from '../observation.js';
import type { Patch } from './patch.js';
import { TOUCH_LIMITS } from './prepared-touch.js';
import type { TouchPoints } from './touch.js';

/** More say the same again. */
export const MOST_CONTACTS = 300;

/** Pixels this near to a contact (in pitches) may touch or not: they are not free for sure. */
const LEAST_LATERAL = 1;
/** A gel of which less than this share is known may be touched where it is not. */
const LEAST_KNOWN = 0.9;

/**
 * At most `most` contacts of a patch, and as many places where it was free, spread evenly.
 *
 * @example
 * const { points, free } = contactsOf(patchOf(touch), 300);
 */
export function contactsOf(patch: Patch, most: number): Contacts {
  const { width, pitch, samples, z, lateral, sigma } = patch;
  const clear: number[] = [];
  for (let i = 0; i < z.length; i++)
    if (lateral[i]! > LEAST_LATERAL * pitch && Number.isFinite(z[i]!)) clear.push(i);
  const ball = clearBall(patch);
  return {
    ...surfaceOf(patch, most),
    free: placesOf(patch, spread(clear, width, most)),
    ...(ball && { clear: ball }),
    sigma,
    area: samples.length * pitch ** 2,
  };
}

/** At most `most` contacts of a patch, spread evenly. */
export function surfaceOf(patch: Patch, most: number): Pick<Contacts, 'points' | 'normals'> {
  const { width, samples, nx, ny, nz } = patch;
  const chosen = spread(samples, width, most);
  const normals = new Float32Array(3 * chosen.length);
  chosen.forEach((at, k) => {
    normals[3 * k] = nx[at]!;
    normals[3 * k + 1] = ny[at]!;
    normals[3 * k + 2] = nz[at]!;
  });
  return { points: placesOf(patch, chosen), normals };
}

/** Of pixels, in the sensor's frame: x y z each (m). */
function placesOf({ width, pitch, cx, cy, z }: Patch, pixels: readonly number[]): Float32Array {
  const places = new Float32Array(3 * pixels.length);
  pixels.forEach((at, k) => {
    places[3 * k] = ((at % width) - cx) * pitch;
    places[3 * k + 1] = (Math.floor(at / width) - cy) * pitch;
    places[3 * k + 2] = z[at]!;
  });
  return places;
}

/**
 * Of a gel that nothing touches: the ball in its body that reaches to the middle of its face and as far as its shorter side.
 * Nothing is known of what lies ahead of the face. Undefined where a pixel is in contact, whether its depth is known or not.
 */
export function clearBall({ width, height, pitch, z, contacts }: Patch): ClearBall | undefined {
  if (contacts > 0) return undefined;
  let [known, sum] = [0, 0];
  for (const value of z) {
    if (!Number.isFinite(value)) continue;
    known++;
    sum += value;
  }
  if (known < LEAST_KNOWN * z.length) return undefined;
  const clearance = Math.min(width * pitch, height * pitch, TOUCH_LIMITS.body) / 2;
  return { point: [0, 0, sum / known - clearance], clearance };
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

/** At most `most` of the contacts, and of the places that were free. */
export function thinned(contacts: Contacts, most: number): Contacts {
  const { points, normals, free } = contacts;
  const some = (values: Float32Array): Float32Array => {
    const step = Math.ceil(values.length / (3 * most));
    return step <= 1 ? values : values.filter((_, i) => Math.floor(i / 3) % step === 0);
  };
  return { ...contacts, points: some(points), normals: some(normals), free: some(free) };
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
