import type { SensorKind } from '../../config/sensors.js';

/** A sensor of another kind that was tracked shortly before. */
export interface Carrier {
  readonly kind: SensorKind;
  readonly stampNs: bigint;
  /** Of its pose, 6×6, [x y z rotX rotY rotZ], axes of odom. */
  readonly covariance: Float64Array;
}

/** Seconds for which a pose of another sensor, carried on by the motion, is as good as one. */
const CARRIES_SECONDS = 0.5;

/**
 * Which kinds of sensors know where the body is. One that sees nothing is carried by another that does.
 *
 * @example
 * const company = new Company();
 * company.tracked({ kind: 'lidar', stampNs, covariance });
 * company.carrier('rgbd', stampNs + 50_000_000n)?.kind; // 'lidar'
 */
export class Company {
  readonly #latest = new Map<SensorKind, Carrier>();

  tracked(carrier: Carrier): void {
    this.#latest.set(carrier.kind, carrier);
  }

  /** Another kind of sensor that was tracked within half a second of a stamp, the newest one. */
  carrier(kind: SensorKind, stampNs: bigint): Carrier | undefined {
    let best: Carrier | undefined;
    for (const one of this.#latest.values()) {
      const seconds = Math.abs(Number(stampNs - one.stampNs)) * 1e-9;
      if (one.kind === kind || seconds > CARRIES_SECONDS) continue;
      if (!best || one.stampNs > best.stampNs) best = one;
    }
    return best;
  }

  clear(): void {
    this.#latest.clear();
  }
}
