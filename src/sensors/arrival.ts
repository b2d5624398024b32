import type { SensorId } from './observation.js';

/** How much older than the newest measurement (s) one of another sensor may be and still be used at its stamp. */
export const LATE_SECONDS = 0.5;

/** `late`: used at its own stamp, the body stays where it is. `too-late`: not used. */
export type Arrival = 'in-order' | 'late' | 'too-late';

/**
 * Decides by its stamp what becomes of a measurement, when several sensors deliver with different delays. Where a sensor's
 * own time goes back by more than the window the recording begins anew, and so does the order.
 *
 * @example
 * const arrivals = new Arrivals();
 * if (arrivals.check('/rear', scan.stampNs) !== 'too-late') slam.process(scan);
 * arrivals.counts['too-late']; // how many were not used
 */
export class Arrivals {
  readonly #windowNs: bigint;
  readonly #counts: Record<Arrival, number> = { 'in-order': 0, late: 0, 'too-late': 0 };
  /** Newest stamp of each sensor. */
  readonly #sensors = new Map<SensorId, bigint>();
  #newest: bigint | undefined;

  constructor(windowSeconds = LATE_SECONDS) {
    this.#windowNs = BigInt(Math.round(windowSeconds * 1e9));
  }

  /** Measurements so far, by what became of them. */
  get counts(): Readonly<Record<Arrival, number>> {
    return this.#counts;
  }

  /** Seconds by which a stamp is older than the newest; 0 for one that is not. */
  age(stampNs: bigint): number {
    return this.#newest === undefined ? 0 : Math.max(0, Number(this.#newest - stampNs) * 1e-9);
  }

  /** Takes note of a measurement, and says what becomes of it. */
  check(sensor: SensorId, stampNs: bigint): Arrival {
    const arrival = this.#verdict(sensor, stampNs);
    this.#counts[arrival]++;
    return arrival;
  }

  #verdict(sensor: SensorId, stampNs: bigint): Arrival {
    const own = this.#sensors.get(sensor);
    if (own !== undefined && stampNs < own - this.#windowNs) {
      this.#sensors.clear();
      this.#newest = undefined;
    }
    this.#sensors.set(sensor, stampNs);
    if (this.#newest === undefined || stampNs >= this.#newest) {
      this.#newest = stampNs;
      return 'in-order';
    }
    return this.#newest - stampNs <= this.#windowNs ? 'late' : 'too-late';
  }
}
