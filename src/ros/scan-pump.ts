import { FeltmapError } from '../geometry/errors.js';
import type { SlamService } from '../host/client.js';
import { handOver } from '../host/transfer.js';
import type { TrackingState } from '../slam/events.js';
import type { ImuIntake } from '../sensors/imu/intake.js';
import type { OdometryIntake } from '../sensors/odometry/intake.js';
import type { PosedMeasurement } from '../sensors/measurement.js';
import type { ScanIntake } from './scan-intake.js';
import type { ReadyFrame, ReadyScan } from './waiting-scan.js';
import { sentence } from './trigger.js';

export interface ScanPumpOptions {
  readonly intake: ScanIntake;
  readonly imu: ImuIntake;
  /** External odometry. */
  readonly wheels: OdometryIntake;
  readonly slam: () => SlamService | undefined;
  /** Scans are handed over only while this holds. */
  readonly active: () => boolean;
  /** Scans that may wait once the start is over. */
  readonly queueSize: () => number;
  /** Whether the deskewed cloud of the next scan is wanted. */
  readonly wantsCloud: () => boolean;
  /** The SLAM thread is gone. */
  readonly onFatal: (error: Error) => void;
}

/** How soon a scan that waits for its transform is looked at again, ms. */
const RETRY_MS = 10;
/** Tracked scans of the first LiDAR before the others take part: they need a map and a velocity. */
const SETTLED_SCANS = 3;
/** Scans that may wait at the start: code is still being compiled, and without a velocity none should be missed. */
const STARTING_SCANS = 20;
/** So many in a row end the start, once no more wait than may later. */
const STARTED_SCANS = 10;

/** A frame whose images are being decoded. */
interface Ahead {
  readonly scan: ReadyFrame;
  readonly frame: Promise<PosedMeasurement | undefined>;
}

/**
 * Hands scans to the SLAM thread, one at a time, and knows which one it is working on. The images of the next frame are
 * decoded meanwhile.
 *
 * @example
 * const pump = new ScanPump({ intake, imu, wheels, slam, active, queueSize, wantsCloud, onFatal });
 * pump.pump(); // after every cloud that came
 * pump.settle('tracking'); // after every scan that is mapped
 */
export class ScanPump {
  #busy = false;
  #current: { scan: ReadyScan; generation: number } | undefined;
  /** The next frame, whose images are being decoded. */
  #ahead: Ahead | undefined;
  /** A new map is being started: scans wait. */
  #held = false;
  #retry: NodeJS.Timeout | undefined;
  #settled = 0;
  #startRoom = STARTING_SCANS;
  /** Raised with every new map: replies to older scans are about one that is gone. */
  #generation = 0;

  constructor(private readonly options: ScanPumpOptions) {}

  /**
   * Scans that may wait because a map has just been begun, or there is none yet; 0 once that is over. A machine that never
   * catches up is given less with every scan, so that it does not stay behind for good.
   */
  get startRoom(): number {
    return this.#startRoom;
  }

  /** The scan that the thread is working on; undefined when it belongs to a map that is gone. */
  get current(): ReadyScan | undefined {
    return this.#current?.generation === this.#generation ? this.#current.scan : undefined;
  }

