import { afterAll, describe, expect, it } from 'vitest';
import { TfjsField } from '../../../../src/field/backends/tfjs/field.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { compareFit, compareQuery, compareRegister } from '../agreement/compare.js';
import { CHUNKS, HUBER, makeScene, POSES } from '../agreement/scene.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
const scene = makeScene(pool);
afterAll(() => pool.close());

describe('the field that asks tfjs in a thread of its own', () => {
  it('answers at once, and moves the map that the caller sees', async () => {
    const engine = await TfjsField.create(pool.memory, scene.field, { backends: ['wasm'] });
    expect(engine.opened).toMatchObject({ name: 'wasm', skipped: [] });
    const result = engine.fit(CHUNKS, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 });
    expect(result.used).toBeGreaterThan(1000);
    await compareFit(scene, engine);
    await compareRegister(scene, engine);
    await compareQuery(scene, engine);
    expect(engine.levels).toBe(scene.field.levels);
    expect(engine.usedBytes).toBe(scene.field.usedBytes);
    await engine.close();
  });

  it('passes errors on', async () => {
    const engine = await TfjsField.create(pool.memory, scene.field, { backends: ['node-gpu', 'wasm'] });
    expect(engine.opened.skipped.map(({ name }) => name)).toEqual(['node-gpu']);
    const large = [{ ...CHUNKS[0]!, count: 300 }];
    expect(() => engine.fit(large, POSES, { huber: HUBER, learningRate: 0, scalarRate: 0 })).toThrow(
      /at most 256/,
    );
    await engine.close();
    await expect(TfjsField.create(pool.memory, scene.field, { backends: ['node-gpu'] })).rejects.toThrow(
      /not installed/,
    );
  });
});
