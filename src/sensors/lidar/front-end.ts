import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import { identity, type Pose, type Twist } from '../../geometry/se3.js';
import { steadyNs } from '../clock-shift.js';
import type { Observation, SensorId, SurfaceSamples } from '../observation.js';
import { Slots } from '../slots.js';
import { raise } from './elevation.js';
import { fewRings } from './few-rings.js';
import { limitPoints } from './limit-points.js';
import type { PreparedScan } from './prepared-scan.js';
import { LidarPreparer, type PreparerOptions, type Vehicle } from './preparer.js';
import { areRings } from './rings.js';
import type { LidarScan, ScanStorage } from './scan.js';
import { Surroundings } from './surroundings.js';

export interface FrontEndOptions extends PreparerOptions {
  /** Observations that may be alive at the same time. */
  readonly slots?: number;
  /** Whether points that carry times are undistorted; else every scan is taken for rigid. */
  readonly deskew?: boolean;
  /** How far its LiDARs see where `maxRange` is less only for the sake of touch, m; default: maxRange. */
  readonly reach?: number;
  /** How much higher than reported the lasers point, radians; default 0. */
  readonly elevationOffset?: number;
}

/** Which LiDAR made a scan, and where it is on the body. */
export type LidarMount = Partial<Pick<Observation, 'sensor' | 'T_body_sensor' | 'mountTwist'>>;

const SLOTS = 3;
const STILL = new Float64Array(6);

/**
 * Makes observations of LiDAR scans, from however many LiDARs.
 *
 * @example
 * const lidar = new LidarFrontEnd(pool, { maxRange: 80 });
 * const observation = lidar.observe(scan, { sensor: '/points', T_body_sensor });
 * observation.undistort(twist);
 * // … track observation.surface …
 * observation.complete();
 * // … map it …
 * observation.release();
 */
export class LidarFrontEnd {
  readonly #preparer: LidarPreparer;
  readonly #slots: Slots<PreparedScan>;
  readonly #deskew: boolean;
  readonly #elevationOffset: number;
  readonly #surroundings: Surroundings;
  #thinned = false;
  #counted = false;
  readonly #notices: string[] = [];

  /** @throws FeltmapError bad-config for options that make no sense; out-of-memory when the arena is too small */
  constructor(
    pool: KernelPool,
    { slots = SLOTS, deskew = true, elevationOffset = 0, reach, ...options }: FrontEndOptions = {},
  ) {
    this.#preparer = new LidarPreparer(pool, options);
    this.#surroundings = new Surroundings(this.#preparer.options.maxRange, reach);
    this.#slots = new Slots(slots, 'LiDAR scans', () => this.#preparer.makeScan());
    this.#deskew = deskew;
    this.#elevationOffset = elevationOffset;
  }

  /** Scans that are read into these arrays need not be copied when they are observed. */
  get storage(): ScanStorage {
    return this.#preparer.storage;
  }

  /** What the user should know about scans so far: only ever grows. */
  get notices(): readonly string[] {
    return this.#notices;
  }

  /** Observations that can be made before one must be released. */
  get free(): number {
    return this.#slots.free;
  }

