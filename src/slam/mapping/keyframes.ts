import { identity, type Pose } from '../../geometry/se3.js';
import type { Random } from '../../geometry/random.js';

/** A scan whose samples stay in the pool. */
export interface Keyframe {
  readonly scan: number;
  /** T_submap_sensor, refined while the keyframe is in the window. */
  pose: Pose;
  /** Where the tracker put it. */
  readonly anchor: Pose;
  /** First sample in the pool, and how many. */
  readonly first: number;
  readonly count: number;
  readonly T_body_sensor: Pose;
  /** Its pose stays where the tracker put it. */
  readonly held: boolean;
}

/**
 * The keyframes whose samples are replayed, so that training on the present does not forget the past. Samples live in
 * a ring of equal slabs; the oldest keyframe gives way when the ring is full.
 *
 * @example
 * const keyframes = new KeyframeStore(16, 4096);
 * drawSamples(keyframes.writeTo);
 * keyframes.keep(scan, T_submap_sensor, 4096);
 * const replayed = keyframes.draw(T_submap_sensor, 40, 3, random); // within 40 m
 */
export class KeyframeStore {
  readonly frames: Keyframe[] = [];
  readonly #slabs: number;
  readonly #slabSamples: number;
  #next = 0;

  constructor(slabs: number, slabSamples: number) {
    this.#slabs = slabs;
    this.#slabSamples = slabSamples;
  }

  /** First sample of the slab that the next scan writes to; reused until a scan is kept. */
  get writeTo(): number {
    return this.#next * this.#slabSamples;
  }

  keep(scan: number, pose: Pose, count: number, T_body_sensor = identity(), held = false): Keyframe {
    const frame = { scan, pose, anchor: pose, first: this.writeTo, count, T_body_sensor, held };
    this.#next = (this.#next + 1) % this.#slabs;
    const overwritten = this.frames.findIndex((other) => other.first === this.writeTo);
    if (overwritten >= 0) this.frames.splice(overwritten, 1);
    this.frames.push(frame);
    return frame;
  }

  last(count: number): Keyframe[] {
    return count > 0 ? this.frames.slice(-count) : [];
  }

  /** `count` keyframes within `radius` of a place, drawn with replacement. */
  draw(pose: Pose, radius: number, count: number, random: Random): Keyframe[] {
    const near = this.frames.filter(
      ({ pose: p }) => Math.hypot(p[3]! - pose[3]!, p[7]! - pose[7]!, p[11]! - pose[11]!) < radius,
    );
    return near.length === 0 ? [] : Array.from({ length: count }, () => near[random.int(near.length)]!);
  }

  clear(): void {
    this.frames.length = 0;
    this.#next = 0;
  }
}
