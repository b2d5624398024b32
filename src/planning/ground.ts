import type { GroundWindow } from './ground-window.js';

/** States of cells, as nav_msgs/OccupancyGrid has them. */
export const UNKNOWN = -1;
export const FREE = 0;
export const OCCUPIED = 100;

/** What the robot can do, metres. */
export interface RobotLimits {
  /** Its height: lower ceilings are obstacles. */
  readonly height: number;
  /** Steepest ground that it climbs, degrees. */
  readonly maxSlope: number;
  /** Highest step that it takes, up or down. */
  readonly maxStep: number;
}

/** Where the robot can go: cells from (i0, j0) in rows of rising y; cell (i, j) has its centre at (i + ½, j + ½) · resolution. */
export interface CostMap {
  readonly i0: number;
  readonly j0: number;
  readonly width: number;
  readonly height: number;
  /** Side of a cell, metres. */
  readonly resolution: number;
  /** Unknown -1, free 0, occupied 100 per cell, as nav_msgs/OccupancyGrid has them. */
  readonly states: Int8Array;
  /** Height of the ground, metres, submap frame; NaN where it is not known. */
  readonly heights: Float32Array;
}

export interface Ground {
  /** {@link UNKNOWN}, {@link FREE} or {@link OCCUPIED} per cell, rows of rising y. */
  readonly states: Int8Array;
  /** Height of the ground that the robot can reach, metres; where it was not seen, as far as it is guessed; else NaN. */
  readonly heights: Float32Array;
}

/** The height of the ground is guessed so far into what was not seen, metres. */
const REACH = 2;
/** The robot's own ground is looked for so far around it first, metres. */
const FIRST_RADIUS = 5;
/** Of the plane through the ground whose slope counts: half a side, metres. */
const PLANE_HALF = 0.3;

/**
 * Where a robot can stand: from the ground around it, the wave spreads over floors that it reaches by slopes and steps
 * within its limits. Only floors that were seen, with nothing in the way up to the robot's height, are free; what rises
 * into that height, and edges where it drops, are occupied.
 */
export function groundOf(window: GroundWindow, robot: ArrayLike<number>, limits: RobotLimits): Ground {
  return new Wave(window, limits).run(robot);
}

class Wave {
  readonly #w: GroundWindow;
  readonly #limits: RobotLimits;
  readonly #heights: Float32Array;
  readonly #states: Int8Array;
  /** Cells since the last one whose ground was seen. */
  readonly #gap: Uint16Array;
  /** Above the floor, obstacles begin here. */
  readonly #lower: number;
  readonly #halfTan: number;
  readonly #reach: number;
  readonly #seen: number[] = [];
  readonly #guessed: number[] = [];
  readonly #obstacles: number[] = [];

  constructor(window: GroundWindow, limits: RobotLimits) {
    const cells = window.width * window.height;
    this.#w = window;
    this.#limits = limits;
    this.#heights = new Float32Array(cells).fill(NaN);
    this.#states = new Int8Array(cells).fill(UNKNOWN);
    this.#gap = new Uint16Array(cells);
    const slope = (limits.maxSlope * Math.PI) / 180;
    // A cell counts as solid within half a cell of a surface: near a slope so high above it.
    this.#lower = Math.max(limits.maxStep, window.resolution / 2 / Math.cos(slope) + window.voxel / 2);
    this.#halfTan = Math.tan(slope) / 2;
    this.#reach = Math.max(1, Math.round(REACH / window.resolution));
  }

