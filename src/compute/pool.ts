import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { KernelMemory } from './memory.js';
import { compiledUrl } from './compiled-url.js';

/** A kernel: does part `chunk` of the work described by the struct at `args`. */
export type Kernel = (args: number, chunk: number) => void;

// Control words in shared memory, 128 bytes apart so that spinning threads do not disturb each other.
// `ticket` holds the job's number in its upper and the next chunk in its lower 16 bits: a thread that wakes up late
// fails to take a chunk of a job that is over, so nobody ever waits for a thread that has nothing to do.
export const CONTROL = {
  generation: 0,
  ticket: 32,
  done: 64,
  kernel: 96,
  args: 97,
  chunks: 98,
  stop: 99,
  length: 128,
};

/**
 * Threads that share one wasm memory and run kernels chunk by chunk. Which thread runs which chunk is left to
 * chance; kernels write per-chunk results that are reduced in order, so the outcome does not depend on it.
 *
 * @example
 * const pool = await KernelPool.create({ threads: 4, memoryMiB: 512 });
 * pool.run(kernel, args.pointer, chunks); // returns when all chunks are done
 * await pool.close();
 */
export class KernelPool {
  readonly #control: Int32Array;
  readonly #kernels: readonly Kernel[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #workers: Worker[];

  private constructor(
    readonly memory: KernelMemory,
    readonly exports: Readonly<Record<string, Kernel>>,
    control: Int32Array,
    kernels: readonly Kernel[],
    index: ReadonlyMap<string, number>,
    workers: Worker[],
  ) {
    this.#control = control;
    this.#kernels = kernels;
    this.#index = index;
    this.#workers = workers;
  }

  /** Number of threads that run kernels, the calling one included. */
  get threads(): number {
    return this.#workers.length + 1;
  }

  static async create(options: { threads: number; memoryMiB: number }): Promise<KernelPool> {
    const bytes = await readFile(compiledUrl(import.meta.url, '../kernels/feltmap.wasm'));
    const module = await WebAssembly.compile(bytes);
    const memory = new KernelMemory(options.memoryMiB * 2 ** 20);
    const instance = await WebAssembly.instantiate(module, { env: { memory: memory.memory } });
    const exports = instance.exports as Record<string, unknown>;
    memory.reserveStatic((exports.heapBase as () => number)());
    const names = kernelNames(exports);
    const control = memory.i32(memory.alloc(CONTROL.length * 4), CONTROL.length);
    const workers = await Promise.all(
      Array.from({ length: Math.max(0, options.threads - 1) }, () =>
        startWorker(module, memory, control.byteOffset),
      ),
    );
    return new KernelPool(
      memory,
      Object.fromEntries(names.map((name) => [name, exports[name] as Kernel])),
      control,
      names.map((name) => exports[name] as Kernel),
      new Map(names.map((name, i) => [name, i])),
      workers,
    );
  }

  /** Runs chunks 0 … chunks−1 of a kernel on all threads and returns when the last is done. Blocks the caller. */
  run(name: string, args: number, chunks: number): void {
    const index = this.#index.get(name);
    if (index === undefined)
      throw new RangeError(`There is no kernel ${name} in this build; run npm run build.`);
    const kernel = this.#kernels[index]!;
    if (this.#workers.length === 0 || chunks <= 1) {
      for (let chunk = 0; chunk < chunks; chunk++) kernel(args, chunk);
      return;
    }
    if (chunks > 0xffff) throw new RangeError(`Kernel ${name}: at most 65535 chunks, got ${chunks}.`);
    const control = this.#control;
    const generation = (Atomics.load(control, CONTROL.generation) + 1) | 0;
    // Close the old job's ticket first: a late thread must not take a chunk by the new job's count.
    Atomics.store(control, CONTROL.ticket, (generation << 16) | 0xffff);
    control[CONTROL.kernel] = index;
    control[CONTROL.args] = args | 0;
    control[CONTROL.chunks] = chunks;
    Atomics.store(control, CONTROL.done, 0);
    Atomics.store(control, CONTROL.ticket, generation << 16); // from here on threads join in
    Atomics.store(control, CONTROL.generation, generation);
    Atomics.notify(control, CONTROL.generation);
    runChunks(control, generation, this.#kernels);
    // The others are in the middle of their last chunk: spin for a moment, then sleep.
    for (let spin = 0; spin < 2000; spin++) if (Atomics.load(control, CONTROL.done) === chunks) return;
    for (;;) {
      const done = Atomics.load(control, CONTROL.done);
      if (done === chunks) return;
      Atomics.wait(control, CONTROL.done, done, 100);
    }
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, CONTROL.stop, 1);
    Atomics.add(this.#control, CONTROL.generation, 1);
    Atomics.notify(this.#control, CONTROL.generation);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#workers.length = 0;
  }
}

/** Exported functions in a fixed order, the same in every thread. */
export function kernelNames(exports: Record<string, unknown>): string[] {
  return Object.keys(exports)
    .filter((name) => typeof exports[name] === 'function')
    .sort();
}

/** Takes chunks of job `generation` until none is left or another job has begun. */
export function runChunks(control: Int32Array, generation: number, kernels: readonly Kernel[]): void {
  for (;;) {
    const ticket = Atomics.load(control, CONTROL.ticket);
    if (ticket >> 16 !== (generation << 16) >> 16) return;
    const chunk = ticket & 0xffff;
    if (chunk >= control[CONTROL.chunks]!) return;
    if (Atomics.compareExchange(control, CONTROL.ticket, ticket, ticket + 1) !== ticket) continue;
    // The chunk is ours, so the job cannot end before we are done: its parameters are safe to read.
    kernels[control[CONTROL.kernel]!]!(control[CONTROL.args]! >>> 0, chunk);
    Atomics.add(control, CONTROL.done, 1);
    Atomics.notify(control, CONTROL.done);
  }
}

function startWorker(module: WebAssembly.Module, memory: KernelMemory, control: number): Promise<Worker> {
  const worker = new Worker(compiledUrl(import.meta.url, './worker.js'), {
    workerData: { module, memory: memory.memory, control },
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('error', reject);
  });
}
