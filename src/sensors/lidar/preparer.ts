import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { Twist } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/lidar.js';
import { imageFloats, planLevels } from './prepare-levels.js';
import {
  knotSegments,
  MAX_KNOTS,
  MAX_SERIES_ANGLE,
  twistSegments,
  writeSeries,
  type MotionKnots,
} from './prepare-motion.js';
import { GeometryFinder, MAX_RINGS, type ScanGeometry } from './prepare-rows.js';
import { FINE_COLUMNS, type FineColumn, type PreparedScan } from './prepared-scan.js';
import type { LidarScan } from './scan.js';

export type { PreparedScan } from './prepared-scan.js';

export interface PreparerOptions {
  /** Largest number of raw points in one scan. */
  readonly maxPoints?: number;
  /** Metres. */
  readonly minRange?: number;
  readonly maxRange?: number;
  /** Sides of the voxels that keep one point each, to map and to register, m. */
  readonly mapVoxel?: number;
  readonly trackVoxel?: number;
  /** More points than these are thinned evenly. */
  readonly maxMapPoints?: number;
  readonly maxTrackPoints?: number;
  /** Standard deviation of the sensor's range, m: what counts as flat. */
  readonly rangeNoise?: number;
  /** Cells of the finest range image. */
  readonly maxCells?: number;
}

/** What the caller knows about the robot. */
export interface Vehicle {
  /** Points inside this box (sensor frame, m) are the robot itself and are dropped. */
  readonly box?: { readonly min: ArrayLike<number>; readonly max: ArrayLike<number> };
  /** Direction of up in the sensor frame (unit), for the ground; without it the scan itself tells, within 35° of z. */
  readonly up?: ArrayLike<number>;
}

const DEFAULTS: Required<PreparerOptions> = {
  maxPoints: 262144,
  minRange: 0.5,
  maxRange: 100,
  mapVoxel: 0.15,
  trackVoxel: 0.6,
  maxMapPoints: 65536,
  maxTrackPoints: 8192,
  rangeNoise: 0.02,
  maxCells: 1 << 18,
};

/**
 * Turns raw sweeps into points fit for tracking and mapping: drops what is no measurement, thins twice, estimates
 * normals, tells the ground, and deskews. All memory comes from the pool's arena once; the results do not depend on
 * the number of threads.
 */
export class LidarPreparer {
  readonly options: Required<PreparerOptions>;
  readonly #pool: KernelPool;
  readonly #args: number;
  readonly #u32: Uint32Array;
  readonly #f32: Float32Array;
  readonly #raw: Float32Array;
  readonly #times: Float32Array;
  readonly #rowsPointer: number;
  readonly #finder: GeometryFinder;
  readonly #levels: { i32: Int32Array; f32: Float32Array };
  readonly #planes: number;
  readonly #counters: Int32Array;
  readonly #lists: Uint32Array;
  readonly #listCounts: Int32Array;
  readonly #index: Uint32Array;
  readonly #trackCount: Int32Array;
  readonly #segments: Float32Array;
  readonly #scan: PreparedScan;
  #geometry: ScanGeometry | undefined;
  readonly #table: Uint32Array;
  readonly #tableBits: number;
  #stamp = 0;
  /** Most points that a partition kept lately: sizes the tables, so that they stay in the cache. */
  #fullest = 1024;

