import { Worker } from 'node:worker_threads';
import { compiledUrl } from '../compute/compiled-url.js';
import { isColorFrame, isImuBatch, isPosed } from '../sensors/measurement.js';
import type { Measurement, PosedMeasurement } from '../sensors/measurement.js';
import {
  unpackError,
  type HostEvent,
  type SlamEnvelope,
  type SlamFinal,
  type SlamMessage,
  type SlamReplies,
  type SlamRequest,
  type SlamThreadData,
} from './protocol.js';
import { handOver } from './transfer.js';

/** What the main thread needs of the SLAM thread; tests put something simpler in its place. */
export interface SlamService {
  /** @param transfers buffers in the request that are handed over instead of copied */
  call<R extends SlamRequest>(request: R, transfers?: ArrayBuffer[]): Promise<SlamReplies[R['type']]>;
  /** Hears of everything that happens in the map, in order. @returns ends that */
  listen(listener: (event: HostEvent) => void): () => void;
  terminate(): Promise<void>;
  /** Why the thread is gone, if it is. */
  readonly failure: Error | undefined;
}

interface Waiting {
  resolve(reply: never): void;
  reject(error: Error): void;
}

/** Scans that may wait in the thread's inbox. */
const QUEUE = 3;

/**
 * The SLAM system in a thread of its own, seen from the main thread: requests are answered in order, events come in
 * between.
 *
 * @example
 * const slam = await SlamClient.start({ config, factoryUrl });
 * slam.listen((event) => { if (event.type === 'pose') console.log(event.pose); });
 * for await (const scan of scans) await slam.submit(scan); // waits while the thread has enough to do
 * const { mesh } = await slam.finish();
 */
export class SlamClient implements SlamService {
  readonly #worker: Worker;
  readonly #queue: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: HostEvent) => void>();
  /** Scans under way; none of these promises is ever rejected. */
  readonly #submitted = new Set<Promise<void>>();
  readonly #warnings: string[] = [];
  #next = 1;
  #scanError: Error | undefined;
  #dead: Error | undefined;

  private constructor(data: SlamThreadData, queue: number) {
    this.#queue = queue;
    this.#worker = new Worker(compiledUrl(import.meta.url, './worker.js'), { workerData: data });
    this.#worker.on('message', (message: SlamMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the SLAM thread ended with code ${code}`)));
  }

  /**
   * Starts the thread and waits until the system is ready.
   *
   * @param options `queue`: scans after which `submit` waits
   * @throws whatever the factory threw
   */
  static async start(options: SlamThreadData & { readonly queue?: number }): Promise<SlamClient> {
    const { queue = QUEUE, ...data } = options;
    const client = new SlamClient(data, queue);
    try {
      const { warnings } = await client.#answer<'reset'>(0);
      client.#warnings.push(...warnings);
      return client;
    } catch (error) {
      await client.terminate();
      throw error;
    }
  }

  get failure(): Error | undefined {
    return this.#dead;
  }

  /** What the user should know about how the system was made and what has happened since. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  listen(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws what the request's work throws, and whatever ended the thread */
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

  /**
   * Hands a measurement over (its arrays are gone afterwards) as soon as there is room in the queue: nothing is dropped.
   * @throws the error of an earlier scan; call `finish` to get what was mapped before it
   */
  async submit(measurement: Measurement): Promise<void> {
    if (!isPosed(measurement)) {
      const { request, transfers } = requestOf(measurement);
      this.call(request, transfers).catch((error: Error) => (this.#scanError ??= error));
      return;
    }
    while (this.#submitted.size >= this.#queue && !this.#scanError) await Promise.race(this.#submitted);
    if (this.#scanError) throw this.#scanError;
    const { message, transfers } = handOver(measurement);
    const done: Promise<void> = this.call({ type: 'scan', scan: message }, transfers)
      .catch((error: Error) => void (this.#scanError ??= error))
      .then(() => void this.#submitted.delete(done));
    this.#submitted.add(done);
  }

  /** Waits until every submitted scan is answered. @throws the error of the scan that failed */
  async drain(): Promise<void> {
    await Promise.all(this.#submitted);
    if (this.#scanError) throw this.#scanError;
  }

  /** Mesh, cloud and map of all scans processed; ends the thread. Works after a failed scan, too. */
  finish(): Promise<SlamFinal> {
    return this.call({ type: 'finish' });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer<T extends keyof SlamReplies>(id: number): Promise<SlamReplies[T]> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(message: SlamMessage): void {
    if ('event' in message) {
      const { event } = message;
      if (event.type === 'warnings') this.#warnings.push(...event.warnings);
      for (const listener of this.#listeners) listener(event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(unpackError(message.error));
    else waiting?.resolve(message.reply as never);
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

/** What goes with measurements that have poses. */
function requestOf(measurement: Exclude<Measurement, PosedMeasurement>): {
  request: SlamRequest;
  transfers?: ArrayBuffer[];
} {
  if (isImuBatch(measurement)) return { request: { type: 'imu', batch: measurement } };
  if (!isColorFrame(measurement)) return { request: { type: 'odometry', batch: measurement } };
  const { message, transfers } = handOver(measurement);
  return { request: { type: 'picture', frame: message }, transfers };
}
