import { describe, expect, it } from 'vitest';
import { decodeCalibration, encodeCalibration } from '../../../src/calibration/tactile/file.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { WEIGHTS } from '../../../src/kernels/layout/tactile.js';
import type { TouchCalibration } from '../../../src/sensors/tactile/calibration.js';
import { GRAIN_SIZE } from '../../../src/sensors/tactile/gel-grain.js';
import { LOOK_SIZE } from '../../../src/sensors/tactile/gel-look.js';

const gel = { sensor: 'a gel', width: 320, height: 240, pitch: 6e-5, markers: false, sigma: 2e-5 };
const network: TouchCalibration = {
  kind: 'network',
  ...gel,
  weights: Float32Array.from({ length: WEIGHTS }, (_, i) => Math.sin(i)),
  depthGain: 1.1,
};
const table: TouchCalibration = { kind: 'table', ...gel, depths: Float32Array.of(0, 1e-4, 3e-4) };

describe('a calibration file', () => {
  it('comes back as it was', () => {
    for (const calibration of [network, table])
      expect(decodeCalibration(encodeCalibration(calibration), 'gel.json')).toEqual(calibration);
  });

  it('says what the gel looked like, to a tenth of a grey level; files of old do not', () => {
    const look = Float32Array.from({ length: LOOK_SIZE }, (_, i) => (i % 250) + 0.26);
    const text = encodeCalibration({ ...table, look });
    const back = decodeCalibration(text, 'gel.json').look!;
    expect(back).toHaveLength(LOOK_SIZE);
    expect(back[249]).toBeCloseTo(249.3, 4);
    expect(text).toContain('[0.3,1.3,2.3,');
    expect(decodeCalibration(encodeCalibration(table), 'gel.json').look).toBeUndefined();
  });

  it('says what the grain of a gel with a table is; files of old do not', () => {
    const grain = Int8Array.from({ length: GRAIN_SIZE }, (_, i) => (i % 61) - 30);
    const back = decodeCalibration(encodeCalibration({ ...table, grain }), 'gel.json');
    expect(back).toEqual({ ...table, grain });
    expect(decodeCalibration(encodeCalibration(table), 'gel.json')).not.toHaveProperty('grain');
  });

  const lies: [string, object, RegExp][] = [
    ['sensor', { sensor: 7 }, /sensor has to be a text/],
    ['width', { width: 0 }, /width has to be a whole number from 16 to 4096, but is 0/],
    ['height', { height: 240.5 }, /height has to be a whole number/],
    ['pitch', { pitch: 0.06 }, /pitch has to be a number from 0.000001 to 0.01 \(m\), but is 0.06/],
    ['markers', { markers: 'no' }, /markers has to be true or false/],
    ['sigma', { sigma: -1 }, /sigma has to be a number/],
    ['kind', { kind: 'magic' }, /kind has to be 'network' or 'table'/],
    ['too few weights', { weights: [1, 2] }, /weights has to be a list of 2370 numbers .* a list of 2/],
    ['weights beyond reason', { weights: Array(WEIGHTS).fill(1e9) }, /weights has to be/],
    ['weights that are none', { weights: Array(WEIGHTS).fill('1') }, /weights has to be/],
    ['a gain of 0', { depthGain: 0 }, /depthGain has to be a number from 0.1 to 10/],
    ['a missing field', { pitch: undefined }, /pitch has to be .* but is missing/],
    ['another version', { version: 2 }, /version 2, but this Feltmap reads version 1/],
    ['another format', { format: 'mesh' }, /is no touch calibration/],
    ['a short look', { look: [1, 2, 3] }, /look has to be a list of 768 numbers from 0 to 255/],
    ['a short grain', { grain: [1, 2, 3] }, /grain has to be a list of 16384 numbers from −127 to 127/],
    [
      'a falling table',
      { kind: 'table', depths: [0, 2e-4, 1e-4] },
      /depths has to be a list of numbers that do not fall/,
    ],
    ['a deep table', { kind: 'table', depths: [0, 2] }, /depths has to be a list of 2 to 256 numbers/],
  ];
  for (const [what, change, message] of lies)
    it(`with ${what} is refused in one sentence`, () => {
      const text = JSON.stringify({ ...(JSON.parse(encodeCalibration(network)) as object), ...change });
      const read = (): unknown => decodeCalibration(text, 'gel.json');
      expect(read).toThrow(FeltmapError);
      expect(read).toThrow(message);
      expect(read).toThrow(/^gel.json/);
    });

  it('that is cut off, or no object, is refused', () => {
    const text = encodeCalibration(network);
    expect(() => decodeCalibration(text.slice(0, 500), 'gel.json')).toThrow(/not JSON, or cut off/);
    for (const other of ['null', '[]', '3', '"x"'])
      expect(() => decodeCalibration(other, 'gel.json')).toThrow(/is no touch calibration/);
  });
});
