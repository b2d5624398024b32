import { BLOCK_CORNERS } from '../../kernels/layout/field.js';
import type { Trajectory } from '../../slam/trajectory.js';
import type { CompleteFrame, ControlFrame } from '../../viewer/protocol/index.js';
import {
  ViewerServer,
  type ViewerFeed,
  type ViewerServerOptions,
  type ViewerStatus,
} from '../../viewer/server/index.js';
import type { SlamService } from '../client.js';
import type { HostEvent, ResultEvent } from '../protocol.js';
import { RateMeter } from '../rates.js';
import { ShownObjects, type ShownObjectsOptions } from './shown-objects.js';
import { ShownTouches } from './shown-touches.js';
import { showUpdate } from './show-update.js';

export interface MapViewerOptions extends Omit<ViewerServerOptions, 'feed' | 'trajectory'> {
  /** The path to show; its owner follows the same events, before they are shown. */
  readonly trajectory: Trajectory;
  /** The SLAM thread while there is one. */
  readonly slam: () => SlamService | undefined;
  /** What the program does. */
  readonly activity: () => Pick<ViewerStatus, 'phase' | 'droppedScans' | 'replay'>;
  /** Pause, resume, speed. */
  readonly control?: (frame: ControlFrame) => void;
  /** Somebody has the page open, or nobody any more. */
  readonly watched?: (anybody: boolean) => void;
  /** Objects that somebody points at; without it none are completed. */
  readonly objects?: ShownObjectsOptions;
  /** A finished mesh as GLB file. */
  readonly meshFile?: () => string | undefined;
}

/**
 * A map that is being made, in the browser: events of the SLAM thread on one side, the viewer's server on the other.
 *
 * @example
 * const viewer = new MapViewer({ port: 8080, hello, trajectory, slam: () => slam, activity });
 * const addresses = await viewer.start();
 * slam.listen((event) => viewer.take(event));
 */
export class MapViewer implements ViewerFeed {
  readonly #server: ViewerServer;
  readonly #rate = new RateMeter();
  readonly #objects: ShownObjects | undefined;
  readonly #touches: ShownTouches;
  #last: Pick<ResultEvent, 'result' | 'statistics'> | undefined;
  #scans = 0;
  #active = false;

  /** @throws FeltmapError bad-config for a token that cannot be used */
  constructor(private readonly options: MapViewerOptions) {
    const { hello, objects } = options;
    const can = { ...hello.can, complete: objects !== undefined };
    this.#server = new ViewerServer({ ...options, hello: { ...hello, can }, feed: this });
    this.#touches = new ShownTouches(this.#server, options.trajectory);
    this.#objects = objects && new ShownObjects(this.#server, objects);
  }

  /** Starts to listen. @returns addresses to open @throws FeltmapError when it cannot listen there */
  async start(): Promise<string[]> {
    const urls = await this.#server.start();
    this.publish();
    return urls;
  }

  /** The port that was taken. */
  get port(): number {
    return this.#server.port;
  }

  /** Shows what has happened; the trajectory has it already. */
  take(event: HostEvent): void {
    const { trajectory } = this.options;
    switch (event.type) {
      case 'pose':
        this.#server.poses(trajectory.length - 1);
        break;
      case 'refined':
        for (const { index } of event.poses) this.#changed(index);
        break;
      case 'submaps':
        for (const { id } of event.submaps) this.#server.submapPose(id, trajectory.submap(id));
        break;
      case 'view':
        showUpdate(this.#server, event.update, trajectory);
        break;
      case 'result':
        this.#last = event;
        this.#scans++;
        this.#rate.tick();
        this.#changed(event.result.index);
        if (event.keyframe) this.#server.addKeyframe(trajectory.placeOf(event.result.index) ?? 0);
        this.publish();
        break;
      case 'touch':
        this.#touches.take(event);
        // Beside others they say how the map does, by touch alone nobody else.
        this.#last = this.#scans > 0 && this.#last ? { ...this.#last, statistics: event.statistics } : event;
        this.publish();
    }
  }

  /** There is a SLAM thread: says whether somebody watches. */
  attach(): void {
    this.setActive(this.#active);
  }

  /** The map starts anew. */
  reset(): void {
    this.#server.reset();
    this.#touches.reset();
    this.#last = undefined;
    this.#scans = 0;
    this.publish();
  }

  /** Sends the state of things. */
  publish(): void {
    const { result, statistics } = this.#last ?? {};
    const { blocks = 0, triangles = 0, keyframes = 0, memoryBytes = 0 } = statistics ?? {};
    const activity = this.options.activity();
    this.#server.status({
      state: result?.state ?? 'tracking',
      reason: result?.reason ?? '',
      scans: this.#scans,
      scanRate: activity.phase === 'running' ? this.#rate.rate : 0,
      latency: { ...result?.times },
      distance: this.options.trajectory.distance,
      blocks,
      voxels: blocks * BLOCK_CORNERS,
      triangles,
      keyframes,
      mapMemory: memoryBytes,
      ...activity,
    });
  }

  close(): Promise<void> {
    this.#objects?.close();
    return this.#server.close();
  }

  setActive(active: boolean): void {
    this.#active = active;
    // A thread that has ended has no more to show.
    void this.options.slam()?.call({ type: 'watch', active }).catch(ignore);
  }

  async flush(): Promise<void> {
    await this.options.slam()?.call({ type: 'flush-view' }).catch(ignore);
  }

  watched(anybody: boolean): void {
    this.options.watched?.(anybody);
  }

  control(frame: ControlFrame): void {
    this.options.control?.(frame);
  }

  complete(frame: CompleteFrame): void {
    this.#objects?.handle(frame);
  }

  meshFile(): string | undefined {
    return this.options.meshFile?.();
  }

  #changed(index: number): void {
    const place = this.options.trajectory.placeOf(index);
    if (place !== undefined) this.#server.poses(place);
  }
}

function ignore(): void {}
