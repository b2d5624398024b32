import { describe, expect, it } from 'vitest';
import { touchFromDepth } from '../../../src/sensors/tactile/depth-image.js';
import { GEL_PRESETS, gelPreset, noCalibration, presetPitch } from '../../../src/sensors/tactile/presets.js';

const [width, height] = [40, 30];
const data = Float32Array.from({ length: width * height }, (_, i) => (i % width < 20 ? 8e-4 : 0));
const input = { stampNs: 3n, frameId: 'gel', width, height, data, pitch: 6e-5 };

describe('an image of depths', () => {
  it('is a touch as it stands; NaN and infinite are unknown', () => {
    const some = data.slice();
    some[0] = Infinity;
    some[1] = NaN;
    const touch = touchFromDepth({ ...input, data: some });
    expect(touch).toMatchObject({
      kind: 'touch-image',
      stampNs: 3n,
      frameId: 'gel',
      width,
      height,
      pitch: 6e-5,
    });
    expect(touch.depth[0]).toBeNaN();
    expect([touch.contact[0], touch.contact[1], touch.contact[2], touch.contact[25]]).toEqual([0, 0, 1, 0]);
    expect(touch.depth[2]).toBeCloseTo(8e-4, 9);
    expect(touch.sigma).toBeGreaterThan(0);
  });

  it('may bulge around what touches it', () => {
    const bulging = data.map((h) => (h > 0 ? h : -4e-4));
    expect(touchFromDepth({ ...input, data: bulging }).contact[2]).toBe(1);
  });

  it('that cannot be is left out with one sentence', () => {
    const read = (changes: object) => () => touchFromDepth({ ...input, ...changes });
    expect(read({ width: 41 })).toThrow(/holds 1200 values instead of 41×30; it is left out/);
    expect(read({ data: new Float32Array(1200).fill(NaN) })).toThrow(/knows no depth at all/);
    expect(read({ data: data.map((h) => h * 1000) })).toThrow(
      /0.800 m, deeper than any gel of 2 × 2 mm: depths have to be in metres/,
    );
    // 20 mm in a gel of 18 × 24 mm: such as hundredths of a millimetre.
    expect(read({ pitch: 6e-4, data: data.map((h) => h * 25) })).toThrow(/deeper than any gel of 24 × 18 mm/);
    expect(read({ data: data.map((h) => -h) })).toThrow(
      /negative depths only \(down to -0.80 mm\).*0 at rest/,
    );
    expect(read({ pitch: 0.06 })).toThrow(/size of a pixel on the gel, in metres/);
    expect(read({ pitch: NaN })).toThrow(/size of a pixel/);
  });
});

describe('presets', () => {
  it('have square pixels on the gel, of a twentieth of a millimetre or so', () => {
    for (const preset of Object.values(GEL_PRESETS)) {
      expect(presetPitch(preset)).toBeGreaterThan(4e-5);
      expect(presetPitch(preset)).toBeLessThan(1e-4);
      expect(preset.gelHeight / preset.height).toBeCloseTo(presetPitch(preset), 5);
    }
  });

  it('say what to do about an unknown name, and about a missing calibration', () => {
    expect(() => gelPreset('gelsite')).toThrow(/no gel sensor 'gelsite'; known are gelsight-mini, digit/);
    expect(noCalibration('/gel/image').message).toMatch(/no calibration.*feltmap calibrate-touch/);
  });
});