  /**
   * @param mount where the LiDAR is on the body at the stamp; the LiDAR is the body where that is left out
   * A scan of more points than memory was set aside for is thinned.
   *
   * @throws FeltmapError bad-input for a scan that contradicts itself; out-of-memory while no slot is
   *   free. Either way nothing is held.
   */
  observe(scan: LidarScan, mount: LidarMount = {}, vehicle?: Vehicle): Observation {
    const slot = this.#slots.take();
    try {
      const usable = withoutFalseRings(this.#limited(scan));
      this.#preparer.prepare(this.#corrected(usable), slot, vehicle);
      this.#countRings(usable);
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
    const notice = this.#surroundings.add(scan.positions, scan.count);
    if (notice !== undefined) this.#notices.push(notice);
    const { sensor = scan.frameId, T_body_sensor = identity(), mountTwist } = mount;
    return new LidarObservation(this.#preparer, this.#slots, slot, {
      sensor,
      stampNs: steadyNs(scan),
      ...(scan.clockShiftNs !== undefined && { clockShiftNs: scan.clockShiftNs }),
      frameId: scan.frameId,
      T_body_sensor,
      ...(mountTwist && { mountTwist }),
      motion: this.#deskew && scan.timing !== 'none' ? 'sweep' : 'rigid',
    });
  }

  /** Of the first scan: lasers come and go with none. */
  #countRings(scan: LidarScan): void {
    if (this.#counted || scan.count === 0) return;
    this.#counted = true;
    const notice = fewRings(scan);
    if (notice !== undefined) this.#notices.push(notice);
  }

  /** The scan with its points where the lasers really pointed. */
  #corrected(scan: LidarScan): LidarScan {
    const { positions } = this.#preparer.storage;
    // A scan that contradicts itself is refused by the preparer.
    const whole = scan.positions.length >= 3 * scan.count && positions.length >= 3 * scan.count;
    if (this.#elevationOffset === 0 || !whole) return scan;
    raise(scan.positions, positions, scan.count, this.#elevationOffset);
    return { ...scan, positions };
  }

  /** The scan, or evenly chosen points of one that is too large, which is told once. */
  #limited(scan: LidarScan): LidarScan {
    const { maxPoints } = this.#preparer.options;
    if (scan.count <= maxPoints || scan.positions.length < 3 * scan.count) return scan;
    if (!this.#thinned)
      this.#notices.push(
        `A scan of '${scan.frameId}' has ${scan.count} points, more than the ${maxPoints} of sensor.maxPoints: ` +
          'it and others as large are thinned to that; raise the setting to use them whole.',
      );
    this.#thinned = true;
    return limitPoints(scan, maxPoints);
  }
}

/** Without laser numbers that are not those of rings: rows of a range image cannot be made of them. */
function withoutFalseRings(scan: LidarScan): LidarScan {
  const { rings, ...rest } = scan;
  return !rings || rings.length < scan.count || areRings(scan.positions, rings, scan.count) ? scan : rest;
}

type Described = Pick<
  Observation,
  'sensor' | 'stampNs' | 'clockShiftNs' | 'frameId' | 'T_body_sensor' | 'mountTwist' | 'motion'
>;

class LidarObservation implements Observation {
  readonly kind = 'lidar';
  readonly sensor: SensorId;
  readonly stampNs: bigint;
  readonly clockShiftNs?: bigint;
  readonly frameId: string;
  readonly T_body_sensor: Pose;
  readonly mountTwist?: Twist;
  readonly motion: 'rigid' | 'sweep';
  readonly rays = 'from-sensor';
  readonly view = 'around';
  readonly sampling = 'scattered';
  readonly surface: SurfaceSamples;
  readonly counts: PreparedScan['counts'];
  #slot: PreparedScan | undefined;

  constructor(
    private readonly preparer: LidarPreparer,
    private readonly slots: Slots<PreparedScan>,
    slot: PreparedScan,
    { sensor, stampNs, clockShiftNs, frameId, T_body_sensor, mountTwist, motion }: Described,
  ) {
    this.sensor = sensor;
    this.stampNs = stampNs;
    if (clockShiftNs !== undefined) this.clockShiftNs = clockShiftNs;
    this.frameId = frameId;
    this.T_body_sensor = T_body_sensor;
    if (mountTwist) this.mountTwist = mountTwist;
    this.motion = motion;
    this.surface = slot.surface();
    this.counts = { ...slot.counts };
    this.#slot = slot;
  }

  undistort(twist: Twist, acceleration?: Twist): void {
    if (!this.#slot)
      throw new FeltmapError(
        'bad-input',
        `The observation of '${this.sensor}' was released and cannot be undistorted.`,
      );
    if (this.motion === 'sweep') this.preparer.undistort(this.#slot, twist, acceleration);
    else this.preparer.undistort(this.#slot, STILL);
  }

  complete(): void {
    if (!this.#slot)
      throw new FeltmapError(
        'bad-input',
        `The observation of '${this.sensor}' was released and cannot be mapped.`,
      );
    this.preparer.complete(this.#slot);
  }

  release(): void {
    if (this.#slot) {
      this.preparer.abandon(this.#slot);
      this.slots.give(this.#slot);
    }
    this.#slot = undefined;
  }
}
