import type { KernelMemory } from '../../compute/memory.js';
import { compose, type Pose } from '../../geometry/se3.js';
import type { Observation } from '../../sensors/observation.js';
import { TouchObservation } from '../../sensors/tactile/observation.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { PreparedTouch, TOUCH_LIMITS } from '../../sensors/tactile/prepared-touch.js';
import type { Scale } from '../scale.js';
import type { RefinedTouch, ScanResult } from '../types.js';
import { optimisingTouches, type BundleResult } from './bundle.js';
import { kinematicInformation, type KinematicSigma } from './kinematics.js';
import { bundleTouches, knownFrom, sensorsOf, type FeltGel } from './felt-gels.js';
import { heldBack, heldBackNotice } from './held-back.js';
import { NearbyTouches, type FoundTouch, type NewTouch } from './nearby.js';
import type { RegisteredTouch } from './registration.js';

/** With more touches the time goes beyond what anybody waits for: 240 take some ten seconds of a processor. */
const MOST = 400;
/** Touches of nothing count for little but memory. */
const MOST_KEPT = 1600;

interface Kept {
  readonly index: number;
  readonly gel: FeltGel;
}

/** Where touches are that were found together, and how well each is known (m). */
interface Found {
  readonly bundle: BundleResult;
  readonly sigmas: Float64Array;
}

/** All touches that something was felt by, being found together. */
interface Run {
  readonly felt: readonly Kept[];
  readonly steps: Generator<undefined, Found>;
}

/**
 * The touches of the map that is being made. Each that comes is found among those around it; when no more come, all are found
 * together, and fused anew. Gels only; where points were felt as well, or there are too many, everything stays.
 *
 * @example
 * const together = new TouchesTogether(pool.memory, scale, { translation: 0.002, rotation: 0.017 });
 * const registered = together.register({ patch, predicted, kinematics, prior }); // undefined: nothing was felt there
 * together.add(observation, result);
 * const moved = together.optimise(); // index and T_odom_sensor of each
 */
export class TouchesTogether {
  readonly #touches: Kept[] = [];
  readonly #nearby: NearbyTouches;
  #resting: { readonly index: number; readonly from: FeltGel; readonly pose: Pose }[] = [];
  #run: Run | undefined;
  /** Of how many touches they were found last. */
  #done = 0;
  #felt = 0;
  #whole: boolean;
  /** Whether the grid holds what earlier runs felt. */
  #loaded: boolean;
  #notices: readonly string[] = [];
  /** Of the touch that is being mapped. */
  #newest: { readonly patch: Patch; readonly found: FoundTouch } | undefined;

  /**
   * @param kinematics of the arm alone
   * @param handEye how wrong the sensors' places on the hand may be; default: they are right
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly scale: Scale,
    private readonly kinematics: KinematicSigma,
    private readonly handEye?: KinematicSigma,
  ) {
    this.#nearby = new NearbyTouches(kinematics);
    // What was loaded cannot be fused anew.
    this.#loaded = scale.map.loadedScans > 0;
    this.#whole = !this.#loaded;
  }

  /** Whether all that was felt in the map is known touch by touch: otherwise the grid knows more. */
  get knowsAll(): boolean {
    return !this.#loaded;
  }

  /** What the user should know: only ever grows. */
  get notices(): readonly string[] {
    return this.#notices;
  }

  /** Among the touches around it; undefined where none overlaps. */
  register(touch: NewTouch): RegisteredTouch | undefined {
    const found = this.#nearby.register(touch);
    this.#newest = { patch: touch.patch, found };
    return found.found;
  }

  /** A new map begins: what was felt before is in another one. */
  clear(): void {
    this.#touches.length = this.#resting.length = 0;
    this.#nearby.clear();
    this.#run = undefined;
    this.#done = 0;
    this.#felt = 0;
    this.#whole = true;
    this.#loaded = false;
  }

