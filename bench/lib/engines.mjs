// The operations of the engines on a made-up scene, timed.
import { availableParallelism } from 'node:os';
import { createBackend, MAKERS } from '../../dist/field/backends/select.js';
import { makeWorkload, rateOf, WORKLOAD_FIELD, WORKLOAD_MIB } from '../../dist/field/backends/workload.js';
import { SyncCaller } from '../../dist/compute/synchronous-call.js';
import { KernelPool } from '../../dist/compute/pool.js';
import { LinearSystem, unknownsAt } from '../../dist/field/linear-system.js';

export const ENGINES = ['wasm', 'webgpu', 'tfjs-node-gpu', 'tfjs-webgpu', 'tfjs-wasm', 'tfjs-cpu'];
/** Chunks of 256 samples in a batch of the default configuration. */
const BATCH = 32;

/** Makers of backends, with a line to the thread of backend webgpu that can be measured. */
export function measured() {
  let caller;
  const thread = (memory) =>
    (caller = new SyncCaller(new URL('./instrumented-host.mjs', import.meta.url), { memory, heap: {} }));
  const webgpu = async (wasm, options) => {
    const { WebGpuBackend } = await import('../../dist/field/backends/webgpu/backend.js');
    const backend = await WebGpuBackend.create(wasm, { ...options, thread });
    return { backend, device: backend.adapter.name };
  };
  return { makers: { ...MAKERS, webgpu }, ask: (name) => caller?.call(name) };
}

/** Opens an engine with the workload on it; `close` ends its threads. @throws why it does not work here */
export async function openWorkload(engine, threads = availableParallelism()) {
  const pool = await KernelPool.create({ threads, memoryMiB: WORKLOAD_MIB });
  try {
    const { makers, ask } = measured();
    const chosen = await createBackend(engine, pool, WORKLOAD_FIELD, { makers });
    const workload = makeWorkload(pool.memory, chosen.backend, chosen.field);
    const close = async () => {
      await chosen.backend.close();
      await pool.close();
    };
    return { ...chosen, workload, ask, close };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** A call of `fit` with so many batches of so many chunks. */
function fitting({ backend, field, workload }, chunkCount, steps = 1) {
  const batches = Array.from({ length: steps }, () => workload.batch(chunkCount));
  return () => backend.fit(field, batches, workload.frames, workload.fit);
}

/** Chunks a batch may have so that a step takes half a second at most. */
export function affordable(opened, most = BATCH) {
  const step = fitting(opened, 1);
  step(); // compiles
  const start = performance.now();
  step();
  const seconds = (performance.now() - start) / 1000;
  return Math.max(1, Math.min(most, Math.floor(0.5 / seconds)));
}

/** Registering so many points at so many places. */
function registering({ backend, workload }, points, places = 1) {
  const { term, guess } = workload;
  const surface = { ...term.surface, keypoints: term.surface.keypoints.subarray(0, points) };
  const at = Array.from({ length: places }, () => unknownsAt(guess));
  const out = at.map(() => new LinearSystem());
  const items = surface.keypoints.length * places;
  return [items, () => backend.linearise([{ ...term, surface }], at, out)];
}

/** Items a second of the three operations, in calls of so many chunks of 256 (register and query: as far as they go). */
export function ratesOf(opened, seconds, chunkCount) {
  const { backend, field, workload } = opened;
  const most = chunkCount * 256;
  const queries = workload.queries.subarray(0, most * 3);
  const [points, register] = registering(opened, most);
  return {
    fit: rateOf(most, seconds, fitting(opened, chunkCount)),
    register: rateOf(points, seconds, register),
    query: rateOf(queries.length / 3, seconds, () => backend.sample(field, 'distance', queries)),
  };
}

const STEPS = 16; // as many as backend webgpu takes in one go
const POSES = 64;
const QUERIES = 2 ** 18;

/**
 * The same in calls as large as the program makes to a device: 16 steps, 64 poses, 2¹⁸ points; to other engines as
 * above.
 */
export function bulkRatesOf(opened, seconds, chunkCount, queryCount = QUERIES) {
  const { backend, field, workload } = opened;
  const single = ratesOf(opened, seconds, chunkCount);
  if (backend.batchesPerFit === 1) return single;
  const queries = new Float32Array(queryCount * 3);
  for (let at = 0; at < queries.length; at += workload.queries.length)
    queries.set(workload.queries.subarray(0, queries.length - at), at);
  const [points, register] = registering(opened, Infinity, POSES);
  return {
    fit: rateOf(chunkCount * 256 * STEPS, seconds, fitting(opened, chunkCount, STEPS)),
    register: rateOf(points, seconds, register),
    query: rateOf(queryCount, seconds, () => backend.sample(field, 'distance', queries)),
  };
}

/** Milliseconds of each kernel on the device in those 16 steps; undefined where it has no time stamps. */
export function stepTimes(opened, chunkCount) {
  if (!opened.ask('startProfile')) return undefined;
  fitting(opened, chunkCount, STEPS)();
  const times = Object.entries(opened.ask('stopProfile'));
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
    const [ours, theirs] = both.map((opened) => rateOf(BATCH * 256, 1, fitting(opened, BATCH)));
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
