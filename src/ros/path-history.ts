import { compose, inverse, rotationAngle, translationNorm } from '../geometry/se3.js';
import type { Path, PoseStamped } from '../messages/poses.js';

/** Poses for nav_msgs/Path: one per step, and never more than a limit, however long the run. */
export class PathHistory {
  #poses: PoseStamped[] = [];
  #step: number;

  /**
   * @param stepMetres a pose is kept every so far (or 10°)
   * @param limit when there are more, every second is dropped and the step doubles
   */
  constructor(
    private readonly stepMetres = 0.1,
    private readonly limit = 2000,
  ) {
    this.#step = stepMetres;
  }

  get length(): number {
    return this.#poses.length;
  }

  add(pose: PoseStamped): void {
    const last = this.#poses.at(-1);
    if (last) {
      const motion = compose(inverse(last.pose), pose.pose);
      if (translationNorm(motion) < this.#step && rotationAngle(motion) < Math.PI / 18) return;
    }
    this.#poses.push(pose);
    if (this.#poses.length <= this.limit) return;
    const newest = this.#poses.length - 1;
    this.#poses = this.#poses.filter((_, i) => i % 2 === 0 || i === newest);
    this.#step = Math.max(this.#step * 2, 1e-3);
  }

  message(stampNs: bigint, frameId: string): Path {
    return { stampNs, frameId, poses: this.#poses };
  }

  clear(): void {
    this.#poses = [];
    this.#step = this.stepMetres;
  }
}
