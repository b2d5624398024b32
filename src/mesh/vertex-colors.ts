/**
 * Red, green and blue of a vertex without colour beside others that have one: mid grey, which viewers may replace by
 * their own. No vertex with a colour has these three values.
 */
export const UNKNOWN_COLOR = 128;

/**
 * Colours of points on the surface (x y z each, metres): red, green, blue, and 255 where they are known, 0 where not.
 * Empty where nothing can be coloured. The points are valid during the call only.
 */
export type ColorsOf = (points: Float32Array) => Uint8Array;

/** Whether vertex `i` has a colour. @param colors 3 a vertex */
export function hasColor(colors: ArrayLike<number>, i: number): boolean {
  const at = 3 * i;
  return !(
    colors[at] === UNKNOWN_COLOR &&
    colors[at + 1] === UNKNOWN_COLOR &&
    colors[at + 2] === UNKNOWN_COLOR
  );
}

/**
 * Colours of the vertices of many blocks, asked for with one call. Its arrays grow to the largest batch and are kept.
 *
 * @example
 * const batch = new BatchColors();
 * batch.add(positions); // of each block, 3 a vertex
 * batch.ask((points) => backend.colours(field, points));
 * const colors = batch.next(vertices); // of each block in the same order
 */
export class BatchColors {
  #points = new Float32Array(0);
  #colors = new Uint8Array(0);
  #answer: Uint8Array = new Uint8Array(0);
  /** Values of `#points` in use, and vertices that were handed out. */
  #filled = 0;
  #taken = 0;

  /** One more block. @param positions 3 a vertex, metres; copied */
  add(positions: Float32Array): void {
    const needed = this.#filled + positions.length;
    if (needed > this.#points.length) {
      const grown = new Float32Array(2 * needed);
      grown.set(this.#points.subarray(0, this.#filled));
      this.#points = grown;
    }
    this.#points.set(positions, this.#filled);
    this.#filled = needed;
  }

  /** Asks for the colours of all blocks that were added, and starts anew. */
  ask(colorsOf: ColorsOf): void {
    const vertices = this.#filled / 3;
    this.#answer = vertices > 0 ? colorsOf(this.#points.subarray(0, this.#filled)) : new Uint8Array(0);
    if (this.#answer.length !== 0 && this.#answer.length !== 4 * vertices)
      throw new RangeError(`Colours of ${vertices} points take 4 bytes each, got ${this.#answer.length}.`);
    if (3 * vertices > this.#colors.length) this.#colors = new Uint8Array(6 * vertices);
    this.#filled = this.#taken = 0;
  }

  /**
   * Colours of the next block.
   *
   * @returns 3 a vertex, valid until the next {@link ask}; undefined where none of its vertices has a colour
   */
  next(vertices: number): Uint8Array | undefined {
    const [first, end] = [this.#taken, this.#taken + vertices];
    const [answer, colors] = [this.#answer, this.#colors];
    this.#taken = end;
    if (answer.length === 0) return undefined;
    let known = 0;
    for (let i = first; i < end; i++) {
      const [from, to] = [4 * i, 3 * i];
      if (answer[from + 3]! === 0) {
        colors[to] = colors[to + 1] = colors[to + 2] = UNKNOWN_COLOR;
        continue;
      }
      known++;
      colors[to] = answer[from]!;
      colors[to + 1] = answer[from + 1]!;
      colors[to + 2] = answer[from + 2]!;
      // One step of blue that nobody sees keeps mid grey free.
      if (!hasColor(colors, i)) colors[to + 2] = UNKNOWN_COLOR - 1;
    }
    return known > 0 ? colors.subarray(3 * first, 3 * end) : undefined;
  }
}
