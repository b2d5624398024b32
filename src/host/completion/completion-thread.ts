import { Worker } from 'node:worker_threads';
import type { Box } from '../../completion/complete-region.js';
import { compiledUrl } from '../../compute/compiled-url.js';
import { unpackError, type PortableError } from '../protocol.js';
import { handOver } from '../transfer.js';
import type { CompletedRegion } from './complete-surface.js';
import type { RegionSurface } from './region-surface.js';

/** Main thread → completion thread. */
export interface CompletionTask {
  readonly id: number;
  readonly surface: RegionSurface;
  readonly box: Box;
}

/** Completion thread → main thread. */
export type CompletionAnswer =
  | { readonly id: number; readonly object: CompletedRegion }
  | { readonly id: number; readonly error: PortableError };

/** What completes surfaces; tests put something simpler in the thread's place. */
export interface SurfaceSolver {
  /** @throws FeltmapError as `SurfaceCompleter.complete`; not-found or bad-input without a usable shape prior */
  complete(surface: RegionSurface, box: Box): Promise<CompletedRegion>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(object: CompletedRegion): void;
  reject(error: Error): void;
}

/**
 * Completes surfaces in a thread of its own, one after the other: neither tracking nor messages wait for it. It starts
 * with the first task and reads the shape prior then.
 *
 * @example
 * const thread = new CompletionThread();
 * const { mesh } = await thread.complete(surface, box);
 * await thread.close();
 */
export class CompletionThread implements SurfaceSolver {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  complete(surface: RegionSurface, box: Box): Promise<CompletedRegion> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#next++;
    const { message, transfers } = handOver<CompletionTask>({ id, surface, box });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage(message, transfers);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new Error('the completion thread was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(compiledUrl(import.meta.url, './completion-worker.js'));
    worker.on('message', (answer: CompletionAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // A thread without work keeps no program from ending.
      if (this.#waiting.size === 0) worker.unref();
      if ('error' in answer) waiting?.reject(unpackError(answer.error));
      else waiting?.resolve(answer.object);
    });
    const gone = (error: Error): void => {
      // The next task starts another one.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#fail(error);
    };
    worker.on('error', gone);
    worker.on('exit', (code) => gone(new Error(`the completion thread ended with code ${code}`)));
    return worker;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
