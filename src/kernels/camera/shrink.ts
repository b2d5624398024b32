// Colour image to what colours are read from: a smaller one with 4 bytes a pixel, and a blurred grey one.
import {
  A_BLUR,
  A_COLOR_SOURCE,
  A_COLOR_WIDTH,
  A_GREY,
  A_GREY_HEIGHT,
  A_GREY_SUMS,
  A_GREY_WIDTH,
  A_IMAGE,
  A_IMAGE_HEIGHT,
  A_IMAGE_WIDTH,
  A_SHRINK,
  GREY_ROWS,
} from '../layout/camera';

/** Chunk: GREY_ROWS rows of the blurred image, and the rows of the reduced one that they are made of. */
export function cameraShrink(args: usize, chunk: i32): void {
  const blur = load<i32>(args, A_BLUR);
  const first = chunk * GREY_ROWS;
  const last = min(first + GREY_ROWS, load<i32>(args, A_GREY_HEIGHT));
  const end = min(last * blur, load<i32>(args, A_IMAGE_HEIGHT));
  const factor = load<i32>(args, A_SHRINK);
  for (let y = first * blur; y < end; y++) {
    if (factor == 1) widenRow(args, y);
    else shrinkRow(args, y, factor);
  }
  let sum: f32 = 0;
  for (let y = first; y < last; y++) sum += greyRow(args, y);
  store<f32>((load<u32>(args, A_GREY_SUMS) as usize) + ((chunk as usize) << 2), sum);
}

/** 3 bytes a pixel to 4. */
function widenRow(args: usize, y: i32): void {
  const width = load<i32>(args, A_IMAGE_WIDTH);
  const source =
    (load<u32>(args, A_COLOR_SOURCE) as usize) + ((y * load<i32>(args, A_COLOR_WIDTH)) as usize) * 3;
  const image = (load<u32>(args, A_IMAGE) as usize) + (((y * width) as usize) << 2);
  let x: usize = 0;
  // Reads 16 bytes of which 12 count.
  for (; (x as i32) + 4 <= width; x += 4) {
    const v = v128.load(source + x * 3);
    v128.store(
      image + (x << 2),
      i8x16.swizzle(v, i8x16(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1)),
    );
  }
  for (; (x as i32) < width; x++) store<u32>(image + (x << 2), load<u32>(source + x * 3) & 0xffffff);
}

/** The mean of `factor`² pixels each, rounded; at most 16². */
function shrinkRow(args: usize, y: i32, factor: i32): void {
  const width = load<i32>(args, A_IMAGE_WIDTH);
  const bytes = (load<i32>(args, A_COLOR_WIDTH) as usize) * 3;
  const source = (load<u32>(args, A_COLOR_SOURCE) as usize) + ((y * factor) as usize) * bytes;
  const image = (load<u32>(args, A_IMAGE) as usize) + (((y * width) as usize) << 2);
  const share = f32x4.splat(1 / ((factor * factor) as f32));
  for (let x: usize = 0; x < (width as usize); x++) {
    let sum = i16x8.splat(0);
    const corner = source + x * (factor as usize) * 3;
    for (let dy: usize = 0; dy < (factor as usize); dy++) {
      const row = corner + dy * bytes;
      for (let dx: usize = 0; dx < (factor as usize); dx++)
        sum = i16x8.add(sum, i16x8.extend_low_i8x16_u(v128.load32_zero(row + dx * 3)));
    }
    const mean = f32x4.nearest(f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(sum)), share));
    const words = i16x8.narrow_i32x4_u(i32x4.trunc_sat_f32x4_u(mean), i32x4.splat(0));
    store<u32>(image + (x << 2), i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) & 0xffffff);
  }
}

/** One row of the blurred image, Rec. 601 luma; returns its sum. */
function greyRow(args: usize, y: i32): f32 {
  const blur = load<i32>(args, A_BLUR);
  const imageWidth = load<i32>(args, A_IMAGE_WIDTH);
  const width = load<i32>(args, A_GREY_WIDTH);
  const rows = min(blur, load<i32>(args, A_IMAGE_HEIGHT) - y * blur);
  const image = (load<u32>(args, A_IMAGE) as usize) + (((y * blur * imageWidth) as usize) << 2);
  const grey = (load<u32>(args, A_GREY) as usize) + (((y * width) as usize) << 2);
  let total: f32 = 0;
  for (let x = 0; x < width; x++) {
    const columns = min(blur, imageWidth - x * blur);
    let sum = i16x8.splat(0);
    for (let dy = 0; dy < rows; dy++) {
      const row = image + (((dy * imageWidth + x * blur) as usize) << 2);
      for (let dx = 0; dx < columns; dx++)
        sum = i16x8.add(sum, i16x8.extend_low_i8x16_u(v128.load32_zero(row + ((dx as usize) << 2))));
    }
    const rgb = f32x4.mul(
      f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(sum)),
      f32x4(0.299, 0.587, 0.114, 0),
    );
    const value =
      (f32x4.extract_lane(rgb, 0) + f32x4.extract_lane(rgb, 1) + f32x4.extract_lane(rgb, 2)) /
      ((rows * columns) as f32);
    store<f32>(grey + ((x as usize) << 2), value);
    total += value;
  }
  return total;
}
