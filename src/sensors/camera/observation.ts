import { FeltmapError } from '../../geometry/errors.js';
import type { Pose, Twist } from '../../geometry/se3.js';
import type { Observation, Picture, RangeGrid, SensorId, SurfaceSamples } from '../observation.js';
import type { Slots } from '../slots.js';
import type { PreparedFrame } from './prepared-frame.js';
import type { CameraPreparer } from './preparer.js';

type Described = Pick<
  Observation,
  'sensor' | 'stampNs' | 'clockShiftNs' | 'frameId' | 'T_body_sensor' | 'mountTwist'
>;

/**
 * What a depth camera saw at one instant: see {@link CameraFrontEnd}.
 *
 * @example
 * const observation = new CameraObservation(preparer, slots, preparer.prepare(frame, slots.take()), described);
 * observation.release(); // gives the slot back
 */
export class CameraObservation implements Observation {
  readonly kind = 'rgbd';
  readonly sensor: SensorId;
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly frameId: string;
  readonly T_body_sensor: Pose;
  readonly mountTwist?: Twist;
  readonly motion = 'rigid';
  readonly rays = 'from-sensor';
  readonly view = 'ahead';
  readonly sampling = 'dense';
  readonly surface: SurfaceSamples;
  readonly grid: RangeGrid;
  readonly picture?: Picture;
  readonly counts: Observation['counts'];
  #slot: PreparedFrame | undefined;

  constructor(
    private readonly preparer: CameraPreparer,
    private readonly slots: Slots<PreparedFrame>,
    slot: PreparedFrame,
    { sensor, stampNs, clockShiftNs, frameId, T_body_sensor, mountTwist }: Described,
  ) {
    this.sensor = sensor;
    this.stampNs = stampNs;
    if (clockShiftNs !== undefined) this.clockShiftNs = clockShiftNs;
    this.frameId = frameId;
    this.T_body_sensor = T_body_sensor;
    if (mountTwist) this.mountTwist = mountTwist;
    this.surface = slot.surface();
    this.grid = slot.grid();
    const picture = slot.picture();
    if (picture) this.picture = picture;
    this.counts = { ...slot.counts };
    this.#slot = slot;
  }

  /** All pixels are taken at the same time: nothing moves. */
  undistort(_twist: Twist, _acceleration?: Twist): void {
    this.#held('undistorted');
  }

  /** Finds the colours of the grid. */
  complete(): void {
    this.preparer.complete(this.#held('mapped'));
  }

  release(): void {
    if (this.#slot) this.slots.give(this.#slot);
    this.#slot = undefined;
  }

  #held(what: string): PreparedFrame {
    if (!this.#slot)
      throw new FeltmapError(
        'bad-input',
        `The observation of '${this.sensor}' was released and cannot be ${what}.`,
      );
    return this.#slot;
  }
}
