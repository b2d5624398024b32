import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrateGel } from '../../../src/calibration/tactile/calibrate.js';
import { fitBall } from '../../../src/calibration/tactile/ball-fit.js';
import { KernelPool } from '../../../src/compute/pool.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import type { NetworkCalibration, TableCalibration } from '../../../src/sensors/tactile/calibration.js';
import { GelReader } from '../../../src/sensors/tactile/gel-reader.js';
import { contactsOf } from '../../../src/sensors/tactile/contacts.js';
import { patchOf } from '../../../src/sensors/tactile/patch.js';
import type { ColorImage } from '../../../src/sensors/camera/frame.js';
import { depthAt, renderGel, scatter, type Ball, type GelScene } from './scene.js';

const SCENE: GelScene = { width: 160, height: 120 };
const PITCH = 1e-4;
const BALL: Ball = { x: 75, y: 62, radius: 24, contact: 17 };
const reference = renderGel(SCENE);
let pool: KernelPool;
let calibration: NetworkCalibration;

beforeAll(async () => {
  pool = await KernelPool.create({ threads: 2, memoryMiB: 128 });
  const presses = scatter(16, SCENE, 7).map((ball, i) => ({
    name: `${i}`,
    image: renderGel({ ...SCENE, seed: i + 2 }, ball),
    ballDiameter: 2 * ball.radius * PITCH,
  }));
  const input = { sensor: 'test gel', reference, presses, pitch: PITCH, kind: 'network' } as const;
  calibration = calibrateGel(pool, { ...input, training: { steps: 500, batch: 1024 } }).calibration as never;
}, 60_000);
afterAll(() => pool.close());

function newReader(changes: Partial<NetworkCalibration> = {}): GelReader {
  const reader = new GelReader(pool, { ...calibration, ...changes }, 'finger');
  reader.setReference(reference);
  return reader;
}

/** Root mean square from the ball, pixels. */
function errorOf(depth: Float32Array): number {
  const heights = depth.map((h) => h / PITCH);
  return fitBall(heights, SCENE.width, SCENE.height, { ...BALL, radius: BALL.contact }, BALL.radius)!.rms;
}

/** The sentence of what is thrown; a second one would not be clear. */
function sentence(code: string, action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FeltmapError);
    expect((error as FeltmapError).code).toBe(code);
    return (error as FeltmapError).message;
  }
  throw new Error('nothing was thrown');
}

describe('an image of a gel', () => {
  it('becomes the heights of the ball in it, in metres, and where it touches', () => {
    const reader = newReader();
    const touch = reader.read(renderGel({ ...SCENE, seed: 99 }, BALL), 5n);
    expect(touch).toMatchObject({ kind: 'touch-image', stampNs: 5n, frameId: 'finger', pitch: PITCH });
    expect(errorOf(touch.depth)).toBeLessThan(0.6);
    const middle = touch.depth[BALL.y * SCENE.width + BALL.x]! / PITCH;
    expect(Math.abs(middle - depthAt(BALL, BALL.x, BALL.y))).toBeLessThan(1.5);
    let [both, either] = [0, 0];
    touch.contact.forEach((c, i) => {
      const inside =
        Math.hypot((i % SCENE.width) - BALL.x, Math.floor(i / SCENE.width) - BALL.y) <= BALL.contact;
      if (inside && c === 1) both++;
      if (inside || c === 1) either++;
    });
    expect(both / either).toBeGreaterThan(0.75);
    expect(reader.notices).toEqual([]);
    reader.close();
  });

  it('is flat and touches nothing where nothing is touched', () => {
    const reader = newReader();
    const touch = reader.read(renderGel({ ...SCENE, seed: 50 }), 0n);
    expect(touch.contact.every((c) => c === 0)).toBe(true);
    expect(touch.depth.every((h) => Math.abs(h) < 0.5 * PITCH)).toBe(true);
    reader.close();
  });

  it('scales by the gain of a known depth', () => {
    const image = renderGel({ ...SCENE, seed: 99 }, BALL);
    const [plain, twice] = [newReader(), newReader({ depthGain: 2 })].map((r) => r.read(image, 0n).depth);
    for (let i = 0; i < plain!.length; i += 97) expect(twice![i]).toBeCloseTo(2 * plain![i]!, 9);
  });

  it('survives printed dots that move with the gel', () => {
    const dots = (shift: number): GelScene => ({ ...SCENE, dots: { spacing: 24, shift } });
    const image = renderGel({ ...dots(3), seed: 99 }, BALL);
    const errors = [true, false].map((markers) => {
      const reader = new GelReader(pool, { ...calibration, markers }, 'finger');
      reader.setReference(renderGel(dots(0)));
      return errorOf(reader.read(image, 0n).depth);
    });
    expect(errors[0]).toBeLessThan(0.8);
    expect(errors[1]).toBeGreaterThan(1.5 * errors[0]!);
  });
});

