import { SyncCaller } from '../../../../src/compute/synchronous-call.js';
import type { KernelPool } from '../../../../src/compute/pool.js';
import { openAdapter } from '../../../../src/field/backends/webgpu/adapter.js';
import { WebGpuBackend, type WebGpuOptions } from '../../../../src/field/backends/webgpu/backend.js';
import type { WebGpuField } from '../../../../src/field/backends/webgpu/field.js';
import { WasmBackend } from '../../../../src/field/backends/wasm/backend.js';
import type { BlockGrid } from '../../../../src/field/backends/wasm/grid.js';
import { OPTIONS } from '../../helpers.js';
import { firstField, standsOn, TestField, type TestFieldOptions } from '../../test-field.js';

/** Why these tests cannot run here; undefined where they can. */
export const missing: string | undefined = await openAdapter(true).then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
);
if (missing !== undefined)
  console.warn(
    `WebGPU tests are skipped: ${missing} On Debian, apt install chromium brings SwiftShader, which will do.`,
  );

/** How the device's memory is cut up; see GpuMapOptions. */
export interface HeapOptions {
  readonly maxBindingBytes?: number;
  readonly firstPages?: number;
}

/** A thread with the device that can be broken, and the line to it. */
export function instrumented(heap: HeapOptions = {}): {
  thread: (memory: WebAssembly.Memory) => SyncCaller;
  ask: (name: string) => unknown;
} {
  const url = new URL('../../../../bench/lib/instrumented-host.mjs', import.meta.url);
  let caller: SyncCaller | undefined;
  return {
    thread: (memory) => (caller = new SyncCaller(url, { memory, heap })),
    ask: (name) => caller!.call(name),
  };
}

/** A field of backend webgpu, with the line to its thread. */
export class GpuTestField extends TestField<WebGpuField, WebGpuBackend> {
  /** What the device is asked beside what the backend does. */
  ask: (name: string) => unknown = () => undefined;

  get onDevice(): boolean {
    return this.backend.onDevice;
  }
  sync(): void {
    this.field.sync();
  }
  /** Takes over what was written to the mirror from outside. */
  load(): void {
    this.field.load();
  }
  putSamples(first: number, count: number): void {
    this.field.putSamples(first, count);
  }
  get heap(): { segments: number; pages: number; used: number } {
    return this.ask('heap') as { segments: number; pages: number; used: number };
  }
}

/** A field on the device and its mirror; a map small enough that SwiftShader is quick with it. */
export async function onDevice(
  pool: KernelPool,
  { maxBindingBytes, firstPages, ...options }: WebGpuOptions & HeapOptions = {},
  field: Partial<TestFieldOptions> = {},
): Promise<{ gpu: GpuTestField; mirror: TestField }> {
  const { spec, room, limits } = firstField({ ...OPTIONS, ...field });
  const wasm = new WasmBackend(pool, limits);
  const { thread, ask } = instrumented({
    ...(maxBindingBytes === undefined ? {} : { maxBindingBytes }),
    ...(firstPages === undefined ? {} : { firstPages }),
  });
  const backend = await WebGpuBackend.create(wasm, {
    software: true,
    cache: false,
    batchSamples: 4096,
    thread,
    ...options,
  });
  const gpu = new GpuTestField(standsOn(backend, wasm), backend.createField(spec, room) as WebGpuField);
  gpu.ask = ask;
  return { gpu, mirror: new TestField(wasm, gpu.field.mirror) };
}

/** Corners of all blocks of scalar levels, in the order of their making. */
export function cornersOfAll(levels: readonly BlockGrid[]): Float32Array[] {
  return levels.flatMap(({ blocks, data }) =>
    Array.from(blocks, (block) => data.subarray(block * 1024, (block + 1) * 1024)),
  );
}

/** Another field of the same backend. */
export function beside({ backend, ask }: GpuTestField, options: TestFieldOptions): GpuTestField {
  const { spec, room } = firstField(options);
  const field = new GpuTestField(backend, backend.createField(spec, room) as WebGpuField);
  field.ask = ask;
  return field;
}

/** Largest difference as a share of the largest number expected. */
export function apart(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst / largest;
}
