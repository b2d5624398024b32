import type { DepthImage } from './frame.js';

/** Images that are looked at, each so many after the one before. */
const LOOKED_AT = 24;
const EVERY = 5;
/** Rows and columns that are looked at. */
const LINE_STEP = 8;
/** Parts of a row or column that a stretch is long. */
const PARTS = [4, 8];
/** A larger step from pixel to pixel is an edge. */
const EDGE = 0.05;
/** Less by which the far end is farther than the near one, and both shapes look the same. */
const RECEDES = 1.3;
/** Points between the ends of a stretch that tell its shape. */
const INNER = 7;
/** One shape fits where its largest misfit is less than this part of the other's. */
const CLEAR = 0.3;
/** So many stretches, in so many images, and so many times as many as of depth, are no accident. */
const ENOUGH = 40;
const ENOUGH_IMAGES = 5;
const TIMES = 5;

type Shape = 'depth' | 'disparity';

/**
 * Whether images hold disparities, or other inverse depths, in the place of depth. Along a row or column of the image of a plane
 * the inverse of depth is linear: v = v₀ + t(v₁ − v₀) holds for disparities, 1/v = 1/v₀ + t(1/v₁ − 1/v₀) for depth, in any unit.
 *
 * @example
 * const check = new DisparityCheck();
 * for (const { depth } of frames) check.add(depth);
 * if (check.note) console.warn(check.note);
 */
export class DisparityCheck {
  #offered = 0;
  #images = 0;
  readonly #found = { depth: 0, disparity: 0 };

  add(image: DepthImage): void {
    if (this.#offered >= LOOKED_AT * EVERY || this.#offered++ % EVERY > 0) return;
    const before = this.#found.disparity;
    const { width, height } = image;
    for (const parts of PARTS) {
      for (let y = 0; y < height; y += LINE_STEP) this.#line(image, y * width, 1, width, parts);
      for (let x = 0; x < width; x += LINE_STEP) this.#line(image, x, width, height, parts);
    }
    if (this.#found.disparity > before) this.#images++;
  }

  /** A sentence without its end; undefined where images hold depth, or little shows what they hold. */
  get note(): string | undefined {
    const { depth, disparity } = this.#found;
    if (disparity < ENOUGH || this.#images < ENOUGH_IMAGES || disparity < TIMES * depth) return undefined;
    return (
      `these look like disparities (or other inverse depths): of ${disparity + depth} stretches of flat receding surfaces, ${disparity} are ` +
      `straight if they are taken as such and ${depth} if taken as depth; publish depth, which is focal length × baseline / disparity, ` +
      'as map and path are bent otherwise'
    );
  }

  /** @param step from a pixel to the next, of `count` */
  #line({ data }: DepthImage, start: number, step: number, count: number, parts: number): void {
    const length = Math.floor(count / parts);
    if (length < 2 * INNER) return;
    for (let s = 0; s + length < count; s += length >> 1) {
      const shape = shapeOf(data, start + s * step, step, length);
      if (shape) this.#found[shape]++;
    }
  }
}

/** Which of the two a stretch of pixels is; undefined across edges and holes, where it is not flat or recedes little. */
function shapeOf(data: DepthImage['data'], start: number, step: number, length: number): Shape | undefined {
  const unknown = data instanceof Uint16Array ? 65535 : Infinity;
  const at = (k: number): number => data[start + k * step]!;
  const [first, last] = [at(0), at(length)];
  // Looked at first, as most stretches recede too little.
  if (!(Math.max(first, last) > (RECEDES - EDGE) * Math.min(first, last))) return undefined;
  for (let k = 0; k <= length; k++) {
    const value = at(k);
    if (!(value > 0 && value < unknown)) return undefined;
    if (k > 0 && Math.abs(value - at(k - 1)) > EDGE * value) return undefined;
  }
  const mean = (k: number): number => (at(k - 1) + at(k) + at(k + 1)) / 3;
  const [a, b] = [mean(1), mean(length - 1)];
  if (Math.max(a, b) < RECEDES * Math.min(a, b)) return undefined;
  let [asDepth, asDisparity] = [0, 0];
  for (let i = 1; i <= INNER; i++) {
    const k = 1 + Math.round((i * (length - 2)) / (INNER + 1));
    const t = (k - 1) / (length - 2);
    const value = mean(k);
    asDepth = Math.max(asDepth, Math.abs(1 / (1 / a + t * (1 / b - 1 / a)) - value) / value);
    asDisparity = Math.max(asDisparity, Math.abs(a + t * (b - a) - value) / value);
  }
  if (asDepth < CLEAR * asDisparity) return 'depth';
  return asDisparity < CLEAR * asDepth ? 'disparity' : undefined;
}