describe('the reference', () => {
  it('has to be there first', () => {
    const reader = new GelReader(pool, calibration, 'finger');
    expect(reader.hasReference).toBe(false);
    expect(sentence('not-found', () => reader.read(reference, 0n))).toMatch(/no reference yet: lift it off/);
    reader.setReference(reference);
    expect(reader.read(reference, 0n).contact.every((c) => c === 0)).toBe(true);
  });

  it('is captured anew when the gel drifts and nothing touches it', () => {
    const drifted = { ...SCENE, gain: 0.85 };
    const touched = renderGel({ ...drifted, seed: 99 }, BALL);
    const [stale, fresh] = [newReader(), newReader()];
    for (let i = 0; i < 4; i++) fresh.read(renderGel({ ...drifted, seed: 60 + i }), BigInt(i));
    expect(fresh.notices.join()).toMatch(/finger has drifted; its reference was captured anew/);
    const errors = [stale, fresh].map((reader) => errorOf(reader.read(touched, 9n).depth));
    expect(errors[1]).toBeLessThan(0.7);
    expect(errors[1]).toBeLessThan(errors[0]!);
    expect(stale.notices.join()).toMatch(/drifted by more than its heights can bear.*lift it off/);
  });

  it('stays what it is while something rests on the gel', () => {
    const reader = newReader();
    const image = renderGel({ ...SCENE, seed: 99 }, BALL);
    const before = reader.read(image, 0n).depth;
    for (let i = 0; i < 8; i++) reader.read(image, BigInt(i));
    expect(reader.read(image, 9n).depth).toEqual(before);
    expect(reader.notices).toEqual([]);
  });
});

describe('bad images', () => {
  it('are left out with one sentence, and the next is read as if they had never come', () => {
    const reader = newReader();
    const image = renderGel({ ...SCENE, seed: 99 }, BALL);
    const before = reader.read(image, 0n).depth;
    const small = renderGel({ width: 80, height: 60 });
    expect(sentence('bad-input', () => reader.read(small, 1n))).toMatch(/80×60 pixels, but .* 160×120/);
    const cut = { ...image, data: image.data.subarray(0, 1000) };
    expect(sentence('bad-input', () => reader.read(cut, 1n))).toMatch(/left out/);
    const white = { ...image, data: new Uint8Array(image.data.length).fill(255) };
    expect(sentence('bad-input', () => reader.read(white, 1n))).toMatch(/100 % of the image is overexposed/);
    expect(sentence('bad-input', () => reader.setReference(white))).toMatch(/reference image is overexposed/);
    expect(reader.read(image, 2n).depth).toEqual(before);
  });

  it('that are clipped where something touches are told once', () => {
    const bright = { ...SCENE, gain: 2 };
    const reader = new GelReader(pool, calibration, 'finger');
    reader.setReference(renderGel(bright));
    for (let i = 0; i < 3; i++) reader.read(renderGel({ ...bright, seed: 90 + i }, BALL), BigInt(i));
    expect(
      reader.notices.filter((text) => /more than 5 % of what is touched is overexposed/.test(text)),
    ).toHaveLength(1);
  });
});

