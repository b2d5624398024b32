import type { Config } from '../../config/schema.js';
import type { MotionSteps } from '../../field/terms/motion-tie.js';
import type { PriorTerm } from '../../field/terms/prior.js';
import {
  compose,
  exp,
  inverse,
  rotationAngle,
  separation,
  type Pose,
  type Twist,
} from '../../geometry/se3.js';
import { fewerKeypoints } from '../../sensors/fewer-keypoints.js';
import type { Observation, SurfaceSamples } from '../../sensors/observation.js';
import { Exposures } from './exposure.js';
import { NOT_CONTRADICTED } from '../places/seen-space.js';
import { judge, YOUNG_MAP } from './judge.js';
import { fitOf, type Track, type Tracker } from './tracker.js';

/** Turns that are tried when a registration fails, degrees: the basin is about 10°. */
const TURN_RANGE = 20;
const TURN_STEP = 2;
/** What has settled moves by no more than this, in the first robust scale: 6 cm at 0.6 m. */
const SETTLED = 0.1;

/**
 * Registrations that begin where the one before stopped without having settled: a sensor that sees all around and turns by 18° between two key
 * frames, or moves by 2 m into what it has not seen, comes nearer with each of them. (In a young map few points will do if they have settled.)
 */
const ROUNDS = 3;

/**
 * A narrow view that begins turned by this much (rad) wrongly goes along the walls while it turns back, by this share of the first robust scale
 * (3 cm of 0.3 m) and more, and stays there: then it begins a second time, at the predicted place with the turn that was found. Frames that went
 * wrong so (an office, fast rotation) had no more than 0.6 of their points fit, and mostly 0.8 after that. What fits less may be wrong still: it is
 * searched for, and would not be after a start that is a little better.
 */
const WRONG_TURN = Math.PI / 60;
const WENT_ALONG = 0.1;
const FITS_WELL = 0.75;

/** Where a registration begins. */
export interface FirstGuess {
  /** T_submap_sensor. */
  readonly pose: Pose;
  /** Sensor-frame velocity that the observation is undistorted with, m/s and rad/s. */
  readonly twist: Twist;
  /** Whether the guess is a prediction good enough to hold unconstrained directions to. */
  readonly hold: boolean;
  /** What the steps between poses say about the velocity during a sweep. */
  readonly steps?: MotionSteps | undefined;
  /** What is known of the pose beside the observation. */
  readonly priors?: readonly PriorTerm[] | undefined;
  /** Seconds over which the motion is only assumed to have gone on; Infinity where the guess is no prediction. */
  readonly gap?: number | undefined;
}

/** How a registration from some place goes about. */
export interface StartFrom {
  readonly twist?: Twist | undefined;
  readonly priors?: readonly PriorTerm[] | undefined;
  readonly roughly?: boolean | undefined;
}

const STILL = new Float64Array(6);

/** Change of the velocity from the middle of the sweep before to that of this one, per second. */
function accelerationOf(twist: Twist, { sweep, dt }: MotionSteps): Twist {
  return twist.map((v, i) => (v - sweep![i]!) / dt);
}

/**
 * Registers observations against the map, with the velocity during a sweep where there is one.
 *
 * @example
 * const registration = new Registration(tracker, config.tracking, kernel);
 * const { pose } = registration.from(observation, guess); // T_submap_sensor
 */
export class Registration {
  /** Of cameras; kept by whoever believes a track. */
  readonly exposures = new Exposures();

  /** @param kernel robust scale of the scores of turned guesses (m) */
  constructor(
    private readonly tracker: Tracker,
    private readonly limits: Config['tracking'],
    private readonly kernel: number,
  ) {}

