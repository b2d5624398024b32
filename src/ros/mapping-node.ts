import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { hideHome } from '../cli/describe-error.js';
import type { Config } from '../config/schema.js';
import { writeFileAtomic } from '../export/atomic-file.js';
import { FeltmapError } from '../geometry/errors.js';
import { identity } from '../geometry/se3.js';
import { encodeDiagnosticArray } from '../messages/diagnostics.js';
import { decodeTFMessage } from '../messages/poses.js';
import { Health } from './health.js';
import { ImuIntake } from './imu-intake.js';
import { readMap, saveDirectory, writeMap } from './map-files.js';
import type { MeshColor } from './mesh-color.js';
import { MeshOutput } from './mesh-output.js';
import { OdometryOutput } from './odometry-output.js';
import { LIVE_SETTINGS } from './parameters.js';
import type { ParameterStore } from './parameter-check.js';
import type { RosPort, TriggerResult } from './port.js';
import { RateMeter } from './rates.js';
import { ScanIntake, type ReadyScan } from './scan-intake.js';
import type { SlamService } from './slam-link.js';
import type { ScanReply } from './slam-protocol.js';
import { TfBuffer } from './tf-buffer.js';
import { ThrottledLog } from './throttle.js';
import { TimeWatch } from './time-watch.js';
import { Ticker } from './ticker.js';
import { ViewerOutput } from './viewer-output.js';

export interface MappingNodeOptions {
  readonly name: string;
  readonly parameters: ParameterStore;
  readonly port: RosPort;
  /** Starts the SLAM thread, with a saved map to continue. */
  readonly startSlam: (config: Config, map?: ReadonlyMap<string, Uint8Array>) => Promise<SlamService>;
  /** Of the program. */
  readonly version: string;
  /** The SLAM thread is gone and the node can do nothing more. */
  readonly onFatal: (error: Error) => void;
}

/** How soon a scan that waits for its transform is looked at again, ms. */
const RETRY_MS = 10;
/** Tracked scans of the first LiDAR before the others take part: they need a map and a velocity. */
const SETTLED_SCANS = 3;

/** How often the viewer gets changed blocks, Hz. */
const VIEWER_RATE = 5;
/** Scans that wait while the SLAM thread starts. */
const STARTING_SCANS = 20;

type Activity = 'unconfigured' | 'starting' | 'inactive' | 'active' | 'paused' | 'failed';

/**
 * The node without ROS: bytes of messages in, bytes of messages out through a {@link RosPort}. Everything heavy runs in
 * the SLAM thread; what is left here takes fractions of a millisecond.
 */
export class MappingNode {
  readonly #p: ParameterStore;
  readonly #port: RosPort;
  readonly #log: ThrottledLog;
  readonly #tf = new TfBuffer();
  readonly #time: TimeWatch;
  readonly #intake: ScanIntake;
  readonly #imu: ImuIntake;
  readonly #odometry: OdometryOutput;
  readonly #mesh: MeshOutput;
  readonly #health = new Health();
  readonly #delay = monitorEventLoopDelay({ resolution: 2 });
  readonly #tickers: Ticker[];
  readonly #meters = new Map<string, RateMeter>();
  #slam: SlamService | undefined;
  #viewer: ViewerOutput | undefined;
  #activity: Activity = 'unconfigured';
  #busy = false;
  /** A new map is being started: scans wait. */
  #restarting = false;
  #retry: NodeJS.Timeout | undefined;
  #settled = 0;
  /** Topics of which it has been said that they have fallen silent. */
  readonly #silent = new Set<string>();
  #cloudAt = -Infinity;
  #silentSince: number | undefined;
  /** Raised by a reset: replies to older scans are about a map that is gone. */
  #generation = 0;

