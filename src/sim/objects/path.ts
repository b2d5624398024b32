/** A corner of a path: x, y (m) and the radius that rounds it (m; Infinity: as large as its sides allow; 0: sharp). */
export type PathPoint = readonly [x: number, y: number, radius?: number];

/** Numbers a line takes in `lines`: x0, y0, dx, dy, 1 / length². */
const LINE = 5;
/** Numbers an arc takes in `arcs`: centre, radius, direction to its middle, cosine of half its angle, both ends. */
const ARC = 10;
/** Numbers a stretch that only rises or falls takes in `stretches`: y from, y to, x, dx/dy or centre, r², side. */
const STRETCH = 7;

/**
 * A path in the plane of straight lines and circular arcs that round its corners: the outline of what is turned,
 * drawn out or bent into solids. Its distance is exact; with rounded corners the path is smooth.
 *
 * @example
 * const plate = new Path([[-0.05, 0, 0.002], [0.05, 0, 0.002], [0.05, 0.01, 0.002], [-0.05, 0.01, 0.002]], true);
 * plate.signed(0, 0.02); // 0.01
 */
export class Path {
  /** Smallest and largest x and y. */
  readonly low: [number, number] = [Infinity, Infinity];
  readonly high: [number, number] = [-Infinity, -Infinity];
  readonly #lines: Float64Array;
  readonly #arcs: Float64Array;
  readonly #stretches: Float64Array;

  /**
   * @param points corners in order; a radius is cut down to what half of both sides next to the corner allows.
   * @param closed whether the last point is joined to the first. The inside of an open path is what a line from its
   *     end to its start would close, but that line has no distance: for solids of revolution, it is the axis.
   */
  constructor(points: readonly PathPoint[], closed = false) {
    const n = points.length;
    const lines: number[] = [];
    const arcs: number[] = [];
    const stretches: number[] = [];
    const line = (ax: number, ay: number, bx: number, by: number, visible: boolean): void => {
      if (ax === bx && ay === by) return;
      if (visible) {
        lines.push(ax, ay, bx - ax, by - ay, 1 / ((bx - ax) ** 2 + (by - ay) ** 2));
        this.#contain(ax, ay);
        this.#contain(bx, by);
      }
      if (ay !== by) stretches.push(ay, by, ax, (bx - ax) / (by - ay), 0, 0, 0);
    };
    let [startX, startY] = [Number.NaN, Number.NaN];
    let [x, y] = [Number.NaN, Number.NaN];
    for (let i = 0; i < n; i++) {
      const [px, py, wanted = 0] = points[i]!;
      const end = !closed && (i === 0 || i === n - 1);
      const turn = end || wanted === 0 ? undefined : fillet(points, i, wanted);
      if (turn === undefined) {
        if (i > 0) line(x, y, px, py, true);
        else [startX, startY] = [px, py];
        [x, y] = [px, py];
        continue;
      }
      if (i > 0) line(x, y, turn.ax, turn.ay, true);
      else [startX, startY] = [turn.ax, turn.ay];
      arcs.push(turn.cx, turn.cy, turn.r, turn.mx, turn.my, turn.cosHalf, turn.ax, turn.ay, turn.bx, turn.by);
      this.#containArc(turn);
      addStretches(stretches, turn);
      [x, y] = [turn.bx, turn.by];
    }
    line(x, y, startX, startY, closed);
    this.#lines = Float64Array.from(lines);
    this.#arcs = Float64Array.from(arcs);
    this.#stretches = Float64Array.from(stretches);
  }

  /** A circle. */
  static circle(cx: number, cy: number, r: number): Path {
    return new Path([[cx - r, cy - r, r], [cx + r, cy - r, r], [cx + r, cy + r, r], [cx - r, cy + r, r]], true); // prettier-ignore
  }

  /** Distance to the path itself, never negative. */
  distance(x: number, y: number): number {
    let least = Infinity;
    const lines = this.#lines;
    for (let i = 0; i < lines.length; i += LINE) {
      const vx = x - lines[i]!;
      const vy = y - lines[i + 1]!;
      const dx = lines[i + 2]!;
      const dy = lines[i + 3]!;
      const t = Math.min(1, Math.max(0, (vx * dx + vy * dy) * lines[i + 4]!));
      const ex = vx - t * dx;
      const ey = vy - t * dy;
      least = Math.min(least, ex * ex + ey * ey);
    }
    const arcs = this.#arcs;
    for (let i = 0; i < arcs.length; i += ARC) {
      const vx = x - arcs[i]!;
      const vy = y - arcs[i + 1]!;
      const length = Math.sqrt(vx * vx + vy * vy);
      if (vx * arcs[i + 3]! + vy * arcs[i + 4]! >= length * arcs[i + 5]!) {
        least = Math.min(least, (length - arcs[i + 2]!) ** 2);
      } else {
        least = Math.min(least, (x - arcs[i + 6]!) ** 2 + (y - arcs[i + 7]!) ** 2);
        least = Math.min(least, (x - arcs[i + 8]!) ** 2 + (y - arcs[i + 9]!) ** 2);
      }
    }
    return Math.sqrt(least);
  }

