import { steadyNs } from '../clock-shift.js';
import type { LidarScan } from './scan.js';

/** Scans of fewer points that come faster than this (s) are parts of something larger. */
const SMALL = 6000;
const FAST = 0.04;
/** What is gathered: a tenth of a second, at most so many points. */
const WINDOW = 0.1;
const ENOUGH = 40_000;
/**
 * Of so few points (16 × 60) two turns hardly meet the same places, and each alone is lost: two tenths (s) are gathered of what is not slower.
 * Of fewer than the first number two would not do either.
 */
const [TOO_THIN, THIN] = [150, 1200];
const THIN_FAST = 0.15;
const THIN_WINDOW = 0.2;
/** A sensor whose scans are thin goes on to be one up to so many points. */
const NO_LONGER_THIN = 1800;

interface Part {
  readonly scan: LidarScan;
  readonly seconds: number;
}

/** What is known of a sensor, and its scans that wait. */
interface Sensor {
  parts: Part[];
  /** Instant of the scan before, s. */
  last: number | undefined;
  fast: boolean;
  thin: boolean;
}

/**
 * Puts small scans that come fast together, one tenth of a second each: packets of a spinning sensor, or a rosette at 50 Hz, of
 * which two in a row hardly meet the same places; scans of very few points two tenths. The scan that results has the stamp of its last part, and a time for each
 * point. Others pass as they are; the first small one waits for the next, which shows how fast they come.
 *
 * @example
 * const gatherer = new ScanGatherer();
 * for (const whole of gatherer.add(scan)) slam.process(whole);
 */
export class ScanGatherer {
  readonly #sensors = new Map<string, Sensor>();

  /** @param firstInterval time (s) between the first two scans, where that is known beforehand: the first need not wait */
  constructor(private readonly firstInterval = 0) {}

  /** @returns scans that are complete now, in their order */
  add(scan: LidarScan): LidarScan[] {
    const seconds = Number(steadyNs(scan)) * 1e-9;
    let sensor = this.#sensors.get(scan.frameId);
    if (!sensor)
      this.#sensors.set(scan.frameId, (sensor = { parts: [], last: undefined, fast: false, thin: false }));
    sensor.thin = scan.count >= TOO_THIN && scan.count < (sensor.thin ? NO_LONGER_THIN : THIN);
    const fastest = sensor.thin ? THIN_FAST : FAST;
    const interval = sensor.last === undefined ? undefined : seconds - sensor.last;
    sensor.last = seconds;
    if (scan.count >= SMALL) return [...this.#take(sensor), scan];
    const first = interval === undefined;
    if (first && this.firstInterval >= fastest) return [scan];
    const wasFast = sensor.fast;
    if (!first) sensor.fast = interval > 0 && interval < fastest;
    const out: LidarScan[] = [];
    // A pause ends what was begun, and what came slowly is whole already.
    if (!first && !sensor.fast) out.push(...this.#take(sensor));
    if (!first && !sensor.fast && !wasFast) return [...out, scan];
    sensor.parts.push({ scan: owned(scan), seconds });
    const { parts } = sensor;
    const span = seconds - parts[0]!.seconds + (interval ?? 0);
    const points = parts.reduce((sum, part) => sum + part.scan.count, 0);
    const window = sensor.thin && points < NO_LONGER_THIN ? THIN_WINDOW : WINDOW;
    if (sensor.fast && (span > window - 0.5 * interval! || points >= ENOUGH)) out.push(...this.#take(sensor));
    return out;
  }

  /** What has not become a whole scan when there are no more. */
  end(): LidarScan[] {
    return [...this.#sensors.values()].flatMap((sensor) => this.#take(sensor));
  }

  #take(sensor: Sensor): LidarScan[] {
    const { parts } = sensor;
    sensor.parts = [];
    return parts.length < 2 ? parts.map(({ scan }) => scan) : [merged(parts)];
  }
}

/** With arrays of its own: what a scan was read into is used again for the next. */
function owned(scan: LidarScan): LidarScan {
  const { positions, times, rings } = scan;
  return {
    ...scan,
    positions: positions.slice(),
    ...(times && { times: times.slice() }),
    ...(rings && { rings: rings.slice() }),
  };
}

function merged(parts: readonly Part[]): LidarScan {
  const { scan: last, seconds: end } = parts.at(-1)!;
  const count = parts.reduce((sum, { scan }) => sum + scan.count, 0);
  const positions = new Float32Array(3 * count);
  const times = new Float32Array(count);
  const intensities = parts.every(({ scan }) => scan.intensities) ? new Float32Array(count) : undefined;
  const rings = parts.every(({ scan }) => scan.rings) ? new Uint16Array(count) : undefined;
  let at = 0;
  for (const { scan, seconds } of parts) {
    positions.set(scan.positions.subarray(0, 3 * scan.count), 3 * at);
    for (let i = 0; i < scan.count; i++) times[at + i] = (scan.times?.[i] ?? 0) + (seconds - end);
    intensities?.set(scan.intensities!.subarray(0, scan.count), at);
    rings?.set(scan.rings!.subarray(0, scan.count), at);
    at += scan.count;
  }
  const { stampNs, clockShiftNs, frameId, mount, mountTwist } = last;
  return {
    stampNs,
    ...(clockShiftNs !== undefined && { clockShiftNs }),
    frameId,
    count,
    positions,
    times,
    ...(intensities && { intensities }),
    ...(rings && { rings }),
    timing: 'field',
    gathered: true,
    ...(mount && { mount }),
    ...(mountTwist && { mountTwist }),
  };
}
