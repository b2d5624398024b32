import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTfBackend, type TfBackend } from '../../../../src/field/backends/tfjs/backends.js';
import { MapView, pointersOf } from '../../../../src/field/backends/tfjs/map-view.js';
import { TfjsOperations } from '../../../../src/field/backends/tfjs/operations.js';
import { WorkingSet } from '../../../../src/field/backends/tfjs/working-set.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { Random } from '../../../../src/geometry/random.js';
import { compareFit, compareQuery } from '../agreement/compare.js';
import { CHUNKS, GUESS, HUBER, makeScene, POSES, REGISTER, restore, snapshot } from '../agreement/scene.js';
import { cornerOf } from '../../helpers.js';

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
const scene = makeScene(pool);
const { field } = scene;
let wasm: TfBackend;
let cpu: TfBackend;
let engine: TfjsOperations;
const on = (backend: TfBackend): TfjsOperations =>
  new TfjsOperations(backend, pool.memory.memory.buffer, pointersOf(field.memory));
const view = new MapView(pool.memory.memory.buffer, pointersOf(field.memory));
beforeAll(async () => {
  wasm = (await openTfBackend({ backends: ['wasm'] })).backend;
  cpu = (await openTfBackend({ backends: ['cpu'] })).backend;
  engine = on(wasm);
});
afterAll(() => pool.close());

