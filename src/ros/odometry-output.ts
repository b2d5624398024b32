import { identity, inverse, type Pose } from '../geometry/se3.js';
import { encodeOdometry, encodePath, encodeTFMessage, type Odometry } from '../messages/poses.js';
import type { ScanResult, TrackingState } from '../slam/types.js';
import { odometryOf, twistCovariance, unknownCovariance } from './odometry.js';
import { PathHistory } from './path-history.js';
import type { RosPort } from './port.js';
import type { ReadyScan } from './scan-intake.js';

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

/** Publishes odometry, its transform and the path, and nothing that is known to be wrong. */
export class OdometryOutput {
  readonly #port: RosPort;
  readonly #o: OdometryOptions;
  readonly #path: PathHistory;
  #origin: Pose | undefined;
  #before: { covariance: Float64Array; stampNs: bigint } | undefined;
  #lostSince: bigint | undefined;
  #last: Odometry | undefined;
  #state: TrackingState | undefined;
  #pathSeen = new Set<string>();
  #pathLength = -1;

  constructor(port: RosPort, options: OdometryOptions) {
    this.#port = port;
    this.#o = options;
    this.#path = new PathHistory(options.pathStep);
  }

  /** T_odom_map: where the map's frame lies; undefined until the first tracked scan. */
  get origin(): Pose | undefined {
    return this.#origin;
  }
  /** The last odometry published. */
  get last(): Odometry | undefined {
    return this.#last;
  }

  publish(result: ScanResult, scan: ReadyScan, baseFrame: string): Published {
    const lost = result.state === 'lost';
    if (!this.#origin) {
      if (lost) return 'nothing';
      // The map begins with the base at its origin, as odometry does.
      this.#origin = identity();
    }
    this.#lostSince = lost ? (this.#lostSince ?? result.stampNs) : undefined;
    const twistCov = lost ? unknownCovariance() : this.#twistCovariance(result);
    if (!lost) this.#before = { covariance: result.covariance, stampNs: result.stampNs };
    if (lost && Number(result.stampNs - this.#lostSince!) * 1e-9 > this.#o.lostTimeout()) return 'nothing';
    // Two sensors with one stamp: tf refuses the same instant twice.
    if (this.#last && result.stampNs <= this.#last.stampNs) return 'nothing';
    const told = lost ? { ...result, covariance: unknownCovariance() } : result;
    const odometry = odometryOf(told, twistCov, {
      mount: scan.mount,
      mountTwist: scan.mountTwist,
      origin: this.#origin,
      odomFrame: this.#o.odomFrame,
      baseFrame,
    });
    this.#last = odometry;
    this.#state = result.state;
    this.#port.publish('odometry', encodeOdometry(odometry));
    if (this.#o.publishTf()) this.#publishTf(odometry);
    const { stampNs, frameId, pose } = odometry;
    if (!lost) this.#path.add({ stampNs, frameId, pose });
    return lost ? 'prediction' : 'odometry';
  }

  /** Publishes the path where somebody listens and it is new, or new to them. */
  publishPath(): void {
    const listeners = this.#port.listeners('path') > 0 ? this.#port.subscribers('path') : [];
    const fresh = listeners.some((id) => !this.#pathSeen.has(id));
    this.#pathSeen = new Set(listeners);
    if (listeners.length === 0 || !this.#last) return;
    if (!fresh && this.#path.length === this.#pathLength) return;
    this.#pathLength = this.#path.length;
    this.#port.publish('path', encodePath(this.#path.message(this.#last.stampNs, this.#o.odomFrame)));
  }

  /** Starts anew: another map, or time has jumped. */
  reset(): void {
    this.#origin = this.#before = this.#lostSince = this.#last = this.#state = undefined;
    this.#path.clear();
    this.#pathLength = -1;
  }

  /** State of the last published odometry. */
  get state(): TrackingState | undefined {
    return this.#state;
  }

  #twistCovariance(result: ScanResult): Float64Array {
    const dt = this.#before ? Number(result.stampNs - this.#before.stampNs) * 1e-9 : 0;
    // Without a scan before it, or with one of another sensor just before, the difference says nothing.
    if (!this.#before || !(dt > 0.01)) return unknownCovariance();
    return twistCovariance(this.#before.covariance, result.covariance, result.pose, dt);
  }

  #publishTf({ stampNs, frameId, childFrameId, pose }: Odometry): void {
    const transform = this.#o.invertTf()
      ? { stampNs, frameId: childFrameId, childFrameId: frameId, transform: inverse(pose) }
      : { stampNs, frameId, childFrameId, transform: pose };
    this.#port.publish('tf', encodeTFMessage([transform]));
  }
}
