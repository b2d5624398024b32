/// <reference types="@webgpu/types" />
import { SAMPLE_BYTES, SAMPLE_FLOATS } from '../../../kernels/layout/field.js';
import type { Gpu } from './gpu.js';

/** Samples in one buffer of a store. */
const PART = 2 ** 17;

/**
 * Training samples of a field on the device, in buffers that are made when something is first written to them.
 *
 * @example
 * const samples = new SampleStore(gpu);
 * samples.write(0, drawn);
 * samples.copy(0, count, 0); // into the batch
 * samples.destroy();
 */
export class SampleStore {
  readonly #gpu: Gpu;
  readonly #parts: (GPUBuffer | undefined)[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** @param data SAMPLE_FLOATS a sample */
  write(first: number, data: Float32Array): void {
    this.#split(first, data.length / SAMPLE_FLOATS, (part, at, from, count) =>
      this.#gpu.write(part, at, data.subarray(from * SAMPLE_FLOATS, (from + count) * SAMPLE_FLOATS)),
    );
  }

  /** Copies a run of samples to the batch, from its slot `to` on. */
  copy(first: number, count: number, to: number): void {
    const gpu = this.#gpu;
    this.#split(first, count, (part, at, from, n) =>
      gpu.copy(part, at, gpu.buffer('samples'), (to + from) * SAMPLE_BYTES, n * SAMPLE_BYTES),
    );
  }

  #split(
    first: number,
    count: number,
    each: (part: GPUBuffer, at: number, from: number, count: number) => void,
  ): void {
    for (let from = 0; from < count;) {
      const sample = first + from;
      const n = Math.min(count - from, PART - (sample % PART));
      each(this.#part(Math.floor(sample / PART)), (sample % PART) * SAMPLE_BYTES, from, n);
      from += n;
    }
  }

  #part(k: number): GPUBuffer {
    return (this.#parts[k] ??= this.#gpu.device.createBuffer({
      label: `samples ${k}`,
      size: PART * SAMPLE_BYTES,
      usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    }));
  }

  /** Gives the buffers back. */
  destroy(): void {
    this.#gpu.submit(); // what was recorded may still read them
    for (const part of this.#parts) part?.destroy();
    this.#parts.length = 0;
  }
}
