import { compose, inverse, rotationAngle, translationNorm, type Pose } from '../geometry/se3.js';
import type { Path } from '../messages/poses.js';
import type { Trajectory } from '../slam/trajectory.js';

/**
 * Which poses of the trajectory nav_msgs/Path shows: one per step, and never more than a limit, however long the run.
 * The poses are read when the message is made, so that it has what a loop closure made of them.
 *
 * @example
 * const path = new PathHistory(trajectory, 0.5);
 * path.add(place); // of a pose in the trajectory
 * port.publish('path', encodePath(path.message(stampNs, 'odom')));
 */
export class PathHistory {
  /** Places in the trajectory. */
  #places: number[] = [];
  #step: number;

  /**
   * @param stepMetres a pose is kept every so far (or 10°)
   * @param limit when there are more, every second is dropped and the step doubles
   */
  constructor(
    private readonly trajectory: Trajectory,
    private readonly stepMetres = 0.1,
    private readonly limit = 2000,
  ) {
    this.#step = stepMetres;
  }

  get length(): number {
    return this.#places.length;
  }

  /** Takes the pose at a place of the trajectory if it is far enough from the last one. */
  add(place: number): void {
    const last = this.#places.at(-1);
    if (last !== undefined) {
      const motion = compose(inverse(this.#pose(last)), this.#pose(place));
      if (translationNorm(motion) < this.#step && rotationAngle(motion) < Math.PI / 18) return;
    }
    this.#places.push(place);
    if (this.#places.length <= this.limit) return;
    const newest = this.#places.length - 1;
    this.#places = this.#places.filter((_, i) => i % 2 === 0 || i === newest);
    this.#step = Math.max(this.#step * 2, 1e-3);
  }

  message(stampNs: bigint, frameId: string): Path {
    const poses = this.#places.map((place) => {
      const { stampNs: at, pose } = this.trajectory.at(place)!;
      return { stampNs: at, frameId, pose };
    });
    return { stampNs, frameId, poses };
  }

  clear(): void {
    this.#places = [];
    this.#step = this.stepMetres;
  }

  #pose(place: number): Pose {
    return this.trajectory.at(place)!.pose;
  }
}
