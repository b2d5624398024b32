import type { Pose } from '../geometry/se3.js';
import { mapFigures } from '../host/viewer-feed/map-figures.js';
import { showUpdate } from '../host/viewer-feed/show-update.js';
import type { ViewUpdate } from '../host/viewer-feed/view-update.js';
import { ViewerServer, type ViewerFeed, type ViewerStatus } from '../viewer/server/index.js';
import type { MapStatistics, ScanResult } from '../slam/types.js';
import { RateMeter } from './rates.js';
import type { SlamService } from './slam-link.js';

export interface ViewerOutputOptions {
  readonly port: number;
  readonly host: string;
  /** Empty: a random one where the host is more than this machine, else none. */
  readonly token: string;
  readonly title: string;
  readonly version: string;
  /** Distance of fine corners, metres. */
  readonly voxel: number;
  readonly slam: () => SlamService | undefined;
  /** What the node does. */
  readonly phase: () => ViewerStatus['phase'];
  /** Scans that could not be used. */
  readonly dropped: () => number;
}

/** The browser viewer of a node: results and changes of the mesh on one side, the server on the other. */
export class ViewerOutput implements ViewerFeed {
  readonly #server: ViewerServer;
  readonly #rate = new RateMeter();
  /** Seconds since the first scan, by index of the scan. */
  readonly #times = new Map<number, number>();
  #firstNs: bigint | undefined;
  #last: { readonly result: ScanResult; readonly statistics: MapStatistics } | undefined;
  #position: ArrayLike<number> | undefined;
  #distance = 0;
  #scans = 0;
  #active = false;
  #busy = false;

  private constructor(private readonly options: ViewerOutputOptions) {
    const { port, host, token, title, version, voxel } = options;
    this.#server = new ViewerServer({
      port,
      host,
      ...(token === '' ? {} : { token }),
      hello: {
        version,
        mode: 'live',
        title,
        voxel,
        can: { pause: false, speed: false, mesh: true, trajectory: true },
        streams: [],
      },
      feed: this,
    });
  }

  /**
   * Starts to listen.
   * @returns it, and the addresses to open
   * @throws FeltmapError bad-config for a token that cannot be used, or when it cannot listen there
   */
  static async start(options: ViewerOutputOptions): Promise<{ viewer: ViewerOutput; urls: string[] }> {
    const viewer = new ViewerOutput(options);
    const urls = await viewer.#server.start();
    viewer.#publish();
    return { viewer, urls };
  }

  /** Addresses are given by {@link start}; this is the port that was taken. */
  get port(): number {
    return this.#server.port;
  }

  /** Where the map lies: T_odom_map. */
  origin(pose: Pose): void {
    this.#server.submapPose(0, pose);
  }

  /** A scan was processed: T_map_sensor, state, times. */
  result(result: ScanResult, statistics: MapStatistics, keyframe: boolean): void {
    const { index, stampNs, pose, state } = result;
    this.#firstNs ??= stampNs;
    this.#times.set(index, Number(stampNs - this.#firstNs) / 1e9);
    this.#last = { result, statistics };
    this.#scans++;
    this.#rate.tick();
    if (state !== 'lost') {
      if (this.#position) this.#distance += between(this.#position, pose);
      this.#position = pose;
    }
    const at = this.#server.addPose({ stampNs, pose, submap: 0, state });
    if (keyframe) this.#server.addKeyframe(at);
    this.#publish();
  }

  /** Brings changes of the mesh over, where somebody watches; to be called some times a second. */
  async tick(): Promise<void> {
    this.#publish();
    const slam = this.options.slam();
    if (!slam || !this.#active || this.#busy) return;
    this.#busy = true;
    try {
      this.#show(await slam.call({ type: 'view', all: false }));
    } finally {
      this.#busy = false;
    }
  }

  /** The map starts anew. */
  reset(): void {
    this.#server.reset();
    this.#times.clear();
    this.#firstNs = this.#last = this.#position = undefined;
    this.#distance = this.#scans = 0;
    this.#publish();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  setActive(active: boolean): void {
    this.#active = active;
  }

  async flush(): Promise<void> {
    const slam = this.options.slam();
    while (slam && this.#show(await slam.call({ type: 'view', all: true })));
  }

  #show(update: ViewUpdate | undefined): boolean {
    if (!update) return false;
    const last = this.#last?.result;
    const time = (last && this.#times.get(last.index)) ?? 0;
    showUpdate(this.#server, update, {
      timeOf: (scan) => this.#times.get(scan),
      time,
      placeOf: (scan) => (last?.index === scan ? last : undefined),
    });
    return true;
  }

  #publish(): void {
    const result = this.#last?.result;
    const statistics = this.#last?.statistics;
    this.#server.status({
      state: result?.state ?? 'tracking',
      reason: result?.reason ?? '',
      phase: this.options.phase(),
      scans: this.#scans,
      scanRate: this.#rate.rate,
      latency: { ...result?.times },
      distance: this.#distance,
      ...(statistics
        ? mapFigures(statistics)
        : { blocks: 0, voxels: 0, triangles: 0, keyframes: 0, mapMemory: 0 }),
      droppedScans: this.options.dropped(),
    });
  }
}

/** Distance between two positions, metres. */
function between(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.hypot(b[3]! - a[3]!, b[7]! - a[7]!, b[11]! - a[11]!);
}