  /**
   * One registration from a guess with which the observation is undistorted already. Where the velocity of the sweep
   * before is known, a second one follows with the acceleration since then; the first need only come near.
   */
  register(observation: Observation, guess: FirstGuess): Track {
    const { steps } = guess;
    if (observation.motion !== 'sweep' || !steps?.sweep) return this.#register(observation, guess);
    const track = this.#register(observation, guess, { surface: fewerKeypoints(observation.surface, 2) });
    const acceleration = accelerationOf(track.twist, steps);
    observation.undistort(track.twist, acceleration);
    const again = this.#register(
      observation,
      { ...guess, pose: track.pose, twist: track.twist },
      { acceleration, settled: track.residual },
    );
    return { ...again, acceleration, iterations: track.iterations + again.iterations };
  }

  #register(
    observation: Observation,
    { pose, twist, hold, steps, priors, gap }: FirstGuess,
    {
      surface = observation.surface,
      acceleration,
      settled,
    }: { surface?: SurfaceSamples; acceleration?: Twist; settled?: number } = {},
  ): Track {
    const undistort =
      observation.motion === 'sweep'
        ? (corrected: Twist): void => observation.undistort(corrected, acceleration)
        : undefined;
    return this.tracker.track({
      surface,
      predicted: pose,
      twist,
      undistort,
      hold,
      steps,
      settled,
      priors,
      gap,
      exposure: this.exposures.of(observation.sensor),
    });
  }

  /**
   * One registration from some place.
   *
   * @param how twist: expected, sensor frame, at rest unless given; roughly: with half of the keypoints, where there are many
   */
  from(
    observation: Observation,
    pose: Pose,
    { twist = STILL, priors = [], roughly = false }: StartFrom = {},
  ): Track {
    observation.undistort(twist);
    const guess = { pose, twist: twist.slice(), hold: false, gap: Infinity, priors };
    if (!roughly) return this.register(observation, guess);
    return this.#register(observation, guess, { surface: fewerKeypoints(observation.surface, 2) });
  }

  /** One registration of a frame from a place that it may have been taken at, a gap (s) after the last one; without, nothing beside it is compared. */
  near(observation: Observation, pose: Pose, gap = 0): Track {
    return this.#register(observation, { pose, twist: STILL.slice(), hold: false, gap });
  }

  /**
   * A registration that goes on until it settles, and where that fails or was hard another one from the best of some turned guesses.
   *
   * @param age observations that the map rests on
   */
  registerOrTurn(observation: Observation, guess: FirstGuess, age: number): Track {
    const how = { scattered: observation.sampling === 'scattered', followed: guess.steps !== undefined };
    const isLost = (track: Track): boolean =>
      judge(track, this.limits, age, NOT_CONTRADICTED, how).state === 'lost';
    const around = observation.view === 'around';
    const mayGoOn = (t: Track, round: number): boolean =>
      (around && t.valuedRatio >= this.limits.minValuedRatio) ||
      (round === 0 && age <= YOUNG_MAP && isLost(t));
    const first = this.register(observation, guess);
    let track = first;
    for (let i = 0; i < ROUNDS && !track.converged && mayGoOn(track, i); i++)
      track = this.#goOn(observation, guess, track);
    if (!around) track = this.#backWhereExpected(observation, guess, track);
    // What did not settle at once may have found one of the wrong headings that fit, such as 10° off at the end of a turn.
    const doubtful = around && !first.converged && age > YOUNG_MAP;
    // What was found where the first registration did not settle is never as sure as one that did, in a corridor above all.
    const marked = (found: Track): Track =>
      first.converged || isLost(first) ? found : { ...found, converged: false };
    if (!isLost(track) && !doubtful) return marked(track);
    observation.undistort(guess.twist);
    const pose = this.#bestTurn(observation, guess.pose);
    const again = this.register(observation, { ...guess, pose, priors: undefined });
    return marked(
      again.inlierRatio * again.valuedRatio > track.inlierRatio * track.valuedRatio ? again : track,
    );
  }

  /** A registration that stopped after some iterations goes on; one that then stays where it was has settled. */
  #goOn(observation: Observation, guess: FirstGuess, { pose, twist }: Track): Track {
    const again = this.register(observation, { ...guess, pose, twist });
    return { ...again, converged: again.converged || separation(pose, again.pose) < SETTLED * this.kernel };
  }

  /** The registration, or one from where it began with the turn that it found, if that alone fits well. */
  #backWhereExpected(observation: Observation, guess: FirstGuess, track: Track): Track {
    const { pose } = guess;
    const turned = rotationAngle(compose(inverse(pose), track.pose)) >= WRONG_TURN;
    const moved = separation(pose, track.pose) >= WENT_ALONG * this.kernel;
    if (!turned || !moved || fitOf(track) >= FITS_WELL) return track;
    const start = track.pose.slice();
    for (const i of [3, 7, 11]) start[i] = pose[i]!;
    const again = this.register(observation, { ...guess, pose: start });
    return fitOf(again) >= FITS_WELL ? again : track;
  }

  #bestTurn(observation: Observation, pose: Pose): Pose {
    const { T_body_sensor: M } = observation;
    const up = [M[8]!, M[9]!, M[10]!];
    let best = pose;
    let bestScore = Infinity;
    for (let degrees = -TURN_RANGE; degrees <= TURN_RANGE; degrees += TURN_STEP) {
      const angle = (degrees * Math.PI) / 180;
      const turned = compose(pose, exp([0, 0, 0, ...up.map((v) => (v === 0 ? 0 : v * angle))]));
      const score = this.tracker.score(observation.surface, turned, this.kernel);
      if (score < bestScore) [best, bestScore] = [turned, score];
    }
    return best;
  }
}
