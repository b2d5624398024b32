import { FeltmapError } from '../geometry/errors.js';
import type { Pose } from '../geometry/se3.js';
import { frameName, type TfBuffer } from '../messages/tf-buffer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';
import { fixedFrameNote } from './fixed-frames.js';

/** Frame of the body, where tf knows it (REP-105). */
export const BASE = 'base_link';

/** The body of a sensor that others are placed on: a frame that tf knows, and T_body_frame where that is another one. */
export interface BodyFrame {
  readonly frame: string;
  readonly T_body_frame?: Pose;
}

export interface FramesOptions {
  /** Frame of the first cloud, where that is known. */
  readonly first?: string;
  /** Frame of the body; {@link BASE} where fixed transforms connect it with the first cloud, unless given. */
  readonly base?: string | undefined;
}

/**
 * The frames of one topic's clouds, and the body that they are mounted on: base_link or the frame that is asked for, where
 * the fixed transforms of the recording connect it with the first cloud, else the sensor of that. Another LiDAR in the same
 * topic is mounted likewise, or left out with a warning: it must not pass for the first.
 *
 * @example
 * const frames = new Frames('/points', () => staticTransforms(bag));
 * const scan = await frames.mounted(decoded); // undefined: not used
 * console.log(frames.body); // base_link
 */
export class Frames {
  #first: string | undefined;
  #body: string | undefined;
  #tf: TfBuffer | undefined;
  #unplaced: string | undefined;
  readonly #base: string | undefined;
  readonly #mounts = new Map<string, Pose>();
  readonly #left = new Map<string, { count: number; readonly reason: string }>();

  constructor(
    private readonly topic: string,
    private readonly transforms: () => Promise<TfBuffer>,
    { first, base }: FramesOptions = {},
  ) {
    if (first !== undefined) this.#first = frameName(first);
    if (base !== undefined) this.#base = frameName(base);
  }

  /** Whose motion the clouds show; known from the first one on. */
  get body(): string | undefined {
    return this.#body;
  }

  /** T_body_frame of another frame, where the recording's fixed transforms say it; once a cloud has come. */
  locate(frame: string): Pose | undefined {
    const found = this.#tf?.lookup(this.#body!, frame, 0n);
    return found?.ok ? found.pose : undefined;
  }

  /** A frame that stands still, a base_link that nothing connects, static transforms that changed, and clouds that are left out, by frame. */
  get notes(): readonly string[] {
    const left = [...this.#left].map(
      ([frame, { count, reason }]) =>
        `${this.topic} brings clouds of '${this.#first}' and of '${frame}', and the recording has no fixed transform between ` +
        `them (${reason}): those of '${frame}' are not used (${count})`,
    );
    const fixed = this.#first === undefined ? undefined : fixedFrameNote(this.topic, this.#first);
    return [fixed, this.#unplaced, ...(this.#tf?.staticChanges ?? []), ...left].filter(
      (note) => note !== undefined,
    );
  }

  /**
   * The cloud with its place on the body, unless its sensor is the body.
   *
   * @throws FeltmapError not-found where the body that is asked for is not connected with the first cloud
   */
  async mounted(scan: LidarScan): Promise<LidarScan | undefined> {
    const frame = frameName(scan.frameId);
    this.#first ??= frame;
    this.#tf ??= await this.transforms();
    this.#body ??= this.#bodyOf(this.#tf, this.#first);
    if (frame === this.#body && this.#mounts.size === 0) return scan;
    const mount = this.#mounts.get(frame) ?? this.#place(this.#tf, this.#body, frame);
    return mount && { ...scan, mount };
  }

  #bodyOf(tf: TfBuffer, first: string): string {
    const { body, missing } = bodyOfCloud(tf, first, this.#base);
    if (missing === undefined) return body;
    const text = `${this.topic}: there is no fixed transform from '${this.#base ?? BASE}' to '${first}' (${missing})`;
    if (this.#base !== undefined)
      throw new FeltmapError(
        'not-found',
        `${text}; record /tf_static, or ask for poses of '${first}' (--base-frame)`,
      );
    this.#unplaced = `${text}: poses are those of '${first}'; record /tf_static`;
    return body;
  }

  #place(tf: TfBuffer, body: string, frame: string): Pose | undefined {
    const found = tf.lookup(body, frame, 0n);
    if (found.ok) {
      this.#mounts.set(frame, found.pose);
      return found.pose;
    }
    const left = this.#left.get(frame) ?? { count: 0, reason: found.reason };
    left.count++;
    this.#left.set(frame, left);
    return undefined;
  }
}

/**
 * The body of a recording's clouds: the wanted frame, else {@link BASE}, where fixed transforms connect it, else their sensor.
 *
 * @returns T_body_sensor unless the sensor is the body; what is missing where the wanted or a known frame is not connected
 */
export function bodyOfCloud(
  tf: TfBuffer,
  frame: string,
  wanted?: string,
): { readonly body: string; readonly T_body_sensor?: Pose; readonly missing?: string } {
  const sensor = frameName(frame);
  const base = frameName(wanted ?? BASE);
  if (base === sensor || (wanted === undefined && !tf.has(base))) return { body: sensor };
  const found = tf.lookup(base, sensor, 0n);
  return found.ok ? { body: base, T_body_sensor: found.pose } : { body: sensor, missing: found.reason };
}
