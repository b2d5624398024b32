import { afterAll, describe, expect, it } from 'vitest';
import { createBackend, type Makers } from '../../../../src/field/backends/select.js';
import { WasmBackend } from '../../../../src/field/backends/wasm/backend.js';
import type { FieldBackend } from '../../../../src/field/backend.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { FeltmapError } from '../../../../src/geometry/errors.js';
import { OPTIONS } from '../../helpers.js';
import { firstField } from '../../test-field.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 2048 });
const first = firstField({ ...OPTIONS, maxFineBlocks: 1024, maxFeatureRows: 1000, poolSamples: 1024 });
afterAll(() => pool.close());

const named = (backend: WasmBackend, name: FieldBackend['name']): FieldBackend =>
  Object.create(backend, {
    name: { value: name },
    createField: { value: backend.createField.bind(backend) },
  }) as FieldBackend;

/** A machine with this adapter; every backend is backend wasm under another name. */
function machine(adapter: 'hardware' | 'software' | 'none'): Makers & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    webgpu: (wasm, options) => {
      asked.push(options);
      if (adapter === 'none') return Promise.reject(new FeltmapError('unsupported', 'There is no adapter.'));
      if (adapter === 'software' && !options.software)
        return Promise.reject(new FeltmapError('unsupported', 'llvmpipe is a software adapter.'));
      return Promise.resolve({ backend: named(wasm, 'webgpu'), device: `${adapter} adapter` });
    },
    tfjs: (wasm, choice) => {
      asked.push(choice);
      return Promise.resolve({
        backend: named(wasm, 'tfjs'),
        device: 'wasm',
        reasons: ['node-gpu was not taken.'],
      });
    },
  };
}

describe('engine auto', () => {
  it('takes a hardware adapter', async () => {
    const chosen = await createBackend('auto', pool, first, { makers: machine('hardware'), half: true });
    expect(chosen).toMatchObject({ backend: { name: 'webgpu' }, device: 'hardware adapter', reasons: [] });
  });

  it('takes wasm where there is only a software adapter, or none, and says why', async () => {
    for (const [adapter, why] of [
      ['software', /llvmpipe is a software adapter/],
      ['none', /no adapter/],
    ] as const) {
      const { backend, field, device, reasons } = await createBackend('auto', pool, first, {
        makers: machine(adapter),
      });
      expect(backend).toBeInstanceOf(WasmBackend);
      expect(backend.name).toBe('wasm');
      expect(field.levels[0]!.count).toBe(1);
      expect(device).toMatch(/1 thread$/);
      expect(reasons[0]).toMatch(why);
    }
  });
});

describe('an engine that is named', () => {
  it('wasm touches no other', async () => {
    const makers = machine('hardware');
    expect((await createBackend('wasm', pool, first, { makers })).backend.name).toBe('wasm');
    expect(makers.asked).toEqual([]);
  });

  it('webgpu takes a software adapter too, with the options given', async () => {
    const makers = machine('software');
    const chosen = await createBackend('webgpu', pool, first, { makers, half: true, batchSamples: 512 });
    expect(chosen.device).toBe('software adapter');
    expect(makers.asked).toEqual([{ software: true, half: true, batchSamples: 512 }]);
  });

  it('fails with the reason rather than being another engine', async () => {
    await expect(createBackend('webgpu', pool, first, { makers: machine('none') })).rejects.toThrow(
      /There is no adapter/,
    );
    const broken: Makers = { ...machine('none'), webgpu: () => Promise.reject(new Error('dlopen failed')) };
    const attempt = createBackend('webgpu', pool, first, { makers: broken });
    await expect(attempt).rejects.toThrow(FeltmapError);
    await expect(attempt).rejects.toThrow(/dlopen failed.*engine wasm/);
  });

  it('tfjs tries all backends on hardware; tfjs-… only the one it names, software welcome', async () => {
    const makers = machine('none');
    const chosen = await createBackend('tfjs', pool, first, { makers });
    expect(chosen).toMatchObject({ backend: { name: 'tfjs' }, reasons: ['node-gpu was not taken.'] });
    await createBackend('tfjs-node-gpu', pool, first, { makers });
    await createBackend('tfjs-webgpu', pool, first, { makers });
    expect(makers.asked).toEqual([
      { software: false },
      { backends: ['node-gpu'], software: true },
      { backends: ['webgpu'], software: true },
    ]);
  });

  it('says that tfjs-node-gpu is not installed where it is not', async () => {
    const attempt = createBackend('tfjs-node-gpu', pool, first);
    await expect(attempt).rejects.toThrow(/tfjs-node-gpu is not installed.*engine wasm/);
  });
});
