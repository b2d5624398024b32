import { seconds } from '../clock-shift.js';
import { FeltmapError } from '../../geometry/errors.js';
import { compose, exp, identity, interpolate, inverse, log, type Pose } from '../../geometry/se3.js';
import type { OdometryBatch } from './batch.js';
import { stepSigmas } from './step-sigmas.js';

/** Readings kept, and the largest gap between two that is bridged. */
const KEEP_NS = 15_000_000_000n;
const LARGEST_GAP = 0.5;
/** How far the newest reading may lie behind (s): on its way when the scan was taken. */
const LARGEST_LAG = 0.15;
/** Faster than this (m/s, rad/s) the odometry was set anew. */
const MAX_SPEED = 70;
const MAX_RATE = 30;

/** Motion of the body over an interval, as an external odometry has it. */
export interface OdometryStep {
  /** T_body(from)_body(to). */
  readonly pose: Pose;
  /** Standard deviations [x y z rotX rotY rotZ] about the child frame at the end, its axes; m and rad. */
  readonly sigmas: Float64Array;
  readonly T_body_child: Pose;
}

interface Reading {
  readonly stampNs: bigint;
  readonly pose: Pose;
  readonly poseCovariance?: Float64Array | undefined;
  readonly twistCovariance?: Float64Array | undefined;
}

/**
 * Poses of an external odometry over time, and the motion between two instants with its uncertainty.
 *
 * @example
 * const wheels = new OdometryTrack();
 * wheels.add({ stampsNs, poses, T_body_child });
 * const step = wheels.step(lastScanNs, thisScanNs); // undefined where readings are missing
 */
export class OdometryTrack {
  #readings: Reading[] = [];
  #T_body_child: Pose = identity();
  #jumps = 0;

  /** How often it was set to another place than motion leads to. */
  get jumps(): number {
    return this.#jumps;
  }

  /** Readings that are kept. */
  get length(): number {
    return this.#readings.length;
  }

  /**
   * Takes readings; those that are no number or not later than the last one are left out. Where the odometry was set to
   * another place, or its time has gone back by more than it keeps, it begins anew.
   *
   * @returns how many were taken
   * @throws FeltmapError bad-input for a batch whose arrays do not fit together
   */
  add({ stampsNs, poses, poseCovariances, twistCovariances, T_body_child }: OdometryBatch): number {
    const n = stampsNs.length;
    const fit = (values: Float64Array | undefined): boolean => !values || values.length === 36 * n;
    if (
      poses.length !== 12 * n ||
      !fit(poseCovariances) ||
      !fit(twistCovariances) ||
      T_body_child.length !== 12
    )
      throw new FeltmapError(
        'bad-input',
        `The odometry batch has ${n} stamps but ${poses.length} numbers of poses; give 12 per stamp, and 36 of each covariance.`,
      );
    this.#T_body_child = T_body_child;
    let taken = 0;
    for (let i = 0; i < n; i++) {
      const covariance = (all?: Float64Array): Float64Array | undefined => all?.slice(36 * i, 36 * (i + 1));
      const reading = {
        stampNs: stampsNs[i]!,
        pose: poses.slice(12 * i, 12 * (i + 1)),
        poseCovariance: covariance(poseCovariances),
        twistCovariance: covariance(twistCovariances),
      };
      if (this.#take(reading)) taken++;
    }
    const newest = this.#readings.at(-1)?.stampNs ?? 0n;
    const keep = this.#readings.findIndex(({ stampNs }) => stampNs >= newest - KEEP_NS);
    if (keep > 0) this.#readings.splice(0, keep);
    return taken;
  }

  /** Motion from one stamp to a later one; undefined unless readings cover it without a gap. */
  step(fromNs: bigint, toNs: bigint): OdometryStep | undefined {
    const dt = seconds(toNs - fromNs);
    if (!(dt > 0)) return undefined;
    const [from, to] = [this.#at(fromNs), this.#at(toNs)];
    if (!from || !to || this.#hasGap(from.index, to.index)) return undefined;
    const [T, first, last] = [this.#T_body_child, this.#readings[from.index]!, this.#readings[to.index]!];
    const moved = compose(inverse(from.pose), to.pose);
    const sigmas = stepSigmas(log(moved), {
      dt,
      from: first.pose,
      to: last.pose,
      before: first.poseCovariance,
      after: last.poseCovariance,
      between: seconds(last.stampNs - first.stampNs),
      velocity: last.twistCovariance,
    });
    return { pose: compose(compose(T, moved), inverse(T)), sigmas, T_body_child: T };
  }

  /** Forgets the readings. */
  clear(): void {
    this.#readings = [];
  }

  #take(reading: Reading): boolean {
    if (!reading.pose.every(Number.isFinite)) return false;
    const last = this.#readings.at(-1);
    if (last) {
      const dt = seconds(reading.stampNs - last.stampNs);
      if (dt <= 0 && dt > -seconds(KEEP_NS)) return false;
      const moved = log(compose(inverse(last.pose), reading.pose));
      const jumped =
        Math.hypot(moved[0]!, moved[1]!, moved[2]!) > MAX_SPEED * Math.max(dt, 0.01) ||
        Math.hypot(moved[3]!, moved[4]!, moved[5]!) > MAX_RATE * Math.max(dt, 0.01);
      if (jumped && dt > 0) this.#jumps++;
      if (dt <= 0 || jumped) this.clear();
    }
    this.#readings.push(reading);
    return true;
  }

  /** T_frame_child at a stamp, between readings or shortly after the last; index of the reading at or before it. */
  #at(stampNs: bigint): { readonly pose: Pose; readonly index: number } | undefined {
    const all = this.#readings;
    let index = all.length - 1;
    while (index >= 0 && all[index]!.stampNs > stampNs) index--;
    if (index < 0) return undefined;
    const here = all[index]!;
    if (here.stampNs === stampNs) return { pose: here.pose, index };
    const next = all[index + 1];
    if (next) {
      const share = seconds(stampNs - here.stampNs) / seconds(next.stampNs - here.stampNs);
      return { pose: interpolate(here.pose, next.pose, share), index };
    }
    const before = all[index - 1];
    const lag = seconds(stampNs - here.stampNs);
    if (!before || lag > LARGEST_LAG) return undefined;
    const gap = seconds(here.stampNs - before.stampNs);
    if (gap > LARGEST_GAP) return undefined;
    const velocity = log(compose(inverse(before.pose), here.pose)).map((v) => v / gap);
    return { pose: compose(here.pose, exp(velocity.map((v) => v * lag))), index };
  }

  #hasGap(first: number, last: number): boolean {
    const all = this.#readings;
    // The end of the interval may lie between the last reading in it and the next.
    const end = Math.min(last + 1, all.length - 1);
    for (let i = first; i < end; i++)
      if (seconds(all[i + 1]!.stampNs - all[i]!.stampNs) > LARGEST_GAP) return true;
    return false;
  }
}
