// The operations of the engines on a made-up scene, timed.
import { availableParallelism } from 'node:os';
import { openEngine } from '../../dist/field/backends/select.js';
import { WasmField } from '../../dist/field/backends/wasm/field.js';
import { KernelPool } from '../../dist/compute/pool.js';
import { makeWorkload, rateOf, WORKLOAD_FIELD, WORKLOAD_MIB } from '../../dist/field/backends/workload.js';

export const ENGINES = ['wasm', 'webgpu', 'tfjs-node-gpu', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu'];
/** Chunks of 256 samples in a batch of the default configuration. */
const BATCH = 32;

/** Opens an engine with the workload on it; `close` ends its threads. @throws why it does not work here */
export async function openWorkload(engine, threads = availableParallelism()) {
  const pool = await KernelPool.create({ threads, memoryMiB: WORKLOAD_MIB });
  try {
    const chosen = await openEngine(engine, pool, new WasmField(pool, WORKLOAD_FIELD));
    const workload = makeWorkload(pool.memory, chosen.field);
    const close = async () => {
      await chosen.field.close();
      await pool.close();
    };
    return { ...chosen, workload, close };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Chunks a batch may have so that a step takes half a second at most. */
export function affordable({ field, workload }, most = BATCH) {
  const one = workload.chunks(1);
  const step = () => field.fit(one, workload.poses, workload.fit);
  step(); // compiles
  const start = performance.now();
  step();
  const seconds = (performance.now() - start) / 1000;
  return Math.max(1, Math.min(most, Math.floor(0.5 / seconds)));
}

/** Items a second of the three operations, in calls of so many chunks of 256 (register and query: as far as they go). */
export function ratesOf({ field, workload }, seconds, chunkCount) {
  const most = chunkCount * 256;
  const chunks = workload.chunks(chunkCount);
  const { surface, guess, register, poses, fit } = workload;
  const some = { ...surface, keypoints: surface.keypoints.subarray(0, most) };
  const queries = workload.queries.subarray(0, most * 3);
  return {
    fit: rateOf(most, seconds, () => field.fit(chunks, poses, fit)),
    register: rateOf(some.keypoints.length, seconds, () => field.register(some, guess, register)),
    query: rateOf(queries.length / 3, seconds, () => field.query(queries)),
  };
}

const STEPS = 16; // as many as Mapper sends in one go
const PRIOR = { priorTranslation: 1, priorRotation: 1, systemScale: 1, minSamples: 1e9 }; // poses stay
const POSES = 64;
const QUERIES = 2 ** 18;

/**
 * The same in calls as large as an engine takes without waiting in between: 16 steps, 64 poses, 2¹⁸ points. Engines
 * that cannot do several steps or poses in one go are asked for them one after the other, as the program does.
 */
export function bulkRatesOf(opened, seconds, chunkCount, queryCount = QUERIES) {
  const { field, workload } = opened;
  const { surface, guess, register, poses, fit } = workload;
  const single = ratesOf(opened, seconds, chunkCount);
  const batches = Array.from({ length: STEPS }, () => workload.chunks(chunkCount));
  const guesses = Array.from({ length: POSES }, () => guess);
  const queries = new Float32Array(queryCount * 3);
  for (let at = 0; at < queries.length; at += workload.queries.length)
    queries.set(workload.queries.subarray(0, queries.length - at), at);
  const most = chunkCount * 256 * STEPS;
  return {
    ...single,
    ...(field.fitMany && {
      fit: rateOf(most, seconds, () => field.fitMany(batches, poses, poses, { ...fit, ...PRIOR })),
      query: rateOf(queryCount, seconds, () => field.query(queries)),
    }),
    ...(field.registerMany && {
      register: rateOf(surface.keypoints.length * POSES, seconds, () =>
        field.registerMany(surface, guesses, register),
      ),
    }),
  };
}

/** Milliseconds of each kernel on the device in those 16 steps; undefined where it has no time stamps. */
export function stepTimes({ field, workload }, chunkCount) {
  if (!field.startProfile?.()) return undefined;
  const { poses, fit } = workload;
  const batches = Array.from({ length: STEPS }, () => workload.chunks(chunkCount));
  field.fitMany(batches, poses, poses, { ...fit, ...PRIOR });
  const times = Object.entries(field.stopProfile());
  return Object.fromEntries(times.map(([name, { milliseconds }]) => [name, milliseconds / STEPS]));
}

/** A row per engine that works, and why the others do not. */
export async function engineTable({ seconds, threads }) {
  const rows = [];
  const skipped = [];
  for (const engine of ENGINES) {
    let opened;
    try {
      opened = await openWorkload(engine, threads);
    } catch (error) {
      skipped.push(`${engine} (${error.message.replace(/\.$/, '')})`);
      continue;
    }
    const count = affordable(opened);
    const rates = ratesOf(opened, seconds, count);
    const note = count < BATCH ? `${opened.device}; calls of ${count * 256}` : opened.device;
    rows.push([engine, note, ...Object.values(rates).map(thousands)]);
    console.log(rows.at(-1).join(' | '));
    await opened.close();
  }
  return { rows, skipped };
}

/** fit of engine wasm over that of another, one thread each, measured in turn: one ratio a round. */
export async function pairedRatio(other, rounds) {
  const both = [await openWorkload('wasm', 1), await openWorkload(other, 1)];
  const ratios = [];
  for (let round = 0; round < rounds; round++) {
    const [ours, theirs] = both.map(({ field, workload }) => {
      const chunks = workload.chunks(BATCH);
      return rateOf(BATCH * 256, 1, () => field.fit(chunks, workload.poses, workload.fit));
    });
    ratios.push(ours / theirs);
  }
  for (const { close } of both) await close();
  return ratios;
}

/** 1234567 as 1.23 M. */
export function thousands(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
