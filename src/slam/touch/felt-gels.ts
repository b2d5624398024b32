import type { Pose } from '../../geometry/se3.js';
import type { Patch } from '../../sensors/tactile/patch.js';
import type { BundleTouch } from './bundle.js';
import type { SlideStep } from './slide.js';

/** What is known of where a gel was, from anything but other touches. */
export interface FeltPrior {
  /** T_map_sensor. */
  readonly pose: Pose;
  /** 6×6, [x y z rotX rotY rotZ] about the sensor, map axes; 1/m², 1/rad². */
  readonly information: Float64Array;
  /** A camera saw it there; otherwise the arm says so. */
  readonly seen?: boolean;
}

/** A touch by a gel. */
export interface FeltGel {
  readonly patch: Patch;
  /** Its name, where there may be several. */
  readonly sensor?: string;
  readonly prior: FeltPrior;
  /** T_map_sensor as far as it is known by now. */
  pose: Pose;
  /** What others have said of it since, as a prior for those that come. */
  known?: FeltPrior;
  /** Of touches that slid from one to the other. */
  readonly slide?: Slid;
}

/** How a touch goes on from another in the same contact. */
export interface Slid extends SlideStep {
  /** The other; undefined when that was forgotten. */
  from?: FeltGel | undefined;
  /** The first of the contact. */
  readonly first: FeltGel;
  /** Variance of where the steps have led since a prior counted last (m²). */
  readonly drifted: number;
  /** Whether its own prior counts as well: it says something by now that the first one's does not. */
  readonly held: boolean;
}

/** The first of its contact. */
export function firstOf(gel: FeltGel): FeltGel {
  return gel.slide?.first ?? gel;
}

/**
 * What is known of a touch that was found together with others, `overlaps` of which it was compared with: its own error is
 * averaged with theirs, and after `whole`, when all of the map were found together, theirs with those of others around them.
 * Measured: without it each touch that comes undoes part of what is known.
 */
export function knownFrom(
  pose: Pose,
  { information }: FeltPrior,
  overlaps: number,
  { whole = false } = {},
): FeltPrior {
  const share = whole ? (1 + overlaps) ** 2 : 1 + overlaps;
  return { pose, information: information.map((v) => share * v) };
}

/** The sensors of touches, in the order of their numbers. */
export function sensorsOf(gels: readonly FeltGel[]): readonly FeltGel['sensor'][] {
  return [...new Set(gels.map(({ sensor }) => sensor))];
}

/**
 * Touches as they are found together. Those that slid from another one of them follow it. The arm errs in all touches of a
 * contact alike, so its prior counts once: of those that follow none, each has its share.
 *
 * @param anew from what the arm says, not from what others have said since
 */
export function bundleTouches(gels: readonly FeltGel[], { anew = false } = {}): BundleTouch[] {
  const at = new Map(gels.map((gel, i) => [gel, i]));
  const contacts = new Map<FeltGel, { readonly number: number; alone: number }>();
  const before = gels.map(({ slide }) => (slide?.from ? at.get(slide.from) : undefined));
  gels.forEach((gel, i) => {
    const first = firstOf(gel);
    let contact = contacts.get(first);
    if (!contact) contacts.set(first, (contact = { number: contacts.size, alone: 0 }));
    if (before[i] === undefined) contact.alone++;
  });
  const sensors = sensorsOf(gels);
  return gels.map(({ patch, prior, known, pose, slide, sensor }, i) => {
    const { number: contact, alone } = contacts.get(firstOf(gels[i]!))!;
    const touch = before[i];
    const hand = { sensor: sensors.indexOf(sensor), byHand: prior.seen !== true };
    const own = { patch, contact, ...hand, ...(!anew && { start: pose }) };
    if (slide && touch !== undefined) {
      const step = { touch, pose: slide.pose, information: slide.information };
      return { ...own, predicted: prior.pose, information: prior.information, step, held: slide.held };
    }
    const { pose: predicted, information } = (!anew && known) || prior;
    return { ...own, predicted, information: alone > 1 ? information.map((v) => v / alone) : information };
  });
}
