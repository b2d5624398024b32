import { rotationAngle, separation, compose, inverse, type Pose } from '../../geometry/se3.js';

/** Motion since the last mapped frame beyond which the next one is mapped whatever its number: fine voxels, radians. */
const FAR = 4;
const TURNED = 0.12;
/** The first frames are all mapped: a young map knows little. */
const FIRST = 5;

/**
 * Which frames of a camera are mapped: neighbouring ones show the same, with the same errors.
 *
 * @example
 * const cadence = new FrameCadence(3, 0.02);
 * if (cadence.isDue(T_submap_sensor)) console.log('this frame is mapped');
 */
export class FrameCadence {
  #last: Pose | undefined;
  #since = 0;
  #mapped = 0;

  /**
   * @param every frames from one to the next in slow motion
   * @param voxel distance between fine corners (m)
   */
  constructor(
    private readonly every: number,
    private readonly voxel: number,
  ) {}

  /** Whether a frame is to be mapped; the next ones go by that. @param pose T_submap_sensor */
  isDue(pose: Pose): boolean {
    const last = this.#last;
    this.#since++;
    const due =
      !last ||
      this.#mapped < FIRST ||
      this.#since >= this.every ||
      separation(last, pose) > FAR * this.voxel ||
      rotationAngle(compose(inverse(last), pose)) > TURNED;
    if (!due) return false;
    this.#last = pose.slice();
    this.#since = 0;
    this.#mapped++;
    return true;
  }

  clear(): void {
    this.#last = undefined;
    this.#since = this.#mapped = 0;
  }
}
