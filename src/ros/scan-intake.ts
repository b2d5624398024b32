import { FeltmapError } from '../geometry/errors.js';
import { compose, inverse, log, type Pose, type Twist } from '../geometry/se3.js';
import { describeStamp } from '../sensors/stamp-notes.js';
import { firstPointNs } from '../sensors/lidar/pointcloud2.js';
import { fingerprint } from '../sensors/fingerprint.js';
import { peekHeader } from '../messages/header.js';
import { ScanQueue } from './scan-queue.js';
import type { TfBuffer } from '../messages/tf-buffer.js';
import type { ThrottledLog } from './throttle.js';
import type { TimeWatch } from './time-watch.js';

/** A cloud that waits for its transform and its turn. */
export interface WaitingScan {
  readonly topic: string;
  /** Position of the topic among the LiDARs; 0 leads. */
  readonly index: number;
  /** The stamp that it is used with, and how far its clock has stepped (sensors/stamps.ts). */
  readonly stampNs: bigint;
  readonly clockShiftNs: bigint;
  readonly frameId: string;
  readonly bytes: Uint8Array;
  /** Monotonic milliseconds of arrival. */
  readonly arrivedMs: number;
}

/** A scan with everything the SLAM thread needs. */
export interface ReadyScan extends WaitingScan {
  /** T_base_sensor at the stamp, and the sensor's velocity relative to the base (sensor frame). */
  readonly mount: Pose;
  readonly mountTwist: Twist;
}

export type DropReason =
  | 'queue-full'
  | 'duplicate'
  | 'out-of-order'
  | 'before-jump'
  | 'repeats'
  | 'unset'
  | 'no-transform'
  | 'unreadable'
  | 'failed'
  | 'paused'
  | 'waiting-for-first-lidar';

export interface IntakeOptions {
  readonly tf: TfBuffer;
  readonly time: TimeWatch;
  readonly log: ThrottledLog;
  /** Empty: the frame of the first LiDAR. */
  readonly baseFrame: string;
  /** Seconds; asked anew each time. */
  readonly tfTimeout: () => number;
  readonly queueSize: () => number;
  readonly onJump: (seconds: number) => void;
  readonly now?: () => number;
}

/** Interval over which the velocity of a moving mount is taken. */
const MOUNT_STEP_NS = 50_000_000n;

/**
 * Clouds from arrival to the SLAM thread: stamps, waiting line, transforms; counts what is dropped and why.
 *
 * @example
 * const intake = new ScanIntake({ ...options, baseFrame: '', tfTimeout: () => 0.2, queueSize: () => 2 });
 * intake.add('/points', 0, bytes); // the first LiDAR's cloud
 * const ready = intake.next(); // 'wait': its transform is not there yet
 */
export class ScanIntake {
  readonly #o: IntakeOptions;
  readonly #queue: ScanQueue<WaitingScan>;
  readonly #drops = new Map<DropReason, number>();
  readonly #now: () => number;
  #baseFrame: string;
  #lacking: string | undefined;

  constructor(options: IntakeOptions) {
    this.#o = options;
    this.#baseFrame = options.baseFrame;
    this.#queue = new ScanQueue(options.queueSize());
    this.#now = options.now ?? (() => performance.now());
  }

  get drops(): ReadonlyMap<DropReason, number> {
    return this.#drops;
  }
  get length(): number {
    return this.#queue.length;
  }
  /** Frame whose motion is published; empty until the first cloud where the parameter leaves it open. */
  get baseFrame(): string {
    return this.#baseFrame;
  }
  /** Which transform is missing at the moment, in words. */
  get lacking(): string | undefined {
    return this.#lacking;
  }

