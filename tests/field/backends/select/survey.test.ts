import { describe, expect, it } from 'vitest';
import { describeEngines } from '../../../../src/cli/engines.js';
import { surveyEngines } from '../../../../src/field/backends/survey.js';

describe('the survey of engines', () => {
  it('tries each, and says why those do not work that do not', async () => {
    const survey = await surveyEngines(0);
    const of = (engine: string): (typeof survey.engines)[number] =>
      survey.engines.find((report) => report.engine === engine)!;
    expect(survey.engines.map(({ engine }) => engine)).toEqual([
      'wasm',
      'webgpu',
      'tfjs-node-gpu',
      'tfjs-webgpu',
      'tfjs-wasm',
      'tfjs-cpu',
    ]);
    for (const engine of ['wasm', 'tfjs-wasm', 'tfjs-cpu'])
      expect(of(engine)).toMatchObject({ usable: true, reason: '' });
    for (const { usable, reason, device } of survey.engines)
      if (!usable) {
        expect(reason).toMatch(/engine wasm/); // what to do instead
        expect(device).toBe('');
      } else expect(device).not.toBe('');
    // A software adapter is never what auto takes.
    const { usable, reason } = of('webgpu');
    expect(survey.auto).toBe(usable && reason === '' ? 'webgpu' : 'wasm');
  });

  it('reads as text', () => {
    const text = describeEngines({
      auto: 'wasm',
      engines: [
        { engine: 'wasm', usable: true, reason: '', device: 'processor', samplesPerSecond: 1234567 },
        {
          engine: 'webgpu',
          usable: true,
          reason: 'a software adapter',
          device: 'SwiftShader',
          limits: { maxBufferSize: 1 },
        },
        { engine: 'tfjs-node-gpu', usable: false, reason: 'it is not installed', device: '' },
      ],
    });
    expect(text).toMatch(/^engine auto takes wasm here/);
    expect(text).toMatch(/wasm: usable, 1230000 samples\/s\n {2}processor\n/);
    expect(text).toMatch(/webgpu: usable\n {2}SwiftShader\n {2}a software adapter\n {2}maxBufferSize +1\n/);
    expect(text).toMatch(/tfjs-node-gpu: not usable\n {2}it is not installed\n/);
  });
});
