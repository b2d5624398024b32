/// <reference types="@webgpu/types" />
import { PAGE_BYTES } from './layout.js';
import {
  bindingsOf,
  kernelSource,
  KERNELS,
  type BufferName,
  type KernelName,
  type KernelSpec,
} from './kernels.js';
import { Profile, type KernelTimes } from './profile.js';
import type { KernelSizes } from './wgsl/common.js';

/**
 * The device is gone: driver reset, suspend, unplugged or destroyed.
 *
 * @example
 * if (error instanceof DeviceLostError) console.error(`The GPU is gone: ${error.message}`);
 */
export class DeviceLostError extends Error {}

const PARAM_BYTES = 256; // the largest alignment of dynamic offsets that WebGPU allows; no kernel takes more
const PARAM_SLOTS = 512;
/** Bytes of a field's decoder (416 floats), and from one field's to the next's. */
const DECODER_BYTES = 416 * 4;
export const DECODER_STRIDE = Math.ceil(DECODER_BYTES / PARAM_BYTES) * PARAM_BYTES;

interface Compiled {
  readonly pipeline: GPUComputePipeline;
  group: GPUBindGroup | undefined;
}

/** What went to the device and back since it was opened; submissions and round trips each cost a fixed time. */
export interface Traffic {
  readonly submissions: number;
  /** Waits for an answer (mapAsync). */
  readonly roundTrips: number;
  readonly dispatches: number;
  /** Bytes written to buffers (queue.writeBuffer). */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What a kernel reads beside its buffers: up to 256 bytes, filled by vec4. */
export type Params = readonly (readonly number[] | { readonly u: readonly number[] })[];

/**
 * A device with the engine's buffers, kernels and one command stream.
 *
 * @example
 * const gpu = new Gpu(device, sizes);
 * await gpu.compile();
 * gpu.run('query', threads, params);
 * const [bytes] = await gpu.read({ buffer, bytes: 16 });
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #compiled = new Map<KernelName, Compiled>();
  readonly #params: GPUBuffer;
  readonly #paramData = new ArrayBuffer(PARAM_BYTES * PARAM_SLOTS);
  readonly #staging = new Map<number, GPUBuffer[]>();
  #sizes: KernelSizes;
  #workgroups: Readonly<Partial<Record<KernelName, number>>> = {};
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #slot = 0;
  #lost: string | undefined;
  #error: string | undefined;
  #profile: Profile | undefined;
  readonly #traffic = { submissions: 0, roundTrips: 0, dispatches: 0, bytesUp: 0, bytesDown: 0 };

  constructor(device: GPUDevice, sizes: KernelSizes) {
    this.device = device;
    this.#sizes = sizes;
    void device.lost.then((info) => (this.#lost = info.message || info.reason || 'no reason given'));
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // reported by check(), not by Dawn on stderr
      const { error } = event;
      // Whatever uses a buffer that could not be made fails too: the same as if the device were lost.
      if (isOutOfMemory(error)) this.#lost ??= `its memory is full: ${error.message.split('\n')[0]}`;
      else this.#error ??= error.message;
    });
    this.#params = device.createBuffer({
      size: PARAM_BYTES * PARAM_SLOTS,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  get sizes(): KernelSizes {
    return this.#sizes;
  }

  get traffic(): Traffic {
    return { ...this.#traffic };
  }

  /** Makes or replaces a buffer; what was in it is gone. */
  setBuffer(name: BufferName | 'decoder' | 'bias' | `heap${number}`, bytes: number): GPUBuffer {
    this.submit(); // what was recorded may still use the old one
    this.#buffers.get(name)?.destroy();
    const uniform = name === 'decoder' || name === 'bias';
    const buffer = this.device.createBuffer({
      label: name,
      size: Math.max(16, Math.ceil(bytes / 16) * 16),
      usage:
        (uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE) |
        GPUBufferUsage.COPY_DST |
        GPUBufferUsage.COPY_SRC,
    });
    this.#buffers.set(name, buffer);
    for (const compiled of this.#compiled.values()) compiled.group = undefined;
    return buffer;
  }

  /** Makes a buffer at least so large, of twice the size when it must be replaced. */
  ensureBuffer(name: BufferName, bytes: number): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (buffer && buffer.size >= bytes) return buffer;
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    const doubled = Math.min(2 * (buffer?.size ?? 0), maxStorageBufferBindingSize, maxBufferSize);
    return this.setBuffer(name, Math.max(bytes, doubled));
  }

