import type { KernelMemory } from '../../compute/memory.js';
import * as L from '../../kernels/layout/lidar.js';
import type { SurfaceSamples } from '../observation.js';

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

/** Where the kernels find each float32 column of the fine points. */
const COLUMN_ARGUMENT = {
  x: L.A_FX,
  y: L.A_FY,
  z: L.A_FZ,
  nx: L.A_FNX,
  ny: L.A_FNY,
  nz: L.A_FNZ,
  tau: L.A_FT,
  range: L.A_FR,
  quality: L.A_FQ,
  offset: L.A_FO,
  deskewedX: L.A_DX,
  deskewedY: L.A_DY,
  deskewedZ: L.A_DZ,
  deskewedNx: L.A_DNX,
  deskewedNy: L.A_DNY,
  deskewedNz: L.A_DNZ,
} as const;
export type FineColumn = keyof typeof COLUMN_ARGUMENT;
export const FINE_COLUMNS = Object.keys(COLUMN_ARGUMENT) as FineColumn[];

/** Columns that undistortion fills, and the raw ones they start from. */
const UNDISTORTED = [
  ['deskewedX', 'x'],
  ['deskewedY', 'y'],
  ['deskewedZ', 'z'],
  ['deskewedNx', 'nx'],
  ['deskewedNy', 'ny'],
  ['deskewedNz', 'nz'],
] as const;

/**
 * The memory of one prepared scan, as structure of arrays in kernel memory. Views have the full capacity; only the first
 * `mapCount` (or `trackCount`) entries count.
 *
 * - `x y z`: metres, in the sensor's frame at the instant each point was measured.
 * - `nx ny nz`: unit normal in the same frame, towards the sensor; 0 0 0 where unknown.
 * - `tau`: seconds relative to the stamp; `range`: metres.
 * - `quality`: 0 (no normal) to 1 (certain): 1/(1 + (ε/0.05 rad)²) with ε the expected error of the normal.
 * - `offset`: signed distance (m) of the point from the plane fitted around it, along the normal: n·(p − plane). The
 *   point moved by −offset along its normal has a fraction of the range noise.
 * - `deskewed…`: the same in the sensor's frame at the stamp.
 *
 * @example
 * const prepared = preparer.prepare(scan, new PreparedScan(pool.memory, 60_000));
 * const { x, nx, quality } = prepared.columns; // the first mapCount entries count
 * const surface = prepared.surface();
 */
export class PreparedScan {
  readonly counts: PointCounts = {
    input: 0,
    valid: 0,
    invalid: 0,
    noReturn: 0,
    zero: 0,
    tooNear: 0,
    tooFar: 0,
    onVehicle: 0,
  };
  /** Fine points (to map). */
  mapCount = 0;
  /** Coarse points (to register): the first entries of `track`. */
  trackCount = 0;
  /** Earliest and latest point time, s relative to the stamp, and dτ/dazimuth (s/rad) of a spinning head, else 0. */
  start = 0;
  end = 0;
  sweep = 0;
  readonly columns: Readonly<Record<FineColumn, Float32Array>>;
  /** FLAG_NORMAL | FLAG_GROUND of each fine point. */
  readonly flags: Uint8Array;
  /** Up in the sensor frame (unit): the vehicle's hint, or found from the ground; the z axis if there was none. */
  readonly up = new Float32Array(3);
  /** Coarse points as indices of fine points, in a fixed order. */
  readonly track: Uint32Array;
  /** What the points were undistorted with last, and whether that was done for all or for the coarse ones alone. */
  readonly twist = new Float64Array(6);
  /** How that velocity changes over the sweep, m/s² and rad/s². */
  readonly acceleration = new Float64Array(6);
  allMoved = false;

  /** @throws FeltmapError out-of-memory when the arena is too small */
  constructor(memory: KernelMemory, maxMapPoints: number) {
    const m = maxMapPoints + 16; // the kernels' vectors may write past the last point
    const columns = {} as Record<FineColumn, Float32Array>;
    for (const name of FINE_COLUMNS) columns[name] = memory.f32(memory.alloc(m * 4), m);
    this.columns = columns;
    this.flags = memory.u8(memory.alloc(m), m);
    this.track = memory.u32(memory.alloc(m * 4), m);
  }

  /** Makes the kernels work on this scan. */
  bind(args: Uint32Array): void {
    for (const name of FINE_COLUMNS) args[COLUMN_ARGUMENT[name] / 4] = this.columns[name].byteOffset;
    args[L.A_FFLAGS / 4] = this.flags.byteOffset;
    args[L.A_TRACK_LIST / 4] = this.track.byteOffset;
    args[L.A_FINE / 4] = this.mapCount;
  }

  /** Points as they were measured, for a sensor at rest. */
  copyRaw(): void {
    for (const [to, from] of UNDISTORTED) this.columns[to].set(this.columns[from].subarray(0, this.mapCount));
  }

  /** The same for the positions of coarse points. */
  copyRawKeypoints(): void {
    const { x, y, z, deskewedX, deskewedY, deskewedZ } = this.columns;
    for (let k = 0; k < this.trackCount; k++) {
      const i = this.track[k]!;
      deskewedX[i] = x[i]!;
      deskewedY[i] = y[i]!;
      deskewedZ[i] = z[i]!;
    }
  }

  /** The undistorted points; views of this scan's memory. */
  surface(): SurfaceSamples {
    const c = this.columns;
    return {
      x: c.deskewedX,
      y: c.deskewedY,
      z: c.deskewedZ,
      nx: c.deskewedNx,
      ny: c.deskewedNy,
      nz: c.deskewedNz,
      tau: c.tau,
      quality: c.quality,
      flags: this.flags,
      up: this.up,
      count: this.mapCount,
      keypoints: this.track.subarray(0, this.trackCount),
    };
  }
}
