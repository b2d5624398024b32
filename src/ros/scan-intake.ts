import { fixedFrameNote } from '../bags/fixed-frames.js';
import { FeltmapError } from '../geometry/errors.js';
import { compose, inverse, log, type Pose, type Twist } from '../geometry/se3.js';
import { describeStamp, type StampedNoun } from '../sensors/stamp-notes.js';
import { firstPointNs } from '../sensors/lidar/pointcloud2.js';
import { fingerprint } from '../sensors/fingerprint.js';
import { peekHeader } from '../messages/header.js';
import { ScanQueue } from './scan-queue.js';
import type { TfBuffer, TfLookup } from '../messages/tf-buffer.js';
import type { FrameLack, Readings, ReadyScan, StampedArrival, WaitingScan } from './waiting-scan.js';
import type { ThrottledLog } from './throttle.js';
import type { TimeWatch } from './time-watch.js';

export type DropReason =
  | 'queue-full'
  | 'duplicate'
  | 'same-stamp'
  | 'same-content'
  | 'out-of-order'
  | 'before-jump'
  | 'repeats'
  | 'unset'
  | 'no-transform'
  | 'transform-gap'
  | 'no-camera-info'
  | 'unreadable'
  | 'failed'
  | 'paused'
  | 'waiting-for-first-sensor';

export interface IntakeOptions {
  readonly tf: TfBuffer;
  readonly time: TimeWatch;
  readonly log: ThrottledLog;
  /** Empty: the frame of the first LiDAR. */
  readonly baseFrame: string;
  /** Seconds; asked anew each time. */
  readonly tfTimeout: () => number;
  /** Seconds without a transform over which the place of a moving sensor is interpolated; any unless given. */
  readonly transformGap?: number;
  readonly queueSize: () => number;
  readonly onJump: (seconds: number) => void;
  /** How many readings of other sensors have come so far. */
  readonly readings?: () => Readings;
  /** What waits is forgotten. */
  readonly onClear?: () => void;
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
  /** Topics whose clouds are in a frame that stands still, which was told. */
  readonly #standing = new Set<string>();

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
  /** Whether the next one in line is a camera's frame. */
  get framesWait(): boolean {
    const first = this.#queue.peek();
    return first !== undefined && 'images' in first;
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
    const stamped = this.stamp(topic, bytes, 'cloud');
    if (!stamped) return false;
    if (this.#baseFrame === '' && index === 0) this.#baseFrame = stamped.frameId;
    const standing = fixedFrameNote(topic, stamped.frameId);
    if (standing !== undefined && !this.#standing.has(topic)) {
      this.#standing.add(topic);
      this.#o.log.log('warn', `standing ${topic}`, `${standing}.`);
    }
    this.queue({ topic, index, ...stamped, bytes });
    return true;
  }

  /** Judges a message as it came (CDR) by its stamp. @returns undefined for one that is dropped */
  stamp(topic: string, bytes: Uint8Array, noun: StampedNoun): StampedArrival | undefined {
    const refuse = (why: DropReason, text: string): undefined =>
      void this.drop(why, topic, `${topic}: ${text}`);
    let header;
    try {
      header = peekHeader(bytes);
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      return refuse('unreadable', error.message);
    }
    const { frameId } = header;
    const verdict = this.#o.time.check({
      source: `${topic} ${frameId}`,
      stampNs: header.stampNs,
      receivedNs: this.#received(),
      ...(noun === 'cloud' && { firstPointNs: () => firstPointNs(bytes) }),
      fingerprint: fingerprint(bytes),
    });
    if (verdict.kind === 'drop') {
      const text =
        verdict.why === 'before-jump'
          ? `${noun === 'cloud' ? 'a' : 'an'} ${noun} is from before the jump in time and is dropped`
          : describeStamp(verdict, noun)!;
      return refuse(verdict.why, `${text}.`);
    }
    if (verdict.kind === 'restart') this.#o.onJump(verdict.seconds);
    else if (verdict.kind !== 'ok')
      this.#o.log.log('warn', `${verdict.kind} ${topic}`, `${topic}: ${describeStamp(verdict, noun)!}.`);
    const { stampNs } = verdict;
    const clockShiftNs = verdict.kind === 'restart' ? 0n : verdict.clockShiftNs;
    if (frameId === '')
      return refuse('unreadable', `the ${noun}'s header has no frame_id; set it in the driver.`);
    const readings = this.#o.readings?.();
    return { stampNs, clockShiftNs, frameId, arrivedMs: this.#now(), ...(readings && { readings }) };
  }

