import type { ControlFrame } from '../viewer/protocol/index.js';
import { ViewerServer, type ViewerFeed, type ViewerStatus } from '../viewer/server/index.js';
import type { ScanResult } from '../slam/types.js';
import { mapFigures } from '../host/viewer-feed/map-figures.js';
import { ReplayPace } from './replay-pace.js';
import type { RunLog } from './run-log.js';
import type { SlamClient } from '../host/client.js';
import { packageVersion } from './version.js';
import { showUpdate } from '../host/viewer-feed/show-update.js';
import type { ViewUpdate } from '../host/viewer-feed/view-update.js';

export interface ReplayViewOptions {
  readonly port: number;
  readonly host: string;
  readonly token?: string | undefined;
  /** What the page shows as its title. */
  readonly title: string;
  /** Distance of fine corners, metres. */
  readonly voxel: number;
  /** Scans expected in all, where known. */
  readonly total: () => number | undefined;
}

/** Shows a replay in the browser: the run's log and the SLAM thread's updates on one side, the server on the other. */
export class ReplayView implements ViewerFeed {
  readonly pace = new ReplayPace();
  readonly #server: ViewerServer;
  readonly #log: RunLog;
  readonly #total: () => number | undefined;
  #slam: SlamClient | undefined;
  #active = false;
  #phase: ViewerStatus['phase'] = 'waiting';
  #meshFile: string | undefined;
  /** Wall-clock times of the latest scans, ms. */
  readonly #recent: number[] = [];

  /** @throws FeltmapError bad-config for a token that cannot be used */
  constructor(log: RunLog, options: ReplayViewOptions) {
    const { port, host, token, title, voxel, total } = options;
    this.#log = log;
    this.#total = total;
    this.#server = new ViewerServer({
      port,
      host,
      ...(token === undefined ? {} : { token }),
      hello: {
        version: packageVersion(),
        mode: 'replay',
        title,
        voxel,
        can: { pause: true, speed: true, mesh: true, trajectory: true },
        streams: [],
      },
      feed: this,
    });
  }

  /** Starts to listen. @returns addresses to open @throws FeltmapError when it cannot */
  async start(): Promise<string[]> {
    const urls = await this.#server.start();
    this.#publish();
    return urls;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** The SLAM thread is ready. */
  attach(slam: SlamClient): void {
    this.#slam = slam;
    slam.watch(this.#active);
  }

  /** A scan is done; call after the log has it. */
  result(result: ScanResult, keyframe: boolean): void {
    const { stampNs, pose, state } = result;
    const index = this.#server.addPose({ stampNs, pose, submap: 0, state });
    if (keyframe) this.#server.addKeyframe(index);
    this.#recent.push(performance.now());
    if (this.#recent.length > 30) this.#recent.shift();
    this.#phase = this.pace.paused ? 'paused' : 'running';
    this.#publish();
  }

  update(update: ViewUpdate): void {
    const { results, recordedSeconds } = this.#log;
    const first = results[0]?.stampNs;
    const timeOf = (scan: number): number | undefined => {
      const at = results[scan]?.stampNs;
      return at === undefined || first === undefined ? undefined : Number(at - first) / 1e9;
    };
    const placeOf = (scan: number): ScanResult | undefined => results[scan];
    showUpdate(this.#server, update, { timeOf, time: recordedSeconds, placeOf });
  }

  /** All is written. @param meshFile the finished mesh as GLB */
  finished(meshFile: string | undefined): void {
    this.#phase = 'finished';
    this.#meshFile = meshFile;
    this.#recent.length = 0;
    this.#publish();
    this.#slam = undefined;
  }

  setActive(active: boolean): void {
    this.#active = active;
    this.#slam?.watch(active);
  }

  async flush(): Promise<void> {
    await this.#slam?.flushView();
  }

  control({ command, value }: ControlFrame): void {
    if (this.#phase === 'finished') return;
    if (command === 'pause') this.pace.pause();
    else if (command === 'resume') this.pace.resume();
    else this.pace.setSpeed(value);
    if (this.#phase !== 'waiting') this.#phase = this.pace.paused ? 'paused' : 'running';
    this.#publish();
  }

  meshFile(): string | undefined {
    return this.#meshFile;
  }

  #publish(): void {
    const { scans, distance, statistics, recordedSeconds } = this.#log;
    const last = this.#log.results.at(-1);
    const total = this.#total();
    this.#server.status({
      state: last?.state ?? 'tracking',
      reason: last?.reason ?? '',
      phase: this.#phase,
      scans,
      scanRate: this.#scanRate(),
      latency: { ...last?.times },
      distance,
      ...mapFigures(statistics),
      droppedScans: 0, // a replay waits for the system
      replay: {
        ...(total === undefined ? {} : { total }),
        position: recordedSeconds,
        paused: this.pace.paused,
        speed: this.pace.speed,
      },
    });
  }

  #scanRate(): number {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)];
    if (first === undefined || last === undefined || this.pace.paused) return 0;
    return last > first ? (1000 * (this.#recent.length - 1)) / (last - first) : 0;
  }
}
