import type { Observation, SensorId } from '../sensors/observation.js';
import type { TrackingState } from './events.js';
import { lastKnown } from './last-known.js';
import type { Phase } from './phases.js';
import type { PlaceQuery } from './places/look-around.js';
import { AT_ONCE, VIEW_FIT, viewNearby } from './places/near-view.js';
import { doubtOf } from './places/seen-space.js';
import type { Scales } from './scale.js';
import { MAX_DOUBT } from './tracking/judge.js';
import type { BodyMotion } from './tracking/motion.js';
import { FOLLOWED, type Track } from './tracking/tracker.js';

/** Every so many frames that were mapped the fit of a camera is learnt. */
const LEARN_EVERY = 8;
/**
 * Share of inliers and conditioning below which a frame that follows at once is judged by its fit as well. No frame of a kitchen and of a desk (1200
 * at 30 Hz) had fewer inliers than 0.86; of fast rotation 21 of 722, ten of them 6 cm and more off with a conditioning of 0.03 to 0.08. In a
 * simulated room at 180°/s frames fitted as badly, with 0.13 and more, and were 1 cm off.
 */
const FEW_INLIERS = 0.75;
const WEAK = 0.1;
/**
 * The conditioning below which a frame with few inliers stays in doubt after one that was: where frames had slid, the map they made was fitted
 * to 0.92 by such that were 40 to 60 cm off in an office, with inliers of 0.59 to 0.64 and a conditioning of 0.022 to 0.038.
 */
const HARDLY = 0.05;
/** Longest gap (s) after which a frame that leaves a direction open is degraded only: a hand goes no farther. */
const LONGEST_GAP = 2;

/** How well a frame fits where it was found. */
export interface FrameFit {
  /** Relative to what is usual for the camera; absent where it follows at once on the last frame with enough inliers, and is not judged by it. */
  readonly relative?: number;
  /** What it must reach to leave no doubt; absent: {@link VIEW_FIT.sure}. */
  readonly enough?: number;
  /** Whether few points fit, and hardly tell a direction, after frames in doubt or a loss: what it fits may be what those have mapped. */
  readonly inherited?: boolean;
  /** Told how the frame was judged: what is tracked is taken for usual, what follows on a frame in doubt must fit better. */
  readonly conclude: (state: TrackingState) => void;
}

/**
 * Frames of depth cameras that do not follow at once on the last one: as the motion between them is only assumed to have gone
 * on, they are compared with the map at views all around, and judged by how well they fit.
 *
 * @example
 * const gaps = new FrameGaps(motion, scales);
 * const track = gaps.nearby(phase, observation, registered) ?? registered;
 */
export class FrameGaps {
  /** Cameras whose last frame was in doubt by its fit. */
  readonly #inDoubt = new Set<SensorId>();
  /** Cameras whose last frame did not track beyond doubt, for whatever reason. */
  readonly #unsettled = new Set<SensorId>();

  constructor(
    private readonly motion: BodyMotion,
    private readonly scales: Scales,
  ) {}

  /** Seconds over which a narrow view's motion is only assumed to have gone on. */
  seconds({ view, stampNs }: Pick<Observation, 'view' | 'stampNs'>): number {
    return view === 'ahead' && !this.motion.isMeasured(stampNs) ? this.motion.elapsed(stampNs) : 0;
  }

  /**
   * Where a frame after a gap fits beyond doubt, if it does not where it was found by itself.
   *
   * @param far whether that is farther away than it should be: then it is looked for in any case
   */
  nearby(phase: Phase, observation: Observation, tracked: Track, far = false): Track | undefined {
    const gap = this.seconds(observation);
    if (!far && !(gap > AT_ONCE)) return undefined;
    const { search, fits } = this.scales.of(observation).lookAround;
    const { surface, sensor, T_body_sensor } = observation;
    const found = search.measure(surface, tracked);
    const isShort = gap <= FOLLOWED;
    const isSettled = isShort || (tracked.converged && tracked.ambiguousBy === undefined);
    const enough = isShort ? VIEW_FIT.least : VIEW_FIT.sure;
    if (!far && isSettled && fits.relative(sensor, found.fit) >= enough) return undefined;
    const { last, ahead } = lastKnown(phase, observation, this.motion);
    const query = { surface, T_body_sensor, ...this.query(observation) };
    return viewNearby(search, query, found, last, ahead)?.track;
  }

  /** @param found whether its place was searched for; undefined for other sensors */
  fitOf(observation: Observation, track: Track, found: boolean): FrameFit | undefined {
    const { sensor, surface, view } = observation;
    const { map, lookAround } = this.scales.of(observation);
    const { search, fits } = lookAround;
    const apart = found || this.seconds(observation) > AT_ONCE;
    const few = track.inlierRatio < FEW_INLIERS;
    const weak = few && track.conditioning < WEAK;
    const doubtful = !apart && (weak || this.#inDoubt.has(sensor));
    if (view !== 'ahead') return undefined;
    const note = (state: TrackingState): void =>
      void (state === 'tracking' ? this.#unsettled.delete(sensor) : this.#unsettled.add(sensor));
    if (!(apart || doubtful || map.integrated % LEARN_EVERY === 0)) return { conclude: note };
    const { fit } = search.measure(surface, track);
    const relative = fits.relative(sensor, fit);
    const enough = doubtful && this.#inDoubt.has(sensor) ? VIEW_FIT.again : VIEW_FIT.sure;
    const inherited = few && track.conditioning < HARDLY && (found || this.#unsettled.has(sensor));
    const conclude = (state: TrackingState): void => {
      note(state);
      // A stretch that fits badly is not what is usual.
      if (state === 'tracking' && !doubtful) fits.learn(sensor, fit);
      if (state !== 'tracking' && relative < enough) this.#inDoubt.add(sensor);
      else this.#inDoubt.delete(sensor);
    };
    return { conclude, enough, inherited, ...((apart || doubtful) && { relative }) };
  }

  /** How views nearby are compared. */
  query(observation: Observation): NonNullable<PlaceQuery['nearby']> {
    const { registration, lookAround, map } = this.scales.of(observation);
    const gap = this.seconds(observation);
    return {
      register: (pose) => registration.near(observation, pose),
      conclude: (pose) => registration.near(observation, pose, gap),
      believable: ({ pose }) => doubtOf(map.contradiction(observation, pose)) <= MAX_DOUBT,
      relative: (fit) => lookAround.fits.relative(observation.sensor, fit),
      often: gap > AT_ONCE,
    };
  }
}

/** Whether a frame leaves a direction open, as it would without a gap: that alone is no reason to be lost. */
export const isOpenStill = ({ view }: Observation, { unconstrained }: Track, gap: number): boolean =>
  view === 'ahead' && gap <= LONGEST_GAP && unconstrained.some((v) => v !== 0);
