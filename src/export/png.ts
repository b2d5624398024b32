import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * PNG file (8 bits, RGB where every pixel is opaque, else RGBA; ISO/IEC 15948). Each row takes the filter with the
 * least sum of absolute differences.
 *
 * @param rgba 4·width·height, rows from the top
 */
export function encodePng(rgba: Uint8Array, width: number, height: number): Uint8Array {
  if (rgba.length !== 4 * width * height || width < 1 || height < 1)
    throw new RangeError(`A ${width}×${height} image needs ${4 * width * height} bytes, got ${rgba.length}.`);
  let opaque = true;
  for (let i = 3; i < rgba.length && opaque; i += 4) opaque = rgba[i] === 255;
  const channels = opaque ? 3 : 4;
  return pngFile(width, height, [8, opaque ? 2 : 6], deflateSync(filterRows(rgba, width, height, channels)));
}

/**
 * The file around deflated rows.
 *
 * @param kind bits of a channel, and colour type (0 grey, 2 RGB, 6 RGBA)
 */
export function pngFile(
  width: number,
  height: number,
  [bits, color]: readonly [number, number],
  data: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = bits;
  header[9] = color;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** A PNG as a data URI, for pages that must stand alone. */
export function pngDataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
}

function filterRows(rgba: Uint8Array, width: number, height: number, channels: number): Uint8Array {
  const stride = width * channels;
  const out = new Uint8Array(height * (stride + 1));
  let above = new Uint8Array(stride);
  let row = new Uint8Array(stride);
  const candidates = Array.from({ length: 5 }, () => new Uint8Array(stride));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) row[x * channels + c] = rgba[4 * (y * width + x) + c]!;
    let best = 0;
    let least = Infinity;
    for (let filter = 0; filter < 5; filter++) {
      const cost = applyFilter(filter, row, above, channels, candidates[filter]!);
      if (cost < least) [best, least] = [filter, cost];
    }
    out[y * (stride + 1)] = best;
    out.set(candidates[best]!, y * (stride + 1) + 1);
    [above, row] = [row, above];
  }
  return out;
}

/** PNG filters 0…4 (none, sub, up, average, Paeth); returns the sum of |difference| with bytes taken as signed. */
function applyFilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  bpp: number,
  out: Uint8Array,
): number {
  let cost = 0;
  for (let i = 0; i < row.length; i++) {
    const a = i >= bpp ? row[i - bpp]! : 0;
    const b = above[i]!;
    const c = i >= bpp ? above[i - bpp]! : 0;
    let predicted = 0;
    if (filter === 1) predicted = a;
    else if (filter === 2) predicted = b;
    else if (filter === 3) predicted = (a + b) >> 1;
    else if (filter === 4) predicted = paeth(a, b, c);
    const d = (row[i]! - predicted) & 255;
    out[i] = d;
    cost += d < 128 ? d : 256 - d;
  }
  return cost;
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
