// Depth image to grid: metres, then one value per bin, its information, and padded copies for the windows of the
// normals.
import {
  A_COUNTS,
  A_FACTOR,
  A_HEIGHT,
  A_INFORMATION,
  A_LENS_MAP,
  A_MAX_RANGE,
  A_METRES,
  A_MIN_RANGE,
  A_PADDED,
  A_PADDED_STRIDE,
  A_SCALE,
  A_SIGMA,
  A_SOURCE,
  A_SOURCE_FLOAT,
  A_SOURCE_WIDTH,
  A_WIDTH,
  A_Z,
  GRID_ROWS,
  NO_SOURCE,
  PAD_LEFT,
  PAD_ROWS,
} from '../layout/camera';
import { lanes, noise, ramp, storeLanes, UNKNOWN } from './lanes';

/** Chunk: GRID_ROWS rows of the grid. */
export function cameraReduce(args: usize, chunk: i32): void {
  const height = load<i32>(args, A_HEIGHT);
  const first = chunk * GRID_ROWS;
  const last = min(first + GRID_ROWS, height);
  const factor = load<i32>(args, A_FACTOR);
  const counts = (load<u32>(args, A_COUNTS) as usize) + ((chunk as usize) << 3);
  store<i32>(counts, toMetres(args, first * factor, last * factor));
  let largest = f32x4.splat(0);
  for (let y = first; y < last; y++) largest = reduceRow(args, y, largest);
  const pair = f32x4.pmax(largest, v128.shuffle<f32>(largest, largest, 2, 3, 0, 1));
  store<f32>(counts, max(f32x4.extract_lane(pair, 0), f32x4.extract_lane(pair, 1)), 4);
  if (first == 0) for (let y = -PAD_ROWS; y < 0; y++) padRow(args, y);
  if (last == height) for (let y = height; y < height + PAD_ROWS; y++) padRow(args, y);
}

/** Fills rows `first` … `last` − 1 of the plane of metres; returns how many pixels of them are known. */
function toMetres(args: usize, first: i32, last: i32): i32 {
  const width = load<i32>(args, A_SOURCE_WIDTH);
  const source = load<u32>(args, A_SOURCE) as usize;
  const wide = load<i32>(args, A_SOURCE_FLOAT) != 0;
  const metres = load<u32>(args, A_METRES) as usize;
  const map = load<u32>(args, A_LENS_MAP) as usize;
  const scale = v128.load32_splat(args, A_SCALE);
  const near = v128.load32_splat(args, A_MIN_RANGE);
  const far = v128.load32_splat(args, A_MAX_RANGE);
  const unknown = f32x4.splat(UNKNOWN);
  const end = last * width;
  let known = 0;
  for (let i = first * width; i < end; i += 4) {
    let raw: v128;
    if (map) {
      const at = map + ((i as usize) << 2);
      raw = f32x4.splat(sourceAt(source, wide, load<u32>(at)));
      raw = f32x4.replace_lane(raw, 1, sourceAt(source, wide, load<u32>(at, 4)));
      raw = f32x4.replace_lane(raw, 2, sourceAt(source, wide, load<u32>(at, 8)));
      raw = f32x4.replace_lane(raw, 3, sourceAt(source, wide, load<u32>(at, 12)));
    } else if (wide) raw = v128.load(source + ((i as usize) << 2));
    else raw = f32x4.convert_i32x4_u(v128.load16x4_u(source + ((i as usize) << 1)));
    const z = f32x4.mul(raw, scale);
    // NaN compares false; 0 is below the least range.
    const good = v128.and(f32x4.ge(z, near), f32x4.le(z, far));
    const mask = i32x4.bitmask(good) & (i + 4 > end ? (1 << (end - i)) - 1 : 15);
    known += popcnt(mask);
    storeLanes(metres + ((i as usize) << 2), v128.bitselect(z, unknown, good), end - i);
  }
  return known;
}

/** A pixel of the source, 0 where there is none; the map is padded with those. */
// @ts-ignore: decorator
@inline
function sourceAt(source: usize, wide: bool, pixel: u32): f32 {
  if (pixel == NO_SOURCE) return 0;
  if (wide) return load<f32>(source + ((pixel as usize) << 2));
  return load<u16>(source + ((pixel as usize) << 1)) as f32;
}