describe('tensors', () => {
  it('are all gone after a thousand steps', async () => {
    const { tf } = wasm;
    const few = CHUNKS.slice(0, 1);
    const options = { huber: HUBER, learningRate: 0.003, scalarRate: 0.1 };
    const before = snapshot(field);
    const { points } = scene.scan;
    const some = { ...points, keypoints: points.keypoints.subarray(0, 200) };
    const round = async (i: number): Promise<void> => {
      await engine.fit(few, POSES, options);
      if (i % 10 === 0) await engine.register(some, GUESS, REGISTER);
      if (i % 10 === 1) await engine.query(scene.queries.subarray(0, 300));
    };
    for (let i = 0; i < 4; i++) await round(i);
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    expect(numTensors).toBeLessThan(20); // the constants of the model
    for (let i = 0; i < 1000; i++) await round(i);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    restore(field, before);
  });

  it('of the model go with the engine', async () => {
    const { tf } = wasm;
    const { numTensors } = tf.memory();
    const other = on(wasm);
    await other.query(scene.queries);
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
    other.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('the engine', () => {
  it('is deterministic on one backend', async () => {
    const before = snapshot(field);
    const run = async (): Promise<unknown> => {
      restore(field, before);
      const options = { huber: HUBER, learningRate: 0.003, scalarRate: 0.1 };
      const results = [await engine.fit(CHUNKS, POSES, options), await engine.fit(CHUNKS, POSES, options)];
      return { results, map: snapshot(field) };
    };
    expect(await run()).toEqual(await run());
    restore(field, before);
  });

  it('takes turns with an engine on another backend', async () => {
    const other = on(cpu);
    const answers = await Promise.all([
      engine.query(scene.queries),
      other.query(scene.queries),
      engine.query(scene.queries),
    ]);
    expect(answers[2]).toEqual(answers[0]);
    let worst = 0;
    answers[1].forEach((x, i) => (worst = Math.max(worst, Math.abs(x - answers[0]![i]!))));
    expect(worst).toBeLessThan(1e-5);
    other.dispose();
  });

  it('follows a decoder that came with a loaded map', async () => {
    const { decoder } = field.features;
    const old = decoder.slice();
    const random = new Random('decoder');
    for (let i = 0; i < 13 * 32; i++) decoder[i] = decoder[i]! * random.range(0.5, 1.5);
    for (let k = 0; k < 8; k++)
      for (let j = 0; j < 32; j++) decoder[13 * 32 + j * 8 + k] = decoder[k * 32 + j]!;
    await compareQuery(scene, engine);
    await compareFit(scene, engine);
    decoder.set(old);
  });

  it('answers with zeros where nothing was observed', async () => {
    const out = await engine.query(Float32Array.of(50, 50, 50, 0, 0, 0));
    expect([...out]).toEqual(new Array(10).fill(0));
  });

  it('answers an empty query, and a scan that lies outside the map', async () => {
    expect(await engine.query(new Float32Array(0))).toHaveLength(0);
    const far = GUESS.slice();
    far[3] = 500;
    const [other, ground] = await engine.register(scene.scan.points, far, REGISTER);
    expect(other.points + ground.points).toBe(scene.scan.points.keypoints.length);
    expect(other.valued + other.coarse + ground.valued + ground.coarse).toBe(0);
    expect([...other.system, ...ground.system, other.weight, ground.cost].every((x) => x === 0)).toBe(true);
  });

  it('leaves the map as it is where no sample has a value', async () => {
    const before = snapshot(field);
    const away = POSES.map((pose) => pose.map((x, i) => (i === 3 ? 300 : x)));
    const result = await engine.fit(CHUNKS, away, { huber: HUBER, learningRate: 0.01, scalarRate: 0.3 });
    expect(result.used).toBe(0);
    expect(result.loss).toBe(0);
    expect(result.systems.every((x) => x === 0)).toBe(true);
    expect(snapshot(field)).toEqual(before);
  });

  it('refuses a chunk that is too large', async () => {
    const chunks = [{ ...CHUNKS[0]!, count: 257 }];
    const options = { huber: HUBER, learningRate: 0, scalarRate: 0 };
    await expect(engine.fit(chunks, POSES, options)).rejects.toThrow(RangeError);
  });
});

describe('looking up', () => {
  it('finds the corners that lie around a point, on either side of block borders', () => {
    const { fine } = view;
    const grid = field.levels[0]!;
    const random = new Random('look');
    const found = new Int32Array(8);
    let seen = 0;
    for (let i = 0; i < 4000; i++) {
      const p = [0, 1, 2].map(() => random.range(-2.2, 2.2)) as [number, number, number];
      if (!fine.find(...p, found, 0)) continue;
      const below = p.map((x) => Math.floor(Math.fround(Math.fround(x) * fine.inverse)));
      for (let c = 0; c < 8; c++) {
        const block = found[c]! >> 9;
        if (block === 0) continue;
        const corner = cornerOf(grid, block, found[c]! & 511);
        expect(corner).toEqual(below.map((x, a) => x + ((c >> a) & 1)));
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(5000);
    expect(fine.find(1000, -1000, 1000, found, 0)).toBe(false);
  });

  it('knows every block of the grid by its coordinates', () => {
    const indices = [...view.levels, view.cells];
    for (const [i, grid] of [...field.levels, field.features.grid].entries()) {
      const index = indices[i]!;
      const found = new Int32Array(8);
      for (const block of grid.blocks) {
        const at = [0, 1, 2].map((a) => (grid.coords[block * 4 + a]! * 8 + 0.5) * grid.voxel);
        expect(index.find(...(at as [number, number, number]), found, 0)).toBe(true);
        expect(found[0]! >> 9).toBe(block);
      }
    }
  });
});

describe('a working set', () => {
  it('numbers what is new, finds what is not, and starts with 0', () => {
    const set = new WorkingSet(5000);
    const random = new Random('set');
    const numbers = Array.from({ length: 5000 }, () => 512 * random.int(900));
    const known = new Map([[0, 0]]);
    for (const n of numbers) {
      if (!known.has(n)) known.set(n, known.size);
      expect(set.add(n)).toBe(known.get(n));
    }
    expect(set.size).toBe(known.size);
    for (const [member, index] of known) expect(set.members[index]).toBe(member);
    set.clear();
    expect(set.size).toBe(1);
    expect(set.add(512)).toBe(1);
  });
});
