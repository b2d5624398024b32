import type { KernelMemory } from '../../compute/memory.js';
import { type Pose } from '../../geometry/se3.js';
import type { Observation } from '../../sensors/observation.js';
import { TouchObservation } from '../../sensors/tactile/observation.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { PreparedTouch, TOUCH_LIMITS } from '../../sensors/tactile/prepared-touch.js';
import type { Scale } from '../scale.js';
import type { RefinedTouch, ScanResult } from '../types.js';
import { optimiseTouches } from './bundle.js';
import type { KinematicSigma } from './kinematics.js';

/** With more touches the time goes beyond what anybody waits for: 240 take some ten seconds of a processor. */
const MOST = 400;
/** Touches of nothing count for little but memory. */
const MOST_KEPT = 1600;

interface Kept {
  readonly index: number;
  readonly patch: Patch;
  /** T_odom_sensor by the arm, and what that is good for. */
  readonly predicted: Pose;
  readonly kinematics: KinematicSigma;
  pose: Pose;
}

/**
 * The touches of the map that is being made, found together when no more come, and fused anew: one after the other they
 * only fit what came before them. Gels only; where points were felt as well, or there are too many, everything stays.
 *
 * @example
 * const together = new TouchesTogether(pool.memory, scale, { translation: 0.002, rotation: 0.017 });
 * together.add(observation, result);
 * const moved = together.optimise(); // index and T_odom_sensor of each
 */
export class TouchesTogether {
  readonly #touches: Kept[] = [];
  #felt = 0;
  #whole: boolean;

  /** @param kinematics of the arm alone */
  constructor(
    private readonly memory: KernelMemory,
    private readonly scale: Scale,
    private readonly kinematics: KinematicSigma,
  ) {
    // What was loaded cannot be fused anew.
    this.#whole = scale.map.loadedScans === 0;
  }

  /** A new map begins: what was felt before is in another one. */
  clear(): void {
    this.#touches.length = 0;
    this.#felt = 0;
    this.#whole = true;
  }

  add(observation: Observation, { index, pose, touch, state }: ScanResult): void {
    // Where nobody knew the body it was not mapped.
    if (!this.#whole || !touch || state === 'lost' || !Number.isFinite(touch.kinematics.translation)) return;
    const patch = observation instanceof TouchObservation ? observation.patch : undefined;
    if (patch && patch.samples.length > 0) this.#felt++;
    const { predicted, kinematics } = touch;
    if (patch) this.#touches.push({ index, patch, predicted, kinematics, pose });
    const points = !patch && touch.points.length > 0;
    if (!points && this.#felt <= MOST && this.#touches.length <= MOST_KEPT) return;
    this.#whole = false;
    this.#touches.length = 0;
  }

  /** The touches that something was felt by, where they are now; none where everything stays. */
  optimise(): readonly RefinedTouch[] {
    const felt = this.#touches.filter(({ patch }) => patch.samples.length > 0);
    if (felt.length < 2) return [];
    const { poses, overlaps } = optimiseTouches(felt, { kinematics: this.kinematics });
    // Without any overlap the arm's poses are all there is.
    if (overlaps.every((count) => count === 0)) return [];
    felt.forEach((touch, i) => (touch.pose = poses[i]!));
    this.#fuse();
    return felt.map(({ index, pose }) => ({ index, pose }));
  }

  #fuse(): void {
    const { map, mapper } = this.scale;
    map.clear();
    const slot = new PreparedTouch(this.memory);
    for (const { patch, pose, index } of this.#touches) {
      const { surface, grid } = slot.fill(patch, TOUCH_LIMITS);
      mapper.integrate(surface, pose, index, { held: true, grid });
    }
  }
}
