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
  /** Sums of bytes; they may wrap, their differences do not. */
  readonly #counts: Int32Array;
  readonly #sums: Float64Array[] = [];
  readonly #dots: Uint8Array;
  readonly #around: number;
  /** A box cut at the borders: offsets of its corners in a table, and its area. */
  readonly #box = { topLeft: 0, topRight: 0, bottomLeft: 0, bottomRight: 0, area: 0 };

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.#counts = new Int32Array((width + 1) * (height + 1));
    this.#dots = new Uint8Array(width * height);
    this.#around = Math.max(6, Math.round(AROUND * height));
  }

  /** @param rgb 3 bytes a pixel @param out result, 1 where a dot hides the gel */
  find(rgb: Uint8Array, out: Uint8Array = new Uint8Array(this.width * this.height)): Uint8Array {
    const { width, height } = this;
    const dots = this.#dots.fill(1);
    const table = this.#counts;
    for (let c = 0; c < 3; c++) {
      sumBytes(table, rgb, width, height, 3, c);
      this.#eachBox(this.#around, (i, sum, area) => {
        if (dots[i] === 1 && rgb[3 * i + c]! > DARKER * (sum / area)) dots[i] = 0;
      });
    }
    sumBytes(table, dots, width, height, 1, 0);
    this.#eachBox(EDGE, (i, sum) => {
      out[i] = sum > 0 ? 1 : 0;
    });
    return out;
  }

  /**
   * Replaces hidden values by the mean of the visible ones around (normalised convolution with a box, wider where a dot is
   * large).
   */
  fill(planes: readonly (Float32Array | Uint8Array)[], hidden: Uint8Array): void {
    const { width, height } = this;
    const [table, box] = [this.#counts, this.#box];
    sumBytes(table, hidden, width, height, 1, 0);
    planes.forEach((values, p) => {
      this.#sums[p] ??= new Float64Array(table.length);
      sumVisible(this.#sums[p], values, hidden, width, height);
    });
    const widest = 4 * this.#around;
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        if (hidden[i] === 0) continue;
        let visible = 0;
        // At least a quarter of the box has to be visible.
        for (let k = 3; ; k += 2) {
          this.#place(x, y, k);
          visible = box.area - countIn(table, box);
          if (visible >= 0.25 * box.area || k >= widest) break;
        }
        for (let p = 0; p < planes.length; p++)
          planes[p]![i] = visible > 0 ? sumIn(this.#sums[p]!, box) / visible : 0;
      }
  }

  /** The box of half width k around each pixel: what the table of bytes has in it, and its area. */
  #eachBox(k: number, visit: (pixel: number, sum: number, area: number) => void): void {
    const { width, height } = this;
    const table = this.#counts;
    const stride = width + 1;
    for (let y = 0, i = 0; y < height; y++) {
      const [first, last] = [y > k ? y - k : 0, y + k < height ? y + k + 1 : height];
      const [top, bottom] = [first * stride, last * stride];
      for (let x = 0; x < width; x++, i++) {
        const left = x > k ? x - k : 0;
        const right = x + k < width ? x + k + 1 : width;
        const sum = table[bottom + right]! - table[top + right]! - table[bottom + left]! + table[top + left]!;
        visit(i, sum | 0, (right - left) * (last - first));
      }
    }
  }

  /** The box of half width k around a pixel. */
  #place(x: number, y: number, k: number): void {
    const { width, height } = this;
    const box = this.#box;
    const left = x > k ? x - k : 0;
    const right = x + k < width ? x + k + 1 : width;
    const top = y > k ? y - k : 0;
    const bottom = y + k < height ? y + k + 1 : height;
    box.area = (right - left) * (bottom - top);
    box.topLeft = top * (width + 1) + left;
    box.topRight = top * (width + 1) + right;
    box.bottomLeft = bottom * (width + 1) + left;
    box.bottomRight = bottom * (width + 1) + right;
  }
}

/** Corners of a box in a summed-area table. */
interface Corners {
  readonly topLeft: number;
  readonly topRight: number;
  readonly bottomLeft: number;
  readonly bottomRight: number;
}

function countIn(table: Int32Array, box: Corners): number {
  return (table[box.bottomRight]! - table[box.topRight]! - table[box.bottomLeft]! + table[box.topLeft]!) | 0;
}

function sumIn(table: Float64Array, box: Corners): number {
  return table[box.bottomRight]! - table[box.topRight]! - table[box.bottomLeft]! + table[box.topLeft]!;
}

/** Summed-area table of every `step`th byte from `first` on. */
function sumBytes(
  table: Int32Array,
  bytes: Uint8Array,
  width: number,
  height: number,
  step: number,
  first: number,
): void {
  const stride = width + 1;
  for (let y = 0, from = first, at = stride + 1; y < height; y++, at++) {
    let row = 0;
    for (let x = 0; x < width; x++, from += step, at++) {
      row += bytes[from]!;
      table[at] = table[at - stride]! + row;
    }
  }
}

/** Summed-area table of what is not hidden. */
function sumVisible(
  table: Float64Array,
  values: Float32Array | Uint8Array,
  hidden: Uint8Array,
  width: number,
  height: number,
): void {
  const stride = width + 1;
  for (let y = 0, from = 0, at = stride + 1; y < height; y++, at++) {
    let row = 0;
    for (let x = 0; x < width; x++, from++, at++) {
      if (hidden[from] === 0) row += values[from]!;
      table[at] = table[at - stride]! + row;
    }
  }
}
