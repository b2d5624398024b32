// Image to slopes: ratios to the reference through a small network, pixel by pixel.
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
  BLOCK,
  INPUTS,
  LAYER_1,
  LAYER_2,
  LAYER_3,
  LAYER_4,
  OUTPUTS,
  PIXELS,
  RATIO_FLOOR,
  SCRATCH,
  UNITS,
} from '../layout/tactile';
import { dense } from './dense';

const ROW: usize = 4 * BLOCK;
const LINEAR: f32 = -Infinity;
/** Steeper slopes are not believed: 77°. */
const STEEPEST: f32 = 1.35;

/**
 * Chunk: PIXELS pixels, in the order of the image. Those whose gate is open are gathered into blocks for the network; the
 * slopes of the others are 0. Where the reference itself is looked at (A_BASE is 0), all of them go through.
 */
export function tactileSlopes(args: usize, chunk: i32): void {
  const count = load<i32>(args, A_WIDTH) * load<i32>(args, A_HEIGHT);
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + (((chunk * SCRATCH) as usize) << 2);
  const first = chunk * PIXELS;
  const last = min(first + PIXELS, count);
  const all = load<u32>(args, A_BASE) == 0;
  const gate = load<u32>(args, A_GATE) as usize;
  const slopes = load<u32>(args, A_SLOPES) as usize;
  const places = scratch + ((SCRATCH - BLOCK) << 2);
  const width = load<i32>(args, A_WIDTH);
  let x = first % width;
  let y = first / width;
  let gathered: usize = 0;
  for (let pixel = first; pixel < last; pixel++) {
    store<u8>((load<u32>(args, A_DIFFERENCE) as usize) + (pixel as usize), differenceAt(args, pixel));
    const at = (pixel as usize) << 2;
    if (all || load<f32>(gate + at) > 0) {
      readInputs(args, scratch + (gathered << 2), pixel, x, y);
      store<i32>(places + (gathered << 2), pixel);
      if (++gathered == (BLOCK as usize)) {
        writeSlopes(args, network(load<u32>(args, A_WEIGHTS), scratch), places, gathered, count);
        gathered = 0;
      }
    } else {
      store<f32>(slopes + at, 0);
      store<f32>(slopes + at + ((count as usize) << 2), 0);
    }
    if (++x == width) {
      x = 0;
      y++;
    }
  }
  if (gathered > 0) writeSlopes(args, network(load<u32>(args, A_WEIGHTS), scratch), places, gathered, count);
}

/** Largest difference of a channel from the reference. */
// @ts-ignore: decorator
@inline
function differenceAt(args: usize, pixel: i32): u8 {
  const image = (load<u32>(args, A_IMAGE) as usize) + (pixel as usize) * 3;
  const reference = (load<u32>(args, A_REFERENCE) as usize) + (pixel as usize) * 3;
  const r = abs((load<u8>(image) as i32) - (load<u8>(reference) as i32));
  const g = abs((load<u8>(image, 1) as i32) - (load<u8>(reference, 1) as i32));
  const b = abs((load<u8>(image, 2) as i32) - (load<u8>(reference, 2) as i32));
  return max(r, max(g, b)) as u8;
}

/** Runs the network on the inputs at `scratch`; the activations follow them there. Returns where the outputs are. */
export function network(weights: usize, scratch: usize): usize {
  const first = scratch + (INPUTS as usize) * ROW;
  const second = first + (UNITS as usize) * ROW;
  const third = second + (UNITS as usize) * ROW;
  const out = third + (UNITS as usize) * ROW;
  layer(scratch, INPUTS, weights + 4 * LAYER_1, first, UNITS, 0);
  layer(first, UNITS, weights + 4 * LAYER_2, second, UNITS, 0);
  layer(second, UNITS, weights + 4 * LAYER_3, third, UNITS, 0);
  layer(third, UNITS, weights + 4 * LAYER_4, out, OUTPUTS, LINEAR);
  return out;
}

// @ts-ignore: decorator
@inline
function layer(input: usize, inputs: i32, weights: usize, out: usize, outputs: i32, floor: f32): void {
  dense(input, inputs, weights, weights + ((inputs * outputs) as usize) * 4, out, outputs, floor);
}

/** The inputs of one pixel, a unit's row apart. */
// @ts-ignore: decorator
@inline
function readInputs(args: usize, to: usize, pixel: i32, x: i32, y: i32): void {
  const image = (load<u32>(args, A_IMAGE) as usize) + (pixel as usize) * 3;
  const inverse = (load<u32>(args, A_INVERSE) as usize) + (pixel as usize) * 12;
  for (let c: usize = 0; c < 3; c++) {
    const value = (load<u8>(image + c) as f32) / 255 + (RATIO_FLOOR as f32);
    store<f32>(to + c * ROW, value * load<f32>(inverse + (c << 2)) - 1);
  }
  const right = (max(load<i32>(args, A_WIDTH), 2) - 1) as f32;
  const bottom = (max(load<i32>(args, A_HEIGHT), 2) - 1) as f32;
  store<f32>(to + 3 * ROW, ((x << 1) as f32) / right - 1);
  store<f32>(to + 4 * ROW, ((y << 1) as f32) / bottom - 1);
}

/** Slopes of a block to where its pixels are; of the reference its angles. */
function writeSlopes(args: usize, outputs: usize, places: usize, pixels: usize, count: i32): void {
  const base = load<u32>(args, A_BASE) as usize;
  const gate = load<u32>(args, A_GATE) as usize;
  for (let axis: usize = 0; axis < (OUTPUTS as usize); axis++) {
    const plane = (axis * (count as usize)) << 2;
    const slopes = (load<u32>(args, A_SLOPES) as usize) + plane;
    const from = outputs + axis * ROW;
    for (let i: usize = 0; i < pixels << 2; i += 4) {
      const at = (load<i32>(places + i) as usize) << 2;
      const angle = load<f32>(from + i);
      if (base == 0) store<f32>(slopes + at, angle);
      else store<f32>(slopes + at, load<f32>(gate + at) * tangent(angle - load<f32>(base + plane + at)));
    }
  }
}

/** tan x by Lambert's continued fraction to x⁴: within 0.05 % up to STEEPEST, where it stops. */
// @ts-ignore: decorator
@inline
function tangent(angle: f32): f32 {
  const x = max(-STEEPEST, min(STEEPEST, angle));
  const xx = x * x;
  return (x * (105 - 10 * xx)) / (105 + xx * (xx - 45));
}
