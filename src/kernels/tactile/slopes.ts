// Image to slopes: ratios to the reference through a small network, two by two pixels where they change alike.
import {
  A_BASE,
  A_DIFFERENCE,
  A_GATE,
  A_HEIGHT,
  A_IMAGE,
  A_INVERSE,
  A_REFERENCE,
  A_SCRATCH,
  A_SLOPES,
  A_WEIGHTS,
  A_WIDTH,
  ALIKE,
  BLOCK,
  RATIO_FLOOR,
  SCRATCH,
  SLOPE_ROWS,
} from '../layout/tactile';
import { network } from './network';

const ROW: usize = 4 * BLOCK;
/** Steeper slopes are not believed: 77°. */
const STEEPEST: f32 = 1.35;

/**
 * Chunk: SLOPE_ROWS rows. Pixels whose gate is open are gathered into blocks for the network; the slopes of the others are 0.
 * A square of 2 × 2 that changes alike goes through it as one, by its mean. Where the reference itself is looked at (A_BASE
 * is 0), each pixel goes through.
 */
export function tactileSlopes(args: usize, chunk: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const last = min((chunk + 1) * SLOPE_ROWS, load<i32>(args, A_HEIGHT));
  const all = load<u32>(args, A_BASE) == 0;
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + (((chunk * SCRATCH) as usize) << 2);
  let gathered: usize = 0;
  for (let y = chunk * SLOPE_ROWS; y < last; y += 2)
    for (let x = 0; x < width; x += 2) {
      const pixel = y * width + x;
      const columns = min(2, width - x);
      const rows = min(2, last - y);
      const range = compare(args, pixel, width, columns, rows);
      if (!all && columns + rows == 4 && range <= ALIKE && isOpen(args, pixel, width)) {
        gathered = gather(args, scratch, gathered, x, y, 2);
        continue;
      }
      for (let v = 0; v < rows; v++)
        for (let u = 0; u < columns; u++) {
          const at = pixel + v * width + u;
          if (all || gateAt(args, at) > 0) gathered = gather(args, scratch, gathered, x + u, y + v, 1);
          else setSlopes(args, at, 0, 0);
        }
    }
  if (gathered > 0) flush(args, scratch, gathered);
}

/** Notes by how much a few pixels differ from the reference; returns by how much these differences differ, grey levels. */
// @ts-ignore: decorator
@inline
function compare(args: usize, pixel: i32, width: i32, columns: i32, rows: i32): i32 {
  const upper = changeOf(args, pixel);
  note(args, pixel, upper, columns);
  if (columns + rows < 4) {
    if (rows == 2) note(args, pixel + width, changeOf(args, pixel + width), columns);
    return 2 * 255;
  }
  const lower = changeOf(args, pixel + width);
  note(args, pixel + width, lower, 2);
  const low = i16x8.min_s(upper, lower);
  const high = i16x8.max_s(upper, lower);
  const lowest = i16x8.min_s(low, v128.shuffle<i16>(low, low, 3, 4, 5, 3, 4, 5, 3, 4));
  const highest = i16x8.max_s(high, v128.shuffle<i16>(high, high, 3, 4, 5, 3, 4, 5, 3, 4));
  const range = i16x8.sub(highest, lowest);
  const larger = i16x8.max_s(range, v128.shuffle<i16>(range, range, 1, 2, 0, 1, 2, 0, 1, 2));
  return max(i16x8.extract_lane_s(larger, 0), i16x8.extract_lane_s(larger, 1)) as i32;
}

/** By how much each channel of a pixel and the next one differs from the reference. */
// @ts-ignore: decorator
@inline
function changeOf(args: usize, pixel: i32): v128 {
  const image = v128.load64_zero((load<u32>(args, A_IMAGE) as usize) + (pixel as usize) * 3);
  const reference = v128.load64_zero((load<u32>(args, A_REFERENCE) as usize) + (pixel as usize) * 3);
  return i16x8.sub(i16x8.extend_low_i8x16_u(image), i16x8.extend_low_i8x16_u(reference));
}

/** Notes the largest change of a pixel, or of two. */
// @ts-ignore: decorator
@inline
function note(args: usize, pixel: i32, change: v128, columns: i32): void {
  const size = i16x8.abs(change);
  const most = i16x8.max_s(
    size,
    i16x8.max_s(
      v128.shuffle<i16>(size, size, 1, 2, 3, 4, 5, 6, 7, 0),
      v128.shuffle<i16>(size, size, 2, 3, 4, 5, 6, 7, 0, 1),
    ),
  );
  const at = (load<u32>(args, A_DIFFERENCE) as usize) + (pixel as usize);
  store<u8>(at, i16x8.extract_lane_s(most, 0));
  if (columns == 2) store<u8>(at, i16x8.extract_lane_s(most, 3), 1);
}

// @ts-ignore: decorator
@inline
function gateAt(args: usize, pixel: i32): f32 {
  return load<f32>((load<u32>(args, A_GATE) as usize) + ((pixel as usize) << 2));
}

