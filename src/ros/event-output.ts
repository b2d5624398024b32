import type { HostEvent, ResultEvent } from '../host/protocol.js';
import type { MapViewer } from '../host/viewer-feed/map-viewer.js';
import type { PoseEvent, SlamEvent } from '../slam/events.js';
import type { Trajectory } from '../slam/trajectory.js';
import type { Health } from './health.js';
import type { OdometryOutput, Published } from './odometry-output.js';
import type { ParameterStore } from './parameter-check.js';
import type { RosPort } from './port.js';
import type { ScanIntake } from './scan-intake.js';
import type { ReadyScan } from './waiting-scan.js';
import type { ThrottledLog } from './throttle.js';

export interface EventOutputOptions {
  readonly port: RosPort;
  readonly parameters: ParameterStore;
  readonly log: ThrottledLog;
  readonly health: Health;
  readonly odometry: OdometryOutput;
  readonly trajectory: Trajectory;
  readonly intake: ScanIntake;
  readonly viewer: () => MapViewer | undefined;
}

const NEW_MAP =
  'Tracking was lost for long: a new map starts here. It is not connected to the one before, which ~/save_map and ' +
  '~/save_mesh still write; bring the robot back and call ~/load_map to go on in that.';

/**
 * Events of the SLAM thread on their way to odometry, path, cloud, viewer, diagnostics and log.
 *
 * @example
 * const output = new EventOutput({ port, parameters, log, health, odometry, trajectory, intake, viewer });
 * slam.listen((event) => output.take(event, pump.current));
 */
export class EventOutput {
  #cloudAt = -Infinity;
  #published: Published = 'nothing';
  #lost = false;

  constructor(private readonly options: EventOutputOptions) {}

  /** Whether the undistorted cloud of the next scan is to be published. */
  wantsCloud(): boolean {
    const { parameters, port } = this.options;
    const rate = parameters.number('cloud_rate');
    if (rate <= 0 || port.listeners('cloud') === 0) return false;
    const now = performance.now();
    // A little early is on time: scans jitter.
    if (now - this.#cloudAt < 900 / rate) return false;
    this.#cloudAt = now;
    return true;
  }

  /**
   * @param scan the one that the thread is working on; undefined when it belongs to a map that is gone: its pose and
   *   result are ignored
   */
  take(event: HostEvent, scan: ReadyScan | undefined): void {
    const { port } = this.options;
    if (event.type === 'warnings') for (const warning of event.warnings) port.log('warn', warning);
    else if (event.type === 'view') this.options.viewer()?.take(event);
    else if (event.type === 'pose') {
      if (scan) this.#pose(event, scan);
    } else if (event.type === 'result') {
      if (scan) this.#result(event);
    } else if (event.type === 'touch') {
      if (scan) this.options.viewer()?.take(event);
    } else if (event.type !== 'touches-refined') this.#follow(event);
  }

  reset(): void {
    this.options.trajectory.clear();
    this.#published = 'nothing';
    this.#lost = false;
  }

  /** Tracking is done: odometry does not wait for the scan to be mapped. */
  #pose(event: PoseEvent, scan: ReadyScan): void {
    const { odometry, intake, health } = this.options;
    this.#published = odometry.publish(event, intake.baseFrame);
    health.reported(this.#published, scan.arrivedMs);
    this.#follow(event);
    this.#report(event);
  }

  /** The scan is mapped: its pose is refined. */
  #result(event: ResultEvent): void {
    const { port, health, odometry, trajectory } = this.options;
    const { result, statistics, timing, decodeMs, cloud } = event;
    const place = trajectory.placeOf(result.index);
    if (this.#published === 'odometry' && place !== undefined) odometry.extendPath(place);
    health.add(result, statistics, timing, decodeMs);
    this.options.viewer()?.take(event);
    if (cloud) port.publish('cloud', cloud);
  }

  #follow(event: SlamEvent): void {
    const { trajectory, health, port } = this.options;
    trajectory.follow(event);
    if (event.type === 'new-map') {
      health.maps++;
      port.log('warn', NEW_MAP);
    }
    this.options.viewer()?.take(event);
  }

  #report({ state, reason }: PoseEvent): void {
    const { port, log } = this.options;
    if (state === 'lost') {
      const silent = this.#published === 'nothing' ? ' No odometry is published.' : '';
      log.log('warn', 'lost', `Tracking is lost: ${reason}${silent}`);
    } else if (this.#lost) {
      log.clear('lost');
      port.log('info', 'Tracking is back.');
    }
    this.#lost = state === 'lost';
  }
}
