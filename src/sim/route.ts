import { smoothstep, smoothstepIntegral, integrate } from './smooth.js';

/** A stretch of the way: straight where `turn` is 0, else it turns by that many radians (left positive). */
export interface RoutePiece {
  readonly length: number;
  readonly turn: number;
}

/** The ground rises with `slope` (m/m) between two positions along the way, with rounded ends. */
export interface Rise {
  readonly from: number;
  readonly to: number;
  readonly slope: number;
}

/** Where the way is at one position along it. */
export interface RoutePoint {
  x: number;
  y: number;
  z: number;
  /** Direction of travel, radians about z. */
  heading: number;
  /** dz/ds. */
  slope: number;
}

const CELL = 0.5;
const ROUNDING = 6;

/**
 * A way through a world, by arc length: the heading is a sum of smooth steps (curvature is continuous and so is its
 * derivative), and the position its integral by Gauss–Legendre quadrature from tabulated nodes, to about 1e-12 m.
 *
 * @example
 * const route = new Route({ x: 0, y: 0, heading: 0 }, pieces, { smooth: [5, 10], walking: 1.3 }, 1.7);
 * const { x, y, heading } = route.at(route.length / 2);
 */
export class Route {
  readonly length: number;
  private readonly starts: Float64Array;
  private readonly headings: Float64Array;
  private readonly nodes: { x: Float64Array; y: Float64Array; step: number }[] = [];

  /** @param speed usual speeds of travel, lowest and highest, m/s. */
  constructor(
    readonly start: { readonly x: number; readonly y: number; readonly heading: number },
    readonly pieces: readonly RoutePiece[],
    readonly speed: { readonly smooth: readonly [number, number]; readonly walking: number },
    readonly sensorHeight: number,
    readonly rises: readonly Rise[] = [],
  ) {
    const n = pieces.length;
    this.starts = new Float64Array(n + 1);
    this.headings = new Float64Array(n + 1);
    this.headings[0] = start.heading;
    let { x, y } = start;
    pieces.forEach((piece, i) => {
      const cells = Math.max(1, Math.ceil(piece.length / CELL));
      const step = piece.length / cells;
      const table = { x: new Float64Array(cells + 1), y: new Float64Array(cells + 1), step };
      for (let c = 0; c <= cells; c++) {
        table.x[c] = x;
        table.y[c] = y;
        if (c === cells) break;
        x += integrate((u) => Math.cos(this.headingIn(i, u)), c * step, (c + 1) * step);
        y += integrate((u) => Math.sin(this.headingIn(i, u)), c * step, (c + 1) * step);
      }
      this.nodes.push(table);
      this.starts[i + 1] = this.starts[i]! + piece.length;
      this.headings[i + 1] = this.headings[i]! + piece.turn;
    });
    this.length = this.starts[n]!;
  }

  /** Positions along the way where turns are at their tightest. */
  get bends(): number[] {
    return this.pieces.flatMap((p, i) => (p.turn === 0 ? [] : [this.starts[i]! + p.length / 2]));
  }

  private headingIn(piece: number, u: number): number {
    const { length, turn } = this.pieces[piece]!;
    return this.headings[piece]! + (turn === 0 ? 0 : turn * smoothstep(u / length));
  }

  /** The point at arc length s; before the start and after the end the way goes on straight. */
  at(s: number, out: RoutePoint = { x: 0, y: 0, z: 0, heading: 0, slope: 0 }): RoutePoint {
    const inside = Math.min(Math.max(s, 0), this.length);
    let i = this.pieces.length - 1;
    while (i > 0 && this.starts[i]! > inside) i--;
    const u = inside - this.starts[i]!;
    const { x, y, step } = this.nodes[i]!;
    const cell = Math.min(Math.floor(u / step), x.length - 2);
    out.heading = this.headingIn(i, u);
    out.x = x[cell]! + integrate((v) => Math.cos(this.headingIn(i, v)), cell * step, u);
    out.y = y[cell]! + integrate((v) => Math.sin(this.headingIn(i, v)), cell * step, u);
    const beyond = s - inside;
    if (beyond !== 0) {
      out.x += beyond * Math.cos(out.heading);
      out.y += beyond * Math.sin(out.heading);
    }
    out.z = 0;
    out.slope = 0;
    for (const { from, to, slope } of this.rises) {
      const a = (s - from) / ROUNDING + 0.5;
      const b = (s - to) / ROUNDING + 0.5;
      out.z += slope * ROUNDING * (smoothstepIntegral(a) - smoothstepIntegral(b));
      out.slope += slope * (smoothstep(a) - smoothstep(b));
    }
    return out;
  }
}

/** How far ahead (and as far aside) a smooth 90° turn of the given arc length leads. */
export function turnReach(length: number): number {
  let reach = 0;
  const cells = Math.ceil(length / CELL);
  for (let c = 0; c < cells; c++) {
    reach += integrate(
      (u) => Math.cos((Math.PI / 2) * smoothstep(u / length)),
      (c * length) / cells,
      ((c + 1) * length) / cells,
    );
  }
  return reach;
}
