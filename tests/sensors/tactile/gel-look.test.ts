import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import type { TableCalibration } from '../../../src/sensors/tactile/calibration.js';
import { doubtfulLook, type GelLook, lookOf, wrongLook } from '../../../src/sensors/tactile/gel-look.js';
import { GelReader } from '../../../src/sensors/tactile/gel-reader.js';
import { DEFAULT_LOOK, GelRenderer } from '../../../src/sim/touch/gel-light.js';
import { gelModel } from '../../../src/sim/touch/gel.js';

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A simulated gel with dots and noise; pressed in by a ball or not, its lamps as bright as the gains say. */
function gel(
  seed: string,
  { gain = [1, 1, 1] as [number, number, number], pressed = false, side = 0 } = {},
): Picture {
  const model = gelModel(side > 0 ? { width: side, height: side } : {});
  const { width, height } = model;
  const depth = new Float32Array(width * height);
  if (pressed)
    for (let i = 0; i < depth.length; i++) {
      const r = Math.hypot((i % width) - 0.6 * width, Math.floor(i / width) - 0.4 * height) * model.pitch;
      depth[i] = Math.max(0, 0.001 - r * r * 166);
    }
  const renderer = new GelRenderer(model, DEFAULT_LOOK, 'one gel');
  return { width, height, data: renderer.render(depth, { gain, shear: [0, 0], seed }) };
}

const look = ({ data, width, height }: Picture): GelLook => lookOf(data, width, height);

/** The picture with its pixels and channels elsewhere. */
function moved(
  picture: Picture,
  from: (x: number, y: number) => readonly [number, number],
  channels: readonly [number, number, number] = [0, 1, 2],
): Picture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = from(x, y);
      for (let c = 0; c < 3; c++) out[3 * (y * width + x) + c] = data[3 * (v * width + u) + channels[c]!]!;
    }
  return { width, height, data: out };
}

const known = gel('calibrated');
const { width: W, height: H } = known;

/** Its lamps farther around the gel by so many degrees, as no two sensors are built alike. */
function ofSameKind(degrees: number): Picture {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const lights = DEFAULT_LOOK.lights.map((light) => {
    const [x, y, z] = light.position;
    return { ...light, position: [c * x - s * y, s * x + c * y, z] as const };
  });
  const data = new GelRenderer(gelModel(), { ...DEFAULT_LOOK, lights }, 'other').render(
    new Float32Array(W * H),
    { gain: [1, 1, 1], shear: [0, 0], seed: 'other' },
  );
  return { width: W, height: H, data };
}

const BGR = [2, 1, 0] as const;

