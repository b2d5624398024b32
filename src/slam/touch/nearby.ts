import { invertSpd } from '../../geometry/linear.js';
import { compose, separation, type Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import { meanVariance } from '../covariance.js';
import { optimiseTouches, type BundleResult } from './bundle.js';
import { bundleTouches, firstOf, knownFrom, type FeltGel, type FeltPrior, type Slid } from './felt-gels.js';
import { isBelieved, judgeTouch } from './judge.js';
import { kinematicCovariance, type KinematicSigma } from './kinematics.js';
import type { RegisteredTouch } from './registration.js';
import { SlideTrack, type SlidingTouch } from './slide.js';

/** A touch that is to be found among those before it. */
export interface NewTouch {
  readonly patch: Patch;
  /** T_map_sensor by the kinematics, and what those are good for. */
  readonly predicted: Pose;
  readonly kinematics: KinematicSigma;
  readonly prior: FeltPrior;
  /** Which sensor it is of, when, and where on the body: absent, and it is not known whether it slid. */
  readonly contact?: Omit<SlidingTouch, 'patch'> & { readonly sensor: string };
}

/** Where a touch is among others. */
export interface FoundTouch {
  /** To be kept unless it rests; its pose is the arm's where there is nothing better. */
  readonly gel: FeltGel;
  /** It has hardly moved since the touch that it slid from, and says the same again. */
  readonly rests: boolean;
  /** Undefined where no other touch overlaps. */
  readonly found?: RegisteredTouch;
}

/** More of those around say little more, and take longer; the same is true of those of one contact, and of the own one. */
const [MOST, MOST_OF_ONE, MOST_OWN] = [11, 3, 12];
/** Touches that are remembered, the newest ones: some 25 MB. */
const MOST_KEPT = 1000;
/** What is looked for is within a tenth of a millimetre, which needs few steps. */
const [STEPS, TOLERANCE] = [8, 1e-4];
/** How much farther apart than their gels reach touches may be said to be and still overlap, in the arm's σ. */
const SLACK = 1.5;
/** A prior that knows the place this much better than the arm, as a share of its variance, says something of its own. */
const BETTER = 0.5;
/**
 * A slide whose places would all be farther from the arm's, in its σ, is not believed: 99 % of honest ones are nearer. What a
 * single touch may be off by ({@link judgeTouch}) is more, since its own prior holds it; of a slide one prior holds all.
 */
const MOST_OFF = 3.4;
const FOLLOWS = 'It follows the touch that it slid from; where that was as a whole is the arm’s.';

/**
 * Where a touch was by the touches around it. What these felt lies where they were taken to be, which is as wrong as the arm
 * was: so a touch is not put onto them, it is found together with them, and they move as well. All around the one place, each
 * with its own prior, in some milliseconds; over all touches {@link optimiseTouches} does the same for the whole map. Touches
 * that slide have the arm's error in common: the first has its prior, and each follows the one before ({@link SlideTrack}).
 *
 * @example
 * const nearby = new NearbyTouches({ translation: 0.002, rotation: 0.017 });
 * const { gel, rests, found } = nearby.register({ patch, predicted, kinematics, prior });
 * if (!rests) nearby.add(gel);
 */
export class NearbyTouches {
  readonly #gels: FeltGel[] = [];
  readonly #tracks = new Map<string, { readonly track: SlideTrack; last?: FeltGel }>();

  /** @param arm what its places are good for */
  constructor(private readonly arm: KinematicSigma) {}

  /** @param gel is kept, and its pose changes as others come; one that touches nothing is none */
  add(gel: FeltGel): void {
    if (gel.patch.samples.length === 0) return;
    this.#gels.push(gel);
    if (this.#gels.length <= MOST_KEPT) return;
    const oldest = this.#gels.shift();
    for (const { slide } of this.#gels) if (slide?.from === oldest) delete slide!.from;
  }

  /** A sensor touches nothing. */
  lift(sensor: string): void {
    this.#tracks.get(sensor)?.track.reset();
  }

  clear(): void {
    this.#gels.length = 0;
    this.#tracks.clear();
  }

  /** Moves those around as well, where it is believed. */
  register(touch: NewTouch): FoundTouch {
    const { patch, prior, predicted, contact } = touch;
    if (patch.samples.length === 0) {
      if (contact) this.lift(contact.sensor);
      return { gel: { patch, prior, pose: predicted }, rests: false };
    }
    const slide = this.#slid(touch);
    const of = contact && { sensor: contact.sensor };
    const gel: FeltGel = { patch, prior, pose: prior.pose, ...of, ...(slide && { slide }) };
    if (slide?.from) gel.pose = compose(slide.from.pose, slide.pose);
    const found = this.#find(gel, touch);
    gel.pose = found?.pose ?? predicted;
    const known = contact && this.#tracks.get(contact.sensor);
    const rests = slide?.rests ?? false;
    if (known && !rests) known.last = gel;
    return { gel, rests, ...(found && { found }) };
  }

  /** How it goes on from the last touch of its sensor. */
  #slid({ contact, patch, kinematics, prior }: NewTouch): Slid | undefined {
    if (!contact) return undefined;
    let known = this.#tracks.get(contact.sensor);
    if (!known) this.#tracks.set(contact.sensor, (known = { track: new SlideTrack(this.arm) }));
    const step = known.track.add({ ...contact, patch });
    const { last } = known;
    if (!step || !last) return undefined;
    const place = kinematics.translation ** 2;
    const variance = (last.slide?.drifted ?? 0) + positionVariance(step.information);
    const held = variance > place || positionVariance(prior.information) < BETTER * place;
    return { ...step, from: last, first: firstOf(last), held, drifted: held ? 0 : variance };
  }

  #find(gel: FeltGel, { predicted, kinematics }: NewTouch): RegisteredTouch | undefined {
    const { slide, pose: start } = gel;
    const around = this.#around(gel, SLACK * kinematics.translation);
    if (around.length === 0) return undefined;
    const bundle = optimiseTouches(bundleTouches([gel, ...around]), {
      kinematics,
      iterations: STEPS,
      tolerance: TOLERANCE,
    });
    const alone = bundle.overlaps[0] === 0;
    if (alone && !slide) return undefined;
    const result = judged(bundle, gel, { predicted, kinematics });
    const tooFar = slide && separation(result.pose, predicted) > MOST_OFF * kinematics.translation;
    if (!isBelieved(result.state) || tooFar) {
      if (!slide) return { ...result, pose: predicted, covariance: kinematicCovariance(kinematics) };
      return { ...result, pose: start, covariance: kinematicCovariance(kinematics), state: 'sliding', reason: FOLLOWS }; // prettier-ignore
    }
    around.forEach((other, i) => {
      other.pose = bundle.poses[i + 1]!;
      other.known = knownFrom(other.pose, other.prior, bundle.overlaps[i + 1]!);
    });
    return alone ? { ...result, state: 'sliding', reason: FOLLOWS } : result;
  }

  /** The contact so far, which moves as a whole, and the nearest others that may overlap any of it, few of each contact. */
  #around(gel: FeltGel, slack: number): FeltGel[] {
    const own: FeltGel[] = [];
    for (let from = gel.slide?.from; from && own.length < MOST_OWN; from = from.slide?.from) own.push(from);
    const all = [gel, ...own];
    const counts = new Map<FeltGel, number>();
    const others = this.#gels
      .filter((other) => !own.includes(other) && all.some((one) => mayOverlap(one, other, slack)))
      .map((other) => ({ other, distance: separation(other.pose, gel.pose) }))
      .sort((a, b) => a.distance - b.distance)
      .filter(({ other }) => {
        const count = counts.get(firstOf(other)) ?? 0;
        counts.set(firstOf(other), count + 1);
        return count < MOST_OF_ONE;
      });
    return [...own, ...others.slice(0, MOST).map(({ other }) => other)];
  }
}

