import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { BackendLimits, FieldBackend } from '../backend.js';
import type { Field } from '../field.js';
import type { FieldRoom, GridSpec } from '../grid-spec.js';
import type { EngineName } from './names.js';
import type { TfBackendName } from './tfjs/backends.js';
import { WasmBackend } from './wasm/backend.js';

/** The field that a backend is opened for: it counts as working once it has made it. */
export interface FirstField {
  readonly spec: GridSpec;
  readonly room: FieldRoom;
  readonly limits: BackendLimits;
}

/** The backend that was asked for, or that suits the machine. */
export interface ChosenBackend {
  readonly backend: FieldBackend;
  readonly field: Field;
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
  /** How the backends are made; tests put others in their place. */
  readonly makers?: Makers;
}

export interface Made {
  readonly backend: FieldBackend;
  readonly device: string;
  readonly reasons?: readonly string[];
}

export interface Makers {
  /** Rejects with the reason when there is no adapter, or only a software one that is not welcome. */
  webgpu(
    wasm: WasmBackend,
    options: { software: boolean; half: boolean; batchSamples?: number },
  ): Promise<Made>;
  tfjs(wasm: WasmBackend, choice: { backends?: readonly TfBackendName[]; software: boolean }): Promise<Made>;
}

/** Modules are loaded when their engine is tried: a machine without a GPU pays nothing for them. */
export const MAKERS: Makers = {
  async webgpu(wasm, options) {
    const { WebGpuBackend } = await import('./webgpu/backend.js');
    const backend = await WebGpuBackend.create(wasm, options);
    const { name } = backend.adapter;
    return { backend, device: options.half ? `${name}, features as 16-bit halves` : name };
  },
  async tfjs(wasm, choice) {
    const { TfjsBackend } = await import('./tfjs/backend.js');
    const backend = await TfjsBackend.create(wasm, choice);
    const { name, device, skipped } = backend.opened;
    return {
      backend,
      device: `${name}: ${device}`,
      reasons: skipped.map((s) => `TensorFlow.js' backend ${s.name} was not taken: ${s.reason}.`),
    };
  },
};

/**
 * Opens a backend with a first field: the only place that chooses one. `auto` takes a hardware adapter through webgpu,
 * else wasm; software adapters (SwiftShader, llvmpipe) are used only where their engine is named. `tfjs` takes the first
 * of its backends that works (node-gpu, webgpu on hardware, wasm, cpu), `tfjs-…` the one it names.
 *
 * @throws FeltmapError unsupported when an engine that was named does not work here, with the reason; out-of-memory
 */
export async function createBackend(
  wanted: EngineName,
  pool: KernelPool,
  { spec, room, limits }: FirstField,
  { half = false, batchSamples, makers = MAKERS }: SelectOptions = {},
): Promise<ChosenBackend> {
  const wasm = new WasmBackend(pool, limits);
  const withField = async ({ backend, device, reasons = [] }: Made): Promise<ChosenBackend> => {
    try {
      return { backend, field: backend.createField(spec, room), device, reasons };
    } catch (error) {
      await backend.close();
      throw error;
    }
  };
  if (wanted.startsWith('tfjs')) {
    const named = wanted.slice('tfjs-'.length);
    const choice = named ? { backends: [named as TfBackendName], software: true } : { software: false };
    return withField(await makers.tfjs(wasm, choice));
  }
  const onWasm = (reasons: string[]): Promise<ChosenBackend> =>
    withField({
      backend: wasm,
      device: `processor, WebAssembly SIMD, ${pool.threads} thread${pool.threads === 1 ? '' : 's'}`,
      reasons,
    });
  if (wanted === 'wasm') return onWasm([]);
  try {
    const options = { software: wanted === 'webgpu', half };
    return await withField(
      await makers.webgpu(wasm, batchSamples === undefined ? options : { ...options, batchSamples }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (wanted === 'auto') return onWasm([`Engine webgpu was not taken: ${reason}`]);
    if (error instanceof FeltmapError) throw error;
    throw new FeltmapError('unsupported', `Engine webgpu does not work here (${reason}); use engine wasm.`, {
      cause: error,
    });
  }
}
