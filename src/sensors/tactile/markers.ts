/** A dot is darker than its surroundings by this factor in every channel; shading leaves some channel bright. */
const DARKER = 0.86;
/** Half the width of the surroundings, as a share of the image's height. */
const AROUND = 0.05;
/** Pixels around a dot that its blurred edge spoils. */
const EDGE = 2;

/**
 * Finds the dots that are printed on a gel and fills in what they hide. They move with the gel: they are looked for in
 * every image.
 *
 * @example
 * const markers = new MarkerFilter(320, 240);
 * const hidden = markers.find(image); // 1 where a dot is
 * markers.fill([slopesX, slopesY], hidden);
 */
export class MarkerFilter {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #dots: Uint8Array;
  readonly #around: number;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.#sums = new Float64Array((width + 1) * (height + 1));
    this.#counts = new Float64Array((width + 1) * (height + 1));
    this.#dots = new Uint8Array(width * height);
    this.#around = Math.max(6, Math.round(AROUND * height));
  }

  /** @param rgb 3 bytes a pixel @param out result, 1 where a dot hides the gel */
  find(rgb: Uint8Array, out: Uint8Array = new Uint8Array(this.width * this.height)): Uint8Array {
    const { width, height } = this;
    const dots = this.#dots.fill(1);
    const k = this.#around;
    for (let c = 0; c < 3; c++) {
      this.#integrate(this.#sums, (i) => rgb[3 * i + c]!);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const i = y * width + x;
          if (
            dots[i] === 1 &&
            rgb[3 * i + c]! > DARKER * (this.#box(this.#sums, x, y, k) / this.#area(x, y, k))
          )
            dots[i] = 0;
        }
    }
    this.#integrate(this.#counts, (i) => dots[i]!);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) out[y * width + x] = this.#box(this.#counts, x, y, EDGE) > 0 ? 1 : 0;
    return out;
  }

  /**
   * Replaces hidden values by the mean of the visible ones around (normalised convolution with a box, wider where a dot is
   * large).
   */
  fill(planes: readonly (Float32Array | Uint8Array)[], hidden: Uint8Array): void {
    const { width, height } = this;
    this.#integrate(this.#counts, (i) => 1 - hidden[i]!);
    const widest = 4 * this.#around;
    for (const values of planes) {
      this.#integrate(this.#sums, (i) => (hidden[i] === 1 ? 0 : values[i]!));
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          if (hidden[y * width + x] === 0) continue;
          let k = 3;
          // At least a quarter of the box has to be visible.
          while (this.#box(this.#counts, x, y, k) < 0.25 * this.#area(x, y, k) && k < widest) k += 2;
          const count = this.#box(this.#counts, x, y, k);
          values[y * width + x] = count > 0 ? this.#box(this.#sums, x, y, k) / count : 0;
        }
    }
  }

  /** Summed-area table. */
  #integrate(table: Float64Array, at: (i: number) => number): void {
    const { width, height } = this;
    const stride = width + 1;
    for (let y = 0; y < height; y++) {
      let row = 0;
      for (let x = 0; x < width; x++) {
        row += at(y * width + x);
        table[(y + 1) * stride + x + 1] = table[y * stride + x + 1]! + row;
      }
    }
  }

  /** Sum over the box of half width k, cut at the borders. */
  #box(table: Float64Array, x: number, y: number, k: number): number {
    const stride = this.width + 1;
    const [left, right] = [Math.max(0, x - k), Math.min(this.width, x + k + 1)];
    const [top, bottom] = [Math.max(0, y - k) * stride, Math.min(this.height, y + k + 1) * stride];
    return table[bottom + right]! - table[top + right]! - table[bottom + left]! + table[top + left]!;
  }

  #area(x: number, y: number, k: number): number {
    const across = Math.min(this.width, x + k + 1) - Math.max(0, x - k);
    return across * (Math.min(this.height, y + k + 1) - Math.max(0, y - k));
  }
}
