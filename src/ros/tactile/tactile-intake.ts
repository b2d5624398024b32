import type { Pose } from '../../geometry/se3.js';
import { FeltmapError } from '../../geometry/errors.js';
import { decodeTouchMessage } from '../../images/decode-touch.js';
import type { TouchMeasurement } from '../../sensors/tactile/touch.js';
import type { ScanIntake } from '../scan-intake.js';
import type { ThrottledLog } from '../throttle.js';
import { sentence } from '../trigger.js';
import type { StampedArrival } from '../waiting-scan.js';
import type { TactileTopic } from './topics.js';

export interface TactileIntakeOptions {
  readonly topics: readonly TactileTopic[];
  /** Position of the first in the line of sensors: 0 where nothing else leads. */
  readonly first: number;
  /** From one pixel to the next of depth images (m); asked anew each time. */
  readonly pitch: () => number;
  readonly intake: ScanIntake;
  readonly log: ThrottledLog;
}

/**
 * Messages of tactile sensors, from arrival to the line of scans that wait for their transforms.
 *
 * @example
 * const touches = new TactileIntake({ topics, first: 1, pitch: () => 6e-5, intake, log });
 * if (touches.take(0, 'sensor_msgs/msg/Image', bytes)) pump.pump();
 */
export class TactileIntake {
  constructor(private readonly options: TactileIntakeOptions) {}

  /**
   * A message of a sensor, CDR.
   *
   * @param index position among the tactile sensors
   * @param type of the message, where images come raw or compressed
   * @returns whether it waits now
   */
  take(index: number, type: string, bytes: Uint8Array): boolean {
    const { topics, first, intake } = this.options;
    const topic = topics[index]!;
    const stamped = intake.stamp(topic.name, bytes, topic.input === 'points' ? 'cloud' : 'image');
    if (!stamped) return false;
    const images = {
      lacks: () => undefined,
      build: ({ mount }: { mount: Pose }) => this.#build(topic, type, bytes, stamped, mount),
    };
    intake.queue({ topic: topic.name, index: first + index, ...stamped, images });
    return true;
  }

  async #build(
    { name, input }: TactileTopic,
    type: string,
    data: Uint8Array,
    { stampNs, clockShiftNs, frameId }: StampedArrival,
    mount: Pose,
  ): Promise<TouchMeasurement | undefined> {
    const { log, pitch } = this.options;
    try {
      const message = { topic: name, type, data, encoding: 'cdr' } as const;
      const touch = await decodeTouchMessage(input, message, { stampNs, frameId }, { pitch: pitch() });
      return { ...touch, mount, ...(clockShiftNs !== 0n && { clockShiftNs }) };
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      log.log('warn', `touch ${name} ${error.message}`, `${name}: ${sentence(error)}`);
      return undefined;
    }
  }
}
