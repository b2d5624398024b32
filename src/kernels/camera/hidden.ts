// Pixels that the colour camera cannot see because something stands before them. A point on the way from a surface
// point to the colour camera, at (bx, by) beside the depth camera, with inverse depth w + δ lies δ·f·(bx, by) pixels from
// the surface point's own in the depth image: where that pixel shows something nearer than the point, the way is blocked.
import {
  A_HEIGHT,
  A_HIDDEN,
  A_NEAREST,
  A_PADDED,
  A_PADDED_STRIDE,
  A_SEARCH,
  A_SEARCH_STEP,
  A_WIDTH,
  A_Z,
  GRID_ROWS,
  PAD_LEFT,
  PAD_ROWS,
} from '../layout/camera';
import { noise } from './lanes';
import { paddedRow } from './reduce';

/** Errors of depth that hide nothing. */
const SIGMAS: f32 = 4;

/** Chunk: GRID_ROWS rows of the grid. */
export function cameraHidden(args: usize, chunk: i32): void {
  const first = chunk * GRID_ROWS;
  const last = min(first + GRID_ROWS, load<i32>(args, A_HEIGHT));
  for (let y = first; y < last; y++) hiddenRow(args, y);
}

function hiddenRow(args: usize, y: i32): void {
  const width = load<i32>(args, A_WIDTH);
  const height = load<i32>(args, A_HEIGHT);
  const search = load<i32>(args, A_SEARCH);
  const right = load<f32>(args, A_SEARCH_STEP);
  const down = load<f32>(args, A_SEARCH_STEP + 4);
  const nearer = load<f32>(args, A_SEARCH_STEP + 8);
  const closest = load<f32>(args, A_NEAREST);
  const pixels: f32 = 1 / nearer;
  const stride = load<i32>(args, A_PADDED_STRIDE);
  const ws = (load<u32>(args, A_PADDED) as usize) + paddedRow(args, y);
  const zs = (load<u32>(args, A_Z) as usize) + (((y * width) as usize) << 2);
  const out = (load<u32>(args, A_HIDDEN) as usize) + ((y * width) as usize);
  for (let x = 0; x < width; x += 4) {
    const at = (x as usize) << 2;
    const w = v128.load(ws + at);
    const sigma = noise(args, v128.load(zs + at));
    const least = f32x4.add(w, f32x4.mul(f32x4.splat(SIGMAS), f32x4.mul(sigma, f32x4.mul(w, w))));
    let hidden = i32x4.splat(0);
    // Nothing is nearer than the nearest.
    const pair = f32x4.pmin(least, v128.shuffle<f32>(least, least, 2, 3, 0, 1));
    const farthest = max<f32>(0, min<f32>(f32x4.extract_lane(pair, 0), f32x4.extract_lane(pair, 1)));
    const last = min(search, ceil<f32>(max<f32>(0, closest - farthest) * pixels) as i32);
    for (let k = 1; k <= last; k++) {
      const dx = nearest<f32>((k as f32) * right) as i32;
      const dy = nearest<f32>((k as f32) * down) as i32;
      if (x + dx < -PAD_LEFT || x + dx > width || y + dy < -PAD_ROWS || y + dy >= height + PAD_ROWS) break;
      // One step less: colours mix beside an edge.
      const limit = f32x4.add(least, f32x4.splat(((k - 1) as f32) * nearer));
      hidden = v128.or(hidden, f32x4.gt(v128.load(ws + at + ((dy * stride + dx) << 2)), limit));
    }
    const words = i16x8.narrow_i32x4_s(hidden, hidden);
    const bytes = i32x4.extract_lane(i8x16.narrow_i16x8_s(words, words), 0);
    const count = min(4, width - x);
    for (let k = 0; k < count; k++) store<u8>(out + ((x + k) as usize), (bytes >> (k << 3)) as u8);
  }
}