/** Whether two gels are said to be near enough, and look the same way, by and large. */
function mayOverlap({ patch, pose: T }: FeltGel, { patch: other, pose: S }: FeltGel, slack: number): boolean {
  const reach = (one: Patch): number => 0.5 * Math.hypot(one.width, one.height) * one.pitch;
  return (
    separation(T, S) < reach(patch) + reach(other) + slack &&
    T[2]! * S[2]! + T[6]! * S[6]! + T[10]! * S[10]! > 0
  );
}

/** Mean over the axes (m²); Infinity where some are not known. */
function positionVariance(information: Float64Array): number {
  const covariance = invertSpd(information, 6);
  return covariance ? meanVariance(covariance, 'position') : Infinity;
}

/** Of the first of those that were found. */
function judged(
  { poses, covarianceOf, rows, inliers, iterations }: BundleResult,
  { patch, slide }: FeltGel,
  { predicted, kinematics }: { readonly predicted: Pose; readonly kinematics: KinematicSigma },
): RegisteredTouch {
  const compared = rows[0]! + (slide?.rows ?? 0);
  const fitting = inliers[0]! + (slide?.inliers ?? 0);
  const outcome = {
    pose: poses[0]!,
    covariance: covarianceOf(0),
    valued: 1,
    inliers: compared > 0 ? fitting / compared : 0,
    iterations,
  };
  const samples = patch.samples.length;
  const verdict = judgeTouch({ ...outcome, predicted, kinematics, samples, converged: true });
  return { ...outcome, ...verdict };
}
