import { readCalibrationFile } from '../bags/tactile/calibration-file.js';
import { sensorKinds } from '../config/sensors.js';
import type { Config } from '../config/schema.js';
import { FeltmapError } from '../geometry/errors.js';
import type { SlamService } from '../host/client.js';
import { type CameraTopic, type CameraTopics, camerasOf } from './camera/topics.js';
import type { MapViewer } from '../host/viewer-feed/map-viewer.js';
import { decodeTFMessage } from '../messages/poses.js';
import type { NodeCompletion } from './completion/node-completion.js';
import { readMap, saveDirectory } from './map-files.js';
import type { MapServices } from './map-services.js';
import { openViewer } from './open-viewer.js';
import { makeParts, type NodeParts } from './node-parts.js';
import { LIVE_SETTINGS } from './parameters.js';
import type { ParameterStore } from './parameter-check.js';
import type { RosPort, TriggerResult } from './port.js';
import { type TactileTopic, tactileOf } from './tactile/topics.js';
import { Ticker } from './ticker.js';
import { done, refused, sentence } from './trigger.js';

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

/** How often the viewer gets the state of the node, Hz. */
const VIEWER_RATE = 5;
/** How often it is looked whether inputs bring anything, Hz. */
const CHECK_RATE = 1;

type Activity = 'unconfigured' | 'starting' | 'inactive' | 'active' | 'paused' | 'failed';

/**
 * The node without ROS: bytes of messages in, bytes of messages out through a {@link RosPort}. Everything heavy runs in
 * the SLAM thread; what is left here takes fractions of a millisecond.
 *
 * @example
 * const node = new MappingNode({ name: 'feltmap', parameters, port, startSlam, version, onFatal });
 * await node.configure();
 * node.activate();
 * node.onCloud('/points', bytes);
 */
export class MappingNode {
  readonly #p: ParameterStore;
  readonly #port: RosPort;
  readonly #parts: NodeParts;
  readonly #tickers: Ticker[];
  readonly #fullNames = new Map<string, string>();
  #slam: SlamService | undefined;
  #viewer: MapViewer | undefined;
  #activity: Activity = 'unconfigured';

