import type { KernelPool } from '../../compute/pool.js';
import { steadyNs } from '../clock-shift.js';
import type { Observation } from '../observation.js';
import { Slots } from '../slots.js';
import type { CameraOptions } from './camera-options.js';
import { CAMERA_ON_BODY, type RgbdFrame } from './frame.js';
import { CameraObservation } from './observation.js';
import { PreparedFrame } from './prepared-frame.js';
import { CameraPreparer } from './preparer.js';

export interface CameraFrontEndOptions extends CameraOptions {
  /** Observations that may be alive at the same time. */
  readonly slots?: number;
}

/** Which camera took a frame, and where it is on the body. */
export type CameraMount = Partial<Pick<Observation, 'sensor' | 'T_body_sensor' | 'mountTwist'>>;

const SLOTS = 3;

/**
 * Makes observations of depth images, with colour where there is one, from however many cameras of whatever sizes.
 *
 * @example
 * const cameras = new CameraFrontEnd(pool, { maxRange: 5 });
 * const observation = cameras.observe(frame, { sensor: 'front', T_body_sensor });
 * // … track observation.surface …
 * observation.complete(); // finds the colours of the grid
 * // … fuse observation.grid …
 * observation.release();
 */
export class CameraFrontEnd {
  readonly #preparer: CameraPreparer;
  readonly #slots: Slots<PreparedFrame>;

  /** @throws FeltmapError bad-config for options that make no sense; out-of-memory when the arena is too small */
  constructor(pool: KernelPool, { slots = SLOTS, ...options }: CameraFrontEndOptions = {}) {
    this.#preparer = new CameraPreparer(pool, options);
    this.#slots = new Slots(slots, 'camera frames', () => new PreparedFrame(pool.memory));
  }

  /** What the user should know about frames so far: only ever grows. */
  get notices(): readonly string[] {
    return this.#preparer.notices;
  }

  /** Observations that can be made before one must be released. */
  get free(): number {
    return this.#slots.free;
  }

  /**
   * @param mount where the depth camera is on the body at the stamp; what is left out is taken from the frame
   * @throws FeltmapError bad-input for a frame that contradicts itself or is too large; out-of-memory while no slot is
   *   free. Either way nothing is held.
   */
  observe(frame: RgbdFrame, mount: CameraMount = {}): Observation {
    const slot = this.#slots.take();
    try {
      this.#preparer.prepare(frame, slot);
      const { sensor = frame.frameId, T_body_sensor = frame.mount ?? CAMERA_ON_BODY } = mount;
      const mountTwist = mount.mountTwist ?? frame.mountTwist;
      return new CameraObservation(this.#preparer, this.#slots, slot, {
        sensor,
        stampNs: steadyNs(frame),
        ...(frame.clockShiftNs !== undefined && { clockShiftNs: frame.clockShiftNs }),
        frameId: frame.frameId,
        T_body_sensor,
        ...(mountTwist && { mountTwist }),
      });
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
  }
}