// @ts-ignore: decorator
@inline
function isOpen(args: usize, pixel: i32, width: i32): bool {
  return (
    min(gateAt(args, pixel), gateAt(args, pixel + 1)) > 0 &&
    min(gateAt(args, pixel + width), gateAt(args, pixel + width + 1)) > 0
  );
}

/** Puts a square of `side` pixels, 1 or 2, into the block; where that is full, through the network. Returns how many are in it. */
function gather(args: usize, scratch: usize, gathered: usize, x: i32, y: i32, side: i32): usize {
  const width = load<i32>(args, A_WIDTH);
  const pixel = y * width + x;
  const to = scratch + (gathered << 2);
  let ratios = f32x4.splat(0);
  for (let v = 0; v < side; v++)
    for (let u = 0; u < side; u++) ratios = f32x4.add(ratios, ratiosAt(args, pixel + v * width + u));
  const share: f32 = side == 1 ? 1 : 0.25;
  store<f32>(to, f32x4.extract_lane(ratios, 0) * share);
  store<f32>(to + ROW, f32x4.extract_lane(ratios, 1) * share);
  store<f32>(to + 2 * ROW, f32x4.extract_lane(ratios, 2) * share);
  const right = (max(width, 2) - 1) as f32;
  const bottom = (max(load<i32>(args, A_HEIGHT), 2) - 1) as f32;
  store<f32>(to + 3 * ROW, (((x << 1) + side - 1) as f32) / right - 1);
  store<f32>(to + 4 * ROW, (((y << 1) + side - 1) as f32) / bottom - 1);
  store<i32>(placesIn(scratch) + (gathered << 2), (pixel << 1) | (side - 1));
  if (gathered + 1 < (BLOCK as usize)) return gathered + 1;
  flush(args, scratch, BLOCK as usize);
  return 0;
}

/** Of each entry of a block the number of its first pixel, times two, and whether it is a square. */
// @ts-ignore: decorator
@inline
function placesIn(scratch: usize): usize {
  return scratch + ((SCRATCH - BLOCK) << 2);
}

/** (I + floor) / (reference + floor) − 1 of three channels. */
// @ts-ignore: decorator
@inline
function ratiosAt(args: usize, pixel: i32): v128 {
  const image = v128.load32_zero((load<u32>(args, A_IMAGE) as usize) + (pixel as usize) * 3);
  const inverse = v128.load((load<u32>(args, A_INVERSE) as usize) + (pixel as usize) * 12);
  const levels = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(image)));
  const value = f32x4.add(f32x4.mul(levels, f32x4.splat(1 / 255)), f32x4.splat(RATIO_FLOOR as f32));
  return f32x4.sub(f32x4.mul(value, inverse), f32x4.splat(1));
}

/** The block through the network, and its slopes to where its pixels are; of the reference its angles. */
function flush(args: usize, scratch: usize, count: usize): void {
  const outputs = network(load<u32>(args, A_WEIGHTS), scratch);
  const base = load<u32>(args, A_BASE) as usize;
  const width = load<i32>(args, A_WIDTH);
  const plane = ((width * load<i32>(args, A_HEIGHT)) as usize) << 2;
  for (let i: usize = 0; i < count << 2; i += 4) {
    const place = load<i32>(placesIn(scratch) + i);
    const pixel = place >> 1;
    const right = load<f32>(outputs + i);
    const down = load<f32>(outputs + ROW + i);
    const at = base + ((pixel as usize) << 2);
    if (base == 0) {
      setSlopes(args, pixel, right, down);
    } else if (!(place & 1)) {
      const gate = gateAt(args, pixel);
      setSlopes(
        args,
        pixel,
        gate * tangent(right - load<f32>(at)),
        gate * tangent(down - load<f32>(at + plane)),
      );
    } else {
      const gx = tangent(right - meanOfFour(at, width));
      const gy = tangent(down - meanOfFour(at + plane, width));
      for (let k = 0; k < 4; k++) {
        const one = pixel + (k >> 1) * width + (k & 1);
        setSlopes(args, one, gateAt(args, one) * gx, gateAt(args, one) * gy);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function meanOfFour(at: usize, width: i32): f32 {
  const below = at + ((width as usize) << 2);
  return 0.25 * (load<f32>(at) + load<f32>(at, 4) + (load<f32>(below) + load<f32>(below, 4)));
}

// @ts-ignore: decorator
@inline
function setSlopes(args: usize, pixel: i32, right: f32, down: f32): void {
  const at = (load<u32>(args, A_SLOPES) as usize) + ((pixel as usize) << 2);
  store<f32>(at, right);
  store<f32>(at + (((load<i32>(args, A_WIDTH) * load<i32>(args, A_HEIGHT)) as usize) << 2), down);
}

/** tan x by Lambert's continued fraction to x⁴: within 0.05 % up to STEEPEST, where it stops. */
// @ts-ignore: decorator
@inline
function tangent(angle: f32): f32 {
  const x = max(-STEEPEST, min(STEEPEST, angle));
  const xx = x * x;
  return (x * (105 - 10 * xx)) / (105 + xx * (xx - 45));
}
