import { compose, identity, type Pose } from '../geometry/se3.js';

/** A pose of the body on its path. */
export interface TrajectoryEntry {
  /** Number of the observation it belongs to. */
  readonly index: number;
  readonly stampNs: bigint;
  readonly submap: number;
  /** T_submap_body. */
  readonly pose: Pose;
}

/**
 * The path of the body, the only one there is: poses are kept relative to their submap, so that a loop closure corrects
 * the path by moving submaps. Readers on other threads keep one up to date from the stream of events (events.ts).
 *
 * @example
 * const trajectory = new Trajectory();
 * trajectory.add({ index: 0, stampNs: 0n, submap: 0, pose: identity() });
 * trajectory.moveSubmap(0, T_world_submap); // every pose in it moves along
 */
export class Trajectory {
  readonly #entries: TrajectoryEntry[] = [];
  /** Place in #entries by observation number. */
  readonly #places = new Map<number, number>();
  readonly #submaps = new Map<number, Pose>();
  #version = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** Grows whenever a pose that was given before has changed. */
  get version(): number {
    return this.#version;
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

  clear(): void {
    this.#entries.length = 0;
    this.#places.clear();
    this.#submaps.clear();
    this.#version++;
  }
}
