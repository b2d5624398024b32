import type { Config } from '../config/schema.js';
import { setByPath } from '../config/set-path.js';
import { encodePly } from '../export/ply.js';
import { FeltmapError } from '../geometry/errors.js';
import { transformPoint, type Pose } from '../geometry/se3.js';
import { decodePointCloud2, encodePointCloud2 } from '../messages/pointcloud2.js';
import type { Mesh } from '../mesh/mesh.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { pointCloud2FromScan } from '../sensors/lidar/to-pointcloud2.js';
import { FIRST_SUBMAP, type SlamEvent } from '../slam/events.js';
import type { ScanResult, Slam, SlamView } from '../slam/types.js';
import { GyroHints } from './gyro-hints.js';
import { MeshStream } from './mesh-feed/mesh-stream.js';
import type {
  CloudRequest,
  HostEvent,
  ResultEvent,
  SlamFactory,
  SlamReplies,
  SlamRequest,
  SlamThreadData,
} from './protocol.js';
import { copied } from './transfer.js';
import { ViewCollector } from './viewer-feed/view-collector.js';

export type HostOptions = Omit<SlamThreadData, 'factoryUrl'>;

/** The SLAM thread's side: owns the SLAM system, answers requests one by one and posts what happens. */
export class SlamHost {
  #slam!: Slam;
  #config!: Config;
  #collector: ViewCollector | undefined;
  #gyro!: GyroHints;
  readonly #mesh = new MeshStream();
  #watched = false;
  /** Warnings that the main thread has. */
  #told = 0;
  /** Number of the scan whose pose has been sent last. */
  #posed: number | undefined;
  #scanError: unknown;

  private constructor(
    private readonly make: SlamFactory,
    private readonly options: HostOptions,
    private readonly post: (event: HostEvent) => void,
  ) {}

  /** @param post sends an event; its arrays are the receiver's */
  static async create(
    make: SlamFactory,
    options: HostOptions,
    post: (event: HostEvent) => void,
  ): Promise<SlamHost> {
    const host = new SlamHost(make, options, post);
    host.#use(await make(options.config, options.map), options.config);
    return host;
  }

  get warnings(): readonly string[] {
    return this.#slam.warnings ?? [];
  }

