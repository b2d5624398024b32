import { MapViewer } from '../host/viewer-feed/map-viewer.js';
import type { Box } from '../completion/complete-region.js';
import type { SlamClient } from '../host/client.js';
import { CompletionThread } from '../host/completion/completion-thread.js';
import { meshRegion } from '../host/completion/mesh-region.js';
import { ObjectCompleter } from '../host/completion/object-completer.js';
import type { RegionSurface } from '../host/completion/region-surface.js';
import type { HostEvent } from '../host/protocol.js';
import type { ControlFrame } from '../viewer/protocol/index.js';
import type { ViewerStatus } from '../viewer/server/index.js';
import type { Mesh } from '../mesh/mesh.js';
import { TOUCH_STREAM } from '../host/viewer-feed/shown-touches.js';
import { OBJECT_BOX } from '../host/viewer-feed/shown-objects.js';
import { ReplayPace } from './replay-pace.js';
import type { RunLog } from './run-log.js';
import { packageVersion } from './version.js';

export interface ReplayViewOptions {
  readonly port: number;
  readonly host: string;
  readonly token?: string | undefined;
  /** What the page shows as its title. */
  readonly title: string;
  /** Distance of fine corners, metres. */
  readonly voxel: number;
  /** Whether a camera's pictures are shown. */
  readonly camera: boolean;
  /** Whether a tactile sensor's pictures are shown. */
  readonly touch: boolean;
  /** Scans expected in all, where known. */
  readonly total: () => number | undefined;
}

/** A paused run goes on when nobody has watched it for so long, ms. */
const ALONE_MS = 5000;
/** Objects are completed again so often where the map has changed, ms. */
const REFRESH_MS = 2000;

/**
 * Shows a replay in the browser, with pause and speed.
 *
 * @example
 * const view = new ReplayView(log, { port: 8080, host: '127.0.0.1', title: 'drive', voxel: 0.15, camera: false, touch: false, total: () => 100 });
 * const addresses = await view.start();
 * view.attach(slam);
 * slam.listen((event) => view.take(event));
 */
export class ReplayView {
  readonly pace = new ReplayPace();
  readonly #viewer: MapViewer;
  #slam: SlamClient | undefined;
  #phase: ViewerStatus['phase'] = 'waiting';
  #meshFile: string | undefined;
  #mesh: Mesh | undefined;
  readonly #objects: ObjectCompleter;
  readonly #refresh: NodeJS.Timeout;
  #alone: NodeJS.Timeout | undefined;

  /** @throws FeltmapError bad-config for a token that cannot be used */
  constructor(log: RunLog, { port, host, token, title, voxel, camera, touch, total }: ReplayViewOptions) {
    const solver = new CompletionThread();
    const completer = new ObjectCompleter({ solver, region: (box) => this.#region(box, voxel) });
    this.#objects = completer;
    this.#refresh = setInterval(() => void completer.refresh(), REFRESH_MS).unref();
    this.#viewer = new MapViewer({
      port,
      host,
      ...(token === undefined ? {} : { token }),
      hello: {
        version: packageVersion(),
        mode: 'replay',
        title,
        voxel,
        can: { pause: true, speed: true, mesh: true, trajectory: true },
        streams: [
          ...(camera ? [{ stream: 0, name: 'color', kind: 'rgb' } as const] : []),
          ...(touch ? [TOUCH_STREAM] : []),
        ],
      },
      trajectory: log.trajectory,
      slam: () => this.#slam,
      activity: () => ({
        phase: this.#phase,
        droppedScans: 0, // a replay waits for the system
        replay: {
          ...(total() === undefined ? {} : { total: total()! }),
          position: log.recordedSeconds,
          paused: this.pace.paused,
          speed: this.pace.speed,
        },
      }),
      control: (frame) => this.#control(frame),
      objects: { completer, size: () => OBJECT_BOX },
      watched: (anybody) => this.#watched(anybody),
      meshFile: () => this.#meshFile,
    });
  }

  /** Starts to listen. @returns addresses to open @throws FeltmapError when it cannot */
  start(): Promise<string[]> {
    return this.#viewer.start();
  }

  async close(): Promise<void> {
    clearTimeout(this.#alone);
    clearInterval(this.#refresh);
    await this.#objects.close();
    await this.#viewer.close();
  }

  /** The SLAM thread is ready. */
  attach(slam: SlamClient): void {
    this.#slam = slam;
    this.#viewer.attach();
  }

  /** Shows an event; call after the log has it. */
  take(event: HostEvent): void {
    if (event.type === 'result' || event.type === 'touch')
      this.#phase = this.pace.paused ? 'paused' : 'running';
    this.#viewer.take(event);
  }

  /** All is written. @param meshFile the finished mesh as GLB @param mesh the same, in odom */
  finished(meshFile: string | undefined, mesh: Mesh): void {
    this.#phase = 'finished';
    this.#mesh = mesh;
    clearInterval(this.#refresh);
    this.#meshFile = meshFile;
    this.#viewer.publish();
    this.#slam = undefined;
  }

  /** Of the live map, and of the finished mesh when the thread has ended. */
  #region(box: Box, voxel: number): Promise<RegionSurface> | undefined {
    if (this.#slam) return this.#slam.call({ type: 'region', box });
    return this.#mesh && Promise.resolve(meshRegion(this.#mesh, voxel, box));
  }

  /** Who pauses and leaves does not keep the run waiting; a page that is loaded again has some seconds to come back. */
  #watched(anybody: boolean): void {
    clearTimeout(this.#alone);
    if (anybody || !this.pace.paused) return;
    this.#alone = setTimeout(() => this.#control({ type: 'control', command: 'resume', value: 0 }), ALONE_MS);
  }

  #control({ command, value }: ControlFrame): void {
    if (this.#phase === 'finished') return;
    if (command === 'pause') this.pace.pause();
    else if (command === 'resume') this.pace.resume();
    else this.pace.setSpeed(value);
    if (this.#phase !== 'waiting') this.#phase = this.pace.paused ? 'paused' : 'running';
    this.#viewer.publish();
  }
}