  /** The current scan was tracked and mapped, or was not. */
  settle(state: TrackingState): void {
    const { intake, queueSize } = this.options;
    if (this.current?.index === 0) this.#settled = state === 'lost' ? 0 : this.#settled + 1;
    if (this.#settled < STARTED_SCANS || this.#startRoom === 0) return;
    this.#startRoom = intake.length <= queueSize() ? 0 : this.#startRoom - 1;
  }

  /** Hands the next scan over if the thread is free. */
  pump(): void {
    const { slam: service, active } = this.options;
    this.stop();
    const slam = service();
    if (this.#held || !slam || !active()) return;
    if (this.#busy) return this.#lookAhead();
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead) void this.#processFrame(slam, ahead);
    else {
      const scan = this.#next();
      if (!scan) return;
      if ('images' in scan) void this.#processFrame(slam, decoding(scan));
      else void this.#processCloud(slam, scan);
    }
    this.#lookAhead();
  }

  /** The next scan that can be used now. */
  #next(): ReadyScan | undefined {
    const { intake } = this.options;
    for (let scan = intake.next(); scan; scan = intake.next()) {
      if (scan === 'wait') {
        this.#retry = setTimeout(() => this.pump(), RETRY_MS);
        return undefined;
      }
      if (scan.index === 0 || this.#settled >= SETTLED_SCANS) return scan;
      intake.drop('waiting-for-first-sensor', scan.topic);
    }
    return undefined;
  }

  /** Frames are decoded while the one before is worked on; clouds are decoded by the SLAM thread. */
  #lookAhead(): void {
    if (this.#ahead || !this.options.intake.framesWait) return;
    const scan = this.#next();
    if (scan && 'images' in scan) this.#ahead = decoding(scan);
  }

  /** A transform has come, for which a scan may wait. */
  transformArrived(): void {
    if (this.#retry) this.pump();
  }

  /** Keeps scans back until {@link release}; those that wait are dropped, and so are replies still to come. */
  hold(): void {
    this.#generation++;
    this.options.intake.clear();
    this.#held = true;
    this.#startRoom = STARTING_SCANS;
  }

  release(): void {
    this.#held = false;
    this.pump();
  }

  /** The map is another one: replies about the old one are dropped, the first LiDAR has to settle again. */
  forget(): void {
    this.#generation++;
    this.#ahead = undefined;
    this.#settled = 0;
    this.#startRoom = STARTING_SCANS;
  }

  /** The frame that is being decoded is not wanted any more. */
  dropAhead(): void {
    this.#ahead = undefined;
  }

  /** Waits for no transform any longer. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #processCloud(slam: SlamService, scan: Exclude<ReadyScan, ReadyFrame>): Promise<void> {
    return this.#process(slam, scan, async () => {
      const { message: bytes, transfers } = handOver(scan.bytes);
      const { mount, mountTwist, stampNs, clockShiftNs } = scan;
      this.#readings(slam, scan);
      await slam.call(
        {
          type: 'cloud',
          bytes,
          stampNs,
          ...(clockShiftNs !== 0n && { clockShiftNs }),
          mount,
          ...(mountTwist.some((v) => v !== 0) && { mountTwist }),
          undistorted: this.options.wantsCloud(),
        },
        transfers,
      );
    });
  }

  #processFrame(slam: SlamService, { scan, frame }: Ahead): Promise<void> {
    return this.#process(slam, scan, async () => {
      const made = await frame;
      if (!made) return void this.options.intake.drop('unreadable', scan.topic);
      if (!this.current) return; // a new map was begun meanwhile
      this.#readings(slam, scan);
      const { message, transfers } = handOver(made);
      const undistorted = this.options.wantsCloud();
      await slam.call({ type: 'scan', scan: message, stream: scan.index, undistorted }, transfers);
    });
  }

  /** What other sensors have measured until a scan goes before it. */
  #readings(slam: SlamService, { stampNs, clockShiftNs, readings: until }: ReadyScan): void {
    const { intake, imu, wheels } = this.options;
    const readings = imu.take(intake.baseFrame, stampNs, clockShiftNs, until?.imu);
    const poses = wheels.take(intake.baseFrame, stampNs, clockShiftNs, until?.odometry);
    if (readings) void slam.call({ type: 'imu', batch: readings });
    if (poses) void slam.call({ type: 'odometry', batch: poses });
  }

  async #process(slam: SlamService, scan: ReadyScan, work: () => Promise<void>): Promise<void> {
    const { intake, onFatal } = this.options;
    this.#busy = true;
    this.#current = { scan, generation: this.#generation };
    try {
      await work();
    } catch (error) {
      if (this.options.slam() !== slam) return; // ended on purpose
      const bad = error instanceof FeltmapError && error.code === 'bad-input';
      intake.drop(bad ? 'unreadable' : 'failed', scan.topic, `${scan.topic}: ${sentence(error)}`);
      if (slam.failure) onFatal(slam.failure);
    } finally {
      this.#busy = false;
      this.#current = undefined;
      this.pump();
    }
  }
}

function decoding(scan: ReadyFrame): Ahead {
  const frame = scan.images.build(scan);
  // Awaited when its turn comes, which may be later than it fails, or never.
  frame.catch(() => undefined);
  return { scan, frame };
}
