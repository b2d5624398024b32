/** A pinhole without a lens. Pixel centres lie at whole numbers: the first one at (0, 0). */
export interface Pinhole {
  readonly width: number;
  readonly height: number;
  /** Pixels. */
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}
