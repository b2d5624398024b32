import { availableParallelism, loadavg } from 'node:os';
import { nanoseconds, type OdometryMessage } from './graph.js';

/**
 * From the moment a message is published to the moment its odometry has come back, by their stamps. Both are in the test's
 * process, so the way through the middleware counts twice.
 */
export class Latency {
  readonly #sent = new Map<bigint, number>();
  /** Milliseconds, in the order in which odometry came. */
  readonly values: number[] = [];
  /** When odometry came (performance.now()). */
  readonly arrivals: number[] = [];

  sent(stampNs: bigint): void {
    this.#sent.set(stampNs, performance.now());
  }

  readonly arrived = ({ header }: OdometryMessage): void => {
    const sent = this.#sent.get(nanoseconds(header.stamp));
    if (sent === undefined) return;
    this.arrivals.push(performance.now());
    this.values.push(performance.now() - sent);
  };

  /** Odometry messages a second, from the first to the last. */
  get rate(): number {
    const { arrivals } = this;
    return (1000 * (arrivals.length - 1)) / (arrivals.at(-1)! - arrivals[0]!);
  }
}

/** The value below which a share of all lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** How busy the machine is, beside a measured time. */
export function load(): string {
  return `load average ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`;
}
