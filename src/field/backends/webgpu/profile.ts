/// <reference types="@webgpu/types" />
import type { KernelName } from './kernels.js';

/** Time and number of runs of each kernel since profiling began. */
export type KernelTimes = Record<string, { calls: number; milliseconds: number }>;

const QUERIES = 4096;

/**
 * Two time stamps per kernel run, up to a few thousand runs; later ones are not timed.
 *
 * @example
 * const profile = new Profile(device);
 * const timestampWrites = profile.next('query'); // of the compute pass
 * profile.resolve(encoder);
 * const { query } = await profile.times();
 */
export class Profile {
  readonly #device: GPUDevice;
  readonly #set: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #names: KernelName[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#set = device.createQuerySet({ type: 'timestamp', count: QUERIES });
    this.#resolved = device.createBuffer({
      size: QUERIES * 8,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  next(name: KernelName): GPUComputePassTimestampWrites | undefined {
    const at = 2 * this.#names.length;
    if (at >= QUERIES) return undefined;
    this.#names.push(name);
    return { querySet: this.#set, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  resolve(encoder: GPUCommandEncoder): void {
    if (this.#names.length > 0)
      encoder.resolveQuerySet(this.#set, 0, 2 * this.#names.length, this.#resolved, 0);
  }

  async times(): Promise<KernelTimes> {
    const count = this.#names.length;
    const times: KernelTimes = {};
    if (count === 0) return times;
    const staging = this.#device.createBuffer({
      size: 16 * count,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, 16 * count);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange());
    this.#names.forEach((name, i) => {
      const entry = (times[name] ??= { calls: 0, milliseconds: 0 });
      entry.calls++;
      entry.milliseconds += Number(stamps[2 * i + 1]! - stamps[2 * i]!) * 1e-6;
    });
    staging.destroy();
    this.#set.destroy();
    this.#resolved.destroy();
    return times;
  }
}
