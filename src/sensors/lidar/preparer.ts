import type { KernelPool } from '../../compute/pool.js';
import { FeltmapError } from '../../geometry/errors.js';
import type { Twist } from '../../geometry/se3.js';
import * as L from '../../kernels/layout/lidar.js';
import { imageFloats, planLevels } from './prepare-levels.js';
import { GeometryFinder, MAX_RINGS, type ScanGeometry } from './prepare-rows.js';
import { PreparedScan } from './prepared-scan.js';
import { completeOptions, type PreparerOptions } from './preparer-options.js';
import type { LidarScan, ScanStorage } from './scan.js';
import { takeOver } from './take-over.js';
import { Thinning } from './thinning.js';
import { Undistortion } from './undistort.js';

export type { PreparerOptions } from './preparer-options.js';

/** Cells of the finest range image. */
const MAX_CELLS = 1 << 18;

/** What the caller knows about the robot. */
export interface Vehicle {
  /** Points inside this box (sensor frame, m) are the robot itself and are dropped. */
  readonly box?: { readonly min: ArrayLike<number>; readonly max: ArrayLike<number> };
  /** Direction of up in the sensor frame (unit), for the ground; without it the scan itself tells, within 35° of z. */
  readonly up?: ArrayLike<number>;
}

/**
 * Turns raw sweeps into points fit for tracking and mapping: drops what is no measurement, thins twice, estimates
 * normals and finds the ground. All memory comes from the pool's arena once; the results do not depend on the number of
 * threads. Scratch memory is shared by all scans, results lie in a {@link PreparedScan} of the caller.
 *
 * @example
 * const preparer = new LidarPreparer(pool, { maxRange: 80 });
 * const prepared = preparer.prepare(scan, preparer.makeScan());
 * preparer.undistort(prepared, twist); // what tracking needs
 * preparer.complete(prepared); // and what mapping needs
 */
export class LidarPreparer {
  readonly options: Required<PreparerOptions>;
  /** A scan that was read into these arrays is not copied. */
  readonly storage: ScanStorage;
  readonly #pool: KernelPool;
  readonly #args: number;
  readonly #u32: Uint32Array;
  readonly #f32: Float32Array;
  readonly #finder: GeometryFinder;
  readonly #levels: { i32: Int32Array; f32: Float32Array };
  readonly #planes: number;
  readonly #counters: Int32Array;
  readonly #trackCount: Int32Array;
  /** Of the list of coarse points, while it is put in order. */
  readonly #copy: Uint32Array;
  readonly #thinning: Thinning;
  readonly #undistortion: Undistortion;
  #geometry: ScanGeometry | undefined;
  /** Scan whose normals are pending: the scratch memory is still its own. */
  #unfinished: PreparedScan | undefined;
  /** Frame of the scan that the ground's tables are of. */
  #groundOf: string | undefined;

