import type { MotionSteps } from '../field/terms/motion-tie.js';
import type { PoseTerm } from '../field/terms/pose-term.js';
import type { PriorTerm } from '../field/terms/prior.js';
import { SLIDES_BELOW } from '../field/terms/sliding-hold.js';
import { compose, identity, inverse, log, type Pose } from '../geometry/se3.js';
import type { Observation } from '../sensors/observation.js';
import { bodyPose, bodyTwist, sensorPose, sensorTwist } from './body-frame.js';
import { bootstrap, steadyBetween } from './bootstrap.js';
import { OtherSensors } from './other-sensors.js';
import {
  asLost,
  asOrigin,
  asTracked,
  MIN_SAMPLES,
  newMapReason,
  NOT_FOLLOWED,
  STILL,
  type Estimate,
  type Prediction,
} from './estimate.js';
import type { EstimatorParts } from './estimator-parts.js';
import { FrameGaps, isOpenStill } from './frame-gaps.js';
import { bodyState, lastKnown } from './last-known.js';
import * as phases from './phases.js';
import type { Bootstrapping, Lost, Phase, Tracking } from './phases.js';
import type { PlaceQuery } from './places/look-around.js';
import { VIEW_FIT } from './places/near-view.js';
import { recover, type Found } from './places/recover.js';
import { doubtOf, type Contradiction } from './places/seen-space.js';
import {
  BRIDGED,
  fitsSuddenlyLess,
  FOLLOWING,
  judge,
  FAR_FROM_FIRST,
  MAX_DOUBT,
  NOT_RECOVERED,
  YOUNG_MAP,
  type Verdict,
} from './tracking/judge.js';
import { tooFewSamples } from './few-samples.js';
import type { Scale } from './scale.js';
import { TouchEstimator, isTouching } from './touch/touch-estimator.js';
import { isFar, isFarFromFirst } from './tracking/far-step.js';
import { OdometryTrial } from './tracking/odometry-trial.js';
import type { Track } from './tracking/tracker.js';

/**
 * Standard deviation of a step (m) where the scan slides or the registration did not settle: it says nothing. In which direction it slides
 * is known to some degrees only: across two such directions an IMU learnt a velocity, and a tilt, that nobody had.
 */
const UNKNOWN_STEP = 100;
/** Rounds in which the second observation in a loaded map and its velocity are found from each other. */
const SETTLING_ROUNDS = 2;

/**
 * Finds where an observation was taken, in the way that the present phase asks for.
 *
 * @example
 * const estimator = new Estimator({ motion, scales, submaps, extrinsics, touch });
 * const { pose, state } = estimator.estimate(phase, observation, prediction);
 */
export class Estimator {
  readonly #parts: EstimatorParts;
  readonly #others: OtherSensors;
  readonly #touches: TouchEstimator;
  readonly #gaps: FrameGaps;
  readonly #trial: OdometryTrial;

  constructor(parts: EstimatorParts) {
    this.#parts = parts;
    const { motion, scales, extrinsics, touch } = parts;
    this.#gaps = new FrameGaps(motion, scales);
    this.#trial = new OdometryTrial(motion);
    this.#others = new OtherSensors(scales, extrinsics);
    const { registration, kinematics, together } = touch;
    this.#touches = new TouchEstimator(scales, this.#others, registration, kinematics, together);
  }

  /**
   * @param observation undistorted with the predicted velocity
   * @param predicted from the motion before
   */
  estimate(phase: Phase, observation: Observation, predicted: Prediction): Estimate {
    if (isTouching(observation)) return this.#touches.estimate(phase, observation, predicted);
    try {
      return this.#estimate(phase, observation, this.#tried(phase, observation, predicted));
    } finally {
      this.#parts.motion.useOdometry(true);
    }
  }

