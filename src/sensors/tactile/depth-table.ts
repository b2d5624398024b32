/** Rec. 601 luma of a pixel, 0 … 255. */
export function greyOf(rgb: Uint8Array, pixel: number): number {
  return 0.299 * rgb[3 * pixel]! + 0.587 * rgb[3 * pixel + 1]! + 0.114 * rgb[3 * pixel + 2]!;
}

/**
 * Depth of a translucent gel, which is darker (9DTact) the deeper it is pressed in: how much darker each pixel is than the
 * reference, looked up between the entries of a table.
 *
 * @param depths metres at 0, 1, 2 … grey levels darker
 * @param out depth in metres
 * @param difference grey levels darker than the reference, rounded; a ring that brightens around a contact is none
 */
export function lookUpDepths(
  rgb: Uint8Array,
  reference: Uint8Array,
  depths: Float32Array,
  out: Float32Array,
  difference: Uint8Array,
): void {
  const last = depths.length - 1;
  for (let i = 0; i < out.length; i++) {
    const darker = greyOf(reference, i) - greyOf(rgb, i);
    difference[i] = Math.min(255, Math.max(0, Math.round(darker)));
    const at = Math.min(last, Math.max(0, darker));
    const below = Math.min(last - 1, Math.floor(at));
    const share = at - below;
    out[i] = depths[below]! * (1 - share) + depths[below + 1]! * share;
  }
}
