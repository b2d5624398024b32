// Colours of the grid's pixels: each point goes into the colour camera, whose image is read between its pixels.
import {
  A_COLOR,
  A_CX,
  A_CY,
  A_FX,
  A_FY,
  A_HEIGHT,
  A_HIDDEN,
  A_IMAGE,
  A_IMAGE_HEIGHT,
  A_IMAGE_WIDTH,
  A_SCRATCH,
  A_WIDTH,
  A_Z,
  GRID_ROWS,
  SCRATCH,
} from '../layout/camera';
import { ramp } from './lanes';
import { project } from './project';

/** Fractions of a pixel that colours are read at: weights of 7 bits, so that their products fit in 16. */
const STEPS: f32 = 128;

/** Chunk: GRID_ROWS rows of the grid. */
export function cameraColor(args: usize, chunk: i32): void {
  const first = chunk * GRID_ROWS;
  const last = min(first + GRID_ROWS, load<i32>(args, A_HEIGHT));
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + ((chunk * SCRATCH) as usize);
  for (let y = first; y < last; y++) colorRow(args, y, scratch);
}

function colorRow(args: usize, y: i32, scratch: usize): void {
  const width = load<i32>(args, A_WIDTH);
  const row = ((y * width) as usize) << 2;
  const zs = (load<u32>(args, A_Z) as usize) + row;
  const colors = (load<u32>(args, A_COLOR) as usize) + row;
  const hidden = load<u32>(args, A_HIDDEN) as usize;
  const image = load<u32>(args, A_IMAGE) as usize;
  const stride = (load<i32>(args, A_IMAGE_WIDTH) as usize) << 2;
  const bottom = load<i32>(args, A_IMAGE_HEIGHT) - 1;
  const v = f32x4.splat(((y as f32) - load<f32>(args, A_CY)) / load<f32>(args, A_FY));
  const overX = f32x4.div(f32x4.splat(1), v128.load32_splat(args, A_FX));
  const cx = v128.load32_splat(args, A_CX);
  const steps = f32x4.splat(STEPS);
  for (let x = 0; x < width; x += 4) {
    const z = v128.load(zs + ((x as usize) << 2)); // the last lanes may belong to the next row
    const u = f32x4.mul(f32x4.sub(f32x4.add(f32x4.splat(x as f32), ramp()), cx), overX);
    const mask = i32x4.bitmask(project(args, f32x4.mul(u, z), f32x4.mul(v, z), z, scratch));
    const column = i32x4.trunc_sat_f32x4_s(f32x4.mul(v128.load(scratch), steps));
    const line = i32x4.trunc_sat_f32x4_s(f32x4.mul(v128.load(scratch, 16), steps));
    v128.store(scratch, column);
    v128.store(scratch, line, 16);
    const count = min(4, width - x);
    for (let k = 0; k < count; k++) {
      let color: u32 = 0;
      if ((mask >> k) & 1 && (!hidden || !load<u8>(hidden + ((y * width + x + k) as usize)))) {
        const at = scratch + ((k as usize) << 2);
        color = colorAt(image, stride, bottom, load<i32>(at), load<i32>(at, 16));
      }
      store<u32>(colors + (((x + k) as usize) << 2), color);
    }
  }
}

/** Red, green, blue and 255 between the pixels; u and v in 128ths of a pixel, inside the image. */
// @ts-ignore: decorator
@inline
function colorAt(image: usize, stride: usize, bottom: i32, u: i32, v: i32): u32 {
  const y = v >> 7;
  const at = image + (y as usize) * stride + (((u >> 7) as usize) << 2);
  const right = u & 127;
  const low = v & 127;
  // Right of the last column lies something of weight 0.
  const across = i32x4.splat((128 - right) | (right << 16));
  const a = i32x4.dot_i16x8_s(pair(at), across);
  const b = i32x4.dot_i16x8_s(pair(at + (y < bottom ? stride : 0)), across);
  let sum = i32x4.add(i32x4.mul(a, i32x4.splat(128 - low)), i32x4.mul(b, i32x4.splat(low)));
  sum = i32x4.shr_u(i32x4.add(sum, i32x4.splat(8192)), 14);
  const words = i16x8.narrow_i32x4_u(sum, sum);
  return (i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) as u32) | 0xff000000;
}

/** Each channel of two neighbours side by side, 16 bits each. */
// @ts-ignore: decorator
@inline
function pair(at: usize): v128 {
  const both = v128.load64_zero(at);
  return i16x8.extend_low_i8x16_u(
    i8x16.swizzle(both, i8x16(0, 4, 1, 5, 2, 6, 3, 7, -1, -1, -1, -1, -1, -1, -1, -1)),
  );
}
