/** Every so many pixels are looked at. */
const STRIDE = 7;

/** Whether an image has no colour at all: red, green and blue are the same in each pixel, as mono8 is decoded. @param rgb 3 bytes a pixel */
export function isGrey(rgb: Uint8Array): boolean {
  for (let i = 0; i + 2 < rgb.length; i += 3 * STRIDE)
    if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) return false;
  return true;
}
