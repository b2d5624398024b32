// What a corner that was not observed is beside: the end of what was seen.
import { G_COLOUR, G_DATA } from '../layout/field';
import { COLOUR_BLOCK } from '../layout/gather';
import { findBlock } from './grid';

/**
 * Mean distance of those corners next to (ix, iy, iz) along the axes that were observed; NaN where none was.
 *
 * @param corner where (ix, iy, iz) itself is, or would be in the empty block
 */
export function meanBeside(g: usize, corner: usize, ix: i32, iy: i32, iz: i32, minWeight: f32): f32 {
  let sum: f32 = 0,
    seen: f32 = 0;
  for (let side = 0; side < 6; side++) {
    const step = 1 - ((side & 1) << 1),
      axis = side >> 1;
    const along = axis == 0 ? ix : axis == 1 ? iy : iz;
    const within = ((along + step) ^ along) >> 3 == 0;
    const next = within
      ? corner + ((<usize>step) << (3 + 3 * axis))
      : cornerOf(g, ix + (axis == 0 ? step : 0), iy + (axis == 1 ? step : 0), iz + (axis == 2 ? step : 0));
    if (!(load<f32>(next, 4) >= minWeight)) continue;
    sum += load<f32>(next);
    seen += 1;
  }
  return sum / seen;
}

/** Where a corner is; in block 0, which is empty, where there is none. */
function cornerOf(g: usize, ix: i32, iy: i32, iz: i32): usize {
  const block: usize = findBlock(g, ix >> 3, iy >> 3, iz >> 3);
  const place = <usize>((ix & 7) | ((iy & 7) << 3) | ((iz & 7) << 6));
  return <usize>load<u32>(g, G_DATA) + (block << 12) + (place << 3);
}

/** Mean colour of those corners that have one, one step away from (ix, iy, iz) at most, to 4 bytes at `out`; nothing where none has. */
export function colourBeside(g: usize, ix: i32, iy: i32, iz: i32, out: usize): void {
  const colours: usize = load<u32>(g, G_COLOUR);
  let seen: f32 = 0,
    red: f32 = 0,
    green: f32 = 0,
    blue: f32 = 0;
  for (let z = iz - 1; z <= iz + 1; z++)
    for (let y = iy - 1; y <= iy + 1; y++)
      for (let x = ix - 1; x <= ix + 1; x++) {
        const block: usize = findBlock(g, x >> 3, y >> 3, z >> 3);
        if (block == 0) continue;
        const place = <usize>((x & 7) | ((y & 7) << 3) | ((z & 7) << 6));
        const corner = colours + block * COLOUR_BLOCK + (place << 3);
        if (load<u16>(corner, 6) == 0) continue;
        seen += 1;
        red += <f32>load<u16>(corner);
        green += <f32>load<u16>(corner, 2);
        blue += <f32>load<u16>(corner, 4);
      }
  if (seen > 0) storeMeanColour(out, red, green, blue, seen);
}

/** Writes red, green, blue and 255 to `out`: sums of stored colours, 256 times the level each, over the sum of their weights. */
// @ts-ignore: decorator
@inline
export function storeMeanColour(out: usize, red: f32, green: f32, blue: f32, sum: f32): void {
  const scale = <f32>1 / (256 * sum);
  store<u8>(out, <u8>min<f32>(255, red * scale + 0.5));
  store<u8>(out, <u8>min<f32>(255, green * scale + 0.5), 1);
  store<u8>(out, <u8>min<f32>(255, blue * scale + 0.5), 2);
  store<u8>(out, 255, 3);
}
