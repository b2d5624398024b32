import { compose, identity, separation, type Pose } from '../geometry/se3.js';
import type { SlamEvent, TrackingState } from './events.js';

/** A pose of the body on its path. */
export interface TrajectoryEntry {
  /** Number of the observation it belongs to. */
  readonly index: number;
  readonly stampNs: bigint;
  readonly submap: number;
  /** T_submap_body. */
  readonly pose: Pose;
  readonly state: TrackingState;
}

/**
 * The path of the body, the only one there is: poses are kept relative to their submap, so that a loop closure corrects
 * the path by moving submaps. Readers on other threads keep one up to date from the stream of events (events.ts).
 *
 * @example
 * const trajectory = new Trajectory();
 * trajectory.follow(poseEvent); // as the SLAM thread sends them
 * trajectory.moveSubmap(0, T_world_submap); // every pose in it moves along
 * for (const { stampNs, pose } of trajectory) console.log(stampNs, pose); // T_world_body
 */
export class Trajectory {
  readonly #entries: TrajectoryEntry[] = [];
  /** Place in #entries by observation number. */
  readonly #places = new Map<number, number>();
  readonly #submaps = new Map<number, Pose>();
  #version = 0;
  /** Metres along the first `places` steps, as of a version. */
  #travelled = { metres: 0, places: 0, version: 0 };

  get length(): number {
    return this.#entries.length;
  }

  /** Grows whenever a pose before the newest one has changed. */
  get version(): number {
    return this.#version;
  }

  /** Metres travelled: the sum of the steps from pose to pose. */
  get distance(): number {
    const last = this.length - 1;
    if (last < 1) return 0;
    if (this.#travelled.version !== this.#version)
      this.#travelled = { metres: 0, places: 0, version: this.#version };
    // The newest pose may still be refined: its step is not kept.
    for (; this.#travelled.places < last - 1; this.#travelled.places++)
      this.#travelled.metres += this.#step(this.#travelled.places);
    return this.#travelled.metres + this.#step(last - 1);
  }

  /** T_world_submap of the submaps that were moved; the others lie at the identity. */
  get submaps(): ReadonlyMap<number, Pose> {
    return this.#submaps;
  }

  add(entry: TrajectoryEntry): void {
    this.#places.set(entry.index, this.#entries.length);
    this.#entries.push(entry);
  }

  /** Replaces T_submap_body of an observation; unknown numbers are ignored. */
  refine(index: number, pose: Pose): void {
    const place = this.#places.get(index);
    if (place === undefined) return;
    this.#entries[place] = { ...this.#entries[place]!, pose };
    if (place < this.#entries.length - 1) this.#version++;
  }

  /** Puts a submap elsewhere: T_world_submap. */
  moveSubmap(id: number, T_world_submap: Pose): void {
    this.#submaps.set(id, T_world_submap);
    this.#version++;
  }

  /**
   * Takes from an event what it says about the path.
   *
   * @returns the first place with another pose than before; undefined when none has
   */
  follow(event: SlamEvent): number | undefined {
    if (event.type === 'pose') {
      const { index, stampNs, submap, pose, state } = event;
      this.add({ index, stampNs, submap, pose, state });
      return this.length - 1;
    }
    if (event.type === 'refined') {
      for (const { index, pose } of event.poses) this.refine(index, pose);
      const places = event.poses.flatMap(({ index }) => this.placeOf(index) ?? []);
      return places.length > 0 ? Math.min(...places) : undefined;
    }
    if (event.type === 'submaps')
      for (const { id, T_world_submap } of event.submaps) this.moveSubmap(id, T_world_submap);
    return undefined;
  }

  /** Where the pose of an observation is. */
  placeOf(index: number): number | undefined {
    return this.#places.get(index);
  }

  /** The `i`-th entry as it was added, with T_submap_body as its pose; negative numbers count from the end. */
  local(i: number): TrajectoryEntry | undefined {
    return this.#entries.at(i);
  }

  /** The `i`-th entry, with T_world_body as its pose. */
  at(i: number): TrajectoryEntry | undefined {
    const entry = this.#entries.at(i);
    const T_world_submap = entry && this.#submaps.get(entry.submap);
    return entry && T_world_submap ? { ...entry, pose: compose(T_world_submap, entry.pose) } : entry;
  }

  /** All entries in the order in which they came, with T_world_body as their poses. */
  *[Symbol.iterator](): Generator<TrajectoryEntry> {
    for (let i = 0; i < this.#entries.length; i++) yield this.at(i)!;
  }

  /** T_world_submap; the identity until it was moved. */
  submap(id: number): Pose {
    return this.#submaps.get(id) ?? identity();
  }

  /** Seconds from the first observation to this one; undefined where it is unknown. */
  secondsOf(index: number): number | undefined {
    const place = this.#places.get(index);
    return place === undefined
      ? undefined
      : Number(this.#entries[place]!.stampNs - this.#entries[0]!.stampNs) / 1e9;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#places.clear();
    this.#submaps.clear();
    this.#version++;
  }

  #step(i: number): number {
    return separation(this.at(i)!.pose, this.at(i + 1)!.pose);
  }
}