  constructor(private readonly options: MappingNodeOptions) {
    const { parameters: p, port } = options;
    this.#p = p;
    this.#port = port;
    this.#parts = makeParts(p, port, {
      name: options.name,
      cameras: this.cameras,
      tactile: this.tactile,
      topics: this.topics,
      slam: () => this.#slam,
      viewer: () => this.#viewer,
      activity: () => this.#activity,
      onJump: (seconds) => this.#jumped(seconds),
      restart: (map) => this.#restart(map),
      onFatal: options.onFatal,
    });
    this.#tickers = [
      new Ticker(
        () => p.number('mesh_rate'),
        () => this.#tickMesh(),
      ),
      new Ticker(
        () => (p.number('costmap.period') > 0 ? 1 / p.number('costmap.period') : 0),
        () => this.#tickPlanning(),
      ),
      new Ticker(
        () => (p.number('completion.period') > 0 ? 1 / p.number('completion.period') : 0),
        () => this.completion.refresh(),
      ),
      new Ticker(
        () => p.number('path_rate'),
        () => this.#parts.odometry.publishPath(),
      ),
      new Ticker(
        () => p.number('diagnostics_rate'),
        () => this.#parts.diagnostics.publish(),
      ),
      new Ticker(
        () => CHECK_RATE,
        () => {
          this.#parts.inputs.check();
          this.completion.serveNewcomers();
          this.#parts.felt.serveNewcomers();
        },
      ),
      new Ticker(
        () => (this.#viewer ? VIEWER_RATE : 0),
        () => this.#viewer?.publish(),
      ),
    ];
  }

  /** Trigger services about the map. */
  get services(): MapServices {
    return this.#parts.services;
  }

  /** Objects that are completed from what the map shows of them. */
  get completion(): NodeCompletion {
    return this.#parts.completion;
  }

  /** Input topics as the parameters have them: LiDARs and those of cameras, then imu and the external odometry where they are used. */
  get topics(): string[] {
    const odometry = this.#p.string('odom_topic');
    const others = [...(this.#p.bool('use_imu') ? ['imu'] : []), ...(odometry === '' ? [] : [odometry])];
    const cameras = this.cameras.flatMap(({ topics }) => topics.map(({ name }) => name));
    const tactile = this.tactile.map(({ name }) => name);
    return [...this.lidars, ...cameras, ...tactile, ...others];
  }

  /** Topics of LiDARs as the parameters have them; none where the map is made with cameras alone. */
  get lidars(): readonly string[] {
    return sensorKinds(this.#p.config).includes('lidar') ? this.#p.strings('lidar_topics') : [];
  }

  /** Cameras as the parameters have them, those with depth first. */
  get cameras(): readonly CameraTopics[] {
    return camerasOf(this.#p);
  }

  /** Tactile sensors as the parameters have them; none where the map is made without touch. */
  get tactile(): readonly TactileTopic[] {
    return tactileOf(this.#p);
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
      const gels = this.#p.string('tactile_calibration');
      const calibration = gels === '' ? undefined : await readCalibrationFile(gels);
      const slam = await this.options.startSlam(this.#p.config, map);
      // Cleaned up meanwhile.
      if ((this.#activity as Activity) === 'unconfigured') return await slam.terminate();
      this.#slam = slam;
      if (calibration) await slam.call({ type: 'calibrate-touch', calibration });
      slam.listen((event) => {
        if (this.#slam === slam) this.#parts.take(event);
      });
      const viewer = await openViewer(this.#p, this.#port.log, {
        title: this.options.name,
        version: this.options.version,
        streams: this.cameras.map(({ name }) => name),
        touch: this.tactile.length > 0,
        trajectory: this.#parts.trajectory,
        slam: () => this.#slam,
        objects: { completer: this.completion.completer, size: () => this.completion.size },
        activity: () => ({ phase: this.#phase(), droppedScans: this.#parts.intake.dropped }),
      });
      if (this.#slam !== slam) return await viewer?.close();
      this.#viewer = viewer;
      for (const ticker of this.#tickers) ticker.update();
      if (this.#activity === 'starting') this.#activity = 'inactive';
      this.completion.useParameters();
      this.#port.log('info', map ? 'The saved map is loaded.' : 'Ready.');
    } catch (error) {
      this.#activity = 'failed';
      throw error;
    }
    this.#parts.pump.pump();
  }

  activate(): void {
    this.#activity = 'active';
    this.#parts.diagnostics.start();
    this.#parts.inputs.start();
    for (const ticker of this.#tickers) ticker.start();
    this.#parts.pump.pump();
  }

  /** Scans are dropped until activated again; the map stays. */
  deactivate(): void {
    this.#activity = 'inactive';
    this.#parts.intake.clear();
    for (const ticker of this.#tickers) ticker.stop();
    this.#parts.diagnostics.stop();
  }

  /** Ends the SLAM thread; the map is gone. */
  async cleanup(): Promise<void> {
    this.deactivate();
    this.#activity = 'unconfigured';
    this.#parts.pump.stop();
    const slam = this.#slam;
    this.#slam = undefined;
    this.#forget();
    this.#parts.time.reset();
    const viewer = this.#viewer;
    this.#viewer = undefined;
    await this.completion.stop();
    await slam?.terminate();
    await viewer?.close();
  }

  /** A cloud of the LiDAR with this topic, CDR. */
  onCloud(topic: string, bytes: Uint8Array): void {
    this.#parts.inputs.received(topic);
    const index = this.#p.strings('lidar_topics').indexOf(topic);
    if (this.#activity !== 'active') {
      this.#parts.intake.drop('paused', topic);
      return;
    }
    if (this.#parts.intake.add(this.#fullName(topic), index, bytes)) this.#parts.pump.pump();
  }

  /** A message of a topic of camera `index`, CDR; `type`: of the message, as it was subscribed to. */
  onCamera(index: number, { input, name, type }: CameraTopic, bytes: Uint8Array): void {
    this.#parts.inputs.received(name);
    if (this.#activity !== 'active') {
      if (input === 'depth' || input === 'points') this.#parts.intake.drop('paused', name);
      // Calibration may come once only.
      if (!/info$/i.test(input)) return;
    }
    if (this.#parts.cameras.take(index, input, type, bytes)) this.#parts.pump.pump();
  }

  /** A message of tactile sensor `index`, CDR; `type`: of the message, as it was subscribed to. */
  onTactile(index: number, { name, type }: TactileTopic, bytes: Uint8Array): void {
    this.#parts.inputs.received(name);
    if (this.#activity !== 'active') return void this.#parts.intake.drop('paused', name);
    if (this.#parts.touches.take(index, type, bytes)) this.#parts.pump.pump();
  }

  /** What messages call a topic: remappings apply. */
  #fullName(topic: string): string {
    const known = this.#fullNames.get(topic);
    if (known !== undefined) return known;
    const name = this.#port.resolve(topic);
    this.#fullNames.set(topic, name);
    return name;
  }

  onImu(bytes: Uint8Array): void {
    this.#parts.inputs.received('imu');
    this.#parts.imu.add(bytes);
  }

  /** A pose of the external odometry, CDR. */
  onOdometry(bytes: Uint8Array): void {
    this.#parts.inputs.received(this.#p.string('odom_topic'));
    this.#parts.wheels.add(bytes);
  }

  onTf(bytes: Uint8Array, isStatic: boolean): void {
    const { tf, log, wheels, intake } = this.#parts;
    const guess = this.#p.string('guess_frame');
    try {
      for (const transform of decodeTFMessage(bytes)) {
        const refused = tf.set(transform, isStatic);
        if (refused !== undefined)
          log.log('warn', `tf ${refused}`, `On ${isStatic ? '/tf_static' : '/tf'} ${refused}.`);
        else if (guess !== '' && !isStatic) wheels.addTransform(guess, intake.baseFrame, transform.stampNs);
      }
    } catch (error) {
      log.log('warn', 'tf unreadable', `/tf: ${sentence(error)}`);
    }
    if (isStatic) for (const change of tf.staticChanges) log.log('warn', change, `/tf_static: ${change}.`);
    this.#parts.pump.transformArrived();
  }

  /** Time of /clock, ns. */
  onClock(timeNs: bigint): void {
    const seconds = this.#parts.time.clock(timeNs);
    if (seconds !== undefined) this.#jumped(seconds);
  }

  /** Parameters that have just changed. @returns what to tell whoever changed them */
  onParameters(changed: readonly string[]): string {
    const settings = changed
      .filter((name) => LIVE_SETTINGS.has(name))
      .map((path) => [path, this.#p.value(path)] as const);
    if (settings.length > 0) void this.#request(() => this.#slam?.call({ type: 'configure', settings }));
    if (changed.includes('completion.box')) this.completion.useParameters();
    if (changed.some((name) => name.startsWith('mesh_color'))) this.#parts.mesh.restart();
    for (const ticker of this.#tickers) ticker.update();
    const later = changed.filter((name) => this.#p.spec(name)?.change === 'reset');
    return later.length > 0 ? `${later.join(', ')}: in effect with the next map (~/reset)` : '';
  }

  pause(): TriggerResult {
    if (this.#activity === 'paused') return done('already paused');
    if (this.#activity !== 'active') return refused(`the node is ${this.#activity}`);
    this.#activity = 'paused';
    this.#parts.intake.clear();
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

  #tickMesh(): void {
    const { mesh, odometry } = this.#parts;
    const { last } = odometry;
    if (!this.#slam || !last) return;
    void this.#request(() => mesh.tick(this.#slam!, last.stampNs));
  }

  #tickPlanning(): void {
    const { planning, odometry } = this.#parts;
    const { last } = odometry;
    if (!this.#slam || !last) return;
    void this.#request(() => planning.tick(this.#slam!, last));
  }

  #phase(): 'waiting' | 'running' | 'paused' {
    if (this.#activity === 'paused' || this.#activity === 'inactive') return 'paused';
    return this.#parts.health.scan ? 'running' : 'waiting';
  }

  #jumped(seconds: number): void {
    this.#port.log(
      'warn',
      `Time has gone back by ${seconds.toFixed(1)} s (a recording that loops or was rewound?): map, odometry and transforms start anew.`,
    );
    this.#parts.tf.clearMoving();
    void this.#request(() => this.#restart());
  }

  async #restart(map?: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const slam = this.#slam;
    if (!slam) throw new FeltmapError('unsupported', `the node is ${this.#activity}`);
    this.#parts.pump.hold();
    try {
      const { warnings } = await slam.call({
        type: 'reset',
        config: this.#p.config,
        ...(map ? { map } : {}),
      });
      for (const warning of warnings) this.#port.log('warn', warning);
      this.#forget();
    } finally {
      this.#parts.pump.release();
    }
  }

  #forget(): void {
    const { pump, odometry, events, mesh, planning, health, imu, wheels } = this.#parts;
    pump.forget();
    odometry.reset();
    events.reset();
    mesh.restart();
    this.#parts.felt.reset();
    planning.reset();
    this.completion.reset();
    this.#viewer?.reset();
    health.reset();
    imu.clear();
    wheels.clear();
  }

  /** Runs something nobody waits for. */
  async #request(work: () => Promise<unknown> | undefined): Promise<void> {
    const slam = this.#slam;
    try {
      await work();
    } catch (error) {
      if (this.#slam === slam) this.#parts.log.log('error', 'request', sentence(error));
    }
  }
}
