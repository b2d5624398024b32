import type { Config } from '../config/schema.js';
import { setByPath } from '../config/set-path.js';
import { encodePly } from '../export/ply.js';
import { FeltmapError } from '../geometry/errors.js';
import { compose } from '../geometry/se3.js';
import { decodePointCloud2, encodePointCloud2 } from '../messages/pointcloud2.js';
import type { ColorFrame, ColorImage, RgbdFrame } from '../sensors/camera/frame.js';
import { ScanGatherer } from '../sensors/lidar/gather.js';
import { PointTimer } from '../sensors/lidar/point-timer.js';
import { scanFromPointCloud2 } from '../sensors/lidar/pointcloud2.js';
import { isFrame, isScan, isTouch, type PosedMeasurement } from '../sensors/measurement.js';
import { pointCloud2FromScan } from '../sensors/lidar/to-pointcloud2.js';
import type { FinishedMap } from '../slam/mapping/submaps.js';
import type { ScanResult, Slam, SlamView } from '../slam/types.js';
import { MeshStream } from './mesh-feed/mesh-stream.js';
import { regionSurface } from './completion/region-surface.js';
import { planMessages } from './plan-feed.js';
import type {
  CloudRequest,
  HostEvent,
  ResultEvent,
  ScanRequest,
  SlamFactory,
  SlamReplies,
  SlamRequest,
  SlamThreadData,
} from './protocol.js';
import { copied } from './transfer.js';
import { cameraPicture } from './viewer-feed/camera-picture.js';
import { touchPicture } from './viewer-feed/touch-picture.js';
import { ViewCollector } from './viewer-feed/view-collector.js';

/** Without a scan for so long (ms) the mesh catches up, so many blocks at a time: some 50 ms. */
const IDLE_MS = 500;
const IDLE_BLOCKS = 512;
/** So long (ms) after the last touch all are found together, in pieces with pauses, in which scans are mapped. */
const SETTLE = { quiet: 3000, piece: 15, pause: 25 };
/** Pictures of a tactile sensor are so far apart at least. */
const TOUCH_PICTURE_MS = 250;

export type HostOptions = Omit<SlamThreadData, 'factoryUrl'>;

/**
 * The SLAM thread's side: owns the SLAM system, answers requests one by one and posts what happens.
 *
 * @example
 * const host = await SlamHost.create(createSlam, { config }, (event) => port.postMessage(event));
 * const saved = await host.handle({ type: 'save-map' });
 * await host.close();
 */
