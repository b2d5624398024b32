import { ENGINES, type EngineName } from './names.js';
import { createBackend, type ChosenBackend } from './select.js';
import type { TfjsBackend } from './tfjs/backend.js';
import { KernelPool } from '../../compute/pool.js';
import type { WebGpuBackend } from './webgpu/backend.js';
import { makeWorkload, rateOf, WORKLOAD_FIELD, WORKLOAD_MIB } from './workload.js';

/** What is known of an engine on this machine. */
export interface EngineReport {
  readonly engine: EngineName;
  readonly usable: boolean;
  /** Why it is not usable, or used only when named; empty otherwise. */
  readonly reason: string;
  /** Adapter or processor; empty where it is not usable. */
  readonly device: string;
  /** Limits of its adapter, as WebGPU names them. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Samples a second of `fit`, measured for two seconds. */
  readonly samplesPerSecond?: number;
}

export interface Survey {
  readonly engines: readonly EngineReport[];
  /** What `engine: auto` takes here. */
  readonly auto: EngineName;
}

const SOFTWARE = 'a software adapter, slower than engine wasm: taken only when named';
/** Longest step that is still repeated, seconds: slow engines are measured with smaller batches. */
const PATIENCE = 0.5;
const LARGEST = 32;

/**
 * Tries every engine on this machine, one after the other, and measures those that work.
 *
 * @param seconds of measurement each; 0 only tries
 */
export async function surveyEngines(seconds = 2, threads = 1): Promise<Survey> {
  const engines: EngineReport[] = [];
  for (const engine of ENGINES)
    if (engine !== 'auto' && engine !== 'tfjs') engines.push(await report(engine, seconds, threads));
  const webgpu = engines.find(({ engine }) => engine === 'webgpu');
  return { engines, auto: webgpu?.usable && webgpu.reason === '' ? 'webgpu' : 'wasm' };
}

async function report(engine: EngineName, seconds: number, threads: number): Promise<EngineReport> {
  const pool = await KernelPool.create({ threads, memoryMiB: WORKLOAD_MIB });
  let chosen: ChosenBackend | undefined;
  try {
    chosen = await createBackend(engine, pool, WORKLOAD_FIELD);
    const samplesPerSecond = seconds > 0 ? speed(pool, chosen, seconds) : undefined;
    return {
      engine,
      usable: true,
      device: chosen.device,
      ...adapterOf(chosen),
      ...(samplesPerSecond === undefined ? {} : { samplesPerSecond }),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { engine, usable: false, reason, device: '' };
  } finally {
    await chosen?.backend.close();
    await pool.close();
  }
}

/** Batches as large as the engine does in half a second, 8192 samples at most; finding that out counts as measuring. */
function speed(pool: KernelPool, { backend, field }: ChosenBackend, seconds: number): number {
  const workload = makeWorkload(pool.memory, backend, field, 20_000);
  const step = (count: number): (() => void) => {
    const batches = [workload.batch(count)];
    return () => backend.fit(field, batches, workload.frames, workload.fit);
  };
  const least = 1;
  step(least)(); // compiles
  const start = performance.now();
  step(least)();
  const once = (performance.now() - start) / 1000;
  const count = Math.max(least, Math.min(LARGEST, Math.floor(PATIENCE / once)));
  const left = seconds - (performance.now() - start) / 1000;
  return rateOf(count * 256, left - once * count, step(count));
}

function adapterOf({ backend, device }: ChosenBackend): Pick<EngineReport, 'reason' | 'limits'> {
  if (backend.name === 'webgpu') {
    const { software, limits } = (backend as WebGpuBackend).adapter;
    return { reason: software ? SOFTWARE : '', limits };
  }
  const onWebGpu = backend.name === 'tfjs' && (backend as TfjsBackend).opened.name === 'webgpu';
  return {
    reason:
      onWebGpu && /swiftshader|llvmpipe|lavapipe|software|\bwarp\b|basic render/i.test(device)
        ? SOFTWARE
        : '',
  };
}
