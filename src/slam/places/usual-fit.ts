/** Usual fit (see `Candidate`) of structured-light cameras at right places, and the least of noisier ones that is taken for usual. */
const STRUCTURED_LIGHT = 0.93;
const LEAST = 0.8;
/** Share of the newest frame in the running mean. */
const RATE = 0.2;

/**
 * How well a camera's frames fit the map at right places: noise leaves less of it, a stereo camera's the least. What is asked of
 * a place is asked relative to that.
 *
 * @example
 * const fits = new UsualFits();
 * fits.learn('camera', 0.84); // a frame that was tracked
 * fits.relative('camera', 0.7); // 0.7 as a structured-light camera would fit there
 */
export class UsualFits {
  readonly #usual = new Map<string, number>();

  /** A fit as a structured-light camera would have it. */
  relative(sensor: string, fit: number): number {
    return (fit * STRUCTURED_LIGHT) / (this.#usual.get(sensor) ?? STRUCTURED_LIGHT);
  }

  /** Takes the fit of a frame whose place is beyond doubt. */
  learn(sensor: string, fit: number): void {
    const before = this.#usual.get(sensor) ?? STRUCTURED_LIGHT;
    const mean = before + RATE * (fit - before);
    this.#usual.set(sensor, Math.max(LEAST, Math.min(STRUCTURED_LIGHT, mean)));
  }
}
