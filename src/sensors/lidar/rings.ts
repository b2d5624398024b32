/** Cells of azimuth in which elevations are compared, and the largest laser number that is looked at. */
const SECTORS = 32;
const MAX_RINGS = 512;
/** Points that are looked at, and how many are needed to tell. */
const SAMPLES = 2000;
const FEWEST = 200;
/** Of the variance of elevation in a sector, a laser's own share at most: 0 for rings, about 1 for what is none. */
const MOST_OWN = 0.25;

/** Sums over the cells of a laser in a sector, and over sectors: points, elevation, its square. */
const cells = new Float64Array(3 * SECTORS * MAX_RINGS);
const sectors = new Float64Array(3 * SECTORS);
/** Sums of the cells that are not zero lie before it. */
let used = 0;

/**
 * Whether numbers of points are those of lasers at elevations of their own: in one direction all points of a laser lie at one
 * height, also where the sensor is tilted. Livox's `line` is no such number: its lasers sweep rosettes through each other.
 *
 * @param positions 3 per point, m
 * @returns true also where there are too few points to tell
 */
export function areRings(positions: Float32Array, rings: Uint16Array, count: number): boolean {
  const step = Math.max(1, Math.floor(count / SAMPLES));
  cells.fill(0, 0, used);
  sectors.fill(0);
  used = 0;
  let n = 0;
  for (let i = 0; i < count; i += step) {
    const [x, y, z] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!];
    const range = Math.sqrt(x * x + y * y + z * z);
    if (!(range > 0.5 && range < Infinity)) continue;
    const ring = rings[i]!;
    if (ring >= MAX_RINGS) return false;
    const elevation = Math.asin(z / range);
    const sector = Math.min(SECTORS - 1, Math.floor((Math.atan2(y, x) / (2 * Math.PI) + 0.5) * SECTORS));
    add(sectors, 3 * sector, elevation);
    add(cells, 3 * (ring * SECTORS + sector), elevation);
    used = Math.max(used, 3 * (ring + 1) * SECTORS);
    n++;
  }
  if (n < FEWEST) return true;
  return variance(cells, used) <= MOST_OWN * variance(sectors, sectors.length);
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at]!++;
  sums[at + 1]! += value;
  sums[at + 2]! += value * value;
}

/** Pooled variance within the cells. */
function variance(sums: Float64Array, length: number): number {
  let [squares, freedom] = [0, 0];
  for (let at = 0; at < length; at += 3) {
    const n = sums[at]!;
    if (n < 2) continue;
    squares += sums[at + 2]! - sums[at + 1]! ** 2 / n;
    freedom += n - 1;
  }
  return freedom === 0 ? 0 : squares / freedom;
}
