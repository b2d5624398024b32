import { ELEVATION_STEPS } from '../../kernels/layout/lidar.js';
import type { LidarScan } from './scan.js';
import { takeOver } from './take-over.js';

/** How the rows of the range image are found. */
export type RowSource = 'rings' | 'organised' | 'order' | 'elevation';

/** Largest laser number that is believed. */
export const MAX_RINGS = 512;

/** The geometry of a scan, found from the data alone. */
export interface ScanGeometry {
  readonly source: RowSource;
  /** Image rows, from low to high elevation. */
  rows: number;
  /** Angle between neighbouring rows, rad (mean). */
  rowPitch: number;
  /** Image columns over the full turn, a power of two. */
  logCols: number;
  /** dτ/dazimuth in s/rad where the points follow a spinning head, else 0. */
  sweep: number;
  /** Earliest and latest point time among the samples, s. */
  start: number;
  end: number;
}

/** Point times farther than this from the stamp (s) are taken for damage; the ingest kernel sets them to zero. */
const MAX_TIME = 3600;
const STRIDES = [1, 3, 7, 19, 37, 61, 127, 251, 509, 1021];
/** Directions that columns of a row are told apart by: those of the finest image. */
const AZIMUTHS = 2048;
/** Samples per scan that the geometry is learned from. */
const SAMPLES = 2500;
/** With a smaller share of them in range others are looked at as well: where every n-th point is missing, those may be just the ones that were looked at. */
const FEW_VALID = 0.25;

/**
 * Finds rows, columns and sweep direction of a scan. Rows come from laser numbers, from the organised layout, from
 * storage laser by laser (KITTI), or else from the elevation angles: peaks where there are some, equal steps if not.
 * Allocates nothing per scan.
 *
 * @example
 * const finder = new GeometryFinder(rows, rank, elevation); // one entry a point
 * const geometry = finder.find(scan, 1, 80, maxCells);
 */
