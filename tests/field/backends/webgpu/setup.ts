import { openAdapter } from '../../../../src/field/backends/webgpu/adapter.js';
import { WebGpuField, type WebGpuFieldOptions } from '../../../../src/field/backends/webgpu/field.js';
import { WasmField, type WasmFieldOptions } from '../../../../src/field/backends/wasm/field.js';
import type { KernelPool } from '../../../../src/compute/pool.js';
import { OPTIONS } from '../../helpers.js';

/** Why these tests cannot run here; undefined where they can. */
export const missing: string | undefined = await openAdapter(true).then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
);
if (missing !== undefined)
  console.warn(
    `WebGPU tests are skipped: ${missing} On Debian, apt install chromium brings SwiftShader, which will do.`,
  );

/** A field on the device and its mirror; a map small enough that SwiftShader is quick with it. */
export async function onDevice(
  pool: KernelPool,
  options: WebGpuFieldOptions = {},
  field: Partial<WasmFieldOptions> = {},
): Promise<{ gpu: WebGpuField; mirror: WasmField }> {
  const mirror = new WasmField(pool, { ...OPTIONS, ...field });
  const gpu = await WebGpuField.create(pool.memory, mirror, {
    software: true,
    cache: false,
    batchSamples: 4096,
    ...options,
  });
  return { gpu, mirror };
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