  /** Takes a cloud as it came (CDR). @returns whether it waits now */
  add(topic: string, index: number, bytes: Uint8Array): boolean {
    let header;
    try {
      header = peekHeader(bytes);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      return this.drop('unreadable', topic, `${topic}: ${error.message}`);
    }
    const { frameId } = header;
    const verdict = this.#o.time.check({
      source: `${topic} ${frameId}`,
      stampNs: header.stampNs,
      receivedNs: this.#received(),
      firstPointNs: () => firstPointNs(bytes),
      fingerprint: fingerprint(bytes),
    });
    if (verdict.kind === 'drop') {
      const text =
        verdict.why === 'before-jump'
          ? 'a cloud is from before the jump in time and is dropped'
          : describeStamp(verdict)!;
      return this.drop(verdict.why, topic, `${topic}: ${text}.`);
    }
    if (verdict.kind === 'restart') this.#o.onJump(verdict.seconds);
    else if (verdict.kind !== 'ok')
      this.#o.log.log('warn', `${verdict.kind} ${topic}`, `${topic}: ${describeStamp(verdict)!}.`);
    const { stampNs } = verdict;
    const clockShiftNs = verdict.kind === 'restart' ? 0n : verdict.clockShiftNs;
    if (frameId === '')
      return this.drop(
        'unreadable',
        topic,
        `${topic}: the cloud's header has no frame_id; set it in the driver.`,
      );
    if (this.#baseFrame === '' && index === 0) this.#baseFrame = frameId;
    this.#queue.capacity = this.#o.queueSize();
    const arrivedMs = this.#now();
    for (const gone of this.#queue.push({ topic, index, stampNs, clockShiftNs, frameId, bytes, arrivedMs }))
      this.drop(
        'queue-full',
        gone.topic,
        `${gone.topic}: scans arrive faster than they are processed; the oldest is dropped.`,
      );
    return true;
  }

  /** Now on a clock that never steps, ns since 1970. */
  #received(): bigint {
    return BigInt(Math.round((performance.timeOrigin + this.#now()) * 1e6));
  }

  /** The next scan whose transform is known, or 'wait' while it may still come, or undefined when none waits. */
  next(): ReadyScan | 'wait' | undefined {
    for (let scan = this.#queue.peek(); scan; scan = this.#queue.peek()) {
      const found = this.#o.tf.lookup(this.#baseFrame, scan.frameId, scan.stampNs);
      if (found.ok) {
        this.#queue.shift();
        this.#lacking = undefined;
        this.#o.log.clear(`no-transform ${scan.topic}`);
        return { ...scan, mount: found.pose, mountTwist: this.#mountTwist(scan, found) };
      }
      const waited = (this.#now() - scan.arrivedMs) / 1000;
      const hopeless = found.failure === 'past' || found.failure === 'cycle';
      if (!hopeless && waited < this.#o.tfTimeout()) return 'wait';
      this.#queue.shift();
      const frames = `from '${this.#baseFrame}' to '${scan.frameId}'`;
      this.#lacking = `no transform ${frames}`;
      this.drop(
        'no-transform',
        scan.topic,
        `${scan.topic}: no odometry, because there is no transform ${frames} at the stamp of the cloud: ${found.reason}. ` +
          `Publish it (ros2 run tf2_ros static_transform_publisher --frame-id ${this.#baseFrame} --child-frame-id ${scan.frameId}), ` +
          `or set base_frame to '${scan.frameId}'.`,
      );
    }
    return undefined;
  }

  /** Dropped scans, for whatever reason. */
  get dropped(): number {
    let sum = 0;
    for (const count of this.#drops.values()) sum += count;
    return sum;
  }

  /** Counts a dropped scan and says so now and then. */
  drop(reason: DropReason, topic: string, text?: string): false {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
    if (text !== undefined) this.#o.log.log('warn', `${reason} ${topic}`, text);
    return false;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue.clear();
    this.#lacking = undefined;
  }

  #mountTwist(scan: WaitingScan, now: { pose: Pose; isStatic: boolean }): Twist {
    if (now.isStatic) return new Float64Array(6);
    const before = this.#o.tf.lookup(this.#baseFrame, scan.frameId, scan.stampNs - MOUNT_STEP_NS);
    if (!before.ok) return new Float64Array(6);
    const dt = Number(MOUNT_STEP_NS) * 1e-9;
    return log(compose(inverse(before.pose), now.pose)).map((v) => v / dt);
  }
}