describe('what covers the whole gel', () => {
  /** Lower right to upper left, brighter in one lamp: what a flat thing does that is pressed in askew. */
  const askew = (seed: number): ColorImage => {
    const { data, ...size } = renderGel({ ...SCENE, seed });
    const out = data.map((v, i) => {
      const x = (Math.floor(i / 3) % SCENE.width) / SCENE.width - 0.5;
      return Math.round(v * (i % 3 === 0 ? 1 + 0.07 * x : 1 - 0.07 * x));
    });
    return { ...size, data: out };
  };

  it('is neither felt nor free, is told once, and never becomes the reference', () => {
    const reader = newReader();
    for (let i = 0; i < 6; i++) {
      const touch = reader.read(askew(80 + i), BigInt(i));
      expect(touch.contact.includes(1)).toBe(false);
      expect(touch.depth.every(Number.isNaN)).toBe(true);
      // Nothing is carved: no place of its body is known to be free.
      expect(contactsOf(patchOf(touch), 300)).toMatchObject({
        points: new Float32Array(0),
        free: new Float32Array(0),
      });
      expect(contactsOf(patchOf(touch), 300).clear).toBeUndefined();
    }
    expect(reader.notices).toHaveLength(1);
    expect(reader.notices[0]).toMatch(/more than its noise.*neither as touched nor as free/);
    // Lifted off, it is at rest as before, and free.
    const free = reader.read(renderGel({ ...SCENE, seed: 95 }), 9n);
    expect(contactsOf(patchOf(free), 300).clear).toBeDefined();
    reader.close();
  });
});

describe('a grey image beside a coloured reference', () => {
  it('is left out with one sentence, and the next is read as if it had never come', () => {
    const reader = newReader();
    const image = renderGel({ ...SCENE, seed: 99 }, BALL);
    const before = reader.read(image, 0n).depth;
    const grey = image.data.map((_, i) => image.data[3 * Math.floor(i / 3) + 1]!);
    expect(sentence('bad-input', () => reader.read({ ...image, data: grey }, 1n))).toMatch(
      /grey, without colours.*mono8/,
    );
    expect(reader.read(image, 2n).depth).toEqual(before);
  });
});

describe('a calibration of before looks were remembered', () => {
  it('is used, and once it is told that mirrored images are not noticed; one that remembers says nothing', () => {
    const { look, ...old } = calibration;
    expect(look).toBeDefined();
    const reader = new GelReader(pool, old, 'finger');
    for (let i = 0; i < 2; i++) reader.setReference(reference);
    expect(reader.notices).toHaveLength(1);
    expect(reader.notices[0]).toMatch(
      /^The gel finger: its calibration is of an older Feltmap .*calibrate anew/,
    );
    expect(newReader().notices).toEqual([]);
  });
});

describe('a table of depths', () => {
  it('turns darkening into depth, between its entries too', () => {
    const [width, height] = [40, 32];
    const table: TableCalibration = {
      kind: 'table',
      sensor: 'translucent gel',
      width,
      height,
      pitch: PITCH,
      markers: false,
      sigma: 1e-5,
      depths: Float32Array.from({ length: 101 }, (_, i) => i * 1e-5),
    };
    const reader = new GelReader(pool, table, 'finger');
    const grey = (darker: (x: number, y: number) => number): Uint8Array =>
      Uint8Array.from({ length: 3 * width * height }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return 180 - darker(pixel % width, Math.floor(pixel / width));
      });
    reader.setReference({ width, height, data: grey(() => 0) });
    const press = (x: number, y: number): number => (Math.hypot(x - 20, y - 16) < 8 ? 50 : 0);
    const touch = reader.read({ width, height, data: grey(press) }, 0n);
    for (let i = 0; i < width * height; i++) {
      const darker = press(i % width, Math.floor(i / width));
      expect(touch.depth[i]).toBeCloseTo(darker * 1e-5, 7);
      expect(touch.contact[i]).toBe(darker > 0 ? 1 : 0);
    }
  });
});
