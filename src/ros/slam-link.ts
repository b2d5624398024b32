import { Worker } from 'node:worker_threads';
import { unpackError } from '../host/protocol.js';
import { compiledUrl } from '../compute/compiled-url.js';
import type { SlamAnswer, SlamEnvelope, SlamReplies, SlamRequest, SlamThreadData } from './slam-protocol.js';

/** What the node needs of the SLAM thread; tests put something simpler in its place. */
export interface SlamService {
  call<R extends SlamRequest>(request: R, transfers?: ArrayBuffer[]): Promise<SlamReplies[R['type']]>;
  terminate(): Promise<void>;
  /** Why the thread is gone, if it is. */
  readonly failure: Error | undefined;
}

interface Waiting {
  resolve(reply: never): void;
  reject(error: Error): void;
}

/** The SLAM system in a thread of its own, seen from the main thread: requests are answered in order. */
export class SlamLink implements SlamService {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #dead: Error | undefined;
  #warnings: readonly string[] = [];

  private constructor(data: SlamThreadData) {
    this.#worker = new Worker(compiledUrl(import.meta.url, './slam-worker.js'), { workerData: data });
    this.#worker.on('message', (answer: SlamAnswer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the SLAM thread ended with code ${code}`)));
  }

  /** Starts the thread and waits until the system is ready. @throws whatever the factory threw */
  static async start(data: SlamThreadData): Promise<SlamLink> {
    const link = new SlamLink(data);
    try {
      const { warnings } = await link.#answer<'reset'>(0);
      link.#warnings = warnings;
      return link;
    } catch (error) {
      await link.terminate();
      throw error;
    }
  }

  get failure(): Error | undefined {
    return this.#dead;
  }

  /** What there is to say about how the system was made. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** @param transfers buffers in the request that are handed over instead of copied */
  async call<R extends SlamRequest>(
    request: R,
    transfers: ArrayBuffer[] = [],
  ): Promise<SlamReplies[R['type']]> {
    if (this.#dead) throw this.#dead;
    const id = this.#next++;
    const answer = this.#answer<R['type']>(id);
    this.#worker.postMessage({ id, request } satisfies SlamEnvelope, transfers);
    return answer;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer<T extends keyof SlamReplies>(id: number): Promise<SlamReplies[T]> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(answer: SlamAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(unpackError(answer.error));
    else waiting?.resolve(answer.reply as never);
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
