import { afterAll, describe, expect, it } from 'vitest';
import { openEngine, type Makers } from '../../../../src/field/backends/select.js';
import { WasmField } from '../../../../src/field/backends/wasm/field.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { FeltmapError } from '../../../../src/geometry/errors.js';
import { OPTIONS } from '../../helpers.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
const wasm = new WasmField(pool, OPTIONS);
afterAll(() => pool.close());

/** A machine with this adapter; every engine is engine wasm under another name. */
function machine(adapter: 'hardware' | 'software' | 'none'): Makers & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    webgpu: (_pool, field, options) => {
      asked.push(options);
      if (adapter === 'none') return Promise.reject(new FeltmapError('unsupported', 'There is no adapter.'));
      if (adapter === 'software' && !options.software)
        return Promise.reject(new FeltmapError('unsupported', 'llvmpipe is a software adapter.'));
      return Promise.resolve({ field, device: `${adapter} adapter` });
    },
    tfjs: (_pool, field, choice) => {
      asked.push(choice);
      return Promise.resolve({ field, device: 'wasm', reasons: ['node-gpu was not taken.'] });
    },
  };
}

describe('engine auto', () => {
  it('takes a hardware adapter', async () => {
    const chosen = await openEngine('auto', pool, wasm, { makers: machine('hardware'), half: true });
    expect(chosen).toMatchObject({ engine: 'webgpu', device: 'hardware adapter', reasons: [] });
  });

  it('takes wasm where there is only a software adapter, or none, and says why', async () => {
    for (const [adapter, why] of [
      ['software', /llvmpipe is a software adapter/],
      ['none', /no adapter/],
    ] as const) {
      const { engine, field, device, reasons } = await openEngine('auto', pool, wasm, {
        makers: machine(adapter),
      });
      expect(engine).toBe('wasm');
      expect(field).toBe(wasm);
      expect(device).toMatch(/1 thread$/);
      expect(reasons[0]).toMatch(why);
    }
  });
});

describe('an engine that is named', () => {
  it('wasm touches no other', async () => {
    const makers = machine('hardware');
    expect((await openEngine('wasm', pool, wasm, { makers })).engine).toBe('wasm');
    expect(makers.asked).toEqual([]);
  });

  it('webgpu takes a software adapter too, with the options given', async () => {
    const makers = machine('software');
    const chosen = await openEngine('webgpu', pool, wasm, { makers, half: true, batchSamples: 512 });
    expect(chosen.device).toBe('software adapter');
    expect(makers.asked).toEqual([{ software: true, half: true, batchSamples: 512 }]);
  });

  it('fails with the reason rather than being another engine', async () => {
    await expect(openEngine('webgpu', pool, wasm, { makers: machine('none') })).rejects.toThrow(
      /There is no adapter/,
    );
    const broken: Makers = { ...machine('none'), webgpu: () => Promise.reject(new Error('dlopen failed')) };
    const attempt = openEngine('webgpu', pool, wasm, { makers: broken });
    await expect(attempt).rejects.toThrow(FeltmapError);
    await expect(attempt).rejects.toThrow(/dlopen failed.*engine wasm/);
  });

  it('tfjs tries all backends on hardware; tfjs-… only the one it names, software welcome', async () => {
    const makers = machine('none');
    const chosen = await openEngine('tfjs', pool, wasm, { makers });
    expect(chosen).toMatchObject({ engine: 'tfjs', reasons: ['node-gpu was not taken.'] });
    await openEngine('tfjs-node-gpu', pool, wasm, { makers });
    await openEngine('tfjs-webgpu', pool, wasm, { makers });
    expect(makers.asked).toEqual([
      { software: false },
      { backends: ['node-gpu'], software: true },
      { backends: ['webgpu'], software: true },
    ]);
  });

  it('says that tfjs-node-gpu is not installed where it is not', async () => {
    const attempt = openEngine('tfjs-node-gpu', pool, wasm);
    await expect(attempt).rejects.toThrow(/tfjs-node-gpu is not installed.*engine wasm/);
  });
});
