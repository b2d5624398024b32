import type { SlamService } from '../../host/client.js';
import { handOver } from '../../host/transfer.js';
import { FeltmapError } from '../../geometry/errors.js';
import { decodeColorMessage } from '../../images/decode-message.js';
import { frameName } from '../../messages/tf-buffer.js';
import { ColorFrameBuilder } from '../../sensors/camera/color-frame-builder.js';
import type { ScanIntake } from '../scan-intake.js';
import type { ThrottledLog } from '../throttle.js';
import { CalibrationIntake } from './calibration.js';

export interface ColorIntakeOptions {
  /** Full names of the image topic and of its camera_info. */
  readonly topic: string;
  readonly info: string;
  /** Position among the cameras: number of its picture stream in the viewer. */
  readonly index: number;
  readonly intake: ScanIntake;
  readonly log: ThrottledLog;
  readonly slam: () => SlamService | undefined;
  readonly now?: () => number;
}

/** Images that are used of a camera are so far apart at least (ms): more colours nothing better. */
const SPACING_MS = 150;

/** What belongs to an image may come so much after the first one (ms) before its lack is told. */
const PATIENCE_MS = 1000;

/**
 * Images of a camera without depth, which colour what LiDARs map: some a second, decoded one at a time, handed to the
 * SLAM thread at once. They wait there for the poses around them, and no scan waits for them.
 *
 * @example
 * const camera = new ColorIntake({ topic: '/front/image', info: '/front/camera_info', index: 0, intake, log, slam });
 * camera.info(infoBytes);
 * camera.image('sensor_msgs/msg/Image', imageBytes);
 */
export class ColorIntake {
  readonly #calibration: CalibrationIntake;
  readonly #now: () => number;
  #builder: ColorFrameBuilder | undefined;
  #told = 0;
  #busy = false;
  #taken = -Infinity;
  /** Since when images have lacked something; undefined: they have all. */
  #lackingSince: number | undefined;

  constructor(private readonly options: ColorIntakeOptions) {
    const { info, topic, log, now } = options;
    this.#calibration = new CalibrationIntake(info, topic, log);
    this.#now = now ?? (() => performance.now());
  }

  /** The camera_info in CDR. */
  info(bytes: Uint8Array): void {
    if (!this.#calibration.add(bytes)) return;
    this.#builder = undefined;
    this.#told = 0;
  }

  /** An image in CDR. @returns when it is with the SLAM thread, or left out */
  async image(type: string, data: Uint8Array): Promise<void> {
    if (this.#busy || this.#now() - this.#taken < SPACING_MS || !this.options.slam()) return;
    this.#taken = this.#now();
    this.#busy = true;
    try {
      await this.#use(type, data);
    } finally {
      this.#busy = false;
    }
  }

  async #use(type: string, data: Uint8Array): Promise<void> {
    const { topic, info, index, intake, log, slam } = this.options;
    const camera = this.#calibration.newest?.camera;
    if (!camera)
      return void this.#lack('camera_info', `no usable camera_info has come on ${info}; start the driver's`);
    const base = intake.baseFrame;
    if (base === '') return; // no scan has come yet
    const stamped = intake.stamp(topic, data, 'image');
    if (!stamped) return;
    const { stampNs, clockShiftNs, frameId } = stamped;
    const found = intake.place(frameId, stampNs);
    if (!found.ok)
      return void this.#lack(
        'transform',
        `there is no transform from '${base}' to '${frameName(frameId)}' (${found.reason}); publish it`,
      );
    this.#lackingSince = undefined;
    log.clear(`colour ${topic} camera_info`);
    log.clear(`colour ${topic} transform`);
    this.#builder ??= new ColorFrameBuilder({ name: topic, camera, mount: found.pose });
    const frame = await this.#builder.build({
      stampNs,
      ...(clockShiftNs !== 0n && { clockShiftNs }),
      frameId,
      mount: found.pose,
      color: () => decodeColorMessage({ topic, type, data, encoding: 'cdr' }),
    });
    this.#tell();
    if (!frame) return;
    const { message, transfers } = handOver(frame);
    try {
      await slam()?.call({ type: 'picture', frame: message, stream: index }, transfers);
    } catch (error) {
      // A thread that is gone says so where scans are handed over.
      if (!(error instanceof FeltmapError)) return;
      log.log('warn', `picture ${topic}`, `${topic}: ${error.message}.`);
    }
  }

  #lack(what: string, why: string): void {
    const { topic, log } = this.options;
    this.#lackingSince ??= this.#now();
    if (this.#now() - this.#lackingSince < PATIENCE_MS) return;
    log.log('warn', `colour ${topic} ${what}`, `${topic} does not colour the map: ${why}.`);
  }

  /** Says what is new about the images, each kind once. */
  #tell(): void {
    const notes = this.#builder?.notes ?? [];
    for (const note of notes.slice(this.#told)) this.options.log.log('warn', `image ${note}`, `${note}.`);
    this.#told = notes.length;
  }
}