  /** @throws FeltmapError bad-config for options that make no sense; out-of-memory when the arena is too small. */
  constructor(pool: KernelPool, options: PreparerOptions = {}) {
    const o = (this.options = { ...DEFAULTS, ...options });
    check(o);
    this.#pool = pool;
    const memory = pool.memory;
    const word = (bytes: number) => memory.alloc(bytes);
    this.#args = word(L.A_BYTES);
    this.#u32 = memory.u32(this.#args, L.A_BYTES / 4);
    this.#f32 = memory.f32(this.#args, L.A_BYTES / 4);
    const n = o.maxPoints + 16;
    this.#raw = memory.f32(this.#pointer(L.A_POSITIONS, word(n * 12)), n * 3);
    this.#times = memory.f32(word(n * 4), n);
    this.#rowsPointer = word(n * 2);
    const rank = memory.alloc(MAX_RINGS * 2);
    const elevation = memory.alloc(L.ELEVATION_STEPS * 2);
    const u16 = (at: number, length: number) => new Uint16Array(memory.memory.buffer, at, length);
    this.#finder = new GeometryFinder(
      u16(this.#rowsPointer, n),
      u16(this.#pointer(L.A_RANK, rank), MAX_RINGS),
      u16(this.#pointer(L.A_ELEVATION, elevation), L.ELEVATION_STEPS),
    );
    const chunks = Math.ceil(o.maxPoints / L.SEG);
    const segmented = chunks * L.SEG_STRIDE;
    for (const at of [L.A_PX, L.A_PY, L.A_PZ, L.A_PR, L.A_PT, L.A_PCELL])
      this.#pointer(at, word(segmented * 4));
    for (const at of [L.A_SECTOR, L.A_PART]) this.#pointer(at, word(segmented));
    this.#counters = memory.i32(
      this.#pointer(L.A_COUNTERS, word(chunks * L.COUNTERS * 4)),
      chunks * L.COUNTERS,
    );

    // One partition holds twice its share of the points; should one overflow, all tables together hold everything.
    const bits = Math.max(8, Math.ceil(Math.log2((2 * o.maxPoints) / L.PARTS)));
    this.#tableBits = bits;
    this.#table = memory.u32(
      this.#pointer(L.A_TABLE, word(L.PARTS * 2 ** bits * 8)),
      L.PARTS * 2 ** bits * 2,
    );
    this.#pointer(L.A_SLOTS, word(L.PARTS * 2 ** bits * 4));
    this.#pointer(L.A_GRID, word(L.GROUND_WORDS * 4));
    const stride = 2 ** bits;
    this.#u32[L.A_LIST_STRIDE / 4] = stride;
    this.#lists = memory.u32(this.#pointer(L.A_LIST, word(L.PARTS * stride * 4)), L.PARTS * stride);
    this.#listCounts = memory.i32(this.#pointer(L.A_LIST_COUNT, word(L.PARTS * 4)), L.PARTS);

    const records = this.#pointer(L.A_LEVEL, word(L.MAX_LEVELS * L.L_BYTES));
    this.#levels = {
      i32: memory.i32(records, (L.MAX_LEVELS * L.L_BYTES) / 4),
      f32: memory.f32(records, (L.MAX_LEVELS * L.L_BYTES) / 4),
    };
    this.#planes = word(imageFloats(o.maxCells) * 4);

    const m = o.maxMapPoints + 16;
    this.#index = memory.u32(this.#pointer(L.A_INDEX, word(m * 4)), m);
    const columns = {} as Record<FineColumn, Float32Array>;
    const pointers = {} as Record<FineColumn | 'flags' | 'track', number>;
    for (const name of FINE_COLUMNS) {
      pointers[name] = this.#pointer(COLUMN_ARGUMENT[name], word(m * 4));
      columns[name] = memory.f32(pointers[name], m);
    }
    pointers.flags = this.#pointer(L.A_FFLAGS, word(m));
    pointers.track = this.#pointer(L.A_TRACK_LIST, word(m * 4));
    this.#trackCount = memory.i32(this.#pointer(L.A_TRACK_COUNT, word(4)), 1);
    const segmentWords = MAX_KNOTS * L.SEGMENT_WORDS;
    this.#segments = memory.f32(this.#pointer(L.A_SEGMENTS, word(segmentWords * 4)), segmentWords);

