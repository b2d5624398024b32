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

/** Chunk: PIXELS pixels, in the order of the image. */
export function tactileSlopes(args: usize, chunk: i32): void {
  const count = load<i32>(args, A_WIDTH) * load<i32>(args, A_HEIGHT);
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + (((chunk * SCRATCH) as usize) << 2);
  const last = min((chunk + 1) * PIXELS, count);
  for (let first = chunk * PIXELS; first < last; first += BLOCK) {
    const pixels = min(BLOCK, last - first);
    readInputs(args, scratch, first, pixels);
    if (isQuiet(args, first, pixels)) {
      clearSlopes(args, first, pixels, count);
    } else {
      const outputs = network(load<u32>(args, A_WEIGHTS), scratch);
      writeSlopes(args, outputs, first, pixels, count);
    }
  }
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

function readInputs(args: usize, scratch: usize, first: i32, pixels: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const image = (load<u32>(args, A_IMAGE) as usize) + (first as usize) * 3;
  const reference = (load<u32>(args, A_REFERENCE) as usize) + (first as usize) * 3;
  const inverse = (load<u32>(args, A_INVERSE) as usize) + (first as usize) * 12;
  const difference = (load<u32>(args, A_DIFFERENCE) as usize) + (first as usize);
  const perX: f32 = 2 / ((max(width, 2) - 1) as f32);
  const perY: f32 = 2 / ((max(load<i32>(args, A_HEIGHT), 2) - 1) as f32);
  let x = first % width;
  let y = first / width;
  for (let i: usize = 0; i < (pixels as usize); i++) {
    let most = 0;
    const to = scratch + (i << 2);
    for (let c: usize = 0; c < 3; c++) {
      const value = load<u8>(image + 3 * i + c) as i32;
      most = max(most, abs(value - (load<u8>(reference + 3 * i + c) as i32)));
      store<f32>(
        to + c * ROW,
        ((value as f32) / 255 + (RATIO_FLOOR as f32)) * load<f32>(inverse + 12 * i + (c << 2)) - 1,
      );
    }
    store<u8>(difference + i, most as u8);
    store<f32>(to + 3 * ROW, (x as f32) * perX - 1);
    store<f32>(to + 4 * ROW, (y as f32) * perY - 1);
    if (++x == width) {
      x = 0;
      y++;
    }
  }
}

/** Whether the gate is shut for all of the pixels; it has no say where the reference itself is looked at. */
function isQuiet(args: usize, first: i32, pixels: i32): boolean {
  if (load<u32>(args, A_BASE) == 0) return false;
  const gate = (load<u32>(args, A_GATE) as usize) + ((first as usize) << 2);
  for (let i: usize = 0; i < (pixels as usize); i++) if (load<f32>(gate + (i << 2)) > 0) return false;
  return true;
}

function clearSlopes(args: usize, first: i32, pixels: i32, count: i32): void {
  const to = (load<u32>(args, A_SLOPES) as usize) + ((first as usize) << 2);
  memory.fill(to, 0, (pixels as usize) << 2);
  memory.fill(to + ((count as usize) << 2), 0, (pixels as usize) << 2);
}

function writeSlopes(args: usize, outputs: usize, first: i32, pixels: i32, count: i32): void {
  const base = load<u32>(args, A_BASE) as usize;
  const gate = (load<u32>(args, A_GATE) as usize) + ((first as usize) << 2);
  for (let axis: usize = 0; axis < (OUTPUTS as usize); axis++) {
    const plane = ((axis * (count as usize)) << 2) + ((first as usize) << 2);
    const from = outputs + axis * ROW;
    const to = (load<u32>(args, A_SLOPES) as usize) + plane;
    // Vectors may run past the last pixel: planes have room for a block more.
    for (let at: usize = 0; at < (pixels as usize) << 2; at += 16) {
      const angle = v128.load(from + at);
      const turned =
        base == 0 ? angle : tangent(f32x4.sub(angle, v128.load(base + plane + at)), v128.load(gate + at));
      storePart(to + at, turned, pixels - ((at >> 2) as i32));
    }
  }
}

/** Of a vector only the lanes that are pixels: the other plane begins behind the last one. */
// @ts-ignore: decorator
@inline
function storePart(at: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, v);
    return;
  }
  v128.store32_lane(at, v, 0);
  if (count > 1) v128.store32_lane(at + 4, v, 1);
  if (count > 2) v128.store32_lane(at + 8, v, 2);
}

/** g·tan x by Lambert's continued fraction to x⁴: within 0.05 % up to STEEPEST, where it stops. */
// @ts-ignore: decorator
@inline
function tangent(angle: v128, gate: v128): v128 {
  const x = f32x4.max(f32x4.splat(-STEEPEST), f32x4.min(f32x4.splat(STEEPEST), angle));
  const xx = f32x4.mul(x, x);
  const above = f32x4.mul(x, f32x4.sub(f32x4.splat(105), f32x4.mul(f32x4.splat(10), xx)));
  const below = f32x4.add(f32x4.splat(105), f32x4.mul(xx, f32x4.sub(xx, f32x4.splat(45))));
  return f32x4.mul(gate, f32x4.div(above, below));
}