describe('what a gel looks like', () => {
  it('is the mean of its cells', () => {
    // Columns of the image, 32 × 16: two to a cell.
    const data = Uint8Array.from({ length: 3 * 32 * 16 }, (_, i) => (Math.floor(i / 3) % 32) + (i % 3));
    const cells = lookOf(data, 32, 16);
    expect(Array.from(cells.slice(0, 6))).toEqual([0.5, 1.5, 2.5, 2.5, 3.5, 4.5]);
    expect(cells[3 * 255]).toBe(30.5);
  });

  it('stays the same through noise, other exposure and white balance, and where something presses', () => {
    for (const seen of [
      gel('again'),
      gel('dark', { gain: [0.6, 0.6, 0.6] }),
      gel('warm', { gain: [1.25, 1, 0.8] }),
      gel('pressed', { pressed: true }),
    ])
      expect(wrongLook(look(known), look(seen), false)).toBeUndefined();
  });

  it.each([
    ['mirrored left to right', (x, y) => [W - 1 - x, y]],
    ['mirrored top to bottom', (x, y) => [x, H - 1 - y]],
    ['turned by 180°', (x, y) => [W - 1 - x, H - 1 - y]],
    ['with red and blue exchanged (BGR for RGB)', (x, y) => [x, y], BGR],
    ['mirrored left to right and with red and blue exchanged (BGR for RGB)', (x, y) => [W - 1 - x, y], BGR],
  ] as [string, (x: number, y: number) => [number, number], typeof BGR?][])(
    '%s is told, in other light and pressed, too',
    (words, from, channels) => {
      for (const seen of [gel('a'), gel('b', { gain: [0.8, 1, 1.2] }), gel('c', { pressed: true })]) {
        const turned = moved(seen, from, channels && [...channels]);
        expect(wrongLook(look(known), look(turned), false)).toBe(words);
      }
    },
  );

  it('square images may be turned by a quarter', () => {
    const [square, n] = [gel('square', { side: 128 }), 127];
    const told = (from: (x: number, y: number) => [number, number]) =>
      wrongLook(look(square), look(moved(square, from)), true);
    // Turned clockwise, what was at the left is at the top.
    expect(told((x, y) => [y, n - x])).toBe('turned by 90°');
    expect(told((x, y) => [n - y, x])).toBe('turned by −90°');
    expect(told((x, y) => [y, x])).toBe('turned by 90° and mirrored');
  });

  it('a lamp that is off, or all of them, are told; one at a third is white balance', () => {
    const lit = (c: number, gain: number): GelLook => look(known).map((v, i) => (i % 3 === c ? gain * v : v));
    for (const [c, name] of ['red', 'green', 'blue'].entries()) {
      expect(wrongLook(look(known), lit(c, 0.02), false)).toBe(`without ${name} light`);
      expect(wrongLook(look(known), lit(c, 0.33), false)).toBeUndefined();
    }
    expect(wrongLook(look(known), new Float32Array(look(known).length), false)).toBe('nearly black');
    expect(wrongLook(look(known), look(gel('dim', { gain: [0.1, 0.1, 0.1] })), false)).toBeUndefined();
  });

  it('grey images and those of another gel are told; of a gel that is lit evenly nothing is said', () => {
    expect(wrongLook(look(known), look(moved(known, (x, y) => [x, y], [1, 1, 1])), false)).toBe(
      'grey, without colours',
    );
    // Lamps a quarter farther around the gel, which is no square.
    const lights = DEFAULT_LOOK.lights.map((light) => {
      const [x, y, z] = light.position;
      return { ...light, position: [-y, x, z] as const };
    });
    const { width, height } = known;
    const other = new GelRenderer(gelModel(), { ...DEFAULT_LOOK, lights }, 'other').render(
      new Float32Array(width * height),
      { gain: [1, 1, 1], shear: [0, 0], seed: 'other' },
    );
    expect(wrongLook(look(known), lookOf(other, width, height), false)).toMatch(
      /^of another gel or light \(\d+ % /,
    );
    const even = new Float32Array(look(known).length).fill(120);
    even.forEach((_, i) => (even[i]! += (i % 7) / 10));
    expect(wrongLook(even, even.slice().reverse(), false)).toBeUndefined();
  });
});

describe('a gel of the same kind', () => {
  it('is doubted where its light differs, and is not refused', () => {
    const seen = look(ofSameKind(30));
    expect(doubtfulLook(look(known), seen)).toBeCloseTo(0.52, 1);
    expect(wrongLook(look(known), seen, false)).toBeUndefined();
    for (const degrees of [0, 3, 10])
      expect(doubtfulLook(look(known), look(ofSameKind(degrees)))).toBeUndefined();
  });

  it('is not where it is the same one, in other light, with noise', () => {
    for (const gain of [
      [1, 1, 1],
      [0.7, 0.7, 0.7],
      [1.2, 0.9, 0.8],
      [0.6, 1, 1.1],
    ] as const)
      expect(doubtfulLook(look(known), look(gel(`seen ${gain[0]}`, { gain: [...gain] })))).toBeUndefined();
  });
});

describe('a reader whose calibration knows the look', () => {
  let pool: KernelPool;
  beforeAll(async () => {
    pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
  });
  afterAll(() => pool.close());

  it('refuses a mirrored reference in one sentence, and takes the right one; one of old takes both', () => {
    const old: TableCalibration = {
      ...{ kind: 'table', sensor: 'gel', width: W, height: H, pitch: 6e-5, markers: false, sigma: 2e-5 },
      depths: Float32Array.of(0, 1e-5),
    };
    const reader = new GelReader(pool, { ...old, look: look(known) }, 'finger');
    const mirrored = moved(gel('m'), (x, y) => [W - 1 - x, y]);
    expect(() => reader.setReference(mirrored)).toThrow(
      /^The gel finger: untouched, its images are mirrored left to right, against those that its calibration was made with.*calibrate anew/,
    );
    expect(reader.hasReference).toBe(false);
    reader.setReference(gel('right'));
    expect(reader.hasReference).toBe(true);
    expect(reader.notices).toEqual([]);
    const before = new GelReader(pool, old, 'finger');
    before.setReference(mirrored);
    expect(before.hasReference).toBe(true);
  });

  it('takes one of a gel of the same kind, and says by how much it differs', () => {
    const calibration: TableCalibration = {
      ...{ kind: 'table', sensor: 'gel', width: W, height: H, pitch: 6e-5, markers: false, sigma: 2e-5 },
      ...{ depths: Float32Array.of(0, 1e-5), look: look(known) },
    };
    const reader = new GelReader(pool, calibration, 'finger');
    reader.setReference(ofSameKind(30));
    expect(reader.hasReference).toBe(true);
    expect(reader.notices).toHaveLength(1);
    expect(reader.notices[0]).toMatch(
      /^The gel finger: untouched, it looks unlike the gel of its calibration \(5\d % .*another sensor.*calibrate-touch\.$/,
    );
  });
});