/**
 * One row of the grid: the mean of those known pixels of a bin that lie within 3σ + 5 mm of its nearest one, so that a
 * bin across an edge shows what is in front. Returns the larger ones of `largest` and the inverse depths.
 */
function reduceRow(args: usize, y: i32, largest: v128): v128 {
  const width = load<i32>(args, A_WIDTH);
  const factor = load<i32>(args, A_FACTOR);
  const sourceBytes = (load<i32>(args, A_SOURCE_WIDTH) as usize) << 2;
  const metres = (load<u32>(args, A_METRES) as usize) + ((y * factor) as usize) * sourceBytes;
  const row = ((y * width) as usize) << 2;
  const zs = (load<u32>(args, A_Z) as usize) + row;
  const informations = (load<u32>(args, A_INFORMATION) as usize) + row;
  const padded = (load<u32>(args, A_PADDED) as usize) + paddedRow(args, y);
  const unknown = f32x4.splat(UNKNOWN);
  const nothing = f32x4.splat(-UNKNOWN);
  const sigmaOne = v128.load32_splat(args, A_SIGMA + 12);
  const step = (factor as usize) << 2;
  clearSides(args, y);
  for (let x = 0; x < width; x += 4) {
    const corner = metres + (((x * factor) as usize) << 2);
    let nearest = unknown;
    for (let dy = 0; dy < factor; dy++)
      for (let dx = 0; dx < factor; dx++)
        nearest = f32x4.pmin(
          nearest,
          lanes(corner + (dy as usize) * sourceBytes + ((dx as usize) << 2), step),
        );
    const inside = f32x4.lt(ramp(), f32x4.splat((width - x) as f32));
    const known = v128.and(inside, f32x4.lt(nearest, f32x4.splat(UNKNOWN / 2)));
    const limit = f32x4.add(
      nearest,
      f32x4.add(f32x4.mul(f32x4.splat(3), noise(args, nearest)), f32x4.splat(0.005)),
    );
    let sum = f32x4.splat(0);
    let count = i32x4.splat(0);
    for (let dy = 0; dy < factor; dy++)
      for (let dx = 0; dx < factor; dx++) {
        const z = lanes(corner + (dy as usize) * sourceBytes + ((dx as usize) << 2), step);
        const near = f32x4.le(z, limit);
        // Differences from the nearest: exact where all agree.
        sum = f32x4.add(sum, v128.and(near, f32x4.sub(z, nearest)));
        count = i32x4.sub(count, near);
      }
    const mean = f32x4.add(nearest, f32x4.div(sum, f32x4.convert_i32x4_s(count)));
    const ratio = f32x4.div(sigmaOne, noise(args, mean));
    const left = width - x;
    storeLanes(zs + ((x as usize) << 2), v128.and(mean, known), left);
    storeLanes(informations + ((x as usize) << 2), v128.and(f32x4.mul(ratio, ratio), known), left);
    const inverse = f32x4.div(f32x4.splat(1), mean);
    v128.store(padded + ((x as usize) << 2), v128.bitselect(inverse, nothing, known));
    largest = f32x4.pmax(largest, v128.and(inverse, known));
  }
  return largest;
}

/** Bytes from the padded plane's start to the first pixel of row `y`, −PAD_ROWS … height + PAD_ROWS − 1. */
// @ts-ignore: decorator
@inline
export function paddedRow(args: usize, y: i32): usize {
  return (((y + PAD_ROWS) * load<i32>(args, A_PADDED_STRIDE) + PAD_LEFT) as usize) << 2;
}

/** Nothing is known beside a row; written before the row itself. */
function clearSides(args: usize, y: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const stride = load<i32>(args, A_PADDED_STRIDE);
  const row = paddedRow(args, y);
  clear(args, row - (PAD_LEFT << 2), PAD_LEFT);
  clear(args, row + ((width as usize) << 2), stride - PAD_LEFT - width);
}

function padRow(args: usize, y: i32): void {
  clear(args, paddedRow(args, y) - (PAD_LEFT << 2), load<i32>(args, A_PADDED_STRIDE));
}

function clear(args: usize, offset: usize, count: i32): void {
  const at = (load<u32>(args, A_PADDED) as usize) + offset;
  for (let i: usize = 0; i < (count as usize) << 2; i += 4) store<f32>(at + i, -UNKNOWN);
}
