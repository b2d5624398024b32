import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelPool } from '../../../src/compute/pool.js';
import type { TableCalibration } from '../../../src/sensors/tactile/calibration.js';
import { Gels } from '../../../src/sensors/tactile/gels.js';
import type { GelImage } from '../../../src/sensors/tactile/touch.js';

let pool: KernelPool;
beforeAll(async () => {
  pool = await KernelPool.create({ threads: 1, memoryMiB: 64 });
});
afterAll(() => pool.close());

const [WIDTH, HEIGHT] = [64, 48];
/** A tenth of a millimetre for each ten grey levels darker. */
const TABLE: TableCalibration = {
  kind: 'table',
  sensor: 'test',
  width: WIDTH,
  height: HEIGHT,
  pitch: 1e-4,
  markers: false,
  sigma: 5e-5,
  depths: Float32Array.from({ length: 256 }, (_, i) => 1e-5 * i),
};

/** Grey, darker by so much in a square in the middle. */
function gel(darker = 0, frameId = 'finger', width = WIDTH): GelImage {
  const data = new Uint8Array(3 * width * HEIGHT).fill(180);
  for (let y = 14; y < 34; y++)
    for (let x = 22; x < 42; x++) data.fill(180 - darker, 3 * (y * width + x), 3 * (y * width + x) + 3);
  return { kind: 'gel-image', stampNs: 3n, frameId, image: { width, height: HEIGHT, data } };
}

describe('Gels', () => {
  it('takes the first three images that are alike for untouched, then reads heights', () => {
    const gels = new Gels(pool);
    gels.calibrate(TABLE);
    // A touch that comes and goes at the start is no reference.
    for (const darker of [0, 60, 0, 0]) expect(gels.read(gel(darker))).toBeUndefined();
    expect(gels.read(gel())).toBeUndefined();
    const touch = gels.read(gel(60))!;
    expect(touch).toMatchObject({ frameId: 'finger', stampNs: 3n, pitch: 1e-4 });
    expect(touch.depth[24 * WIDTH + 32]).toBeCloseTo(60e-5, 4);
    expect(touch.contact[24 * WIDTH + 32]).toBe(1);
    expect(touch.contact[0]).toBe(0);
    gels.close();
  });

  it('takes references anew when asked: something touched the gel when the first was taken', () => {
    const gels = new Gels(pool);
    gels.calibrate(TABLE);
    expect(gels.retakeReferences()).toBe(0);
    for (let k = 0; k < 3; k++) gels.read(gel(60));
    const touch = gels.read(gel(60))!;
    expect(touch.contact.includes(1)).toBe(false);
    expect(gels.retakeReferences()).toBe(1);
    for (let k = 0; k < 3; k++) expect(gels.read(gel())).toBeUndefined();
    expect(gels.read(gel(60))!.contact[24 * WIDTH + 32]).toBe(1);
    gels.close();
  });

  it('keeps a reference of its own for each gel', () => {
    const gels = new Gels(pool);
    gels.calibrate(TABLE);
    for (let k = 0; k < 3; k++) gels.read(gel());
    expect(gels.read(gel(0, 'thumb'))).toBeUndefined();
    expect(gels.read(gel())!.contact.includes(1)).toBe(false);
    gels.close();
  });

  it('says what it lacks, and refuses another size', () => {
    const gels = new Gels(pool);
    expect(() => gels.read(gel())).toThrow(/The gel finger has no calibration/);
    gels.calibrate(TABLE, 'thumb');
    expect(() => gels.read(gel())).toThrow(/no calibration/);
    gels.calibrate(TABLE);
    expect(() => gels.read(gel(0, 'finger', 32))).toThrow(/32×48 pixels, but the calibration is for 64×48/);
    gels.close();
  });
});