  run(robot: ArrayLike<number>): Ground {
    for (const { cell, z } of this.#start(robot)) this.#stand(cell, z);
    // What was seen goes first, so that no guess takes its place.
    for (let [s, g] = [0, 0]; s < this.#seen.length || g < this.#guessed.length;) {
      const cell = s < this.#seen.length ? this.#seen[s++]! : this.#guessed[g++]!;
      const [z, gap] = [this.#heights[cell]!, this.#gap[cell]! + 1];
      this.#spread(cell, (next) => this.#step(next, z, gap));
    }
    this.#fillObstacles();
    this.#closeSteep();
    return { states: this.#states, heights: this.#heights };
  }

  /** The largest connected floor around the robot and not above it. */
  #start(robot: ArrayLike<number>): readonly Place[] {
    const span = Math.hypot(this.#w.width, this.#w.height) * this.#w.resolution;
    for (let radius = FIRST_RADIUS; ; radius *= 2) {
      let best: readonly Place[] = [];
      for (const part of this.#parts(robot, radius)) if (part.length > best.length) best = part;
      if (best.length > 0 || radius > span) return best;
    }
  }

  /** Connected floors with room for the robot within a radius. */
  *#parts(robot: ArrayLike<number>, radius: number): Generator<readonly Place[]> {
    const { resolution: r } = this.#w;
    const top = robot[2]! + this.#limits.maxStep;
    const open = new Map<number, number[]>();
    const inside = (c: number): boolean => {
      const [x, y] = this.#w.center(c);
      return Math.hypot(x - robot[0]!, y - robot[1]!) <= radius;
    };
    const cells = Math.ceil(radius / r);
    const [ri, rj] = [Math.floor(robot[0]! / r) - this.#w.i0, Math.floor(robot[1]! / r) - this.#w.j0];
    for (let j = Math.max(0, rj - cells); j <= Math.min(this.#w.height - 1, rj + cells); j++)
      for (let i = Math.max(0, ri - cells); i <= Math.min(this.#w.width - 1, ri + cells); i++) {
        const c = j * this.#w.width + i;
        if (!inside(c)) continue;
        const floors = this.#w.floors(c).filter((z) => z <= top && !this.#blocked(c, z));
        if (floors.length > 0) open.set(c, [...floors]);
      }
    for (const [cell, floors] of open)
      while (floors.length > 0) {
        const part: Place[] = [{ cell, z: floors.pop()! }];
        for (let n = 0; n < part.length; n++) {
          const { cell: at, z } = part[n]!;
          this.#spread(at, (next) => {
            const there = open.get(next);
            const k = there?.findIndex((f) => Math.abs(f - z) <= this.#limits.maxStep) ?? -1;
            if (k >= 0) part.push({ cell: next, z: there!.splice(k, 1)[0]! });
          });
        }
        yield part;
      }
  }

  #spread(cell: number, visit: (next: number) => void): void {
    const { width, height } = this.#w;
    const i = cell % width;
    if (i > 0) visit(cell - 1);
    if (i < width - 1) visit(cell + 1);
    if (cell >= width) visit(cell - width);
    if (cell < width * (height - 1)) visit(cell + width);
  }

  /** Something is in the way of a robot that stands at this height. */
  #blocked(cell: number, z: number): boolean {
    return this.#w.solidWithin(cell, z + this.#lower, z + this.#limits.height);
  }

  /** The robot reaches a floor that was seen. */
  #stand(cell: number, z: number): void {
    this.#heights[cell] = z;
    if (this.#blocked(cell, z)) {
      this.#states[cell] = OCCUPIED;
      this.#obstacles.push(cell);
    } else {
      this.#states[cell] = FREE;
      this.#seen.push(cell);
    }
  }

  /** From ground at height `z`, last seen `gap` cells before. */
  #step(cell: number, z: number, gap: number): void {
    if (!Number.isNaN(this.#heights[cell]!)) return;
    const { maxStep } = this.#limits;
    const tolerance = Math.max(maxStep, this.#halfTan * gap * this.#w.resolution);
    let floor = NaN;
    for (const f of this.#w.floors(cell)) if (!(Math.abs(f - z) >= Math.abs(floor - z))) floor = f;
    if (Math.abs(floor - z) <= tolerance) return this.#stand(cell, floor);
    this.#heights[cell] = z;
    // A floor out of reach below is an edge to fall from.
    if (this.#blocked(cell, z) || floor < z) {
      this.#states[cell] = OCCUPIED;
      this.#obstacles.push(cell);
    } else if (gap < this.#reach) {
      this.#gap[cell] = gap;
      this.#guessed.push(cell);
    }
  }

  /** What lies behind the edge of an obstacle is seen as one too: the top of a table, a platform. */
  #fillObstacles(): void {
    for (let n = 0; n < this.#obstacles.length; n++) {
      const cell = this.#obstacles[n]!;
      const z = this.#heights[cell]!;
      this.#spread(cell, (next) => {
        if (this.#states[next] !== UNKNOWN || !this.#blocked(next, z)) return;
        if (!Number.isNaN(this.#heights[next]!)) return;
        this.#heights[next] = z;
        this.#states[next] = OCCUPIED;
        this.#obstacles.push(next);
      });
    }
  }

  /** Ground that is too steep, by the plane through it and its neighbours: steps within the limit are no slope. */
  #closeSteep(): void {
    const half = Math.max(1, Math.round(PLANE_HALF / this.#w.resolution));
    const limit = Math.tan((this.#limits.maxSlope * Math.PI) / 180) ** 2;
    const steep: number[] = [];
    for (let c = 0; c < this.#states.length; c++)
      if (this.#states[c] === FREE && this.#slopeSquared(c, half) > limit) steep.push(c);
    for (const c of steep) this.#states[c] = OCCUPIED;
  }

  /** Square of the tangent of the slope of the least-squares plane; 0 where there are too few neighbours. */
  #slopeSquared(cell: number, half: number): number {
    const { width, height, resolution } = this.#w;
    const states = this.#states;
    const heights = this.#heights;
    const ci = cell % width;
    const cj = (cell - ci) / width;
    const z0 = heights[cell]!;
    const left = Math.max(-half, -ci);
    const right = Math.min(half, width - 1 - ci);
    const top = Math.min(half, height - 1 - cj);
    let [n, sx, sy, sz, sxx, sxy, syy, sxz, syz] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let y = Math.max(-half, -cj); y <= top; y++)
      for (let x = left, at = cell + y * width + left; x <= right; x++, at++) {
        if (states[at] !== FREE) continue;
        const z = heights[at]! - z0;
        n++;
        sx += x;
        sy += y;
        sz += z;
        sxx += x * x;
        sxy += x * y;
        syy += y * y;
        sxz += x * z;
        syz += y * z;
      }
    const a = sxx - (sx * sx) / n;
    const b = sxy - (sx * sy) / n;
    const d = syy - (sy * sy) / n;
    const p = sxz - (sx * sz) / n;
    const q = syz - (sy * sz) / n;
    const det = a * d - b * b;
    if (n < 6 || !(det > 1e-6)) return 0;
    const gx = (p * d - q * b) / det;
    const gy = (q * a - p * b) / det;
    return (gx * gx + gy * gy) / (resolution * resolution);
  }
}

interface Place {
  readonly cell: number;
  readonly z: number;
}