  /** Puts a scan in line; the oldest gives way where it is full. */
  queue(scan: WaitingScan): void {
    this.#queue.capacity = this.#o.queueSize();
    for (const gone of this.#queue.push(scan))
      this.drop(
        'queue-full',
        gone.topic,
        `${gone.topic}: ${'images' in gone ? 'frames' : 'scans'} arrive faster than they are processed; the oldest is dropped.`,
      );
  }

  /** Now on a clock that never steps, ns since 1970. */
  #received(): bigint {
    return BigInt(Math.round((performance.timeOrigin + this.#now()) * 1e6));
  }

  /** Pose of a frame in the base at a stamp; a moving one is not interpolated over a long gap. */
  place(frameId: string, stampNs: bigint): TfLookup {
    return this.#o.tf.lookup(this.#baseFrame, frameId, stampNs, this.#o.transformGap);
  }

  /** The next scan whose transform is known, or 'wait' while it may still come, or undefined when none waits. */
  next(): ReadyScan | 'wait' | undefined {
    for (let scan = this.#queue.peek(); scan; scan = this.#queue.peek()) {
      const found = this.place(scan.frameId, scan.stampNs);
      const lack = 'images' in scan ? scan.images.lacks() : undefined;
      const waited = (this.#now() - scan.arrivedMs) / 1000;
      const hopeless = !found.ok && ['past', 'gap', 'cycle'].includes(found.failure);
      if ((!found.ok || lack) && !hopeless && waited < this.#o.tfTimeout()) return 'wait';
      this.#queue.shift();
      if (found.ok) {
        if (lack && !this.#goesWithout(scan, lack)) continue;
        this.#lacking = undefined;
        this.#o.log.clear(`no-transform ${scan.topic}`);
        this.#o.log.clear(`no-camera-info ${scan.topic}`);
        return { ...scan, mount: found.pose, mountTwist: this.#mountTwist(scan, found) };
      }
      if (found.failure === 'gap') {
        const noun = 'images' in scan ? 'frames' : 'scans';
        const why = `${found.reason} (sensor.transformGap)`;
        this.drop(
          'transform-gap',
          scan.topic,
          `${scan.topic}: ${noun} are dropped, because ${why}. Publish /tf more often.`,
        );
        continue;
      }
      const frames = `from '${this.#baseFrame}' to '${scan.frameId}'`;
      this.#lacking = `no transform ${frames}`;
      const publish =
        found.failure === 'future'
          ? `Publish it all the time, also while nothing moves; where it comes late, raise tf_timeout.`
          : `Publish it (ros2 run tf2_ros static_transform_publisher --frame-id ${this.#baseFrame} --child-frame-id ${scan.frameId}), ` +
            ('images' in scan
              ? 'or set base_frame to a frame of the camera that looks along x, such as camera_link.'
              : `or set base_frame to '${scan.frameId}'.`);
      this.drop(
        'no-transform',
        scan.topic,
        `${scan.topic}: no odometry, because there is no transform ${frames} at the stamp of the ${'images' in scan ? 'image' : 'cloud'}: ${found.reason}. ${publish}`,
      );
    }
    return undefined;
  }

  /** Patience with a frame has run out. @returns whether it can be used without what it lacks; else it is dropped */
  #goesWithout({ topic }: WaitingScan, { text, without }: FrameLack): boolean {
    if (without) {
      without();
      this.#o.log.log('warn', `without ${topic}`, text);
      return true;
    }
    this.#lacking = `no camera_info for ${topic}`;
    return this.drop('no-camera-info', topic, text);
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
    this.#o.onClear?.();
  }

  #mountTwist(scan: WaitingScan, now: { pose: Pose; isStatic: boolean }): Twist {
    if (now.isStatic) return new Float64Array(6);
    const before = this.place(scan.frameId, scan.stampNs - MOUNT_STEP_NS);
    if (!before.ok) return new Float64Array(6);
    const dt = Number(MOUNT_STEP_NS) * 1e-9;
    return log(compose(inverse(before.pose), now.pose)).map((v) => v / dt);
  }
}