    this.#f32[L.A_MIN_RANGE / 4] = o.minRange;
    this.#f32[L.A_MAX_RANGE / 4] = o.maxRange;
    this.#f32[L.A_INV_VOXEL / 4] = 1 / o.mapVoxel;
    this.#f32[L.A_TRACK_INV_VOXEL / 4] = 1 / o.trackVoxel;
    this.#f32[L.A_SIGMA / 4] = o.rangeNoise;
    this.#scan = {
      stampNs: 0n,
      timing: 'none',
      counts: { input: 0, valid: 0, invalid: 0, noReturn: 0, zero: 0, tooNear: 0, tooFar: 0, onVehicle: 0 },
      mapCount: 0,
      trackCount: 0,
      columns,
      pointers,
      flags: memory.u8(pointers.flags, m),
      up: memory.f32(this.#args + L.A_UP, 3),
      track: memory.u32(pointers.track, m),
    };
  }

  /** What was found about the last scan's layout. */
  get geometry(): Readonly<ScanGeometry> | undefined {
    return this.#geometry;
  }

  /** The scan prepared last; empty before the first. */
  get latest(): PreparedScan {
    return this.#scan;
  }

  /**
   * Gates, thins and describes one sweep. The result is undistorted only after {@link deskew}; until then its
   * deskewed columns hold the raw values.
   *
   * @throws FeltmapError bad-input when the scan has more points than `maxPoints` or arrays shorter than its count
   */
  prepare(scan: LidarScan, vehicle: Vehicle = {}): PreparedScan {
    const { count } = scan;
    this.#checkScan(scan);
    const [u32, pool, out] = [this.#u32, this.#pool, this.#scan];
    out.stampNs = scan.stampNs;
    out.timing = scan.timing;
    this.#raw.set(
      scan.positions.length === 3 * count ? scan.positions : scan.positions.subarray(0, 3 * count),
    );
    const times = scan.times;
    if (times) this.#times.set(times.length === count ? times : times.subarray(0, count));
    u32[L.A_TIMES / 4] = times ? this.#times.byteOffset : 0;

    const { minRange, maxRange, maxCells } = this.options;
    const geometry = (this.#geometry = this.#finder.find(scan, minRange, maxRange, maxCells));
    u32[L.A_ROWS / 4] = geometry.source === 'elevation' ? 0 : this.#rowsPointer;
    u32[L.A_LOG_COLS / 4] = geometry.logCols;
    u32[L.A_LEVELS / 4] = planLevels(geometry, this.#levels, this.#planes);
    this.#f32[L.A_SWEEP / 4] = geometry.sweep;
    this.#setVehicle(vehicle);

    const chunks = Math.ceil(count / L.SEG);
    u32[L.A_COUNT / 4] = count;
    u32[L.A_CHUNKS / 4] = chunks;
    pool.run('prepareIngest', this.#args, chunks);
    this.#count(chunks, count);
    pool.run('prepareImage', this.#args, L.SECTORS);
    this.#thin();
    u32[L.A_COARSE_STAMP / 4] = this.#nextStamp();
    pool.run('prepareNormals', this.#args, 1 + Math.ceil(out.mapCount / L.FINE_CHUNK));
    this.#limitTrack();
    pool.run('prepareGround', this.#args, 1);
    this.#copyRaw();
    return out;
  }

  /**
   * Fills the deskewed columns: p' = exp(τ·ξ)·p for every fine point.
   *
   * @param twist ξ = [v, ω] of the sensor in its own frame at the stamp, m/s and rad/s
   */
  deskew(twist: Twist): void {
    if (!twist.every(Number.isFinite))
      throw new FeltmapError(
        'bad-input',
        'Cannot deskew the scan: the twist is not finite; reset the motion model.',
      );
    const geometry = this.#geometry;
    if (!geometry || geometry.end <= geometry.start || twist.every((v) => v === 0)) return this.#copyRaw();
    const { start, end } = this.#timeSpan(geometry);
    if (Math.hypot(twist[3]!, twist[4]!, twist[5]!) * Math.max(end, -start) > MAX_SERIES_ANGLE)
      return this.#runDeskew(start, end, twistSegments(this.#segments, twist, start, end));
    this.#f32.set(twist, L.A_TWIST / 4);
    writeSeries(this.#f32.subarray(L.A_SINE / 4, L.A_SINE / 4 + 3 * L.POLYNOMIAL), twist);
    this.#pool.run('prepareDeskewTwist', this.#args, Math.ceil(this.#scan.mapCount / L.FINE_CHUNK));
  }

  /**
   * Deskews with a table of poses through the sweep (for instance integrated from an IMU): T_stamp_sensor at rising
   * times relative to the stamp.
   *
   * @throws FeltmapError bad-input for an empty table, more than 64 knots, or times that do not rise
   */
  deskewWith(knots: MotionKnots): void {
    const { times, poses } = knots;
    let bad = poses.length === 0 || poses.length > MAX_KNOTS || times.length !== poses.length;
    for (let k = 1; k < poses.length; k++) bad ||= !(times[k]! > times[k - 1]!);
    if (bad)
      throw new FeltmapError(
        'bad-input',
        `Cannot deskew the scan: the motion table needs 1 to ${MAX_KNOTS} poses at rising times, got ${poses.length}.`,
      );
    if (!this.#geometry) return;
    let { start, end } = this.#timeSpan(this.#geometry);
    if (end <= start) [start, end] = [-1e-3, 1e-3];
    this.#runDeskew(start, end, knotSegments(this.#segments, knots, start, end));
  }

  /** The times of the samples, with a margin for the points that were not sampled. */
  #timeSpan({ start, end }: ScanGeometry): { start: number; end: number } {
    const margin = 0.02 * (end - start);
    return { start: start - margin, end: end + margin };
  }

  #runDeskew(start: number, end: number, segments: number): void {
    this.#u32[L.A_SEGMENT_COUNT / 4] = segments;
    this.#f32[L.A_SEGMENT_START / 4] = start;
    this.#f32[L.A_SEGMENT_INV / 4] = segments / (end - start);
    this.#pool.run('prepareDeskew', this.#args, Math.ceil(this.#scan.mapCount / L.FINE_CHUNK));
  }

  #copyRaw(): void {
    const { columns, mapCount } = this.#scan;
    columns.deskewedX.set(columns.x.subarray(0, mapCount));
    columns.deskewedY.set(columns.y.subarray(0, mapCount));
    columns.deskewedZ.set(columns.z.subarray(0, mapCount));
    columns.deskewedNx.set(columns.nx.subarray(0, mapCount));
    columns.deskewedNy.set(columns.ny.subarray(0, mapCount));
    columns.deskewedNz.set(columns.nz.subarray(0, mapCount));
  }

  /** A number that no entry of the voxel tables carries. */
  #nextStamp(): number {
    if (++this.#stamp > 0xffff) {
      this.#table.fill(0);
      this.#stamp = 1;
    }
    return this.#stamp;
  }

  #runThin(bits: number, single: boolean): boolean {
    this.#u32[L.A_TABLE_BITS / 4] = bits;
    this.#u32[L.A_STAMP / 4] = this.#nextStamp();
    this.#u32[L.A_SINGLE / 4] = single ? 1 : 0;
    const parts = single ? 1 : L.PARTS;
    this.#pool.run('prepareThin', this.#args, parts);
    for (let p = 0; p < parts; p++) if (this.#listCounts[p]! < 0) return false;
    return true;
  }

  #thin(): void {
    const [u32, lists, counts, out] = [this.#u32, this.#lists, this.#listCounts, this.#scan];
    let parts: number = L.PARTS;
    const bits = Math.min(this.#tableBits, Math.ceil(Math.log2(this.#fullest * 2)));
    if (!this.#runThin(bits, false) && !this.#runThin(this.#tableBits, false)) {
      // Everything fell into one partition: take all tables as one.
      this.#runThin(this.#tableBits, true);
      parts = 1;
    }
    u32[L.A_TABLE_BITS / 4] = this.#tableBits; // the coarse thinning uses all of it
    this.#fullest = Math.max(1024, ...counts.subarray(0, parts));
    let total = 0;
    for (let p = 0; p < parts; p++) total += counts[p]!;
    const limit = this.options.maxMapPoints;
    const stride = u32[L.A_LIST_STRIDE / 4]!;
    if (total <= limit) {
      for (let p = 0, to = 0; p < parts; to += counts[p]!, p++)
        this.#index.set(lists.subarray(p * stride, p * stride + counts[p]!), to);
    } else {
      // Every (total/limit)-th of the concatenated lists.
      for (let k = 0, p = 0, before = 0; k < limit; k++) {
        const want = Math.floor((k * total) / limit);
        while (want - before >= counts[p]!) before += counts[p++]!;
        this.#index[k] = lists[p * stride + want - before]!;
      }
    }
    out.mapCount = Math.min(total, limit);
    u32[L.A_FINE / 4] = out.mapCount;
  }

  /** Takes every n-th coarse point when there are too many. */
  #limitTrack(): void {
    const [found, limit, track] = [this.#trackCount[0]!, this.options.maxTrackPoints, this.#scan.track];
    if (found > limit) for (let k = 0; k < limit; k++) track[k] = track[Math.floor((k * found) / limit)]!;
    this.#scan.trackCount = Math.min(found, limit);
  }

  #count(chunks: number, input: number): void {
    const sums = [0, 0, 0, 0, 0, 0, 0];
    for (let c = 0; c < chunks; c++)
      for (let k = 0; k < sums.length; k++) sums[k]! += this.#counters[c * L.COUNTERS + k]!;
    const [valid, invalid, noReturn, zero, tooNear, tooFar, onVehicle] = sums;
    Object.assign(this.#scan.counts, { input, valid, invalid, noReturn, zero, tooNear, tooFar, onVehicle });
  }

  #setVehicle({ box, up }: Vehicle): void {
    for (let k = 0; k < 3; k++) this.#f32[L.A_UP / 4 + k] = up ? up[k]! : 0;
    this.#u32[L.A_BODY / 4] = box ? 1 : 0;
    if (!box) return;
    for (let k = 0; k < 3; k++) {
      this.#f32[L.A_BODY_MIN / 4 + k] = box.min[k]!;
      this.#f32[L.A_BODY_MAX / 4 + k] = box.max[k]!;
    }
  }

  #checkScan({ count, positions, times }: LidarScan): void {
    if (count > this.options.maxPoints)
      throw new FeltmapError(
        'bad-input',
        `The scan has ${count} points, more than the ${this.options.maxPoints} that were reserved; raise sensor.maxPoints.`,
      );
    if (positions.length < 3 * count || (times && times.length < count))
      throw new FeltmapError(
        'bad-input',
        `The scan says it has ${count} points but brings ${Math.floor(positions.length / 3)} positions and ${times?.length ?? 0} times; the reader that made it is wrong.`,
      );
  }

  /** Stores a pointer argument and returns it. */
  #pointer(offset: number, pointer: number): number {
    this.#u32[offset / 4] = pointer;
    return pointer;
  }
}

const COLUMN_ARGUMENT: Record<FineColumn, number> = {
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
};

function check(o: Required<PreparerOptions>): void {
  const bad = (what: string) =>
    new FeltmapError('bad-config', `The LiDAR preparation cannot work with ${what}.`);
  if (!(o.maxPoints >= 1 && o.maxPoints <= 4e6)) throw bad(`maxPoints ${o.maxPoints}; give 1 to 4 000 000`);
  if (!(o.minRange >= 0 && o.maxRange > o.minRange && o.maxRange <= 1000))
    throw bad(`ranges ${o.minRange} to ${o.maxRange} m; give 0 ≤ minRange < maxRange ≤ 1000`);
  // 2¹⁵ voxels to each side of the sensor
  if (!(Math.min(o.mapVoxel, o.trackVoxel) * 32767 > o.maxRange))
    throw bad(`voxels of ${o.mapVoxel} and ${o.trackVoxel} m; give more than a 30 000th of maxRange`);
  if (!(o.maxMapPoints >= 1 && o.maxTrackPoints >= 1)) throw bad('no points to map or to register');
  if (!(o.rangeNoise > 0))
    throw bad(`a range noise of ${o.rangeNoise} m; give the sensor's, for instance 0.02`);
  if (!(o.maxCells >= 1 << 17)) throw bad(`maxCells ${o.maxCells}; give at least 131072`);
}