  add(observation: Observation, { index, pose, touch, state }: ScanResult): void {
    const newest = this.#newest;
    this.#newest = undefined;
    // Where nobody knew the body it was not mapped.
    if (this.#loaded || !touch || state === 'lost' || !Number.isFinite(touch.kinematics.translation)) return;
    const patch = observation instanceof TouchObservation ? observation.patch : undefined;
    if (patch) {
      const arm = { pose: touch.predicted, information: kinematicInformation(touch.kinematics) };
      const { sensor } = observation;
      const gel: FeltGel = newest?.patch === patch ? newest.found.gel : { patch, prior: arm, pose, sensor };
      gel.pose = pose;
      if (newest?.found.rests && newest.found.gel === gel) return this.#rest(index, gel);
      if (patch.samples.length === 0) this.#nearby.lift(observation.sensor);
      this.#nearby.add(gel);
      if (this.#whole) this.#touches.push({ index, gel });
    }
    if (!this.#whole) return;
    if (patch && patch.samples.length > 0) this.#felt++;
    const points = !patch && touch.points.length > 0;
    if (!points && this.#felt <= MOST && this.#touches.length <= MOST_KEPT) return;
    this.#whole = false;
    this.#touches.length = this.#resting.length = 0;
  }

  /** Says the same again as the touch that it slid from: it moves with that one. */
  #rest(index: number, { slide }: FeltGel): void {
    if (!this.#whole || !slide?.from) return;
    this.#resting.push({ index, from: slide.from, pose: slide.pose });
    if (this.#resting.length > MOST_KEPT) this.#resting.shift();
  }

  /**
   * The touches that something was felt by, where they are now; none where everything stays, or nothing came since the last
   * time.
   *
   * @param until asked between pieces of some milliseconds: true, and it goes on another time
   * @returns undefined where there is more to do
   */
  optimise(until: () => boolean = () => false): readonly RefinedTouch[] | undefined {
    this.#run ??= this.#begin();
    if (!this.#run) return [];
    const { felt, steps } = this.#run;
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        this.#run = undefined;
        return this.#whole ? this.#moveTo(felt, value) : [];
      }
      if (until()) return undefined;
    }
  }

  #begin(): Run | undefined {
    const felt = this.#touches.filter(({ gel: { patch } }) => patch.samples.length > 0);
    if (felt.length < 2 || felt.length === this.#done) return undefined;
    this.#done = felt.length;
    const touches = bundleTouches(felt.map(({ gel }) => gel), { anew: true }); // prettier-ignore
    const { kinematics, handEye } = this;
    function* steps(): Generator<undefined, Found> {
      const bundle = yield* optimisingTouches(touches, { kinematics, ...(handEye && { handEye }) });
      return { bundle, sigmas: yield* bundle.weaklyHeldSigmas() };
    }
    return { felt, steps: steps() };
  }

  #moveTo(felt: readonly Kept[], { bundle, sigmas }: Found): readonly RefinedTouch[] {
    const { poses, overlaps, handEyes } = bundle;
    // Without any overlap the arm's poses are all there is.
    if (overlaps.every((count) => count === 0) && !felt.some(({ gel }) => gel.slide)) return [];
    felt.forEach(({ gel }, i) => {
      gel.pose = poses[i]!;
      gel.known = knownFrom(poses[i]!, gel.prior, overlaps[i]!, { whole: true });
    });
    // What touched nothing has the hand's error all the same.
    const sensors = sensorsOf(felt.map(({ gel }) => gel));
    for (const { gel } of this.#touches) {
      const hand = gel.patch.samples.length === 0 && handEyes[sensors.indexOf(gel.sensor)];
      if (hand) gel.pose = compose(gel.prior.pose, hand);
    }
    const samples = felt.map(({ gel }) => gel.patch.samples.length);
    const left = heldBack(sigmas, samples, this.scale.field.spec.voxel);
    if (left.size > 0 && this.#notices.length === 0) this.#notices = [heldBackNotice(left, sigmas)];
    this.#fuse(new Set(Array.from(left, (i) => felt[i]!.gel)));
    return [
      ...felt.map(({ index, gel: { pose } }) => ({ index, pose })),
      ...this.#resting.map(({ index, from, pose }) => ({ index, pose: compose(from.pose, pose) })),
    ];
  }

  #fuse(leftOut: ReadonlySet<FeltGel>): void {
    const { map, mapper } = this.scale;
    map.clear();
    const slot = new PreparedTouch(this.memory);
    for (const { index, gel } of this.#touches) {
      if (leftOut.has(gel)) continue;
      const { patch, pose } = gel;
      const { surface, grid } = slot.fill(patch, TOUCH_LIMITS);
      mapper.integrate(surface, pose, index, { held: true, grid });
    }
  }
}
