import { Worker } from 'node:worker_threads';
import { compiledUrl } from '../compute/compiled-url.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import type { MapStatistics, ScanResult } from '../slam/types.js';
import {
  unpackError,
  type SlamFinal,
  type SlamReply,
  type SlamRequest,
  type SlamWorkerData,
} from './protocol.js';
import { transferScan } from './transfer.js';
import type { ViewUpdate } from './viewer-feed/view-update.js';

export interface SlamClientOptions extends SlamWorkerData {
  /** Scans that may wait in the worker's inbox; `submit` waits beyond that, so that nothing is dropped. */
  readonly queue?: number;
  readonly onResult: (result: ScanResult, statistics: MapStatistics, keyframe: boolean) => void;
  /** Gets changes of the mesh while `watch(true)` holds, and those still missing at the end. */
  readonly onView?: (update: ViewUpdate) => void;
}

/** Runs the SLAM system in a thread of its own, seen from the main thread. */
export class SlamClient {
  readonly #worker: Worker;
  readonly #queue: number;
  readonly #onResult: SlamClientOptions['onResult'];
  readonly #onView: SlamClientOptions['onView'];
  #flushesAsked = 0;
  #flushesDone = 0;
  #inFlight = 0;
  #failure: Error | undefined; // start or a scan failed; after a scan the worker still answers `finish`
  #finishFailure: Error | undefined;
  #dead: Error | undefined; // the thread itself is gone
  #final: SlamFinal | undefined;
  #waiting: (() => void)[] = [];
  #ready = false;
  #warnings: readonly string[] = [];

  private constructor(options: SlamClientOptions) {
    const { queue, onResult, onView, ...data } = options;
    this.#queue = queue ?? 3;
    this.#onResult = onResult;
    this.#onView = onView;
    this.#worker = new Worker(compiledUrl(import.meta.url, './worker.js'), {
      workerData: { ...data, view: onView !== undefined } satisfies SlamWorkerData,
    });
    this.#worker.on('message', (reply: SlamReply) => this.#receive(reply));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the SLAM thread ended with code ${code}`)));
  }

  /** What there is to say about how the system was made and what befell it since. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Starts the thread and waits until the system is ready. @throws whatever the factory threw. */
  static async start(options: SlamClientOptions): Promise<SlamClient> {
    const client = new SlamClient(options);
    await client.#until(() => client.#ready || client.#failure !== undefined);
    if (client.#failure) {
      await client.terminate();
      throw client.#failure;
    }
    return client;
  }

  /**
   * Hands a scan over (its arrays are gone afterwards) as soon as there is room in the queue.
   * @throws the error of an earlier scan; call `finish` to get what was mapped before it.
   */
  async submit(scan: LidarScan): Promise<void> {
    await this.#until(() => this.#inFlight < this.#queue || this.#failure !== undefined);
    if (this.#failure) throw this.#failure;
    this.#inFlight++;
    const { scan: owned, transfers } = transferScan(scan);
    this.#worker.postMessage({ type: 'scan', scan: owned } satisfies SlamRequest, transfers);
  }

  /** Waits until every submitted scan is answered. @throws the error of the scan that failed. */
  async drain(): Promise<void> {
    await this.#until(() => this.#inFlight === 0 || this.#failure !== undefined);
    if (this.#failure) throw this.#failure;
  }

  /** Whether `onView` gets anything before the end. */
  watch(active: boolean): void {
    this.#worker.postMessage({ type: 'view', active } satisfies SlamRequest); // a thread that ended ignores it
  }

  /** Waits until `onView` has got all changes of the mesh by the scans submitted so far; at once after the end. */
  async flushView(): Promise<void> {
    const turn = ++this.#flushesAsked;
    this.#worker.postMessage({ type: 'flushView' } satisfies SlamRequest);
    await this.#until(() => this.#flushesDone >= turn || this.#ended);
  }

  /** Mesh, cloud and map of all scans processed; ends the thread. Works after a failed scan too. */
  async finish(): Promise<SlamFinal> {
    this.#worker.postMessage({ type: 'finish' } satisfies SlamRequest);
    await this.#until(() => this.#final !== undefined || this.#finishFailure !== undefined);
    if (!this.#final) throw this.#finishFailure!;
    return this.#final;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive(reply: SlamReply): void {
    if (reply.type === 'ready') {
      this.#ready = true;
      this.#warnings = reply.warnings;
    } else if (reply.type === 'warnings') this.#warnings = reply.warnings;
    else if (reply.type === 'final') this.#final = reply.final;
    else if (reply.type === 'failed') {
      const error = unpackError(reply.error);
      if (reply.during === 'finish') this.#finishFailure = error;
      else this.#failure = error;
    } else if (reply.type === 'view') this.#onView?.(reply.update);
    else if (reply.type === 'viewed') this.#flushesDone++;
    else {
      this.#inFlight--;
      this.#onResult(reply.result, reply.statistics, reply.keyframe);
    }
    this.#wakeAll();
  }

  #die(error: Error): void {
    this.#dead ??= error;
    this.#wakeAll();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#dead) throw this.#dead;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Nothing more will come of the thread. */
  get #ended(): boolean {
    return this.#final !== undefined || this.#finishFailure !== undefined || this.#dead !== undefined;
  }
}
