import { afterAll, describe, expect, it } from 'vitest';
import { TfjsBackend, type TfjsOptions } from '../../../../src/field/backends/tfjs/backend.js';
import type { WasmBackend } from '../../../../src/field/backends/wasm/backend.js';
import type { WasmField } from '../../../../src/field/backends/wasm/field.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { compareFit, compareQuery, compareRegister } from '../agreement/compare.js';
import { TestField } from '../../test-field.js';
import { CHUNKS, HUBER, makeScene, POSES } from '../agreement/scene.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
const scene = makeScene(pool);
afterAll(() => pool.close());

/** Backend tfjs on the field of the scene, which backend wasm gives out again. */
async function onTfjs(options: TfjsOptions): Promise<TestField<WasmField, TfjsBackend>> {
  const { backend: wasm, field } = scene.field;
  const given: WasmBackend = Object.create(wasm, { createField: { value: () => field } });
  const backend = await TfjsBackend.create(given, options);
  return new TestField(backend, backend.createField(field.spec, field.room));
}

describe('the field that asks tfjs in a thread of its own', () => {
  it('answers at once, and moves the map that the caller sees', async () => {
    const engine = await onTfjs({ backends: ['wasm'] });
    expect(engine.backend.opened).toMatchObject({ name: 'wasm', skipped: [] });
    const result = engine.fit(CHUNKS, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    expect(result.used).toBeGreaterThan(1000);
    await compareFit(scene, engine);
    await compareRegister(scene, engine);
    await compareQuery(scene, engine);
    expect(engine.field).toBe(scene.field.field);
    await engine.close();
  });

  it('passes errors on', async () => {
    const engine = await onTfjs({ backends: ['node-gpu', 'wasm'] });
    expect(engine.backend.opened.skipped.map(({ name }) => name)).toEqual(['node-gpu']);
    const large = [{ ...CHUNKS[0]!, count: 300 }];
    expect(() => engine.fit(large, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 })).toThrow(
      /at most 256/,
    );
    await engine.close();
    await expect(onTfjs({ backends: ['node-gpu'] })).rejects.toThrow(/not installed/);
  });
});