export class SlamHost {
  #slam!: Slam;
  #config!: Config;
  #collector: ViewCollector | undefined;
  readonly #mesh = new MeshStream();
  #watched = false;
  /** When the last scan came, performance.now(). */
  #scanAt = -Infinity;
  /** When each tactile sensor's picture was sent last. */
  readonly #touchPicturedAt = new Map<string, number>();
  /** Warnings that the main thread has. */
  #reported = 0;
  #scanError: unknown;
  #settling: ReturnType<typeof setTimeout> | undefined;
  /** Of clouds as they come from ROS; how many of its notes the main thread has. */
  #timer = new PointTimer();
  #timesTold = 0;
  #gatherer = new ScanGatherer();
  /** Of gels, for every system that is made. */
  readonly #calibrations: Extract<SlamRequest, { type: 'calibrate-touch' }>[] = [];

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
        return this.#mapScan(request);
      case 'cloud':
        return this.#mapCloud(request);
      case 'imu':
        this.#slam.imu(request.batch);
        return undefined;
      case 'odometry':
        this.#slam.odometry(request.batch);
        return undefined;
      case 'picture':
        this.#slam.picture?.(request.frame);
        this.#photograph(request.frame, request.stream);
        return undefined;
      case 'calibrate-touch':
        this.#calibrations.push(request);
        this.#slam.calibrateTouch?.(request.calibration, request.frameId);
        return undefined;
      case 'retake-references':
        return this.#slam.retakeReferences?.() ?? 0;
      case 'mesh':
        if (request.restart) this.#mesh.restart();
        else if (request.repeat) this.#mesh.repeat();
        return this.#nextMesh(request);
      case 'plan':
        return planMessages(this.#slam, this.#view.submap, request);
      case 'region':
        if (request.whole) this.#slam.meshMore?.(Infinity);
        else this.#catchUp();
        return regionSurface(this.#slam, this.#view.submap, request.box);
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
        if (this.options.settles) this.#settle();
        // What is kept for the end must not be handed over.
        return [
          ...this.#earlier.map(({ submap, files }) => ({ submap, files: copied(files) })),
          { submap: this.#submap, files: this.#slam.save() },
        ];
      case 'save-mesh':
        if (this.options.settles) this.#settle();
        return [...this.#earlier, { submap: this.#submap, mesh: this.#slam.mesh() }].map((map) =>
          plyOf(map, request.frame),
        );
      case 'finish':
        return this.#finish();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#settling);
    this.#collector?.stop();
    await this.#slam.close();
  }

  /** Between scans there is time for what they left behind in the mesh. */
  #catchUp(): void {
    const more = performance.now() - this.#scanAt > IDLE_MS ? this.#slam.meshMore?.(IDLE_BLOCKS) : 0;
    if (more && this.#watched) this.#collector?.flush();
  }

  #nextMesh(request: Extract<SlamRequest, { type: 'mesh' }>): SlamReplies['mesh'] {
    this.#catchUp();
    const { submap } = this.#view;
    const origin = this.#slam.trajectory.submap(submap);
    return this.#mesh.next((version) => this.#view.meshChanges(version), { ...request, origin });
  }

  /** Finds touches together, which goes on later if it takes longer than `most` (ms). */
  #settle(most = Infinity): void {
    clearTimeout(this.#settling);
    const end = performance.now() + most;
    const touches = this.#slam.settle?.(() => performance.now() > end);
    if (!touches) this.#settleIn(SETTLE.pause);
    else if (touches.length > 0) {
      this.post({ type: 'touches-refined', touches: copied(touches) });
      this.#collector?.changed();
    }
  }

  #settleIn(ms: number): void {
    clearTimeout(this.#settling);
    if (this.options.settles) this.#settling = setTimeout(() => this.#settlePiece(), ms);
  }

  /** Nobody waits for it: what goes wrong is told. */
  #settlePiece(): void {
    try {
      this.#settle(SETTLE.piece);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.post({ type: 'warnings', warnings: [`Touches were not found together: ${reason}`] });
    }
  }

  /** Makes a system the one that is asked from now on. */
  #use(slam: Slam, config: Config): void {
    clearTimeout(this.#settling);
    this.#slam = slam;
    this.#config = config;
    for (const { calibration, frameId } of this.#calibrations) slam.calibrateTouch?.(calibration, frameId);
    this.#reported = this.warnings.length;
    this.#scanError = undefined;
    this.#timer = new PointTimer({ onlySpinning: true, always: config.sensor.deskewAlways });
    this.#timesTold = 0;
    this.#gatherer = new ScanGatherer();
    slam.listen((event) => this.post(copied(event)));
    this.#collector?.stop();
    this.#collector =
      this.options.view && slam.view
        ? new ViewCollector(slam.view, (update) => this.post({ type: 'view', update }))
        : undefined;
    if (this.#collector) this.#collector.active = this.#watched;
  }

  get #earlier(): readonly FinishedMap[] {
    return this.#slam.earlier ?? [];
  }

  /** Number of the map that is being made. */
  get #submap(): number {
    return this.#earlier.length;
  }

