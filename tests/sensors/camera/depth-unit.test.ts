import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { FIFTH, guessUnit, MILLIMETRE, surveyDepth } from '../../../src/sensors/camera/depth-unit.js';

/** Depths of a room, from near to far (m), as a camera of whole millimetres measures them, stored in a unit. */
function room(near: number, far: number, unit: number, seed = 1, step = 0.001): Uint16Array {
  const random = new Random(seed);
  return Uint16Array.from({ length: 4000 }, (_, i) => {
    if (i % 10 === 0) return i % 20 === 0 ? 0 : 65535;
    const z = near + (far - near) * random.next();
    return Math.round((step > 0 ? Math.round(z / step) * step : z) / unit);
  });
}

describe('the unit of depth images that nothing states', () => {
  it.each([
    ['a room in millimetres', room(0.6, 4, MILLIMETRE), MILLIMETRE],
    ['close by in millimetres', room(0.3, 0.6, MILLIMETRE), MILLIMETRE],
    ['a room in fifths', room(0.6, 4, FIFTH), FIFTH],
    ['close by in fifths', room(0.3, 0.6, FIFTH), FIFTH],
    ['a large room in fifths', room(2, 8, FIFTH), FIFTH],
  ])('%s, of whole millimetres, is told in either layout', (_, data, truth) => {
    const raw = surveyDepth([data]);
    if (truth === FIFTH || raw.median < 2500)
      for (const usual of [MILLIMETRE, FIFTH]) expect(guessUnit(raw, usual).scale).toBe(truth);
    expect(guessUnit(raw, truth).scale).toBe(truth);
  });

  it('computed depths, which divide by nothing, go by how far a room reaches', () => {
    const fifths = surveyDepth([room(1, 5, FIFTH, 2, 0)]);
    expect(fifths.byFives).toBe(false);
    expect(guessUnit(fifths, MILLIMETRE)).toMatchObject({
      scale: FIFTH,
      why: expect.stringMatching(/millimetres half of it would lie beyond 15 m; so that is 3\.0 m/) as string,
    });
    const millimetres = surveyDepth([room(0.5, 3, MILLIMETRE, 3, 0)]);
    expect(guessUnit(millimetres, FIFTH)).toMatchObject({
      scale: MILLIMETRE,
      why: expect.stringMatching(
        /1\/5000 m half of it would lie within 0\.3\d m; so that is 1\.\d m/,
      ) as string,
    });
  });

  it('that is nearer than cameras measure is doubted', () => {
    for (const [median, says] of [
      [3, /within 0\.0030 m, nearer than depth cameras measure/],
      [720, /within 0\.72 m$/],
    ] as const)
      expect(guessUnit({ median, byFives: false }, MILLIMETRE).why).toMatch(says);
    expect(guessUnit({ median: 3, byFives: false }, FIFTH).why).toMatch(/so that is 0\.0030 m, nearer than/);
  });

  it('centimetres in millimetres are no fifths, and neither are few values or none', () => {
    expect(surveyDepth([room(0.6, 4, MILLIMETRE, 4, 0.01)]).byFives).toBe(false);
    expect(surveyDepth([Uint16Array.of(5, 10, 15)]).byFives).toBe(false);
    expect(surveyDepth([new Uint16Array(1000).fill(1005)]).byFives).toBe(false);
    expect(surveyDepth([new Uint16Array(9)])).toEqual({ median: 0, byFives: false });
    expect(guessUnit({ median: 0, byFives: false }, FIFTH).scale).toBe(FIFTH);
  });
});
