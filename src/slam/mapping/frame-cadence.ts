import { rotationAngle, separation, compose, inverse, type Pose } from '../../geometry/se3.js';
import type { SensorId } from '../../sensors/observation.js';

/** Motion since the last mapped frame beyond which the next one is mapped whatever its number: fine voxels, radians. */
const FAR = 4;
const TURNED = 0.12;
/** The first frames are all mapped: a young map knows little. */
const FIRST = 5;

/** Of a camera: where its last mapped frame was, frames since then, and how many were mapped. */
interface Mapped {
  readonly last: Pose;
  since: number;
  readonly count: number;
}

/**
 * Which frames of a camera are mapped: neighbouring ones show the same, with the same errors. Each camera by itself: where another
 * one looked tells nothing.
 *
 * @example
 * const cadence = new FrameCadence(3, 0.02);
 * if (cadence.isDue('/camera', T_submap_sensor)) console.log('this frame is mapped');
 */
export class FrameCadence {
  readonly #mapped = new Map<SensorId, Mapped>();

  /**
   * @param every frames from one to the next in slow motion
   * @param voxel distance between fine corners (m)
   */
  constructor(
    private readonly every: number,
    private readonly voxel: number,
  ) {}

  /** Whether a frame is to be mapped; the next ones go by that. @param pose T_submap_sensor */
  isDue(camera: SensorId, pose: Pose): boolean {
    const before = this.#mapped.get(camera);
    if (before && !this.#isFar(before, pose) && ++before.since < this.every) return false;
    this.#mapped.set(camera, { last: pose.slice(), since: 0, count: (before?.count ?? 0) + 1 });
    return true;
  }

  #isFar({ last, count }: Mapped, pose: Pose): boolean {
    return (
      count < FIRST ||
      separation(last, pose) > FAR * this.voxel ||
      rotationAngle(compose(inverse(last), pose)) > TURNED
    );
  }

  clear(): void {
    this.#mapped.clear();
  }
}
