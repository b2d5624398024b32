/** Poses of the whole run in a few growing arrays: 53 bytes each. */
import { compose, fromQuaternion, toQuaternion, type Pose } from '../../geometry/se3.js';
import { TRACKING_STATES, type TrajectoryFrame } from '../protocol/index.js';
import type { ViewerPose } from './source.js';

export class PoseLog {
  #length = 0;
  /** Rises when a pose is written over. */
  revision = 0;
  #stamps = new BigInt64Array(256);
  #positions = new Float64Array(3 * 256);
  #orientations = new Float64Array(4 * 256);
  #submaps = new Uint32Array(256);
  #states = new Uint8Array(256);

  get length(): number {
    return this.#length;
  }

  /** Writes a pose at `index` ≤ length. */
  set(index: number, { stampNs, pose, submap, state }: ViewerPose): void {
    if (index > this.#length) throw new RangeError(`pose ${index} of ${this.#length}`);
    if (index === this.#stamps.length) this.#grow();
    if (index < this.#length) this.revision++;
    this.#stamps[index] = stampNs;
    this.#positions.set([pose[3]!, pose[7]!, pose[11]!], 3 * index);
    this.#orientations.set(toQuaternion(pose), 4 * index);
    this.#submaps[index] = submap;
    this.#states[index] = TRACKING_STATES.indexOf(state);
    this.#length = Math.max(this.#length, index + 1);
  }

  clear(): void {
    this.revision++;
    this.#length = 0;
  }

  frame(start: number, count: number): TrajectoryFrame {
    const end = Math.min(this.#length, start + count);
    return {
      type: 'trajectory',
      start,
      stamps: this.#stamps.subarray(start, end),
      positions: this.#positions.subarray(3 * start, 3 * end),
      orientations: Float32Array.from(this.#orientations.subarray(4 * start, 4 * end)),
      submaps: this.#submaps.subarray(start, end),
      states: this.#states.subarray(start, end),
    };
  }

  /** Stamp and T_world_sensor of a pose. */
  at(index: number, submaps: ReadonlyMap<number, Pose>): { stampNs: bigint; pose: Pose } {
    const local = fromQuaternion(
      this.#positions.subarray(3 * index, 3 * index + 3),
      this.#orientations.subarray(4 * index, 4 * index + 4),
    );
    const submap = submaps.get(this.#submaps[index]!);
    return { stampNs: this.#stamps[index]!, pose: submap ? compose(submap, local) : local };
  }

  #grow(): void {
    const n = 2 * this.#stamps.length;
    const grown = <T extends { set(other: T): void }>(to: T, from: T): T => (to.set(from), to);
    this.#stamps = grown(new BigInt64Array(n), this.#stamps);
    this.#positions = grown(new Float64Array(3 * n), this.#positions);
    this.#orientations = grown(new Float64Array(4 * n), this.#orientations);
    this.#submaps = grown(new Uint32Array(n), this.#submaps);
    this.#states = grown(new Uint8Array(n), this.#states);
  }
}
