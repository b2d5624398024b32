import { FeltmapError } from '../../geometry/errors.js';
import type { MapField } from '../map-field.js';
import type { EngineName } from './names.js';
import type { TfBackendName } from './tfjs/backends.js';
import type { WasmField } from './wasm/field.js';
import type { KernelPool } from '../../compute/pool.js';

/** A field on the engine that was asked for, or that suits the machine. */
export interface ChosenField {
  readonly field: MapField;
  readonly engine: 'wasm' | 'webgpu' | 'tfjs';
  /** What it runs on, for people. */
  readonly device: string;
  /** Why engines or backends that come first were not taken; one sentence each. */
  readonly reasons: readonly string[];
}

export interface SelectOptions {
  /** Store features as halves where the engine can. */
  readonly half?: boolean;
  /** Samples of the largest batch. */
  readonly batchSamples?: number;
  /** How the engines are made; tests put others in their place. */
  readonly makers?: Makers;
}

export interface Makers {
  /** Rejects with the reason when there is no adapter, or only a software one that is not welcome. */
  webgpu(
    pool: KernelPool,
    wasm: WasmField,
    options: { software: boolean; half: boolean; batchSamples?: number },
  ): Promise<{ field: MapField; device: string }>;
  tfjs(
    pool: KernelPool,
    wasm: WasmField,
    choice: { backends?: readonly TfBackendName[]; software: boolean },
  ): Promise<{ field: MapField; device: string; reasons: readonly string[] }>;
}

/** Modules are loaded when their engine is tried: a machine without a GPU pays nothing for them. */
const MAKERS: Makers = {
  async webgpu({ memory }, wasm, options) {
    const { WebGpuField } = await import('./webgpu/field.js');
    const field = await WebGpuField.create(memory, wasm, options);
    const { name } = field.adapter;
    return { field, device: field.half ? `${name}, features as 16-bit halves` : name };
  },
  async tfjs({ memory }, wasm, choice) {
    const { TfjsField } = await import('./tfjs/field.js');
    const field = await TfjsField.create(memory, wasm, choice);
    const { name, device, skipped } = field.opened;
    return {
      field,
      device: `${name}: ${device}`,
      reasons: skipped.map((s) => `TensorFlow.js' backend ${s.name} was not taken: ${s.reason}.`),
    };
  },
};

/**
 * Opens an engine on a field that is still empty. `auto` takes a hardware adapter through webgpu, else wasm; software adapters
 * (SwiftShader, llvmpipe) are used only where their engine is named. `tfjs` takes the first of its backends that works
 * (node-gpu, webgpu on hardware, wasm, cpu), `tfjs-…` the one it names.
 *
 * @param wasm the field in shared memory: engine wasm itself, what engine tfjs reads, engine webgpu's copy
 * @throws FeltmapError unsupported when an engine that was named does not work here, with the reason
 */
export async function openEngine(
  wanted: EngineName,
  pool: KernelPool,
  wasm: WasmField,
  { half = false, batchSamples, makers = MAKERS }: SelectOptions = {},
): Promise<ChosenField> {
  if (wanted.startsWith('tfjs')) {
    const backend = wanted.slice('tfjs-'.length);
    const named = backend ? { backends: [backend as TfBackendName], software: true } : { software: false };
    return { engine: 'tfjs', ...(await makers.tfjs(pool, wasm, named)) };
  }
  const onWasm = (reasons: string[]): ChosenField => ({
    field: wasm,
    engine: 'wasm',
    device: `processor, WebAssembly SIMD, ${pool.threads} thread${pool.threads === 1 ? '' : 's'}`,
    reasons,
  });
  if (wanted === 'wasm') return onWasm([]);
  try {
    const made = await makers.webgpu(pool, wasm, {
      software: wanted === 'webgpu',
      half,
      ...(batchSamples === undefined ? {} : { batchSamples }),
    });
    return { engine: 'webgpu', ...made, reasons: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (wanted === 'auto') return onWasm([`Engine webgpu was not taken: ${reason}`]);
    if (error instanceof FeltmapError) throw error;
    throw new FeltmapError('unsupported', `Engine webgpu does not work here (${reason}); use engine wasm.`, {
      cause: error,
    });
  }
}