  buffer(name: BufferName | 'decoder' | `heap${number}`): GPUBuffer {
    return this.#buffers.get(name)!;
  }

  /** New segments of the heap: the kernels that see them are compiled anew. */
  async setSegments(starts: readonly number[]): Promise<void> {
    this.#sizes = { ...this.#sizes, starts };
    const stale = [...this.#compiled.keys()].filter((name) => (KERNELS[name] as KernelSpec).heap);
    for (const name of stale) this.#compiled.delete(name);
    await this.compile(stale);
  }

  /** Threads a workgroup, per kernel; others have 64. Results do not depend on it. */
  setWorkgroups(sizes: Readonly<Partial<Record<KernelName, number>>>): void {
    this.submit();
    this.#workgroups = sizes;
    this.#compiled.clear();
  }

  /** Compiles kernels side by side; those left out are compiled when they are first run. */
  async compile(names = Object.keys(KERNELS) as KernelName[]): Promise<void> {
    const made = await Promise.all(
      names.map((name) => this.device.createComputePipelineAsync(this.#describe(name))),
    );
    names.forEach((name, i) => this.#compiled.set(name, { pipeline: made[i]!, group: undefined }));
  }

  #pipeline(name: KernelName): Compiled {
    let compiled = this.#compiled.get(name);
    if (!compiled) {
      const pipeline = this.device.createComputePipeline(this.#describe(name));
      this.#compiled.set(name, (compiled = { pipeline, group: undefined }));
    }
    return compiled;
  }

  #describe(name: KernelName): GPUComputePipelineDescriptor {
    const spec: KernelSpec = KERNELS[name];
    const code = kernelSource(name, this.#sizes);
    const module = this.device.createShaderModule({ label: name, code });
    const layout = this.device.createBindGroupLayout({
      entries: bindingsOf(spec, this.#sizes).map(({ resource, uniform, write }, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: {
          type: uniform ? 'uniform' : write ? 'storage' : 'read-only-storage',
          hasDynamicOffset: resource === 'params' || resource === 'decoder',
        },
      })),
    });
    const constants = code.includes('@workgroup_size(W)') ? { W: this.workgroup(name) } : undefined;
    return {
      label: name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', ...(constants ? { constants } : {}) },
    };
  }

  /** Threads a workgroup of a kernel. */
  workgroup(name: KernelName): number {
    return this.#workgroups[name] ?? 64;
  }

  /**
   * Records a kernel over so many threads, rounded up to workgroups.
   *
   * @param field whose decoder the kernel gets
   */
  run(name: KernelName, threads: number, params?: Params, field = 0): void {
    this.runGroups(name, Math.ceil(threads / this.workgroup(name)), params, field);
  }

  /** Records a kernel over so many workgroups. */
  runGroups(name: KernelName, groups: number, params?: Params, field = 0): void {
    if (groups === 0) return;
    const spec: KernelSpec = KERNELS[name];
    const compiled = this.#pipeline(name);
    compiled.group ??= this.#bind(spec, compiled.pipeline);
    if (this.#slot === PARAM_SLOTS) this.submit();
    const pass = this.#beginPass(name);
    pass.setPipeline(compiled.pipeline);
    const offsets = spec.params ? [this.#writeParams(params!)] : [];
    if (spec.decoder) offsets.push(field * DECODER_STRIDE);
    pass.setBindGroup(0, compiled.group, offsets);
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (groups > most) throw new RangeError(`Kernel ${name}: ${groups} workgroups are more than ${most}.`);
    pass.dispatchWorkgroups(groups);
    this.#traffic.dispatches++;
    if (this.#profile) this.#endPass(); // a pass of its own, to be timed
  }

  #bind(spec: KernelSpec, pipeline: GPUComputePipeline): GPUBindGroup {
    return this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bindingsOf(spec, this.#sizes).map(({ resource }, binding) => ({
        binding,
        resource:
          resource === 'params'
            ? { buffer: this.#params, size: PARAM_BYTES }
            : resource === 'decoder'
              ? { buffer: this.#buffers.get(resource)!, size: DECODER_BYTES }
              : { buffer: this.#buffers.get(resource)! },
      })),
    });
  }

  #writeParams(params: Params): number {
    const at = this.#slot++ * PARAM_BYTES;
    params.forEach((entry, i) => {
      if ('u' in entry) new Uint32Array(this.#paramData, at + 16 * i, 4).set(entry.u);
      else new Float32Array(this.#paramData, at + 16 * i, entry.length).set(entry as readonly number[]);
    });
    return at;
  }

  #commands(): GPUCommandEncoder {
    return (this.#encoder ??= this.device.createCommandEncoder());
  }

  #beginPass(name: KernelName): GPUComputePassEncoder {
    if (this.#pass) return this.#pass;
    const timestampWrites = this.#profile?.next(name);
    this.#pass = this.#commands().beginComputePass(timestampWrites ? { timestampWrites } : {});
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  /** Writes bytes; whatever was recorded before is submitted first, so that it sees the old ones. */
  write(buffer: GPUBuffer, at: number, data: ArrayBufferView): void {
    if (data.byteLength === 0) return;
    if (this.#encoder) this.submit();
    this.#traffic.bytesUp += data.byteLength;
    this.device.queue.writeBuffer(buffer, at, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }

  copy(from: GPUBuffer, fromAt: number, to: GPUBuffer, toAt: number, bytes: number): void {
    this.#endPass();
    this.#commands().copyBufferToBuffer(from, fromAt, to, toAt, bytes);
  }

  zero(buffer: GPUBuffer, at = 0, bytes = buffer.size - at): void {
    this.#endPass();
    if (bytes > 0) this.#commands().clearBuffer(buffer, at, bytes);
  }

  /** Sends what was recorded to the device. */
  submit(): void {
    this.#endPass();
    if (!this.#encoder) return;
    this.#traffic.submissions++;
    this.#traffic.bytesUp += this.#slot * PARAM_BYTES;
    if (this.#slot > 0)
      this.device.queue.writeBuffer(this.#params, 0, this.#paramData, 0, this.#slot * PARAM_BYTES);
    this.#slot = 0;
    this.#profile?.resolve(this.#encoder);
    this.device.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
  }

  /**
   * Reads ranges of buffers back, after everything recorded so far.
   *
   * @throws DeviceLostError
   */
  async read(...ranges: { buffer: GPUBuffer; at?: number; bytes: number }[]): Promise<ArrayBuffer[]> {
    const total = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
    const size = 2 ** Math.ceil(Math.log2(Math.max(total, PAGE_BYTES)));
    const staging =
      this.#staging.get(size)?.pop() ??
      this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    let at = 0;
    for (const range of ranges) {
      if (range.bytes > 0) this.copy(range.buffer, range.at ?? 0, staging, at, range.bytes);
      at += range.bytes;
    }
    this.submit();
    this.#traffic.roundTrips++;
    this.#traffic.bytesDown += total;
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, Math.max(4, total));
    } catch (cause) {
      await this.check();
      throw new DeviceLostError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    const mapped = staging.getMappedRange(0, Math.max(4, total));
    at = 0;
    const out = ranges.map(({ bytes }) => mapped.slice(at, (at += bytes)));
    staging.unmap();
    this.#staging.set(size, [...(this.#staging.get(size) ?? []), staging]);
    await this.check();
    return out;
  }

  /** @throws DeviceLostError, or Error when the device found fault with a command */
  async check(): Promise<void> {
    await Promise.resolve();
    if (this.#lost !== undefined) throw new DeviceLostError(this.#lost);
    if (this.#error !== undefined) {
      const message = this.#error;
      this.#error = undefined;
      throw new Error(`WebGPU refused a command: ${message}`);
    }
  }

  /** Waits until all that was submitted is done. */
  async settle(): Promise<void> {
    this.submit();
    await this.device.queue.onSubmittedWorkDone();
    await this.check();
  }

  /** Starts to time every kernel by itself; false where the device has no time stamps. */
  startProfile(): boolean {
    if (!this.device.features.has('timestamp-query')) return false;
    this.submit();
    this.#profile = new Profile(this.device);
    return true;
  }

  async stopProfile(): Promise<KernelTimes> {
    this.submit();
    const profile = this.#profile;
    this.#profile = undefined;
    return profile ? profile.times() : {};
  }

  destroy(): void {
    this.device.destroy();
  }
}

/** Dawn's Node package has the class, but does not always make it global. */
function isOutOfMemory(error: GPUError): boolean {
  return error.constructor.name === 'GPUOutOfMemoryError';
}
