import { FeltmapError } from '../../geometry/errors.js';
import type { Pose, Twist } from '../../geometry/se3.js';
import type { Contacts, Observation, RangeGrid, SensorId, SurfaceSamples } from '../observation.js';
import type { Slots } from '../slots.js';
import type { Patch } from './patch.js';
import type { PreparedTouch } from './prepared-touch.js';

/** What is known of a touch beside its samples. */
type Described = Pick<
  Observation,
  'sensor' | 'stampNs' | 'clockShiftNs' | 'frameId' | 'T_body_sensor' | 'counts'
> & {
  readonly contacts: Contacts;
  readonly sigma: number;
  readonly patch?: Patch;
};

/** The memory that a touch holds, with what was put there. */
export interface FilledTouch {
  readonly slot: PreparedTouch;
  readonly surface: SurfaceSamples;
  readonly grid?: RangeGrid;
}

/**
 * What was felt at one instant: see {@link TouchFrontEnd}. An image has rows and columns to fuse from and shows that its
 * gel's own place is free; single points show neither.
 *
 * @example
 * const observation = touches.observe(touch, { sensor: 'finger', T_body_sensor });
 * // … register observation.surface, fuse observation.grid …
 * observation.release();
 */
export class TouchObservation implements Observation {
  readonly kind = 'touch';
  readonly sensor: SensorId;
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly frameId: string;
  readonly T_body_sensor: Pose;
  readonly motion = 'rigid';
  readonly rays: Observation['rays'];
  readonly view = 'ahead';
  readonly sampling = 'dense';
  readonly surface: SurfaceSamples;
  readonly grid?: RangeGrid;
  readonly counts: Observation['counts'];
  readonly contacts: Contacts;
  /** Standard deviation of a sample (m). */
  readonly sigma: number;
  /** The surface that a gel felt: stays valid when the observation is released. */
  readonly patch?: Patch;
  #slot: PreparedTouch | undefined;

  constructor(
    private readonly slots: Slots<PreparedTouch>,
    { slot, surface, grid }: FilledTouch,
    { sensor, stampNs, clockShiftNs, frameId, T_body_sensor, contacts, counts, sigma, patch }: Described,
  ) {
    this.sensor = sensor;
    this.stampNs = stampNs;
    if (clockShiftNs !== undefined) this.clockShiftNs = clockShiftNs;
    this.frameId = frameId;
    this.T_body_sensor = T_body_sensor;
    this.contacts = contacts;
    this.counts = counts;
    this.sigma = sigma;
    if (patch) this.patch = patch;
    this.surface = surface;
    if (grid) this.grid = grid;
    this.rays = grid ? 'from-sensor' : 'none';
    this.#slot = slot;
  }

  /** Whether anything was touched. */
  get isContact(): boolean {
    return this.surface.count > 0;
  }

  /** A touch is taken at one instant: nothing moves. */
  undistort(_twist: Twist, _acceleration?: Twist): void {
    if (!this.#slot)
      throw new FeltmapError(
        'bad-input',
        `The observation of '${this.sensor}' was released and cannot be undistorted.`,
      );
  }

  complete(): void {}

  release(): void {
    if (this.#slot) this.slots.give(this.#slot);
    this.#slot = undefined;
  }
}
