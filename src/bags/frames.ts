import { identity } from '../geometry/se3.js';
import type { TfBuffer } from '../messages/tf-buffer.js';
import type { LidarScan } from '../sensors/lidar/scan.js';

/**
 * The frames of one topic's clouds. The first is the body; another LiDAR in the same topic is mounted on it by the fixed
 * transforms of the recording, or left out with a warning: it must not pass for the first.
 *
 * @example
 * const frames = new Frames('/points', () => staticTransforms(bag));
 * const scan = await frames.mounted(decoded); // undefined: not used
 */
export class Frames {
  #first: string | undefined;
  #tf: TfBuffer | undefined;
  readonly #left = new Map<string, { count: number; readonly reason: string }>();

  constructor(
    private readonly topic: string,
    private readonly transforms: () => Promise<TfBuffer>,
    first?: string,
  ) {
    if (first !== undefined) this.#first = plain(first);
  }

  /** Clouds that are left out, by frame. */
  get notes(): readonly string[] {
    return [...this.#left].map(
      ([frame, { count, reason }]) =>
        `${this.topic} brings clouds of '${this.#first}' and of '${frame}', and the recording has no fixed transform between ` +
        `them (${reason}): those of '${frame}' are not used (${count})`,
    );
  }

  async mounted(scan: LidarScan): Promise<LidarScan | undefined> {
    const frame = plain(scan.frameId);
    this.#first ??= frame;
    if (frame === this.#first) return this.#tf ? { ...scan, mount: identity() } : scan;
    this.#tf ??= await this.transforms();
    const found = this.#tf.lookup(this.#first, frame, scan.stampNs);
    if (found.ok) return { ...scan, mount: found.pose };
    const left = this.#left.get(frame) ?? { count: 0, reason: found.reason };
    left.count++;
    this.#left.set(frame, left);
    return undefined;
  }
}

/** As tf has it, without a leading slash. */
function plain(frame: string): string {
  return frame.startsWith('/') ? frame.slice(1) : frame;
}