  /** @throws FeltmapError bad-config for options that make no sense; out-of-memory when the arena is too small. */
  constructor(pool: KernelPool, options: PreparerOptions = {}) {
    const o = (this.options = completeOptions(options));
    this.#pool = pool;
    const memory = pool.memory;
    const word = (bytes: number) => memory.alloc(bytes);
    this.#args = word(L.A_BYTES);
    this.#u32 = memory.u32(this.#args, L.A_BYTES / 4);
    this.#f32 = memory.f32(this.#args, L.A_BYTES / 4);
    const n = o.maxPoints + 16;
    const u16 = (at: number, length: number) => new Uint16Array(memory.memory.buffer, at, length);
    this.storage = {
      positions: memory.f32(this.#pointer(L.A_POSITIONS, word(n * 12)), n * 3),
      times: memory.f32(word(n * 4), n),
      rings: u16(word(n * 2), n),
    };
    this.#finder = new GeometryFinder(
      this.storage.rings,
      u16(this.#pointer(L.A_RANK, word(MAX_RINGS * 2)), MAX_RINGS),
      u16(this.#pointer(L.A_ELEVATION, word(L.ELEVATION_STEPS * 2)), L.ELEVATION_STEPS),
    );
    const chunks = Math.ceil(o.maxPoints / L.SEG);
    const segmented = chunks * L.SEG_STRIDE;
    for (const at of [L.A_PX, L.A_PY, L.A_PZ, L.A_PR, L.A_PT, L.A_PCELL])
      this.#pointer(at, word(segmented * 4));
    this.#pointer(L.A_PKEY, word(segmented * 8));
    for (const at of [L.A_SECTOR, L.A_PART]) this.#pointer(at, word(segmented));
    const counters = this.#pointer(L.A_COUNTERS, word(chunks * L.COUNTERS * 4));
    this.#counters = memory.i32(counters, chunks * L.COUNTERS);
    this.#pointer(L.A_GRID, word(L.GROUND_WORDS * 4));
    this.#pointer(L.A_LINKS, word((o.maxMapPoints + 16) * 4));
    const records = this.#pointer(L.A_LEVEL, word(L.MAX_LEVELS * L.L_BYTES));
    this.#levels = {
      i32: memory.i32(records, (L.MAX_LEVELS * L.L_BYTES) / 4),
      f32: memory.f32(records, (L.MAX_LEVELS * L.L_BYTES) / 4),
    };
    this.#planes = word(imageFloats(MAX_CELLS) * 4);
    this.#trackCount = memory.i32(this.#pointer(L.A_TRACK_COUNT, word(4)), 1);
    this.#copy = new Uint32Array(o.maxTrackPoints);
    this.#thinning = new Thinning(pool, this.#args, o.maxPoints, o.maxMapPoints);
    this.#undistortion = new Undistortion(pool, this.#args);

    this.#f32[L.A_MIN_RANGE / 4] = o.minRange;
    this.#f32[L.A_MAX_RANGE / 4] = o.maxRange;
    this.#f32[L.A_INV_VOXEL / 4] = 1 / o.mapVoxel;
    this.#f32[L.A_TRACK_INV_VOXEL / 4] = 1 / o.trackVoxel;
    this.#f32[L.A_SIGMA / 4] = o.rangeNoise;
  }

  /** What was found about the last scan's layout. */
  get geometry(): Readonly<ScanGeometry> | undefined {
    return this.#geometry;
  }

  /** Memory for one result of {@link prepare}. @throws FeltmapError out-of-memory when the arena is too small */
  makeScan(): PreparedScan {
    return new PreparedScan(this.#pool.memory, this.options.maxMapPoints);
  }

  /**
   * Gates and thins one sweep, and describes what it takes to find its pose: of the undistorted columns, the positions of
   * coarse points are filled, with the raw values; flags of coarse points and `up` are final. The rest comes with
   * {@link complete}.
   *
   * @param out where the result goes; whatever was there is overwritten
   * @returns out
   * @throws FeltmapError bad-input when the scan has more points than `maxPoints` or arrays shorter than its count
   */
  prepare(scan: LidarScan, out: PreparedScan, vehicle: Vehicle = {}): PreparedScan {
    const { count } = scan;
    this.#checkScan(scan);
    // The scratch memory is about to be used again.
    if (this.#unfinished && this.#unfinished !== out) this.complete(this.#unfinished);
    this.#unfinished = undefined;
    const [u32, pool] = [this.#u32, this.#pool];
    const { positions, times, rings } = this.storage;
    takeOver(positions, scan.positions, 3 * count);
    if (scan.times) takeOver(times, scan.times, count);
    u32[L.A_TIMES / 4] = scan.times ? times.byteOffset : 0;

    const { minRange, maxRange, rangeNoise } = this.options;
    const geometry = (this.#geometry = this.#finder.find(scan, minRange, maxRange, MAX_CELLS));
    out.start = geometry.start;
    out.end = geometry.end;
    out.sweep = geometry.sweep;
    u32[L.A_ROWS / 4] = geometry.source === 'elevation' ? 0 : rings.byteOffset;
    u32[L.A_LOG_COLS / 4] = geometry.logCols;
    u32[L.A_LEVELS / 4] = planLevels(geometry, this.#levels, this.#planes, rangeNoise);
    this.#f32[L.A_SWEEP / 4] = geometry.sweep;
    this.#setVehicle(vehicle);

    const chunks = Math.ceil(count / L.SEG);
    u32[L.A_COUNT / 4] = count;
    u32[L.A_CHUNKS / 4] = chunks;
    pool.run('prepareIngest', this.#args, chunks);
    this.#count(out, chunks, count);
    out.mapCount = this.#thinning.run();
    out.bind(u32);
    u32[L.A_COARSE_STAMP / 4] = this.#thinning.nextStamp();
    u32[L.A_DEFER / 4] = this.#groundOf === scan.frameId ? 1 : 0;
    this.#groundOf = undefined;
    pool.run('prepareNormals', this.#args, 1 + Math.ceil(out.mapCount / L.FINE_CHUNK));
    this.#limitTrack(out);
    pool.run('prepareGround', this.#args, 1);
    this.#groundOf = scan.frameId;
    out.up.set(this.#f32.subarray(L.A_UP / 4, L.A_UP / 4 + 3));
    this.#f32.set(out.up, L.A_LAST_UP / 4);
    this.#unfinished = out;
    out.twist.fill(0);
    out.acceleration.fill(0);
    out.allMoved = false;
    out.copyRawKeypoints();
    return out;
  }

  /**
   * Does what only mapping needs: normals and flags of all points, and undistorts all with the twist that the coarse ones
   * were undistorted with last. Nothing is done twice.
   *
   * @returns the scan
   */
  complete(prepared: PreparedScan): PreparedScan {
    if (this.#unfinished === prepared) {
      prepared.bind(this.#u32);
      this.#pool.run('prepareRest', this.#args, Math.ceil(prepared.mapCount / L.FINE_CHUNK));
      this.#unfinished = undefined;
      prepared.allMoved = false;
    }
    if (!prepared.allMoved) this.#undistortion.all(prepared);
    return prepared;
  }

  /** Nobody needs the rest of a scan. */
  abandon(prepared: PreparedScan): void {
    if (this.#unfinished === prepared) this.#unfinished = undefined;
  }

  /**
   * Moves the coarse points to where they were seen from at the stamp: p' = exp(τ·ξ)·p. The other points follow with
   * {@link complete}.
   *
   * @param twist [v, ω] of the sensor in its own frame in the middle of the sweep, m/s and rad/s
   * @param acceleration how it changes over the sweep, m/s² and rad/s²
   * @throws FeltmapError bad-input for a twist that is not finite
   */
  undistort(prepared: PreparedScan, twist: Twist, acceleration?: Twist): void {
    this.#undistortion.keypoints(prepared, twist, acceleration);
  }

  /** Takes every n-th coarse point when there are too many; every fourth of them comes first, then the rest of every other one, then the others. */
  #limitTrack(out: PreparedScan): void {
    const [found, limit, track, copy] = [
      this.#trackCount[0]!,
      this.options.maxTrackPoints,
      out.track,
      this.#copy,
    ];
    const count = Math.min(found, limit);
    const step = found > limit ? found / limit : 1;
    const half = Math.ceil(count / 2);
    const quarter = Math.ceil(half / 2);
    const placeOf = (k: number): number => {
      if (k & 1) return half + (k >> 1);
      return k & 2 ? quarter + (k >> 2) : k >> 2;
    };
    for (let k = 0; k < count; k++) copy[k] = track[Math.floor(k * step)]!;
    for (let k = 0; k < count; k++) track[placeOf(k)] = copy[k]!;
    out.trackCount = this.#trackCount[0] = count;
  }

  #count(out: PreparedScan, chunks: number, input: number): void {
    const sums = [0, 0, 0, 0, 0, 0, 0];
    for (let c = 0; c < chunks; c++)
      for (let k = 0; k < sums.length; k++) sums[k]! += this.#counters[c * L.COUNTERS + k]!;
    const [valid, invalid, noReturn, zero, tooNear, tooFar, onVehicle] = sums;
    Object.assign(out.counts, { input, valid, invalid, noReturn, zero, tooNear, tooFar, onVehicle });
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
