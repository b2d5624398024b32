import type { PointTiming } from './scan.js';

/** Bits of {@link PreparedScan.flags}. */
export { FLAG_GROUND, FLAG_NORMAL } from '../../kernels/layout/lidar.js';

/** How many raw points there were, and why some were dropped. */
export interface PointCounts {
  input: number;
  /** Left after the range gate, before thinning. */
  valid: number;
  /** REP-117: NaN. */
  invalid: number;
  /** REP-117: infinite. */
  noReturn: number;
  /** Exactly at the origin: how many drivers write "nothing measured". */
  zero: number;
  tooNear: number;
  tooFar: number;
  /** Inside the box of the vehicle. */
  onVehicle: number;
}

/** Float32 columns of the fine points, in the order in which they lie in kernel memory. */
export const FINE_COLUMNS = [
  'x',
  'y',
  'z',
  'nx',
  'ny',
  'nz',
  'tau',
  'range',
  'quality',
  'offset',
  'deskewedX',
  'deskewedY',
  'deskewedZ',
  'deskewedNx',
  'deskewedNy',
  'deskewedNz',
] as const;
export type FineColumn = (typeof FINE_COLUMNS)[number];

/**
 * A scan ready for tracking and mapping, as structure of arrays in kernel memory. There is one per preparer: the next
 * `prepare` overwrites it. Views have the full capacity; only the first `mapCount` (or `trackCount`) entries count.
 *
 * - `x y z`: metres, in the sensor's frame at the instant each point was measured.
 * - `nx ny nz`: unit normal in the same frame, towards the sensor; 0 0 0 where unknown.
 * - `tau`: seconds relative to the stamp; `range`: metres.
 * - `quality`: 0 (no normal) to 1 (certain): 1/(1 + (ε/0.05 rad)²) with ε the expected error of the normal.
 * - `offset`: signed distance (m) of the point from the plane fitted around it, along the normal: n·(p − plane). The
 *   point moved by −offset along its normal has a fraction of the range noise.
 * - `deskewed…`: the same in the sensor's frame at the stamp; valid after `deskew`.
 */
export interface PreparedScan {
  stampNs: bigint;
  timing: PointTiming;
  readonly counts: PointCounts;
  /** Fine points (to map). */
  mapCount: number;
  /** Coarse points (to register): the first entries of `track`. */
  trackCount: number;
  /** Views of the columns in {@link FINE_COLUMNS}. */
  readonly columns: Readonly<Record<FineColumn, Float32Array>>;
  /** Their addresses in kernel memory. */
  readonly pointers: Readonly<Record<FineColumn | 'flags' | 'track', number>>;
  /** FLAG_NORMAL | FLAG_GROUND of each fine point. */
  readonly flags: Uint8Array;
  /** Up in the sensor frame (unit): the vehicle's hint, or found from the ground; the z axis if there was none. */
  readonly up: Float32Array;
  /** Coarse points as indices of fine points, in a fixed order. */
  readonly track: Uint32Array;
}
