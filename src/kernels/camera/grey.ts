// Brightness of the samples of the surface, from the blurred image.
import {
  A_BLUR,
  A_GREY,
  A_GREY_HEIGHT,
  A_GREY_WIDTH,
  A_SCRATCH,
  A_SGREY,
  A_SURFACE_COUNT,
  A_SX,
  A_SY,
  A_SZ,
  SAMPLES,
  SCRATCH,
} from '../layout/camera';
import { project } from './project';

/** Chunk: SAMPLES samples. */
export function cameraGrey(args: usize, chunk: i32): void {
  const first = chunk * SAMPLES;
  const last = min(first + SAMPLES, load<i32>(args, A_SURFACE_COUNT));
  const scratch = (load<u32>(args, A_SCRATCH) as usize) + ((chunk * SCRATCH) as usize);
  const out = load<u32>(args, A_SGREY) as usize;
  for (let i = first; i < last; i += 4) {
    const at = (i as usize) << 2;
    const x = v128.load((load<u32>(args, A_SX) as usize) + at);
    const y = v128.load((load<u32>(args, A_SY) as usize) + at);
    const z = v128.load((load<u32>(args, A_SZ) as usize) + at);
    const mask = i32x4.bitmask(project(args, x, y, z, scratch));
    const count = min(4, last - i);
    for (let k = 0; k < count; k++) {
      const from = scratch + ((k as usize) << 2);
      const grey = (mask >> k) & 1 ? greyAt(args, load<f32>(from), load<f32>(from, 16)) : (NaN as f32);
      store<f32>(out + at + ((k as usize) << 2), grey);
    }
  }
}

/** The blurred image at a place of the reduced one. */
// @ts-ignore: decorator
@inline
function greyAt(args: usize, column: f32, line: f32): f32 {
  const width = load<i32>(args, A_GREY_WIDTH);
  const height = load<i32>(args, A_GREY_HEIGHT);
  const inverse: f32 = 1 / (load<i32>(args, A_BLUR) as f32);
  const u = min<f32>(max<f32>((column + 0.5) * inverse - 0.5, 0), (width - 1) as f32);
  const v = min<f32>(max<f32>((line + 0.5) * inverse - 0.5, 0), (height - 1) as f32);
  const x = u as i32;
  const y = v as i32;
  const right: usize = x < width - 1 ? 4 : 0;
  const down: usize = y < height - 1 ? (width as usize) << 2 : 0;
  const at = (load<u32>(args, A_GREY) as usize) + (((y * width + x) as usize) << 2);
  const du = u - (x as f32);
  const dv = v - (y as f32);
  const top = load<f32>(at) + (load<f32>(at + right) - load<f32>(at)) * du;
  const low = load<f32>(at + down) + (load<f32>(at + down + right) - load<f32>(at + down)) * du;
  return top + (low - top) * dv;
}