  /** Distance to the path, negative inside. */
  signed(x: number, y: number): number {
    const distance = this.distance(x, y);
    return this.contains(x, y) ? -distance : distance;
  }

  /** Whether the point lies inside: the path crosses the ray towards +x an odd number of times. */
  contains(x: number, y: number): boolean {
    let inside = false;
    const s = this.#stretches;
    for (let i = 0; i < s.length; i += STRETCH) {
      const from = s[i]!;
      if (from <= y === s[i + 1]! <= y) continue;
      const side = s[i + 6]!;
      const crossing =
        side === 0
          ? s[i + 2]! + (y - from) * s[i + 3]!
          : s[i + 2]! + side * Math.sqrt(Math.max(0, s[i + 5]! - (y - s[i + 4]!) ** 2));
      if (crossing > x) inside = !inside;
    }
    return inside;
  }

  #contain(x: number, y: number): void {
    this.low[0] = Math.min(this.low[0], x);
    this.low[1] = Math.min(this.low[1], y);
    this.high[0] = Math.max(this.high[0], x);
    this.high[1] = Math.max(this.high[1], y);
  }

  #containArc(arc: Arc): void {
    this.#contain(arc.ax, arc.ay);
    this.#contain(arc.bx, arc.by);
    for (const [ux, uy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const)
      // prettier-ignore
      if (ux * arc.mx + uy * arc.my >= arc.cosHalf) this.#contain(arc.cx + arc.r * ux, arc.cy + arc.r * uy);
  }
}

interface Arc {
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
  /** Unit direction from the centre to the middle of the arc. */
  readonly mx: number;
  readonly my: number;
  readonly cosHalf: number;
  /** Where it begins and ends. */
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
}

/** The arc that rounds corner i and touches both of its sides, or undefined where the path goes straight on. */
function fillet(points: readonly PathPoint[], i: number, wanted: number): Arc | undefined {
  const n = points.length;
  const [px, py] = points[i]!;
  const [qx, qy] = points[(i + n - 1) % n]!;
  const [sx, sy] = points[(i + 1) % n]!;
  const before = Math.hypot(px - qx, py - qy);
  const after = Math.hypot(sx - px, sy - py);
  const [ux, uy] = [(qx - px) / before, (qy - py) / before];
  const [vx, vy] = [(sx - px) / after, (sy - py) / after];
  const cosCorner = ux * vx + uy * vy;
  if (cosCorner < -1 + 1e-12) return undefined;
  // tan of half the angle between the sides: the arc touches them r / tan away from the corner.
  const tanHalf = Math.sqrt((1 - cosCorner) / (1 + cosCorner));
  const r = Math.min(wanted, (Math.min(before, after) / 2) * tanHalf);
  const t = r / tanHalf;
  const bisector = Math.hypot(ux + vx, uy + vy);
  const [wx, wy] = [(ux + vx) / bisector, (uy + vy) / bisector];
  const sinHalf = tanHalf / Math.sqrt(1 + tanHalf * tanHalf);
  const reach = r / sinHalf;
  return {
    cx: px + reach * wx,
    cy: py + reach * wy,
    r,
    mx: -wx,
    my: -wy,
    cosHalf: sinHalf, // half the arc is 90° less half the corner
    ax: px + t * ux,
    ay: py + t * uy,
    bx: px + t * vx,
    by: py + t * vy,
  };
}

/** The arc cut at its highest and lowest point, so that each stretch crosses a height at most once. */
function addStretches(out: number[], arc: Arc): void {
  const { cx, cy, r } = arc;
  const add = (ya: number, yb: number, side: number): void => {
    if (ya !== yb) out.push(ya, yb, cx, 0, cy, r * r, side);
  };
  const side = (x: number): number => (x >= cx ? 1 : -1);
  const [from, to] = [arc.ax - cx, arc.bx - cx];
  // An arc that rounds a corner is shorter than half a circle: it passes the top or the bottom, never both.
  const pole = arc.my >= arc.cosHalf ? cy + r : -arc.my >= arc.cosHalf ? cy - r : undefined;
  if (pole === undefined) return add(arc.ay, arc.by, side((arc.ax + arc.bx) / 2));
  add(arc.ay, pole, from === 0 ? -Math.sign(to) : Math.sign(from));
  add(pole, arc.by, to === 0 ? -Math.sign(from) : Math.sign(to));
}