  get #view(): SlamView {
    const { view } = this.#slam;
    if (!view)
      throw new FeltmapError('unsupported', 'This SLAM system cannot be watched; the node needs that');
    return view;
  }

  #mapScan({ scan, stream = 0, undistorted = false }: ScanRequest): undefined {
    const extra = (): Partial<ResultEvent> => (undistorted ? { cloud: this.#undistorted(scan) } : {});
    return this.#map(scan, { extra, stream });
  }

  #mapCloud({ bytes, mount, mountTwist, undistorted, ...stamp }: CloudRequest): undefined {
    const begin = performance.now();
    const read = scanFromPointCloud2(decodePointCloud2(bytes), this.#slam.storage);
    const { stampNs = read.stampNs, clockShiftNs = 0n } = stamp;
    const decoded = this.#timer.complete({ ...read, stampNs, ...(clockShiftNs !== 0n && { clockShiftNs }) });
    const decodeMs = performance.now() - begin;
    const warnings = this.#timer.notes.slice(this.#timesTold);
    this.#timesTold += warnings.length;
    if (warnings.length > 0) this.post({ type: 'warnings', warnings });
    if (decoded.count === 0)
      throw new FeltmapError('bad-input', `The cloud in '${decoded.frameId}' is empty; check the sensor`);
    for (const whole of this.#gatherer.add({ ...decoded, mount, ...(mountTwist && { mountTwist }) }))
      this.#map(whole, {
        extra: () => ({ decodeMs, ...(undistorted ? { cloud: this.#undistorted(whole) } : {}) }),
      });
    return undefined;
  }

  /** @param how `extra`: what goes with the result, once it is there; `stream`: where a camera's picture is shown */
  #map(scan: PosedMeasurement, how: { extra?: () => Partial<ResultEvent>; stream?: number }): undefined {
    this.#scanAt = performance.now();
    if (this.#scanError !== undefined && this.options.stopAtError) throw this.#scanError;
    const before = this.#slam.view?.newestKeyframe;
    let result: ScanResult;
    try {
      result = this.#slam.process(scan);
    } catch (error) {
      this.#scanError = error ?? new Error('unknown');
      throw error;
    } finally {
      this.#warn();
    }
    const statistics = this.#slam.statistics();
    const { touch } = result;
    if (touch) {
      const [sensor, submap] = [scan.frameId, this.#submap];
      const picture = this.#touchPicture(scan);
      const felt = copied({ ...result, touch });
      this.post({ type: 'touch', sensor, submap, result: felt, statistics, ...(picture && { picture }) });
      this.#collector?.changed();
      this.#settleIn(SETTLE.quiet);
      return undefined;
    }
    this.post({
      type: 'result',
      result: copied(result),
      statistics,
      keyframe: this.#slam.view?.newestKeyframe !== before,
      timing: isScan(scan) ? scan.timing : 'none',
      decodeMs: 0,
      ...how.extra?.(),
    });
    this.#collector?.scanned(result);
    if (isFrame(scan)) this.#picture(scan, result, how.stream);
    return undefined;
  }

  /** What a camera without depth saw, from where it was when the body was known last. */
  #photograph({ image, camera, mount, stampNs }: ColorFrame, stream = 0): void {
    const last = this.#slam.trajectory.at(-1);
    if (!last || last.state === 'lost' || !this.#collector?.wantsPicture) return;
    this.#collector.pictured(cameraPicture(image, camera, compose(last.pose, mount), stampNs, stream));
  }

  /** What a camera saw, from where it is taken to be. */
  #picture({ color, stampNs }: RgbdFrame, { pose, state }: ScanResult, stream = 0): void {
    if (!color || state === 'lost' || !this.#collector?.wantsPicture) return;
    const { image, camera, T_depth_color } = color;
    const T_odom_camera = compose(pose, T_depth_color);
    this.#collector.pictured(cameraPicture(image, camera, T_odom_camera, stampNs, stream));
  }

  /** What a tactile sensor saw, while somebody watches, and not more often than eyes can follow. */
  #touchPicture(scan: PosedMeasurement): ColorImage | undefined {
    if (!this.#watched || !isTouch(scan)) return undefined;
    const now = performance.now();
    if (now - (this.#touchPicturedAt.get(scan.frameId) ?? -Infinity) < TOUCH_PICTURE_MS) return undefined;
    this.#touchPicturedAt.set(scan.frameId, now);
    return touchPicture(scan);
  }

  #warn(): void {
    const warnings = this.warnings.slice(this.#reported);
    this.#reported += warnings.length;
    if (warnings.length > 0) this.post({ type: 'warnings', warnings });
  }

  #undistorted({ stampNs, frameId }: PosedMeasurement): Uint8Array<ArrayBuffer> {
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
    this.#settle();
    // The map is packed in memory that the mesh can have afterwards.
    const map = this.#slam.save();
    const final = { earlier: this.#earlier, submap: this.#submap, map, ...this.#slam.surface() };
    this.#collector?.stop();
    this.#collector?.flush();
    this.#warn();
    return { ...final, statistics: this.#slam.statistics() };
  }
}

function plyOf(
  { submap, mesh }: Pick<FinishedMap, 'submap' | 'mesh'>,
  frame: string,
): SlamReplies['save-mesh'][0] {
  const ply = encodePly(mesh, ['feltmap', `metres, frame ${frame}`]) as Uint8Array<ArrayBuffer>;
  return { submap, ply, triangles: mesh.indices.length / 3 };
}
