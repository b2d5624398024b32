import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import { Random } from '../../../src/geometry/random.js';
import type { ColorImage } from '../../../src/sensors/camera/frame.js';
import type { TableCalibration } from '../../../src/sensors/tactile/calibration.js';
import { GRAIN_SIDE, grainOf, wrongGrain } from '../../../src/sensors/tactile/gel-grain.js';
import { lookOf, wrongLook } from '../../../src/sensors/tactile/gel-look.js';
import { GelReader } from '../../../src/sensors/tactile/gel-reader.js';

const [W, H] = [200, 151];

/** An evenly lit gel: a grain of its own by a hundredth, and noise of the frame by two. */
function gel(own: string, frame: string, width = W, height = H, light = 150): ColorImage {
  const [grain, noise] = [new Random(own), new Random(frame)];
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i += 3) {
    const grey = Math.round(light * (1 + 0.01 * grain.normal() + 0.02 * noise.normal()));
    data.fill(grey, i, i + 3);
  }
  return { width, height, data };
}

function moved(image: ColorImage, from: (x: number, y: number) => readonly [number, number]): ColorImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = from(x, y);
      const at = 3 * (v * width + u);
      data.set(image.data.subarray(at, at + 3), 3 * (y * width + x));
    }
  return { width, height, data };
}

const grain = ({ data, width, height }: ColorImage) => grainOf(data, width, height)!;
const known = grain(gel('dust', 'calibrated'));

/** How pixels of a picture that is held otherwise are found in the right one. */
const HELD: readonly [string, (x: number, y: number) => readonly [number, number]][] = [
  ['mirrored left to right', (x, y) => [W - 1 - x, y]],
  ['mirrored top to bottom', (x, y) => [x, H - 1 - y]],
  ['turned by 180°', (x, y) => [W - 1 - x, H - 1 - y]],
];

describe('the grain of a gel', () => {
  it('is how much brighter pixels in the middle are than those around them', () => {
    const image = gel('flat', 'flat', W, H, 0);
    image.data.fill(100);
    const [x, y] = [(W >> 1) + 3, (H >> 1) - 5];
    image.data.fill(102, 3 * (y * W + x), 3 * (y * W + x) + 3);
    const values = grain(image);
    const left = ((W - GRAIN_SIDE - 8) >> 1) + 4;
    const top = ((H - GRAIN_SIDE - 8) >> 1) + 4;
    const at = (y - top) * GRAIN_SIDE + x - left;
    const brighter = Math.log(107 / 105);
    expect(values[at]).toBe(Math.round((1e3 * brighter * 80) / 81));
    expect(values.filter((v) => v !== 0)).toHaveLength(1);
    expect(grainOf(image.data.subarray(0, 3 * 100 * 100), 100, 100)).toBeUndefined();
  });

  it('tells mirrored and turned images of the same gel, whatever their light; right ones and other gels it leaves alone', () => {
    for (const light of [150, 90]) {
      const seen = gel('dust', `seen ${light}`, W, H, light);
      expect(wrongGrain(known, seen)).toBeUndefined();
      for (const [words, from] of HELD) {
        expect(wrongGrain(known, moved(seen, from))).toBe(words);
        // Such a gel looks the same from all sides.
        const { data } = moved(seen, from);
        expect(wrongLook(lookOf(gel('dust', 'calibrated').data, W, H), lookOf(data, W, H), false)).toBeUndefined(); // prettier-ignore
      }
    }
    for (let k = 0; k < 10; k++) expect(wrongGrain(known, gel(`other ${k}`, 'seen'))).toBeUndefined();
  });

  it('tells square ones that are turned by 90°', () => {
    const side = 150;
    const square = grain(gel('dust', 'calibrated', side, side));
    const seen = gel('dust', 'seen', side, side);
    expect(wrongGrain(square, seen)).toBeUndefined();
    expect(
      wrongGrain(
        square,
        moved(seen, (x, y) => [y, side - 1 - x]),
      ),
    ).toBe('turned by 90°');
    expect(
      wrongGrain(
        square,
        moved(seen, (x, y) => [side - 1 - y, x]),
      ),
    ).toBe('turned by −90°');
    expect(
      wrongGrain(
        square,
        moved(seen, (x, y) => [y, x]),
      ),
    ).toBe('turned by 90° and mirrored');
  });
});

describe('a reader whose calibration knows the grain', () => {
  let pool: KernelPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  });
  afterAll(() => pool.close());

  it('refuses a mirrored reference in one sentence, and takes the right one', () => {
    const calibration: TableCalibration = {
      ...{ kind: 'table', sensor: 'gel', width: W, height: H, pitch: 6e-5, markers: false, sigma: 2e-5 },
      depths: Float32Array.of(0, 1e-5),
      look: lookOf(gel('dust', 'calibrated').data, W, H),
      grain: known,
    };
    const reader = new GelReader(pool, calibration, 'finger');
    expect(() => reader.setReference(moved(gel('dust', 'seen'), HELD[0]![1]))).toThrow(
      /^The gel finger: untouched, its images are mirrored left to right, against those that its calibration was made with/,
    );
    reader.setReference(gel('dust', 'seen'));
    expect(reader.hasReference).toBe(true);
  });
});
