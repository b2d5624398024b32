import {
  MessageChannel,
  parentPort,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from 'node:worker_threads';
import { FeltmapError, type ErrorCode } from '../geometry/errors.js';

/** What a thread that answers calls is started with. */
export interface CallChannel {
  readonly port: MessagePort;
  /** Word 0: number of the last call answered; word 1: 1 once the thread is gone. */
  readonly signal: Int32Array;
}

export interface Request {
  readonly call: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Reply =
  | { readonly value: unknown }
  | { readonly error: { readonly message: string; readonly code?: ErrorCode; readonly lost: boolean } };

/**
 * The device that the other thread works on is gone.
 *
 * @example
 * if (error instanceof LostError) startAgain(error.message); // what the thread held is gone
 */
export class LostError extends Error {}

/** Longest wait for an answer; the longest calls compile kernels, load a large map or run tfjs on a software adapter. */
const PATIENCE_MS = 120_000;

/**
 * Calls to another thread that wait for their answer. WebGPU answers by promises only; with the device in a thread of
 * its own, the thread that runs SLAM can ask it as it asks the kernels of engine wasm, which block as well.
 *
 * @example
 * const caller = new SyncCaller(new URL('./host.js', import.meta.url), { memory });
 * await caller.ready;
 * const answer = caller.call('query', points); // this thread waits
 * await caller.close();
 */
export class SyncCaller {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal: Int32Array;
  /** When the thread can be asked; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly #patience: number;
  #call = 0;
  /** Why no more answers are waited for. */
  #gone: string | undefined;

  /** @param patience longest wait for an answer, milliseconds */
  constructor(url: URL, data: Record<string, unknown>, patience = PATIENCE_MS) {
    this.#patience = patience;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#signal = new Int32Array(new SharedArrayBuffer(8));
    this.#worker = new Worker(url, {
      workerData: { ...data, port: port2, signal: this.#signal },
      transferList: [port2],
    });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.once('message', () => {
        this.#worker.unref(); // does not keep the process alive
        resolve();
      });
      this.#worker.on('error', reject); // later errors are reported by the signal
      this.#worker.once('exit', (code) => reject(new LostError(`its thread ended with code ${code}`)));
    });
    this.#port.unref();
  }

  /** False once the thread ended or did not answer in time: every call fails at once from then on. */
  get alive(): boolean {
    return this.#gone === undefined;
  }

  /**
   * @throws LostError when the device is gone or does not answer, FeltmapError and Error as the other thread threw them
   */
  call(name: string, argument?: unknown): unknown {
    if (this.#gone !== undefined) throw new LostError(this.#gone);
    const call = ++this.#call;
    this.#port.postMessage({ call, name, argument } satisfies Request);
    const end = performance.now() + this.#patience;
    for (;;) {
      const answered = Atomics.load(this.#signal, 0);
      if (answered === call) break;
      if (Atomics.load(this.#signal, 1) === 1) this.#gone = 'its thread ended';
      else if (performance.now() > end) this.#gone = `no answer to ${name} in ${this.#patience / 1000} s`;
      if (this.#gone !== undefined) throw new LostError(this.#gone);
      Atomics.wait(this.#signal, 0, answered, Math.min(500, this.#patience));
    }
    const { message } = receiveMessageOnPort(this.#port) as { message: Reply };
    if ('value' in message) return message.value;
    const { error } = message;
    if (error.lost) throw new LostError(error.message);
    throw error.code ? new FeltmapError(error.code, error.message) : new Error(error.message);
  }

  async close(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }
}

/** Answers calls one after the other. To be called once everything that the thread needs is imported. */
export function answer(
  { port, signal }: CallChannel,
  handlers: Readonly<Record<string, (argument: never, reply: (value?: unknown) => void) => Promise<unknown>>>,
  isLost: (error: unknown) => boolean,
): void {
  process.once('exit', () => {
    Atomics.store(signal, 1, 1);
    Atomics.notify(signal, 0);
  });
  parentPort?.postMessage('ready');
  let queue: Promise<void> = Promise.resolve();
  let late: unknown; // thrown after a call was answered; the next call throws it
  port.on('message', ({ call, name, argument }: Request) => {
    queue = queue.then(async () => {
      let replied = false;
      const send = (reply: Reply): void => {
        if (replied) return;
        replied = true;
        port.postMessage(reply);
        Atomics.store(signal, 0, call);
        Atomics.notify(signal, 0);
      };
      const fail = (error: unknown): void => {
        const message = error instanceof Error ? error.message : String(error);
        const code = error instanceof FeltmapError ? { code: error.code } : {};
        send({ error: { message, ...code, lost: isLost(error) } });
      };
      try {
        if (late !== undefined && name !== 'open') {
          const error = late;
          late = undefined;
          return fail(error);
        }
        late = undefined;
        const value = await handlers[name]!(argument as never, (early) => send({ value: early }));
        send({ value });
      } catch (error) {
        if (replied) late = error;
        else fail(error);
      }
    });
  });
}
