import { median } from '../../geometry/median.js';
import type { RangeGrid } from '../observation.js';
import type { DepthNoise } from './camera-options.js';

/** How depth noise grows for a structured-light camera, 1/m (Nguyen et al. 2012); the least that is assumed. */
export const LEAST_GROWTH = 0.0019;
/** The most that is believed, 1/m: 2.5 cm at 1.5 m. */
export const MOST_GROWTH = 0.02;
/** Images that measure less than this many times the least leave it: Kinects measure 0.9 to 1.3 times. */
const CLEARLY_MORE = 1.5;
/** Images that are measured: their median stays. */
const IMAGES = 9;
/** Images after which it is left as it is, however few of them said something: a camera that sees near things only. */
const MOST_IMAGES = 600;
/** Pixels of the grid between those that are compared: half a window of the normals, as noise is alike in neighbours. */
const REACH = 3;
/** Differences that an image must have. */
const FEWEST = 300;
/** Median and tenth of |normal| with a standard deviation of 1. */
const MEDIAN = 0.6745;
const TENTH = 0.1257;
/** Where the tenth of the differences shows less than this share of what their median shows, they are no noise: pixels fly. */
const NOISELIKE = 0.5;
const ROOT_6 = Math.sqrt(6);

type Depths = Pick<RangeGrid, 'width' | 'height' | 'z'>;

/** Room for the differences of one image. */
type Room = readonly [byMedian: Float32Array, byTenth: Float32Array];

const roomFor = ({ width, height }: Depths): number =>
  2 * Math.ceil(width / REACH) * Math.ceil(height / REACH);
const newRoom = (size: number): Room => [new Float32Array(size), new Float32Array(size)];

/**
 * How the noise of depth grows with its square in one image, 1/m: inverse depth is linear in the image on planes, so that
 * its second differences are noise there, of √6 σ. The median over all pixels leaves edges out. undefined where too little
 * is far enough away, or the smallest differences are much smaller than noise would have them.
 *
 * @param image depth, 0 where unknown
 * @param room overwritten; of its own unless given
 */
export function measureGrowth(
  image: Depths,
  { a, z0 }: Pick<DepthNoise, 'a' | 'z0'>,
  [byMedian, byTenth]: Room = newRoom(roomFor(image)),
): number | undefined {
  const { width, height, z } = image;
  // Where growth is half of a structured-light camera's noise.
  const nearest = z0 + Math.sqrt(a / LEAST_GROWTH);
  let count = 0;
  for (let y = REACH; y < height - REACH; y += REACH)
    for (let x = REACH; x < width - REACH; x += REACH) {
      const i = y * width + x;
      const here = z[i]!;
      if (here < nearest) continue;
      for (const step of [REACH, REACH * width]) {
        const [before, after] = [z[i - step]!, z[i + step]!];
        if (before === 0 || after === 0) continue;
        // An error of inverse depth as one of depth: Δz = z²·Δ(1/z).
        const sigma = (Math.abs(1 / before + 1 / after - 2 / here) * here * here) / ROOT_6;
        // |x| exceeds its median as often as its σ exceeds what growth makes of it: the median of growths is the growth.
        byMedian[count] = (sigma / MEDIAN - a) / (here - z0) ** 2;
        byTenth[count++] = (sigma / TENTH - a) / (here - z0) ** 2;
      }
    }
  if (count < FEWEST) return undefined;
  const median = byMedian.subarray(0, count).sort()[count >> 1]!;
  const tenth = byTenth.subarray(0, count).sort()[Math.floor(count / 10)]!;
  return median > LEAST_GROWTH && tenth < NOISELIKE * median ? undefined : median;
}

/**
 * The growth of a camera's depth noise by its first images: that of a structured-light camera unless they clearly scatter
 * more. Never less: what scatters little from pixel to pixel may have been smoothed and be wrong all the same.
 *
 * @example
 * const growth = new NoiseGrowth({ a: 0.0012, z0: 0.4 });
 * if (growth.add(prepared.grid())) weighAgain(growth.value);
 */
export class NoiseGrowth {
  readonly #measured: number[] = [];
  /** Kept: a camera that sees nothing far enough away is measured with many images. */
  #room: Room = newRoom(0);
  #tried = 0;
  #value = LEAST_GROWTH;

  constructor(private readonly noise: Pick<DepthNoise, 'a' | 'z0'>) {}

  /** 1/m. */
  get value(): number {
    return this.#value;
  }

  /** Whether the value stays as it is. */
  get settled(): boolean {
    return this.#measured.length >= IMAGES || this.#tried >= MOST_IMAGES;
  }

  /** Whether the image has changed the value. */
  add(image: Depths): boolean {
    if (this.settled) return false;
    this.#tried++;
    if (this.#room[0].length < roomFor(image)) this.#room = newRoom(roomFor(image));
    const measured = measureGrowth(image, this.noise, this.#room);
    if (measured === undefined) return false;
    this.#measured.push(measured);
    const before = this.#value;
    const usual = median(this.#measured);
    this.#value = usual < CLEARLY_MORE * LEAST_GROWTH ? LEAST_GROWTH : Math.min(usual, MOST_GROWTH);
    return this.#value !== before;
  }
}

/** `1.2 mm + 3.7 mm·(z − 0.4 m)²`. */
export function describeNoise({ a, b, z0 }: DepthNoise): string {
  return `${(1e3 * a).toFixed(1)} mm + ${(1e3 * b).toFixed(1)} mm·(z − ${z0} m)²`;
}
