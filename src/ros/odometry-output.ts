import { inverse } from '../geometry/se3.js';
import { encodeOdometry, encodePath, encodeTFMessage, type Odometry } from '../messages/poses.js';
import type { PoseEvent, TrackingState } from '../slam/events.js';
import type { Trajectory } from '../slam/trajectory.js';
import { LOST_COVARIANCE } from '../slam/covariance.js';
import { steadyNs } from '../sensors/clock-shift.js';
import { odometryOf, twistCovariance } from './odometry.js';
import { PathHistory } from './path-history.js';
import type { RosPort } from './port.js';

export interface OdometryOptions {
  readonly odomFrame: string;
  readonly pathStep: number;
  readonly publishTf: () => boolean;
  readonly invertTf: () => boolean;
  /** Seconds for which a lost robot's predicted motion is published. */
  readonly lostTimeout: () => number;
}

/** What became of a scan's odometry. */
export type Published = 'odometry' | 'prediction' | 'nothing';

/**
 * Publishes odometry, its transform and the path, and nothing that is known to be wrong.
 *
 * @example
 * const odometry = new OdometryOutput(port, trajectory, options);
 * const published = odometry.publish(poseEvent, 'base_link'); // 'odometry', 'prediction' or 'nothing'
 * odometry.publishPath();
 */
export class OdometryOutput {
  readonly #port: RosPort;
  readonly #o: OdometryOptions;
  readonly #path: PathHistory;
  #started = false;
  #before: { covariance: Float64Array; steadyNs: bigint } | undefined;
  #lostSince: bigint | undefined;
  #last: Odometry | undefined;
  /** Of the last odometry, and of the first scan that was lost: on a clock that never steps. */
  #lastNs = 0n;
  #state: TrackingState | undefined;
  #pathSeen = new Set<string>();
  /** Poses of the path and version of the trajectory when it was published last. */
  #pathShown = '';

  constructor(
    port: RosPort,
    private readonly trajectory: Trajectory,
    options: OdometryOptions,
  ) {
    this.#port = port;
    this.#o = options;
    this.#path = new PathHistory(trajectory, options.pathStep);
  }

  /** Whether a scan has been tracked: nothing is published before. */
  get started(): boolean {
    return this.#started;
  }
  /** The last odometry published. */
  get last(): Odometry | undefined {
    return this.#last;
  }

  /** Publishes where tracking put a scan. */
  publish(tracked: PoseEvent, baseFrame: string): Published {
    const lost = tracked.state === 'lost';
    if (lost && !this.#started) return 'nothing';
    this.#started = true;
    const stamp = steadyNs(tracked);
    this.#lostSince = lost ? (this.#lostSince ?? stamp) : undefined;
    const twistCov = lost ? LOST_COVARIANCE : this.#twistCovariance(tracked);
    if (!lost) this.#before = { covariance: tracked.covariance, steadyNs: stamp };
    if (lost && Number(stamp - this.#lostSince!) * 1e-9 > this.#o.lostTimeout()) return 'nothing';
    // Two sensors with one stamp: tf refuses the same instant twice.
    if (this.#last && stamp <= this.#lastNs) return 'nothing';
    const odometry = odometryOf(tracked, twistCov, { odomFrame: this.#o.odomFrame, baseFrame });
    this.#last = odometry;
    this.#lastNs = stamp;
    this.#state = tracked.state;
    this.#port.publish('odometry', encodeOdometry(odometry));
    if (this.#o.publishTf()) this.#publishTf(odometry);
    return lost ? 'prediction' : 'odometry';
  }

  /** The pose at a place of the trajectory is refined: it belongs to the path now. */
  extendPath(place: number): void {
    this.#path.add(place);
  }

  /** Publishes the path where somebody listens and it is new, or new to them. */
  publishPath(): void {
    const listeners = this.#port.listeners('path') > 0 ? this.#port.subscribers('path') : [];
    const fresh = listeners.some((id) => !this.#pathSeen.has(id));
    this.#pathSeen = new Set(listeners);
    if (listeners.length === 0 || !this.#last) return;
    const shown = `${this.#path.length} ${this.trajectory.version}`;
    if (!fresh && shown === this.#pathShown) return;
    this.#pathShown = shown;
    this.#port.publish('path', encodePath(this.#path.message(this.#last.stampNs, this.#o.odomFrame)));
  }

  /** Starts anew: another map, or time has jumped. */
  reset(): void {
    this.#started = false;
    this.#before = this.#lostSince = this.#last = this.#state = undefined;
    this.#path.clear();
    this.#pathShown = '';
  }

  /** State of the last published odometry. */
  get state(): TrackingState | undefined {
    return this.#state;
  }

  #twistCovariance(tracked: PoseEvent): Float64Array {
    const dt = this.#before ? Number(steadyNs(tracked) - this.#before.steadyNs) * 1e-9 : 0;
    // Without a scan before it, or with one of another sensor just before, the difference says nothing.
    if (!this.#before || !(dt > 0.01)) return LOST_COVARIANCE;
    return twistCovariance(this.#before.covariance, tracked.covariance, tracked.pose, dt);
  }

  #publishTf({ stampNs, frameId, childFrameId, pose }: Odometry): void {
    const transform = this.#o.invertTf()
      ? { stampNs, frameId: childFrameId, childFrameId: frameId, transform: inverse(pose) }
      : { stampNs, frameId, childFrameId, transform: pose };
    this.#port.publish('tf', encodeTFMessage([transform]));
  }
}
