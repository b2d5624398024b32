const CELL = 0.5;

/**
 * Answers "how far from the nearest of these positions?" through a raster of horizontally nearest positions.
 *
 * @example
 * const path = new PathDistance(Float64Array.of(0, 0, 0, 5, 0, 0), 20);
 * path.distance(5, 3, 4); // 5
 */
export class PathDistance {
  private readonly x0: number;
  private readonly y0: number;
  private readonly columns: number;
  private readonly rows: number;
  private readonly index: Int32Array;
  private readonly flat: Float32Array;

  /**
   * @param positions 3·N.
   * @param reach distances beyond this need not differ.
   */
  constructor(
    readonly positions: Float64Array,
    readonly reach: number,
  ) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < positions.length; i += 3) {
      x0 = Math.min(x0, positions[i]!);
      x1 = Math.max(x1, positions[i]!);
      y0 = Math.min(y0, positions[i + 1]!);
      y1 = Math.max(y1, positions[i + 1]!);
    }
    this.x0 = x0 - reach - CELL;
    this.y0 = y0 - reach - CELL;
    this.columns = Math.ceil((x1 + reach + CELL - this.x0) / CELL);
    this.rows = Math.ceil((y1 + reach + CELL - this.y0) / CELL);
    this.index = new Int32Array(this.columns * this.rows);
    this.flat = new Float32Array(this.columns * this.rows).fill(Infinity);
    for (let i = 0; i < positions.length; i += 3) this.spread(i);
  }

  private spread(i: number): void {
    const [x, y] = [this.positions[i]!, this.positions[i + 1]!];
    const r = Math.ceil((this.reach + CELL) / CELL);
    const [cx, cy] = [Math.floor((x - this.x0) / CELL), Math.floor((y - this.y0) / CELL)];
    for (let b = Math.max(0, cy - r); b <= Math.min(this.rows - 1, cy + r); b++) {
      for (let a = Math.max(0, cx - r); a <= Math.min(this.columns - 1, cx + r); a++) {
        const d = Math.hypot(this.x0 + (a + 0.5) * CELL - x, this.y0 + (b + 0.5) * CELL - y);
        const c = b * this.columns + a;
        if (d >= this.flat[c]!) continue;
        this.flat[c] = d;
        this.index[c] = i;
      }
    }
  }

  /** Distance to the position that is horizontally nearest the point's raster cell; Infinity beyond the reach. */
  distance(x: number, y: number, z: number): number {
    const a = Math.floor((x - this.x0) / CELL);
    const b = Math.floor((y - this.y0) / CELL);
    if (a < 0 || b < 0 || a >= this.columns || b >= this.rows) return Infinity;
    const c = b * this.columns + a;
    if (this.flat[c] === Infinity) return Infinity;
    const i = this.index[c]!;
    const P = this.positions;
    return Math.sqrt((x - P[i]!) ** 2 + (y - P[i + 1]!) ** 2 + (z - P[i + 2]!) ** 2);
  }
}