export class GeometryFinder {
  /** Per raw point, filled for 'organised' and 'order'. */
  readonly #rows: Uint16Array;
  readonly #sums = new Float64Array(MAX_RINGS);
  readonly #counts = new Int32Array(MAX_RINGS);
  readonly #lastAzimuth = new Float64Array(MAX_RINGS);
  readonly #lastTime = new Float64Array(MAX_RINGS);
  readonly #order = new Uint16Array(MAX_RINGS);
  readonly #histogram = new Int32Array(ELEVATION_STEPS);
  readonly #sectors = new Int32Array(64);
  readonly #geometry: ScanGeometry = {
    source: 'elevation',
    rows: 1,
    rowPitch: 0.01,
    logCols: 10,
    sweep: 0,
    start: 0,
    end: 0,
  };
  #rawRows = 0;
  /** Directions with points, of scans that were put together. */
  #seen: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /**
   * @param rows scratch of one number per raw point, where raw rows are written
   * @param rank raw row → image row
   * @param elevation step of sin(elevation) → image row
   */
  constructor(
    rows: Uint16Array,
    readonly rank: Uint16Array,
    readonly elevation: Uint16Array,
  ) {
    this.#rows = rows;
  }

  find(scan: LidarScan, minRange: number, maxRange: number, maxCells: number): ScanGeometry {
    const source = this.#rawRowsOf(scan);
    const geometry = this.#geometry as { source: RowSource } & ScanGeometry;
    geometry.source = source;
    const valid = this.#sampleWell(scan, source, minRange, maxRange);
    if (source === 'elevation') this.#rowsFromElevation(geometry, valid, scan.count);
    else this.#rankRows(geometry);
    let occupied = 0;
    for (let i = 0; i < 64; i++) if (this.#sectors[i]! > 0) occupied++;
    const perRow = scan.gathered ? this.#columnsOf(scan, source, geometry.rows) : scan.count / geometry.rows;
    const perTurn = perRow * (64 / Math.max(1, occupied));
    let logCols = Math.max(fewestColumns(perTurn), Math.min(11, Math.round(Math.log2(Math.max(1, perTurn)))));
    while (logCols > 8 && geometry.rows << logCols > maxCells) logCols--;
    geometry.logCols = logCols;
    return geometry;
  }

  /**
   * Directions in a row of the image, on the average: where turns are put together, points of each may lie in the same
   * columns, and as many columns as there are points would leave gaps between all neighbours.
   */
  #columnsOf({ count, positions }: LidarScan, source: RowSource, rows: number): number {
    if (this.#seen.length < rows * AZIMUTHS) this.#seen = new Uint8Array(rows * AZIMUTHS);
    const seen = this.#seen.fill(0, 0, rows * AZIMUTHS);
    let columns = 0;
    for (let i = 0; i < count; i++) {
      const [x, y] = [positions[3 * i]!, positions[3 * i + 1]!];
      const s = sinElevation(positions, i);
      if (!(s * s <= 1)) continue;
      const step = Math.min(ELEVATION_STEPS - 1, Math.floor((s + 1) * (ELEVATION_STEPS / 2)));
      const row = source === 'elevation' ? this.elevation[step]! : this.rank[this.#rows[i]!]!;
      const azimuth = Math.floor((Math.atan2(y, x) / (2 * Math.PI) + 0.5) * AZIMUTHS) % AZIMUTHS;
      if (seen[row * AZIMUTHS + azimuth] === 0) columns++;
      seen[row * AZIMUTHS + azimuth] = 1;
    }
    return columns / rows;
  }

  /** Writes raw rows where the layout tells them. */
  #rawRowsOf(scan: LidarScan): RowSource {
    const { count, rings } = scan;
    if (rings && rings.length >= count) {
      let largest = 0;
      for (let i = 0; i < count; i++) if (rings[i]! > largest) largest = rings[i]!;
      if (largest >= 3 && largest < MAX_RINGS) {
        this.#rawRows = largest + 1;
        takeOver(this.#rows, rings, count);
        return 'rings';
      }
    }
    const { width = 0, height = 0 } = scan;
    const [few, many] = width < height ? [width, height] : [height, width];
    if (width * height === count && few >= 4 && few <= MAX_RINGS && many >= 2 * few) {
      this.#rawRows = few;
      const rows = this.#rows;
      if (height === few) for (let r = 0; r < height; r++) rows.fill(r, r * width, (r + 1) * width);
      else for (let i = 0, r = 0; i < count; i++, r = r + 1 === width ? 0 : r + 1) rows[i] = r;
      return 'organised';
    }
    return this.#storageOrder(scan) ? 'order' : 'elevation';
  }

  /** Storage laser by laser: the azimuth runs round once per laser. */
  #storageOrder(scan: LidarScan): boolean {
    const { count, positions } = scan;
    const rows = this.#rows;
    let row = 0;
    let behind = false;
    let below = false;
    let first = 0; // +1: counter-clockwise, −1: clockwise, from the first crossing of the +x axis
    for (let i = 0, k = 0; i < count; i++, k += 3) {
      const x = positions[k]!;
      const y = positions[k + 1]!;
      if (x < 0) behind = true;
      else if (x > 0 && behind && y < 0 !== below) {
        const direction = below ? 1 : -1;
        if (first === 0) first = direction;
        if (direction === first) {
          row++;
          behind = false;
          if (row >= MAX_RINGS) return false;
        }
      }
      below = y < 0;
      rows[i] = row;
    }
    this.#rawRows = row + 1;
    if (row < 7 || count / (row + 1) < 64) return false;
    // A laser keeps its elevation through the turn; a rosette does not.
    let variance = 0;
    let samples = 0;
    let start = 0;
    for (let i = 0; i < count; i += 61) {
      const r = rows[i]!;
      if (r !== rows[start]!) start = i;
      const a = sinElevation(positions, start);
      const b = sinElevation(positions, i);
      if (!(Math.abs(a) <= 1 && Math.abs(b) <= 1)) continue;
      variance += (a - b) ** 2;
      samples++;
    }
    return samples > 16 && variance / samples < 0.03 ** 2;
  }

  /** Samples that meet the points there are: where every n-th is missing, the first that are looked at may be just those. */
  #sampleWell(scan: LidarScan, source: RowSource, minRange: number, maxRange: number): number {
    const stride = STRIDES.find((s) => scan.count / s <= SAMPLES) ?? STRIDES.at(-1)!;
    const sample = (first: number): number => this.#sample(scan, source, minRange, maxRange, first, stride);
    const valid = sample(0);
    if (stride === 1 || valid >= (FEW_VALID * scan.count) / stride) return valid;
    const others = sample(stride >> 1);
    return others > 2 * valid ? others : sample(0);
  }

  /** Statistics of every n-th point from the first one on; n is prime, so that all lasers of a firing are met. Returns how many were valid. */
  #sample(
    scan: LidarScan,
    source: RowSource,
    minRange: number,
    maxRange: number,
    first: number,
    stride: number,
  ): number {
    const { count, positions, times } = scan;
    const low = minRange * minRange;
    const high = maxRange * maxRange;
    this.#sums.fill(0);
    this.#counts.fill(0);
    this.#lastAzimuth.fill(NaN);
    this.#histogram.fill(0);
    this.#sectors.fill(0);
    let valid = 0;
    let stt = 0;
    let sta = 0;
    let saa = 0;
    let start = Infinity;
    let end = -Infinity;
    for (let i = first; i < count; i += stride) {
      const x = positions[3 * i]!;
      const y = positions[3 * i + 1]!;
      const z = positions[3 * i + 2]!;
      const r2 = x * x + y * y + z * z;
      if (!(r2 >= low && r2 <= high && r2 > 0)) continue;
      valid++;
      const s = z / Math.sqrt(r2);
      const azimuth = Math.atan2(y, x);
      this.#sectors[Math.min(63, Math.floor((azimuth / (2 * Math.PI) + 0.5) * 64))]!++;
      const step = Math.min(ELEVATION_STEPS - 1, Math.floor((s + 1) * (ELEVATION_STEPS / 2)));
      this.#histogram[step]!++;
      const row = source === 'elevation' ? step >> 3 : this.#rows[i]!;
      this.#sums[row]! += s;
      this.#counts[row]!++;
      if (!times) continue;
      const time = times[i]!;
      if (!(Math.abs(time) < MAX_TIME)) continue;
      if (time < start) start = time;
      if (time > end) end = time;
      let da = azimuth - this.#lastAzimuth[row]!;
      if (da > Math.PI) da -= 2 * Math.PI;
      else if (da < -Math.PI) da += 2 * Math.PI;
      const dt = time - this.#lastTime[row]!;
      // A pair across the seam of the sweep has the time of a whole turn between its ends.
      if (Math.abs(da) < 0.6 && Math.abs(dt) < 0.5) {
        stt += dt * dt;
        sta += dt * da;
        saa += da * da;
      }
      this.#lastAzimuth[row] = azimuth;
      this.#lastTime[row] = time;
    }
    // The regression counts only when time follows azimuth closely.
    this.#geometry.sweep = saa > 0 && sta * sta > 0.8 * stt * saa ? sta / saa : 0;
    this.#geometry.start = Math.min(0, start);
    this.#geometry.end = Math.max(0, end);
    return valid;
  }

  /** Orders raw rows by their mean elevation. */
  #rankRows(geometry: ScanGeometry): void {
    const order = this.#order.subarray(0, this.#rawRows);
    let seen = 0;
    for (let r = 0; r < this.#rawRows; r++) {
      if (this.#counts[r]! === 0) continue;
      this.#sums[r]! /= this.#counts[r]!;
      order[seen++] = r;
    }
    const sums = this.#sums;
    const found = order.subarray(0, seen).sort((a, b) => sums[a]! - sums[b]!);
    this.rank.fill(0);
    for (let k = 0; k < seen; k++) this.rank[found[k]!] = k;
    // A row that no sample met goes with the one numbered before it.
    for (let r = 1; r < this.#rawRows; r++) if (this.#counts[r]! === 0) this.rank[r] = this.rank[r - 1]!;
    geometry.rows = Math.max(1, seen);
    const span = seen > 1 ? Math.asin(sums[found[seen - 1]!]!) - Math.asin(sums[found[0]!]!) : 0;
    geometry.rowPitch = seen > 1 ? Math.max(1e-4, span / (seen - 1)) : 0.01;
  }

  /** Rows from elevation angles: one per peak of the histogram if it falls into narrow peaks, else equal steps. */
  #rowsFromElevation(geometry: ScanGeometry, valid: number, count: number): void {
    const histogram = this.#histogram;
    let low = 0;
    let high = ELEVATION_STEPS - 1;
    while (low < high && histogram[low] === 0) low++;
    while (high > low && histogram[high] === 0) high--;
    const angle = (step: number) => Math.asin(Math.max(-1, Math.min(1, step / (ELEVATION_STEPS / 2) - 1)));
    let peaks = 0;
    let filled = 0;
    for (let i = low; i <= high; i++) {
      if (histogram[i]! === 0) continue;
      filled++;
      if (i === low || histogram[i - 1] === 0) peaks++;
    }
    const isPeaks =
      peaks >= 4 &&
      peaks <= 256 &&
      filled < 0.5 * (high - low + 1) &&
      filled <= 3 * peaks &&
      valid > 8 * peaks;
    if (isPeaks) {
      let row = -1;
      let gapStart = 0;
      for (let i = 0; i < ELEVATION_STEPS; i++) {
        const start = histogram[i]! > 0 && (i === 0 || histogram[i - 1] === 0);
        if (start) {
          row++;
          // The gap before a peak is shared by the two peaks beside it.
          if (row > 0) this.elevation.fill(row, (gapStart + i) >> 1, i);
        }
        if (i > 0 && histogram[i] === 0 && histogram[i - 1]! > 0) gapStart = i;
        this.elevation[i] = Math.max(0, row);
      }
      geometry.rows = peaks;
      geometry.rowPitch = (angle(high) - angle(low)) / (peaks - 1);
      return;
    }
    let occupied = 0;
    for (let i = 0; i < 64; i++) if (this.#sectors[i]! > 0) occupied++;
    const span = Math.max(0.01, angle(high + 1) - angle(low));
    const solid = ((occupied / 64) * 2 * Math.PI * (high + 1 - low)) / (ELEVATION_STEPS / 2);
    const share = valid === 0 ? 0 : 1;
    const pitch = Math.max(0.004, Math.sqrt(solid / Math.max(1, share * count)));
    const rows = Math.max(4, Math.min(256, Math.round(span / pitch)));
    for (let i = 0; i < ELEVATION_STEPS; i++) {
      const row = Math.floor(((angle(i + 0.5) - angle(low)) / span) * rows);
      this.elevation[i] = Math.max(0, Math.min(rows - 1, row));
    }
    geometry.rows = rows;
    geometry.rowPitch = span / rows;
  }
}

/** Least logarithm of columns. A quarter more than there are points stays dense enough for planes, twice as many does not. */
function fewestColumns(perTurn: number): number {
  return perTurn >= 160 ? 8 : perTurn >= 80 ? 7 : 6;
}

function sinElevation(positions: Float32Array, i: number): number {
  const [x, y, z] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!];
  return z / Math.sqrt(x * x + y * y + z * z);
}
