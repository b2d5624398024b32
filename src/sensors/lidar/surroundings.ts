/** Scans that are looked at. */
const SCANS = 20;
/** Where nearly all points lie in rooms, and in nothing larger (m). */
const NEAR = 10;
/** Share of points that may lie farther. */
const FARTHER = 0.01;
/** A range beyond which lengths are coarse in rooms, and one that suits them (m). */
const COARSE_FROM = 60;
const FINE = 30;

/**
 * Whether the first scans see a room only, while the lengths of the map follow a range for streets.
 *
 * @example
 * const surroundings = new Surroundings(100);
 * const notice = surroundings.add(scan.positions, scan.count); // undefined: nothing to tell
 */
export class Surroundings {
  #scans = 0;
  #points = 0;
  #farther = 0;

  /** @param maxRange that lengths follow, m */
  constructor(private readonly maxRange: number) {}

  /**
   * What the user should know, once.
   *
   * @param positions x y z of each point, sensor frame, m; not a number where nothing came back
   */
  add(positions: ArrayLike<number>, count: number): string | undefined {
    if (this.maxRange < COARSE_FROM || this.#scans >= SCANS) return undefined;
    for (let i = 0; i < 3 * count; i += 3) {
      const square = positions[i]! ** 2 + positions[i + 1]! ** 2 + positions[i + 2]! ** 2;
      if (!(square > 0) || square > this.maxRange ** 2) continue;
      this.#points++;
      if (square > NEAR ** 2) this.#farther++;
    }
    if (++this.#scans < SCANS || this.#points === 0 || this.#farther > FARTHER * this.#points)
      return undefined;
    return (
      `The points of the first ${SCANS} scans lie within ${NEAR} m, but the lengths of the map follow sensor.maxRange, ` +
      `which is ${this.maxRange} m: they are coarse for a room. If it stays indoors, sensor.maxRange=${FINE} makes poses ` +
      'and mesh finer, and a scan takes about twice as long.'
    );
  }
}