  constructor(private readonly options: MappingNodeOptions) {
    const { parameters: p, port } = options;
    this.#p = p;
    this.#port = port;
    this.#log = new ThrottledLog(port.log);
    this.#time = new TimeWatch(p.number('time_jump'));
    this.#intake = new ScanIntake({
      tf: this.#tf,
      time: this.#time,
      log: this.#log,
      baseFrame: p.string('base_frame'),
      tfTimeout: () => p.number('tf_timeout'),
      // A managed node may hear scans before the SLAM thread is there.
      queueSize: () => (this.#slam ? p.number('queue_size') : STARTING_SCANS),
      onJump: (seconds) => this.#jumped(seconds),
    });
    this.#imu = new ImuIntake(this.#tf, this.#log);
    this.#odometry = new OdometryOutput(port, {
      odomFrame: p.string('odom_frame'),
      pathStep: p.number('path_step'),
      publishTf: () => p.bool('publish_odom_tf'),
      invertTf: () => p.bool('invert_odom_tf'),
      lostTimeout: () => p.number('lost_timeout'),
    });
    this.#mesh = new MeshOutput(port, {
      frame: p.string('odom_frame'),
      color: () => this.#color(),
      bandwidth: () => p.number('mesh_bandwidth') * 1e6,
    });
    for (const topic of this.topics) this.#meters.set(topic, new RateMeter());
    this.#tickers = [
      new Ticker(
        () => p.number('mesh_rate'),
        () => this.#tickMesh(),
      ),
      new Ticker(
        () => p.number('path_rate'),
        () => this.#odometry.publishPath(),
      ),
      new Ticker(
        () => p.number('diagnostics_rate'),
        () => this.#diagnose(),
      ),
      new Ticker(
        () => (this.#viewer ? VIEWER_RATE : 0),
        () => void this.#request(() => this.#viewer?.tick()),
      ),
    ];
  }

  /** Input topics as the parameters have them: LiDARs, then imu where it is used. */
  get topics(): string[] {
    return [...this.#p.strings('lidar_topics'), ...(this.#p.bool('use_imu') ? ['imu'] : [])];
  }

  get activity(): Activity {
    return this.#activity;
  }

  /**
   * Starts the SLAM thread; scans are taken after {@link activate}.
   * @throws FeltmapError when the map to continue or the configuration cannot be used
   */
  async configure(): Promise<void> {
    this.#activity = 'starting';
    try {
      const map = this.#p.bool('load_map') ? await readMap(this.#directory) : undefined;
      const slam = await this.options.startSlam(this.#p.config, map);
      // Cleaned up meanwhile.
      if ((this.#activity as Activity) === 'unconfigured') return await slam.terminate();
      this.#slam = slam;
      await this.#startViewer();
      if (this.#activity === 'starting') this.#activity = 'inactive';
      this.#port.log('info', map ? 'The saved map is loaded.' : 'Ready.');
    } catch (error) {
      this.#activity = 'failed';
      throw error;
    }
    this.#pump();
  }

  activate(): void {
    this.#activity = 'active';
    this.#delay.enable();
    for (const ticker of this.#tickers) ticker.start();
    this.#pump();
  }

  /** Scans are dropped until activated again; the map stays. */
  deactivate(): void {
    this.#activity = 'inactive';
    this.#intake.clear();
    for (const ticker of this.#tickers) ticker.stop();
    this.#delay.disable();
  }

  /** Ends the SLAM thread; the map is gone. */
  async cleanup(): Promise<void> {
    this.deactivate();
    this.#activity = 'unconfigured';
    clearTimeout(this.#retry);
    const slam = this.#slam;
    this.#slam = undefined;
    this.#forget();
    this.#time.reset();
    const viewer = this.#viewer;
    this.#viewer = undefined;
    await slam?.terminate();
    await viewer?.close();
  }

  /** A cloud of the LiDAR with this topic, CDR. */
  onCloud(topic: string, bytes: Uint8Array): void {
    this.#meters.get(topic)?.tick();
    const index = this.#p.strings('lidar_topics').indexOf(topic);
    if (this.#activity !== 'active') {
      this.#intake.drop('paused', topic);
      return;
    }
    if (this.#intake.add(topic, index, bytes)) this.#pump();
  }

  onImu(bytes: Uint8Array): void {
    this.#meters.get('imu')?.tick();
    this.#imu.add(bytes);
  }

  onTf(bytes: Uint8Array, isStatic: boolean): void {
    try {
      for (const transform of decodeTFMessage(bytes)) {
        const refused = this.#tf.set(transform, isStatic);
        if (refused !== undefined)
          this.#log.log('warn', `tf ${refused}`, `On ${isStatic ? '/tf_static' : '/tf'} ${refused}.`);
      }
    } catch (error) {
      this.#log.log('warn', 'tf unreadable', `/tf: ${sentence(error)}`);
    }
    if (this.#retry) this.#pump();
  }

  /** Time of /clock, ns. */
  onClock(timeNs: bigint): void {
    const seconds = this.#time.clock(timeNs);
    if (seconds !== undefined) this.#jumped(seconds);
  }

  /** Parameters that have just changed. @returns what to tell whoever changed them */
  onParameters(changed: readonly string[]): string {
    const config = this.#p.config;
    if (changed.some((name) => LIVE_SETTINGS.has(name)))
      void this.#request(() => this.#slam?.call({ type: 'configure', config }));
    if (changed.some((name) => name.startsWith('mesh_color'))) this.#mesh.restart();
    for (const ticker of this.#tickers) ticker.update();
    const later = changed.filter((name) => this.#p.spec(name)?.change === 'reset');
    return later.length > 0 ? `${later.join(', ')}: in effect with the next map (~/reset)` : '';
  }

  async saveMap(): Promise<TriggerResult> {
    return this.#service(async (slam) => {
      if (!this.#odometry.origin) return refused('nothing is mapped yet');
      const { files } = await slam.call({ type: 'save-map' });
      const bytes = await writeMap(this.#directory, files);
      return done(`map saved to ${join(this.#directory, 'map')} (${(bytes / 1e6).toFixed(1)} MB)`);
    });
  }

  async saveMesh(): Promise<TriggerResult> {
    return this.#service(async (slam) => {
      const { origin } = this.#odometry;
      if (!origin) return refused('nothing is mapped yet');
      const frame = this.#p.string('odom_frame');
      const { ply, triangles } = await slam.call({ type: 'save-mesh', origin, frame });
      const path = join(this.#directory, 'mesh.ply');
      await writeFileAtomic(path, ply);
      return done(`mesh saved to ${path} (${triangles} triangles)`);
    });
  }

  async loadMap(): Promise<TriggerResult> {
    return this.#service(async () => {
      const map = await readMap(this.#directory);
      await this.#restart(map);
      return done(`map loaded from ${join(this.#directory, 'map')}; odometry starts where it is recognised`);
    });
  }

  async reset(): Promise<TriggerResult> {
    return this.#service(async () => {
      await this.#restart();
      return done('map, odometry and path start anew');
    });
  }

  pause(): TriggerResult {
    if (this.#activity === 'paused') return done('already paused');
    if (this.#activity !== 'active') return refused(`the node is ${this.#activity}`);
    this.#activity = 'paused';
    this.#intake.clear();
    return done('paused: scans are dropped, the map stays');
  }

  resume(): TriggerResult {
    if (this.#activity === 'active') return done('not paused');
    if (this.#activity !== 'paused') return refused(`the node is ${this.#activity}`);
    this.#activity = 'active';
    return done('resumed');
  }

  get #directory(): string {
    return saveDirectory(this.#p.string('save_directory'));
  }

  /** Hands the next scan to the SLAM thread if that is free. */
  #pump(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#busy || this.#restarting || !this.#slam || this.#activity !== 'active') return;
    for (let scan = this.#intake.next(); scan; scan = this.#intake.next()) {
      if (scan === 'wait') {
        this.#retry = setTimeout(() => this.#pump(), RETRY_MS);
        return;
      }
      if (scan.index > 0 && this.#settled < SETTLED_SCANS) {
        this.#intake.drop('waiting-for-first-lidar', scan.topic);
        continue;
      }
      void this.#process(this.#slam, scan);
      return;
    }
  }

  async #process(slam: SlamService, scan: ReadyScan): Promise<void> {
    this.#busy = true;
    const generation = this.#generation;
    const cloud = this.#wantsCloud();
    const imu = this.#imu.take(scan.frameId, scan.stampNs);
    // The message fills its own buffer, which then goes over without a copy.
    const { buffer, byteLength } = scan.bytes;
    const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    try {
      const reply = await slam.call(
        {
          type: 'scan',
          bytes: scan.bytes,
          mount: scan.mount,
          secondary: scan.index > 0,
          ...(imu ? { imu } : {}),
          cloud,
        },
        whole ? [buffer] : [],
      );
      for (const warning of reply.warnings ?? []) this.#port.log('warn', warning);
      if (generation === this.#generation) this.#answered(scan, reply);
    } catch (error) {
      if (this.#slam !== slam) return; // ended on purpose
      const bad = error instanceof FeltmapError && error.code === 'bad-input';
      this.#intake.drop(bad ? 'unreadable' : 'failed', scan.topic, `${scan.topic}: ${sentence(error)}`);
      if (slam.failure) this.options.onFatal(slam.failure);
    } finally {
      this.#busy = false;
      this.#pump();
    }
  }

  #answered(scan: ReadyScan, { result, statistics, keyframe, timing, decodeMs, cloud }: ScanReply): void {
    const before = this.#health.scan?.state;
    this.#health.add(result, statistics, timing, decodeMs);
    if (scan.index === 0) this.#settled = result.state === 'lost' ? 0 : this.#settled + 1;
    const placed = this.#odometry.origin !== undefined;
    const published = this.#odometry.publish(result, scan, this.#intake.baseFrame);
    if (published !== 'nothing') {
      this.#health.odometry.tick();
      this.#health.latency.add(performance.now() - scan.arrivedMs);
      this.#silentSince = undefined;
    } else this.#silentSince ??= performance.now();
    const { origin } = this.#odometry;
    if (!placed && origin) this.#viewer?.origin(origin);
    this.#viewer?.result(result, statistics, keyframe);
    if (cloud) this.#port.publish('cloud', cloud);
    if (result.state === 'lost')
      this.#log.log(
        'warn',
        'lost',
        `Tracking is lost: ${result.reason} ${published === 'nothing' ? 'No odometry is published.' : ''}`.trim(),
      );
    else if (before === 'lost') {
      this.#log.clear('lost');
      this.#port.log('info', 'Tracking is back.');
    }
  }

  #wantsCloud(): boolean {
    const rate = this.#p.number('cloud_rate');
    if (rate <= 0 || this.#port.listeners('cloud') === 0) return false;
    const now = performance.now();
    // A little early is on time: scans jitter.
    if (now - this.#cloudAt < 900 / rate) return false;
    this.#cloudAt = now;
    return true;
  }

  #tickMesh(): void {
    const { origin, last } = this.#odometry;
    if (!this.#slam || !last) return;
    void this.#request(() => this.#mesh.tick(this.#slam!, last.stampNs, origin ?? identity()));
  }

  async #startViewer(): Promise<void> {
    const port = this.#p.number('viewer.port');
    if (port === 0) return;
    const { map, sensor } = this.#p.config;
    const token = this.#p.string('viewer.token');
    try {
      const { viewer, urls } = await ViewerOutput.start({
        port,
        host: this.#p.string('viewer.host'),
        token,
        title: this.options.name,
        version: this.options.version,
        voxel: (map.voxel * sensor.maxRange) / 100,
        slam: () => this.#slam,
        phase: () => this.#phase(),
        dropped: () => this.#intake.dropped,
      });
      this.#viewer = viewer;
      // A token that was chosen is known to those who may know it; a random one stands nowhere else.
      const shown = token === '' ? urls : urls.map((url) => url.split('?')[0]!);
      this.#port.log('info', `Viewer: ${shown.join('  or  ')}`);
    } catch (error) {
      // A robot maps without a viewer, too.
      this.#port.log('error', `No viewer: ${sentence(error)}`);
    }
  }

  #phase(): 'waiting' | 'running' | 'paused' {
    if (this.#activity === 'paused' || this.#activity === 'inactive') return 'paused';
    return this.#health.scan ? 'running' : 'waiting';
  }

  #diagnose(): void {
    const topics = [...this.#meters].map(([name, meter]) => {
      const { count, problems } = this.#port.publishers(name);
      for (const problem of problems) this.#log.log('warn', `${name} ${problem}`, problem);
      const silent = count > problems.length && meter.silence > 5000 && meter.count > 0;
      if (!silent) this.#silent.delete(name);
      else if (!this.#silent.has(name) && this.#silent.add(name))
        this.#log.log(
          'warn',
          `silent ${name}`,
          `Nothing has arrived on ${name} for 5 s, but it has publishers.`,
        );
      return { name, publishers: count, meter, problem: problems[0], optional: name === 'imu' };
    });
    const silent = this.#silentSince;
    const message = this.#health.message({
      nodeName: this.options.name,
      stampNs: this.#port.now(),
      activity: this.#activity,
      lacking: this.#intake.lacking,
      silentSince: silent === undefined ? undefined : (performance.now() - silent) / 1000,
      topics,
      drops: this.#intake.drops,
      waiting: this.#intake.length,
      mesh: this.#mesh,
      // The histogram counts the timer's own period too.
      stallMs: Math.max(0, this.#delay.max / 1e6 - 2),
      memoryBytes: process.memoryUsage.rss(),
    });
    this.#delay.reset();
    this.#port.publish('diagnostics', encodeDiagnosticArray(message));
  }

  #color(): MeshColor {
    return {
      mode: this.#p.string('mesh_color') as MeshColor['mode'],
      range: [this.#p.number('mesh_color_low'), this.#p.number('mesh_color_high')],
    };
  }

  #jumped(seconds: number): void {
    this.#port.log(
      'warn',
      `Time has gone back by ${seconds.toFixed(1)} s (a recording that loops or was rewound?): map, odometry and transforms start anew.`,
    );
    this.#tf.clearMoving();
    void this.#request(() => this.#restart());
  }

  async #restart(map?: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const slam = this.#slam;
    if (!slam) throw new FeltmapError('unsupported', `the node is ${this.#activity}`);
    this.#generation++;
    this.#intake.clear();
    this.#restarting = true;
    try {
      const { warnings } = await slam.call({
        type: 'reset',
        config: this.#p.config,
        ...(map ? { map } : {}),
      });
      for (const warning of warnings) this.#port.log('warn', warning);
      this.#forget();
    } finally {
      this.#restarting = false;
      this.#pump();
    }
  }

  #forget(): void {
    this.#generation++;
    this.#odometry.reset();
    this.#mesh.restart();
    this.#viewer?.reset();
    this.#health.reset();
    this.#imu.clear();
    this.#settled = 0;
    this.#silentSince = undefined;
  }

  async #service(work: (slam: SlamService) => Promise<TriggerResult>): Promise<TriggerResult> {
    if (!this.#slam)
      return refused(
        this.#activity === 'active'
          ? 'still starting; nothing is mapped yet'
          : `the node is ${this.#activity}`,
      );
    try {
      const result = await work(this.#slam);
      this.#port.log(result.success ? 'info' : 'warn', hideHome(result.message));
      return result;
    } catch (error) {
      const text = sentence(error);
      this.#port.log('error', hideHome(text));
      return refused(text);
    }
  }

  /** Runs something nobody waits for. */
  async #request(work: () => Promise<unknown> | undefined): Promise<void> {
    const slam = this.#slam;
    try {
      await work();
    } catch (error) {
      if (this.#slam === slam) this.#log.log('error', 'request', sentence(error));
    }
  }
}

function done(message: string): TriggerResult {
  return { success: true, message };
}

function refused(message: string): TriggerResult {
  return { success: false, message };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
