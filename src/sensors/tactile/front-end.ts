import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { identity } from '../../geometry/se3.js';
import type { Observation } from '../observation.js';
import { Slots } from '../slots.js';
import { contactsOf, contactsOfPoints, MOST_CONTACTS } from './contacts.js';
import { TouchObservation } from './observation.js';
import { patchOf, type PatchOptions } from './patch.js';
import { PreparedTouch, TOUCH_LIMITS, type TouchLimits } from './prepared-touch.js';
import { steadyNs, type ShiftedStamp } from '../clock-shift.js';
import type { Touch, TouchImage, TouchPoints } from './touch.js';

export interface TouchFrontEndOptions extends PatchOptions, Partial<TouchLimits> {
  /** Observations that may be alive at the same time. Default: 3. */
  readonly slots?: number;
}

/** Which sensor felt it, and where it is on the body. */
export type TouchMount = Partial<Pick<Observation, 'sensor' | 'T_body_sensor'>>;

const SLOTS = 3;
/** Points of contact farther from where they are given (m) are hardly in metres. */
const FAR = 3;

/**
 * Makes observations of touches, from however many sensors of whatever kinds.
 *
 * @example
 * const touches = new TouchFrontEnd(pool, { spacing: 0.0005 });
 * const observation = touches.observe(touch, { sensor: 'finger', T_body_sensor });
 * // … register observation.surface, fuse observation.grid …
 * observation.release();
 */
export class TouchFrontEnd {
  readonly #options: PatchOptions;
  readonly #limits: TouchLimits;
  readonly #slots: Slots<PreparedTouch>;
  readonly #notices = new Map<string, string>();

  /** @throws FeltmapError bad-config for options that make no sense */
  constructor(pool: KernelPool, options: TouchFrontEndOptions = {}) {
    const { slots = SLOTS, keypoints = TOUCH_LIMITS.keypoints, body = TOUCH_LIMITS.body, ...rest } = options;
    if (!(keypoints >= 1 && keypoints <= 65536 && body >= 0 && body < 1))
      throw new FeltmapError(
        'bad-config',
        `A touch with ${keypoints} keypoints and a body of ${body} m makes no sense; give 1 to 65536 keypoints and a body in metres.`,
      );
    this.#options = rest;
    this.#limits = { keypoints, body };
    this.#slots = new Slots(slots, 'touches', () => new PreparedTouch(pool.memory));
  }

  /** What the user should know about touches so far, one sentence for each sensor and cause: only ever grows. */
  get notices(): readonly string[] {
    return [...this.#notices.values()];
  }

  /** Observations that can be made before one must be released. */
  get free(): number {
    return this.#slots.free;
  }

  /**
   * @param mount where the sensor is on the body; default: at its origin
   * @throws FeltmapError bad-input for a touch that contradicts itself; out-of-memory while no slot is free. Either way
   *   nothing is held.
   */
  observe(touch: Touch & Partial<ShiftedStamp>, mount: TouchMount = {}): TouchObservation {
    const slot = this.#slots.take();
    try {
      const { sensor = touch.frameId, T_body_sensor = identity() } = mount;
      const { clockShiftNs, frameId, sigma } = touch;
      const { filled, ...about } =
        touch.kind === 'touch-image' ? this.#image(touch, slot) : this.#points(touch, slot);
      const stamp = { stampNs: steadyNs(touch), ...(clockShiftNs !== undefined && { clockShiftNs }) };
      const described = { sensor, ...stamp, frameId, sigma, T_body_sensor, ...about };
      return new TouchObservation(this.#slots, { slot, ...filled }, described);
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
  }

  #image(touch: TouchImage, slot: PreparedTouch) {
    const patch = patchOf(touch, this.#options);
    const { contacts, valid } = patch;
    if (valid < contacts)
      this.#note(
        touch,
        `Touches of '${touch.frameId}' have depths in contact that are not numbers (${contacts - valid} of ${contacts} in the first such); they are left out, check the calibration.`,
      );
    return {
      filled: slot.fill(patch, this.#limits),
      patch,
      contacts: contactsOf(patch, MOST_CONTACTS),
      counts: { input: contacts, valid },
    };
  }

  #points(touch: TouchPoints, slot: PreparedTouch) {
    const { points, normals, frameId } = touch;
    if (points.length % 3 !== 0 || (normals && normals.length !== points.length))
      throw new FeltmapError(
        'bad-input',
        `The touch points of '${frameId}' have ${points.length} coordinates and ${normals?.length ?? 0} of normals; both must be three for each point, so they are left out.`,
      );
    if (!(touch.sigma > 0))
      throw new FeltmapError(
        'bad-input',
        `The touch points of '${frameId}' say that they are certain to ${touch.sigma} m; give a standard deviation in metres.`,
      );
    const surface = slot.fillPoints(touch, this.#limits);
    const [input, valid] = [points.length / 3, surface.count];
    if (valid < input)
      this.#note(
        touch,
        `Touch points of '${frameId}' are not all numbers (${input - valid} of ${input} in the first such); those are left out.`,
      );
    const far = points.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
    if (far > FAR)
      this.#note(
        touch,
        `Touch points of '${frameId}' lie up to ${far.toFixed(1)} m from it: are they in metres? They are mapped where they say.`,
      );
    return { filled: { surface }, contacts: contactsOfPoints(touch), counts: { input, valid } };
  }

  #note({ frameId, kind }: Touch, sentence: string): void {
    const key = `${kind} ${frameId}`;
    if (!this.#notices.has(key)) this.#notices.set(key, sentence);
  }
}