  #estimate(phase: Phase, observation: Observation, predicted: Prediction): Estimate {
    const beside = this.#others.waitOrCarry(phase, observation, predicted);
    if (beside === 'start-anew')
      return this.#startAnew(observation, 'origin' in phase ? phase.origin : identity(), NOT_FOLLOWED);
    if (beside) return beside;
    switch (phase.kind) {
      case 'starting':
        return this.#start(observation, phase.origin);
      case 'bootstrapping':
        return this.#bootstrap(phase, observation, predicted);
      case 'tracking':
      case 'lost':
        return this.#track(phase, observation, predicted);
      case 'relocalising':
        return this.#relocalise(phase, observation, predicted);
      case 'settling':
        return this.#settle(phase, observation, predicted);
    }
  }

  /** The first observation with enough samples is mapped as it is, at T_odom_body. */
  #start(observation: Observation, origin: Pose): Estimate {
    const few = tooFewSamples(observation, this.#parts.scales.lidarRange);
    if (few === undefined) return asOrigin(observation, origin, phases.started(observation, origin));
    const reason = `A map cannot start here. ${few}`;
    return asOrigin(observation, origin, { kind: 'starting', origin }, { state: 'lost', reason });
  }

  /** Ties the second observation to the first, near it or as far away as a vehicle may have gone. */
  #bootstrap(phase: Bootstrapping, observation: Observation, predicted: Prediction): Estimate {
    const { lookAround, map } = this.#scaleOf(observation);
    const { first } = phase;
    const origin = sensorPose(phase.origin, observation.T_body_sensor);
    const priors = this.#parts.motion.priors(observation);
    // Between the images of a camera little happens: what they leave open stays as it was.
    let track = this.#register(observation, predicted, observation.view === 'ahead', undefined, priors);
    const elapsed = Number(observation.stampNs - first.stampNs) * 1e-9;
    const query = this.#query(observation, elapsed, [steadyBetween(elapsed)]);
    const far = (t: Track): boolean =>
      observation.view === 'ahead' && isFarFromFirst(phase.origin, t, observation, elapsed);
    const nearby = this.#gaps.nearby(phase, observation, track, far(track));
    // A frame before an empty wall fits beside its place as well: only what is lost there is looked for elsewhere.
    const isBelievable = (t: Track): boolean =>
      this.#judge(phase, t, observation).state !== 'lost' && (t === nearby || !far(t));
    track = nearby ?? track;
    if (observation.view === 'around' || !isBelievable(track))
      track = lookAround.second(query, origin, track, isBelievable);
    if (isBelievable(track) && observation.motion === 'sweep')
      track = bootstrap(this.#scaleOf(observation), phase, observation, track, priors);
    if (isBelievable(track)) return this.#conclude(phase, observation, predicted, track);
    const judged = this.#judge(phase, track, observation);
    const verdict = judged.state === 'lost' ? judged : FAR_FROM_FIRST;
    const lost = this.#lost(phase, observation, predicted, track, verdict);
    if (lost.phase.kind !== 'starting') return lost;
    // Nothing followed from the first observation: its map is discarded.
    map.clear();
    return this.#startAnew(
      observation,
      lost.phase.origin,
      'Nothing could be tied to where the map began; it starts anew here.',
    );
  }

  #startAnew(observation: Observation, origin: Pose, reason: string): Estimate {
    observation.undistort(STILL);
    const anew = this.#start(observation, origin);
    return anew.state === 'lost' ? anew : { ...anew, state: 'degraded', reason };
  }

  /** Tracks from the prediction; where that is too old to be trusted, only a certain place counts. */
  #track(phase: Tracking | Lost, observation: Observation, predicted: Prediction): Estimate {
    const { motion } = this.#parts;
    const track = this.#follow(phase, observation, predicted);
    const elapsed = motion.elapsed(observation.stampNs);
    const doubtful =
      observation.view === 'ahead' &&
      (phase.kind === 'lost' || isFar(predicted.pose, track, observation, elapsed));
    if (!doubtful && !phases.needsCertainty(phase, elapsed, observation.stampNs)) {
      const nearby = this.#gaps.nearby(phase, observation, track);
      return this.#conclude(phase, observation, predicted, nearby ?? track);
    }
    const found = this.#recover(phase, observation, track);
    if (!found && !doubtful && phase.kind === 'tracking' && isOpenStill(observation, track, elapsed))
      return this.#conclude(phase, observation, predicted, track);
    if (!found) return this.#lost(phase, observation, predicted, track, NOT_RECOVERED);
    observation.undistort(found.track.twist, found.track.acceleration); // after it others were tried
    return this.#conclude(phase, observation, predicted, found.track, found);
  }

  /** Registers from the prediction. */
  #follow(phase: Phase, observation: Observation, predicted: Prediction): Track {
    const { motion } = this.#parts;
    const { map } = this.#scaleOf(observation);
    const own = this.#others.inOwnGrid(observation, predicted);
    // After a single observation the velocity is not known: the prediction is nothing to hold a direction to.
    const steps = map.integrated > 2 && phase.kind === 'tracking' ? motion.steps(observation) : undefined;
    const priors = phase.kind === 'lost' ? [] : motion.priors(observation);
    const others = phase.kind === 'tracking' ? this.#others.priors(observation, own) : [];
    const hold = map.integrated !== 1 || observation.view === 'ahead';
    const track = this.#register(observation, own, hold, steps, [...priors, ...others]);
    return this.#others.inCommonFrame(observation, track);
  }

  /** The prediction, with the external odometry or without it. */
  #tried(phase: Phase, observation: Observation, predicted: Prediction): Prediction {
    if (phase.kind !== 'tracking' && phase.kind !== 'bootstrapping') return predicted;
    const { config, map, field } = this.#scaleOf(observation);
    const before = phases.historyOf(phase, observation);
    const [underWay, { voxel }] = [phase.kind === 'tracking', field.levels[0]!];
    return this.#trial.choose(observation, voxel, predicted, underWay, (guess) => {
      const track = this.#follow(phase, observation, guess);
      const seen = this.#contradiction(observation, track);
      return { track, state: judge(track, config.tracking, map.age, seen, before).state };
    });
  }

  #recover(phase: Tracking | Lost, observation: Observation, tracked: Track): Found | undefined {
    if (observation.surface.keypoints.length < MIN_SAMPLES) return undefined;
    const { elapsed, ...where } = lastKnown(phase, observation, this.#parts.motion);
    return recover(this.#scaleOf(observation).lookAround, this.#query(observation, elapsed), {
      ...where,
      tracked,
      search: phases.searchIsDue(phase),
      doubt: ({ pose }) => doubtOf(this.#scaleOf(observation).map.contradiction(observation, pose)),
    });
  }

  /** Looks for the observation in the loaded map. Nothing is mapped before the next one shows the velocity. */
  #relocalise(phase: Phase, observation: Observation, predicted: Prediction): Estimate {
    const { registration, relocaliser } = this.#scaleOf(observation);
    const { track, verdict } = relocaliser!.locate(
      observation.surface,
      (pose) => {
        observation.undistort(STILL);
        return registration.registerOrTurn(
          observation,
          { pose, twist: STILL.slice(), hold: false },
          Infinity,
        );
      },
      observation.T_body_sensor,
    );
    if (verdict.state === 'lost') return this.#lost(phase, observation, predicted, track, verdict);
    const how = { phase: phases.located(), mapping: 'none', continues: false, twist: STILL.slice() } as const;
    return asTracked(observation, track, verdict, how);
  }

  /** The second observation in a loaded map is the first with a velocity: tracks it again without that distortion. */
  #settle(phase: Phase, observation: Observation, predicted: Prediction): Estimate {
    const { motion } = this.#parts;
    const { map, registration } = this.#scaleOf(observation);
    let track = this.#register(observation, predicted, false);
    const dt = motion.elapsed(observation.stampNs);
    for (let round = 0; round < SETTLING_ROUNDS && dt > 0 && observation.motion === 'sweep'; round++) {
      const moved = compose(inverse(motion.pose), bodyPose(track.pose, observation.T_body_sensor));
      const velocity = log(moved).map((v) => v / dt);
      const twist = sensorTwist(velocity, observation);
      observation.undistort(twist);
      track = registration.registerOrTurn(observation, { pose: track.pose, twist, hold: false }, map.age);
    }
    return this.#conclude(phase, observation, predicted, track);
  }

  /** Tracked or lost, as the judge says. @param found a place that was searched for */
  #conclude(
    phase: Phase,
    observation: Observation,
    predicted: Prediction,
    track: Track,
    found?: Found,
  ): Estimate {
    // A few points fit in many places.
    if (observation.surface.keypoints.length < MIN_SAMPLES)
      return this.#lost(phase, observation, predicted, track, NOT_RECOVERED);
    const { config, slideSigma, map, registration } = this.#scaleOf(observation);
    const sigma =
      phases.slidingNow(phase) * Math.max(slideSigma, track.ambiguousBy ?? track.ambiguousWithin ?? 0);
    const mostDoubt = found?.mostDoubt;
    const most = map.age <= YOUNG_MAP ? BRIDGED.doubt : mostDoubt;
    const contradiction = this.#contradiction(observation, track, most);
    const before = phases.historyOf(phase, observation);
    const doubtful =
      doubtOf(contradiction) > FOLLOWING.from || fitsSuddenlyLess(track, before, contradiction);
    const sinceLast = !found && doubtful ? map.contradictionSinceLast(observation, track.pose) : undefined;
    const fit = this.#gaps.fitOf(observation, track, found !== undefined);
    const fits = { fit: fit?.relative, enough: fit?.enough, inherited: fit?.inherited };
    const how = { ...before, found: found?.where, mostDoubt, sinceLast, ...fits };
    const verdict = judge(track, config.tracking, map.age, contradiction, how);
    fit?.conclude(verdict.state);
    if (verdict.state === 'lost') return this.#lost(phase, observation, predicted, track, verdict);
    const remounted = this.#others.tracked(observation, track, predicted);
    const ambiguous = track.ambiguousBy !== undefined;
    const sliding = verdict.state === 'degraded' && (ambiguous || track.unconstrained.some((v) => v !== 0));
    const slides = track.conditioning < SLIDES_BELOW;
    const next = phases.tracked(phase, sliding, doubtOf(contradiction), {
      sensor: observation.sensor,
      share: track.coarseRatio,
      seen: contradiction,
    });
    if (track.exposure) registration.exposures.keep(observation.sensor, track.exposure);
    observation.undistort(track.twist, track.acceleration);
    const measured = observation.motion === 'sweep' && config.tracking.twistSigmaLinear > 0;
    return asTracked(observation, track, verdict, {
      phase: next,
      // Where the scan slides, what the odometry says would be optimised away again.
      mapping:
        remounted || ambiguous || track.imprecise || (fit?.relative ?? 1) < VIEW_FIT.mapped
          ? 'none'
          : slides && this.#parts.motion.isMeasured(observation.stampNs)
            ? 'held'
            : 'refine',
      slides,
      stepSigma: track.converged && track.unconstrained.every((v) => v === 0) ? 0 : UNKNOWN_STEP,
      continues: measured || !found,
      twist: measured
        ? bodyTwist(track.twist, observation)
        : found ? STILL.slice() : undefined, // prettier-ignore
      sigma: sliding ? sigma : 0,
    });
  }

  /** Keeps the prediction for a while, then the last pose; nothing is mapped. Lost for long, a new map starts there. */
  #lost(
    phase: Phase,
    observation: Observation,
    predicted: Prediction,
    track: Track,
    judged: Verdict,
  ): Estimate {
    const { motion, submaps, scales } = this.#parts;
    const verdict = { ...judged, reason: tooFewSamples(observation, scales.lidarRange) ?? judged.reason };
    if (phase.kind === 'tracking' || phase.kind === 'bootstrapping') {
      const carried = this.#others.carry(phase, observation, predicted, track, verdict);
      if (carried) return carried;
    }
    const { config, map } = this.#scaleOf(observation);
    const { newMapAfter } = config.tracking;
    if (phases.givesUp(phase, observation.stampNs, newMapAfter, map.age <= YOUNG_MAP)) {
      submaps.begin(observation.stampNs);
      this.#others.clear();
      for (const { registration } of scales.all) registration.exposures.clear();
      return this.#startAnew(
        observation,
        motion.pose,
        newMapReason(phases.secondsLost(phase, observation.stampNs)),
      );
    }
    const next = phases.failed(
      phase,
      observation.stampNs,
      bodyState(motion, observation.stampNs),
      verdict.contradicted,
    );
    const measured = next.kind === 'lost' && motion.isMeasured(observation.stampNs);
    const coasting = measured || phases.coasts(next, observation.stampNs);
    return asLost(observation, track, verdict, {
      phase: next,
      pose: coasting ? predicted.pose : motion.pose,
      twist: coasting ? motion.twist : STILL.slice(),
    });
  }

  #register(
    observation: Observation,
    predicted: Prediction,
    hold: boolean,
    steps?: MotionSteps,
    priors?: readonly PoseTerm[],
  ): Track {
    const { map, registration } = this.#scaleOf(observation);
    const pose = sensorPose(predicted.pose, observation.T_body_sensor);
    const guess = { pose, twist: predicted.twist, hold, steps, priors, gap: this.#gaps.seconds(observation) };
    return registration.registerOrTurn(observation, guess, map.age);
  }

  #scaleOf(observation: Observation): Scale {
    return this.#parts.scales.of(observation);
  }

  /** Before the sweep is undistorted: free space speaks for a pose only. */
  #judge(phase: Phase, track: Track, observation: Observation): Verdict {
    if (observation.surface.keypoints.length < MIN_SAMPLES) return NOT_RECOVERED;
    const { config, map } = this.#scaleOf(observation);
    const verdict = judge(track, config.tracking, map.age);
    if (verdict.state !== 'lost' || observation.sampling === 'dense') return verdict;
    const contradiction = this.#contradiction(observation, track, BRIDGED.doubt);
    if (doubtOf(contradiction) > MAX_DOUBT) return verdict;
    return judge(track, config.tracking, map.age, contradiction, phases.historyOf(phase, observation));
  }

  /** How a track contradicts what was seen. In doubt, sooner in a young map, what stands alone does not count: it may be rain, dust or leaves. */
  #contradiction(observation: Observation, { pose }: Track, most = MAX_DOUBT): Contradiction {
    const { map } = this.#scaleOf(observation);
    const seen = map.contradiction(observation, pose);
    if (observation.sampling === 'dense' || doubtOf(seen) <= most) return seen;
    observation.complete(); // its normals
    return map.contradictionOfSurfaces(observation, pose) ?? seen;
  }

  #query(observation: Observation, elapsed: number, priors?: readonly PriorTerm[]): PlaceQuery {
    const register: PlaceQuery['register'] = (pose, twist, roughly) =>
      this.#scaleOf(observation).registration.from(observation, pose, { twist, priors, roughly });
    const { surface, T_body_sensor, view } = observation;
    const tilts = view === 'ahead';
    const nearby = tilts && { nearby: this.#gaps.query(observation) };
    return { surface, elapsed, register, T_body_sensor, tilts, ...nearby };
  }
}
