import { FeltmapError } from '../geometry/errors.js';
import { compose, identity, type Pose } from '../geometry/se3.js';
import type { SensorId } from './observation.js';

/**
 * Where the sensors are on the body: T_body_sensor, fixed or given anew with each measurement (from tf). Where nobody
 * gives any, the sensor is the body.
 *
 * @example
 * const rig = new Rig();
 * rig.mount('/front', T_body_front);
 * rig.locate('/front');              // T_body_front
 * rig.locate('/arm', T_body_hand);   // moves on the body: given with every measurement
 * rig.locate('/unheard-of');         // throws: nobody said where it is
 */
export class Rig {
  readonly #mounts = new Map<SensorId, Pose>();
  readonly #corrections = new Map<SensorId, Pose>();

  /** Names of all sensors that were placed. */
  get sensors(): readonly SensorId[] {
    return [...this.#mounts.keys()];
  }

  /**
   * Places a sensor for all its measurements from now on.
   *
   * @throws FeltmapError bad-input for what is no rigid transform
   */
  mount(sensor: SensorId, T_body_sensor: Pose): void {
    if (!isRigid(T_body_sensor))
      throw new FeltmapError(
        'bad-input',
        `The place of sensor '${sensor}' on the body is no rigid transform; check its tf or calibration.`,
      );
    this.#mounts.set(sensor, T_body_sensor);
  }

  /** From now on a sensor is where it is said to be, moved by a correction: T_body_sensor = correction · given. */
  correct(sensor: SensorId, correction: Pose): void {
    this.#corrections.set(sensor, correction);
  }

  #corrected(sensor: SensorId, given: Pose): Pose {
    const correction = this.#corrections.get(sensor);
    return correction ? compose(correction, given) : given;
  }

  /**
   * T_body_sensor for a measurement.
   *
   * @param given where the measurement itself says so; kept for those that do not
   * @throws FeltmapError not-found for a sensor that nobody placed beside others that somebody did
   */
  locate(sensor: SensorId, given?: Pose): Pose {
    if (given) this.mount(sensor, given);
    const known = this.#mounts.get(sensor);
    if (known) return this.#corrected(sensor, known);
    if (this.#mounts.size === 0) return identity();
    throw new FeltmapError(
      'not-found',
      `Sensor '${sensor}' has no place on the body, where there are ${this.sensors.map((s) => `'${s}'`).join(', ')}; ` +
        `publish its transform or mount it.`,
    );
  }
}

/** Whether a pose is finite and its rotation orthonormal and right-handed, to a thousandth. */
function isRigid(T: Pose): boolean {
  if (T.length !== 12 || !T.every(Number.isFinite)) return false;
  const dot = (a: number, b: number): number => T[a]! * T[b]! + T[a + 1]! * T[b + 1]! + T[a + 2]! * T[b + 2]!;
  const products = [dot(0, 0) - 1, dot(4, 4) - 1, dot(8, 8) - 1, dot(0, 4), dot(0, 8), dot(4, 8)];
  const [a, b, c, d, e, f, g, h, i] = [T[0]!, T[1]!, T[2]!, T[4]!, T[5]!, T[6]!, T[8]!, T[9]!, T[10]!];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return determinant > 0 && products.every((p) => Math.abs(p) < 1e-3);
}
