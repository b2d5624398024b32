import { compose, fromQuaternion, type Pose } from '../../../geometry/se3.js';
import type { TrajectoryFrame } from '../../protocol/index.js';

const IDENTITY: Pose = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

/**
 * Where every submap lies: T_world_submap by number, identity where nothing was said.
 *
 * @example
 * const submaps = new SubmapPoses();
 * submaps.set(0, 1, pose); // false: an older version than the one known
 * const T_world_submap = submaps.get(0);
 */
export class SubmapPoses {
  readonly #poses = new Map<number, Pose>();
  readonly #versions = new Map<number, number>();

  get(submap: number): Pose {
    return this.#poses.get(submap) ?? IDENTITY;
  }

  /** @returns whether it is news */
  set(submap: number, version: number, pose: Pose): boolean {
    if (version < (this.#versions.get(submap) ?? -1)) return false;
    this.#versions.set(submap, version);
    this.#poses.set(submap, Float64Array.from(pose));
    return true;
  }

  clear(): void {
    this.#poses.clear();
    this.#versions.clear();
  }

  /** A new connection counts its own versions. */
  forgetVersions(): void {
    this.#versions.clear();
  }
}

/**
 * The poses of a run as the server sends them: piecewise, in the frames of submaps.
 *
 * @example
 * const store = new TrajectoryStore();
 * store.apply(frame);
 * const newest = store.pose(store.length - 1, submaps);
 */
export class TrajectoryStore {
  #length = 0;
  #stamps = new BigInt64Array(1024);
  #positions = new Float64Array(3 * 1024);
  #orientations = new Float32Array(4 * 1024);
  #submaps = new Uint32Array(1024);
  #states = new Uint8Array(1024);

  /** Poses known. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /**
   * Takes a piece in.
   *
   * @returns false when poses before it are missing; then a fresh snapshot is needed
   */
  apply(frame: TrajectoryFrame): boolean {
    const { start, stamps } = frame;
    if (start > this.#length) return false;
    const end = start + stamps.length;
    this.#reserve(end);
    this.#stamps.set(stamps, start);
    this.#positions.set(frame.positions, 3 * start);
    this.#orientations.set(frame.orientations, 4 * start);
    this.#submaps.set(frame.submaps, start);
    this.#states.set(frame.states, start);
    this.#length = Math.max(this.#length, end);
    return true;
  }

  /** Nanoseconds. */
  stamp(i: number): bigint {
    return this.#stamps[i]!;
  }

  /** Index into TRACKING_STATES. */
  state(i: number): number {
    return this.#states[i]!;
  }

  submap(i: number): number {
    return this.#submaps[i]!;
  }

  /** T_world_sensor of pose i. */
  pose(i: number, submaps: SubmapPoses): Pose {
    const p = this.#positions.subarray(3 * i, 3 * i + 3);
    const q = this.#orientations.subarray(4 * i, 4 * i + 4);
    return compose(submaps.get(this.#submaps[i]!), fromQuaternion(p, q));
  }

  /** World position of pose i into `out` at `at`. */
  position(i: number, submaps: SubmapPoses, out: Float32Array | Float64Array, at: number): void {
    const T = submaps.get(this.#submaps[i]!);
    const x = this.#positions[3 * i]!;
    const y = this.#positions[3 * i + 1]!;
    const z = this.#positions[3 * i + 2]!;
    out[at] = T[0]! * x + T[1]! * y + T[2]! * z + T[3]!;
    out[at + 1] = T[4]! * x + T[5]! * y + T[6]! * z + T[7]!;
    out[at + 2] = T[8]! * x + T[9]! * y + T[10]! * z + T[11]!;
  }

  #reserve(count: number): void {
    const have = this.#stamps.length;
    if (count <= have) return;
    const size = Math.max(count, 2 * have);
    const grow = <T extends { set(from: T): void }>(to: T, from: T): T => (to.set(from), to);
    this.#stamps = grow(new BigInt64Array(size), this.#stamps);
    this.#positions = grow(new Float64Array(3 * size), this.#positions);
    this.#orientations = grow(new Float32Array(4 * size), this.#orientations);
    this.#submaps = grow(new Uint32Array(size), this.#submaps);
    this.#states = grow(new Uint8Array(size), this.#states);
  }
}