  /** @throws FeltmapError what the request's work throws; the system stays as it was */
  async handle(request: SlamRequest): Promise<SlamReplies[keyof SlamReplies]> {
    switch (request.type) {
      case 'scan':
        return this.#map(request.scan);
      case 'cloud':
        return this.#mapCloud(request);
      case 'imu':
        if (this.#slam.imu) this.#slam.imu(request.batch);
        else this.#gyro.add(request.batch);
        return undefined;
      case 'mesh':
        if (request.restart) this.#mesh.restart();
        return this.#mesh.next((version) => this.#view.meshChanges(version), request);
      case 'watch':
        this.#watched = request.active;
        if (this.#collector) this.#collector.active = request.active;
        return undefined;
      case 'flush-view':
        this.#collector?.flush();
        return undefined;
      case 'reset':
        return this.#reset(request.config, request.map);
      case 'configure':
        for (const [path, value] of request.settings) setByPath(this.#config, path, value);
        return undefined;
      case 'save-map':
        return { files: this.#slam.save() };
      case 'save-mesh':
        return plyOf(this.#slam.mesh(), request.origin, request.frame);
      case 'finish':
        return this.#finish();
    }
  }

  async close(): Promise<void> {
    this.#collector?.stop();
    await this.#slam.close();
  }

  /** Makes a system the one that is asked from now on. */
  #use(slam: Slam, config: Config): void {
    this.#slam = slam;
    this.#config = config;
    this.#gyro = new GyroHints();
    this.#told = this.warnings.length;
    this.#posed = this.#scanError = undefined;
    slam.listen?.((event) => this.#pass(event));
    this.#collector?.stop();
    this.#collector =
      this.options.view && slam.view
        ? new ViewCollector(slam.view, (update) => this.post({ type: 'view', update }))
        : undefined;
    if (this.#collector) this.#collector.active = this.#watched;
  }

  get #view(): SlamView {
    const { view } = this.#slam;
    if (!view)
      throw new FeltmapError('unsupported', 'This SLAM system cannot be watched; the node needs that');
    return view;
  }

  #mapCloud({ bytes, mount, secondary, undistorted }: CloudRequest): undefined {
    const begin = performance.now();
    const decoded = scanFromPointCloud2(decodePointCloud2(bytes));
    const decodeMs = performance.now() - begin;
    if (decoded.count === 0)
      throw new FeltmapError('bad-input', `The cloud in '${decoded.frameId}' is empty; check the sensor`);
    this.#map({ ...decoded, mount, ...(secondary ? { secondary } : {}) }, () => ({
      decodeMs,
      ...(undistorted ? { cloud: this.#undistorted(decoded) } : {}),
    }));
    return undefined;
  }

  /** @param extra what goes with the result, once it is there */
  #map(scan: LidarScan, extra?: () => Partial<ResultEvent>): undefined {
    if (this.#scanError !== undefined && this.options.stopAtError) throw this.#scanError;
    const gyro = this.#gyro.hint(scan);
    const before = this.#slam.view?.newestKeyframe;
    let result: ScanResult;
    try {
      result = this.#slam.process(gyro ? { ...scan, gyro } : scan);
    } catch (error) {
      this.#scanError = error ?? new Error('unknown');
      throw error;
    } finally {
      this.#warn();
    }
    this.#gyro.learn(result, scan.mount);
    if (this.#posed !== result.index) this.#pass(poseOf(result, scan, this.#slam.view?.submap));
    this.post({
      type: 'result',
      result: copied(result),
      statistics: this.#slam.statistics(),
      keyframe: this.#slam.view?.newestKeyframe !== before,
      timing: scan.timing,
      decodeMs: 0,
      ...extra?.(),
    });
    this.#collector?.scanned(result);
    return undefined;
  }

  /** Sends an event of the system, at once. */
  #pass(event: SlamEvent): void {
    if (event.type === 'pose') this.#posed = event.index;
    this.post(copied(event));
  }

  #warn(): void {
    const warnings = this.warnings.slice(this.#told);
    this.#told += warnings.length;
    if (warnings.length > 0) this.post({ type: 'warnings', warnings });
  }

  #undistorted({ stampNs, frameId }: LidarScan): Uint8Array<ArrayBuffer> {
    const positions = this.#view.points(Infinity);
    const count = positions.length / 3;
    const scan = { stampNs, frameId, count, positions, timing: 'none' } as const;
    return encodePointCloud2(pointCloud2FromScan(scan)) as Uint8Array<ArrayBuffer>;
  }

  async #reset(config: Config, map?: ReadonlyMap<string, Uint8Array>): Promise<SlamReplies['reset']> {
    // Two maps need twice the memory for a moment, but a map that cannot be read leaves the old one in place.
    const next = await this.make(config, map);
    const before = this.#slam;
    this.#use(next, config);
    this.#mesh.restart();
    await before.close();
    return { warnings: this.warnings };
  }

  #finish(): SlamReplies['finish'] {
    const mesh = this.#slam.mesh();
    this.#collector?.stop();
    this.#collector?.flush();
    const final = { mesh, cloud: this.#slam.cloud(), map: this.#slam.save() };
    this.#warn();
    return { ...final, statistics: this.#slam.statistics() };
  }
}

/** For a system that does not say where a scan is before it has mapped it. */
function poseOf(result: ScanResult, scan: LidarScan, submap = FIRST_SUBMAP): SlamEvent {
  const { index, stampNs, pose, covariance, twist, state, reason } = result;
  return {
    type: 'pose',
    index,
    sensor: scan.frameId,
    stampNs,
    submap,
    pose,
    covariance,
    twist,
    state,
    reason,
  };
}

function plyOf(mesh: Mesh, origin: Pose, frame: string): SlamReplies['save-mesh'] {
  const placed = moved(mesh, origin);
  const ply = encodePly(placed, ['feltmap', `metres, frame ${frame}`]) as Uint8Array<ArrayBuffer>;
  return { ply, triangles: placed.indices.length / 3 };
}

function moved(mesh: Mesh, T: Pose): Mesh {
  const positions = mesh.positions.slice();
  for (let i = 0; i < positions.length; i += 3)
    positions.set(transformPoint(T, positions[i]!, positions[i + 1]!, positions[i + 2]!), i);
  const normals = mesh.normals?.slice();
  const R = Float64Array.from(T, (v, i) => (i % 4 === 3 ? 0 : v));
  if (normals)
    for (let i = 0; i < normals.length; i += 3)
      normals.set(transformPoint(R, normals[i]!, normals[i + 1]!, normals[i + 2]!), i);
  return { ...mesh, positions, ...(normals ? { normals } : {}) };
}
