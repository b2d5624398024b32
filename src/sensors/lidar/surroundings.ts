/** Scans that are looked at. */
const SCANS = 20;
/** Where nearly all points lie in rooms, and in nothing larger (m). */
const NEAR = 10;
/** Share of points that may lie farther. */
const FARTHER = 0.01;
/** A range beyond which lengths are coarse in rooms, and one that suits them (m). */
const COARSE_FROM = 60;
const FINE = 30;

/** Share of points beyond the range of a room, from which on they are missed. */
const MISSED = 0.1;

/**
 * Whether the first scans see a room only, while the lengths of the map follow a range for streets; or much beyond a range
 * that is a room's only because something is touched as well.
 *
 * @example
 * const surroundings = new Surroundings(100);
 * const notice = surroundings.add(scan.positions, scan.count); // undefined: nothing to tell
 */
export class Surroundings {
  #scans = 0;
  #points = 0;
  #farther = 0;

  /**
   * @param maxRange that lengths follow, m
   * @param reach of the LiDAR, m: larger where touch has a part in the map (setting touch.lidarRange)
   */
  constructor(
    private readonly maxRange: number,
    private readonly reach = maxRange,
  ) {}

  /**
   * What the user should know, once.
   *
   * @param positions x y z of each point, sensor frame, m; not a number where nothing came back
   */
  add(positions: ArrayLike<number>, count: number): string | undefined {
    const { maxRange, reach } = this;
    const short = reach > maxRange;
    if ((maxRange < COARSE_FROM && !short) || this.#scans >= SCANS) return undefined;
    const far = short ? maxRange : NEAR;
    for (let i = 0; i < 3 * count; i += 3) {
      const square = positions[i]! ** 2 + positions[i + 1]! ** 2 + positions[i + 2]! ** 2;
      if (!(square > 0) || square > reach ** 2) continue;
      this.#points++;
      if (square > far ** 2) this.#farther++;
    }
    if (++this.#scans < SCANS || this.#points === 0) return undefined;
    const share = this.#farther / this.#points;
    if (short) return share > MISSED ? this.#missed(share) : undefined;
    if (share > FARTHER) return undefined;
    return (
      `The points of the first ${SCANS} scans lie within ${NEAR} m, but the lengths of the map follow sensor.maxRange, ` +
      `which is ${maxRange} m: they are coarse for a room. If it stays indoors, sensor.maxRange=${FINE} makes poses ` +
      'and mesh finer, and a scan takes about twice as long.'
    );
  }

  #missed(share: number): string {
    return (
      `${Math.round(100 * share)} % of the points of the first ${SCANS} scans lie beyond ${this.maxRange} m and are left out: ` +
      `where something is touched as well, a map is made for rooms (touch.lidarRange). Outdoors, touch.lidarRange=${this.reach} uses them.`
    );
  }
}
