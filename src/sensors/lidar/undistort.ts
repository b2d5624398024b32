import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { Twist } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/lidar.js';
import { MAX_SEGMENTS, MAX_SERIES_ANGLE, twistSegments, writeSeries } from './prepare-motion.js';
import type { PreparedScan } from './prepared-scan.js';

/**
 * Undoes the motion of a sensor while it swept, for every fine point of a prepared scan: p' = exp(τ·ξ)·exp(½τ²·ξ̇)·p, ξ
 * being the velocity at the stamp and ξ̇ its change. To second order in τ that is the motion with constant acceleration.
 *
 * @example
 * const undistortion = new Undistortion(pool, args);
 * undistortion.keypoints(prepared, twist); // before tracking
 * undistortion.all(prepared); // before mapping
 */
export class Undistortion {
  readonly #u32: Uint32Array;
  readonly #f32: Float32Array;
  readonly #segments: Float32Array;
  readonly #trackCount: Int32Array;

  /** @param args the kernels' argument block, A_BYTES long, with A_TRACK_COUNT set */
  constructor(
    private readonly pool: KernelPool,
    private readonly args: number,
  ) {
    const { memory } = pool;
    this.#u32 = memory.u32(args, L.A_BYTES / 4);
    this.#f32 = memory.f32(args, L.A_BYTES / 4);
    const words = MAX_SEGMENTS * L.SEGMENT_WORDS;
    const segments = memory.alloc(words * 4);
    this.#u32[L.A_SEGMENTS / 4] = segments;
    this.#segments = memory.f32(segments, words);
    this.#trackCount = memory.i32(this.#u32[L.A_TRACK_COUNT / 4]!, 1);
  }

  /**
   * Moves the coarse points; the others wait for {@link all}.
   *
   * @param twist [v, ω] of the sensor in its own frame in the middle of the sweep, m/s and rad/s
   * @param acceleration how it changes over the sweep, m/s² and rad/s²
   * @throws FeltmapError bad-input for a twist that is not finite
   */
  keypoints(scan: PreparedScan, twist: Twist, acceleration: Twist = STEADY): void {
    if (!twist.every(Number.isFinite))
      throw new FeltmapError(
        'bad-input',
        'Cannot undistort the scan: the twist is not finite; reset the motion model.',
      );
    // The velocity is that of the middle of the sweep, times count from the stamp.
    const middle = 0.5 * (scan.start + scan.end);
    twist = twist.map((v, i) => v - acceleration[i]! * middle);
    scan.twist.set(twist);
    scan.acceleration.set(acceleration);
    scan.allMoved = false;
    if (isStill(scan)) return scan.copyRawKeypoints();
    const { start, end } = this.#describe(scan);
    if (!isSlow(twist, start, end)) return this.all(scan);
    this.#trackCount[0] = scan.trackCount;
    this.#writeSeries(scan);
    this.pool.run('prepareDeskewKeypoints', this.args, Math.ceil(scan.trackCount / L.FINE_CHUNK));
  }

  /** Fills all undistorted columns from the raw ones, with the twist that the coarse points were moved with. */
  all(scan: PreparedScan): void {
    const { twist } = scan;
    scan.allMoved = true;
    if (isStill(scan)) return scan.copyRaw();
    const { start, end } = this.#describe(scan);
    const chunks = Math.ceil(scan.mapCount / L.FINE_CHUNK);
    if (isSlow(twist, start, end)) {
      this.#writeSeries(scan);
      this.pool.run('prepareDeskewTwist', this.args, chunks);
      return;
    }
    const segments = twistSegments(this.#segments, twist, start, end);
    this.#u32[L.A_SEGMENT_COUNT / 4] = segments;
    this.#f32[L.A_SEGMENT_START / 4] = start;
    this.#f32[L.A_SEGMENT_INV / 4] = segments / (end - start);
    this.#f32.set(scan.acceleration, L.A_ACCELERATION / 4);
    this.pool.run('prepareDeskew', this.args, chunks);
  }

  /** Makes the kernels work on a scan. @returns when its points were taken: first and last */
  #describe(scan: PreparedScan): { start: number; end: number } {
    scan.bind(this.#u32);
    this.#f32[L.A_SWEEP / 4] = scan.sweep;
    // The times are those of samples: a margin for the points that were not sampled.
    const margin = 0.02 * (scan.end - scan.start);
    return { start: scan.start - margin, end: scan.end + margin };
  }

  #writeSeries({ twist, acceleration }: PreparedScan): void {
    this.#f32.set(twist, L.A_TWIST / 4);
    this.#f32.set(acceleration, L.A_ACCELERATION / 4);
    writeSeries(this.#f32.subarray(L.A_SINE / 4, L.A_SINE / 4 + 3 * L.POLYNOMIAL), twist);
  }
}

/** No acceleration. */
const STEADY: Twist = new Float64Array(6);

/** Whether the points are where they were measured. */
function isStill({ start, end, twist }: PreparedScan): boolean {
  return end <= start || twist.every((v) => v === 0);
}

/** Whether the series hold over the whole sweep. */
function isSlow(twist: Twist, start: number, end: number): boolean {
  return Math.hypot(twist[3]!, twist[4]!, twist[5]!) * Math.max(end, -start) <= MAX_SERIES_ANGLE;
}
