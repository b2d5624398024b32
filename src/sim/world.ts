import { Bvh } from './bvh.js';
import { PrimitiveSet } from './primitive-set.js';
import type { HalfSpace, Primitive } from './primitives.js';
import type { Route } from './route.js';

/** A rigid group of solids on the move, upright: only its position and its turn about z change. */
export interface MovingObject {
  readonly primitives: readonly Primitive[];
  /** Writes x, y, z, yaw at time t (seconds) into `out`. */
  place(t: number, out: Float64Array): void;
}

export interface WorldDescription {
  readonly name: string;
  readonly planes: readonly HalfSpace[];
  readonly statics: readonly Primitive[];
  readonly moving: readonly MovingObject[];
  /** The clear way along which sensors travel. */
  readonly route: Route;
}

interface Mover {
  readonly object: MovingObject;
  readonly set: PrimitiveSet;
  /** Radius of a sphere about the object's origin that holds it. */
  readonly radius: number;
  /** x, y, z, yaw, cos yaw, sin yaw at the cached time. */
  readonly at: Float64Array;
}

/**
 * A world: solid half spaces, static primitives under a BVH, and moving objects.
 *
 * The signed distance is the minimum over primitives, positive outside. The distance to a union is the minimum of the
 * distances to its parts, so the value is **exact wherever it is ≥ 0**, and the zero set is exactly the visible
 * surface. Inside overlapping solids the minimum only bounds the depth (|sdf| ≤ true depth): faces buried in
 * another solid still count there. Queries keep the last hit in the object: not re-entrant, no allocation.
 *
 * @example
 * const world = new World({ name: 'yard', planes, statics, moving: [], route });
 * const metres = world.raycast(0, 0, 1, 1, 0, 0, 100, 0); // along x, at time 0
 * const distance = world.sdf(0, 0, 1, 0);
 */
export class World {
  readonly name: string;
  readonly route: Route;
  readonly planes: readonly HalfSpace[];
  readonly statics: PrimitiveSet;
  /** Whether the last {@link raycast} ended on a moving object. */
  hitMoving = false;
  private hitPlane = -1;
  private hitPrimitive = -1;
  private hitMover = -1;
  private readonly bvh: Bvh;
  private readonly movers: readonly Mover[];
  private moverTime = Number.NaN;
  private readonly scratch = new Float64Array(3);

  constructor(description: WorldDescription) {
    this.name = description.name;
    this.route = description.route;
    this.planes = description.planes;
    this.statics = new PrimitiveSet(description.statics);
    this.bvh = new Bvh(this.statics);
    this.movers = description.moving.map((object) => {
      const set = new PrimitiveSet(object.primitives);
      let radius = 0;
      for (let i = 0; i < set.count; i++) {
        const b = set.bounds.subarray(6 * i, 6 * i + 6);
        const reach = [0, 1, 2].map((k) => Math.max(Math.abs(b[k]!), Math.abs(b[k + 3]!)));
        radius = Math.max(radius, Math.hypot(...reach));
      }
      return { object, set, radius, at: new Float64Array(6) };
    });
  }

  get movingCount(): number {
    return this.movers.length;
  }

  /** Reflectivity of what the last {@link raycast} hit. */
  get hitReflectivity(): number {
    if (this.hitMover >= 0) return this.movers[this.hitMover]!.set.reflectivity[this.hitPrimitive]!;
    if (this.hitPrimitive >= 0) return this.statics.reflectivity[this.hitPrimitive]!;
    return this.hitPlane >= 0 ? this.planes[this.hitPlane]!.reflectivity : 0;
  }

  /**
   * Range in metres to the first surface along the unit ray at `time` (seconds), Infinity if there is none within
   * tMax, 0 where the ray starts inside a solid. Exact: closed-form ray–primitive intersections.
   */
  raycast(
    ox: number,
    oy: number,
    oz: number,
    dx: number,
    dy: number,
    dz: number,
    tMax: number,
    time: number,
  ): number {
    this.hitMover = -1;
    this.hitPlane = -1;
    let best = tMax;
    for (let i = 0; i < this.planes.length; i++) {
      const { normal: n, offset } = this.planes[i]!;
      const height = n[0] * ox + n[1] * oy + n[2] * oz - offset;
      const fall = n[0] * dx + n[1] * dy + n[2] * dz;
      const t = height <= 0 ? 0 : fall < 0 ? -height / fall : Infinity;
      if (t <= best) {
        best = t;
        this.hitPlane = i;
      }
    }
    const t = this.bvh.cast(ox, oy, oz, dx, dy, dz, best);
    this.hitPrimitive = this.bvh.hit;
    if (t < best) best = t;
    this.moveTo(time);
    for (let m = 0; m < this.movers.length; m++) {
      const { set, radius, at } = this.movers[m]!;
      const px = ox - at[0]!;
      const py = oy - at[1]!;
      const pz = oz - at[2]!;
      const b = px * dx + py * dy + pz * dz;
      const gap = px * px + py * py + pz * pz - radius * radius;
      if (gap > 0 && (b > 0 || b * b < gap || -b - radius > best)) continue;
      const c = at[4]!;
      const s = at[5]!;
      for (let i = 0; i < set.count; i++) {
        const t = set.intersect(
          i,
          c * px + s * py,
          c * py - s * px,
          pz,
          c * dx + s * dy,
          c * dy - s * dx,
          dz,
          best,
        );
        if (t < best) {
          best = t;
          this.hitMover = m;
          this.hitPrimitive = i;
        }
      }
    }
    this.hitMoving = this.hitMover >= 0;
    if (this.hitMover < 0 && this.hitPrimitive < 0 && this.hitPlane < 0) return Infinity;
    return best;
  }

  /** Makes the rays that follow independent of those before, exact ties between coinciding faces included. */
  forget(): void {
    this.bvh.hint = -1;
  }

  /** Outward unit normal of what the last {@link raycast} hit, at the point (x, y, z) where it hit. */
  hitNormal(x: number, y: number, z: number, out: Float64Array): void {
    if (this.hitMover >= 0) this.moverGradient(this.movers[this.hitMover]!, this.hitPrimitive, x, y, z, out);
    else if (this.hitPrimitive >= 0) this.statics.gradient(this.hitPrimitive, x, y, z, out);
    else if (this.hitPlane >= 0) out.set(this.planes[this.hitPlane]!.normal);
    else out.fill(0);
  }

  /** Signed distance to everything at `time`. */
  sdf(x: number, y: number, z: number, time: number): number {
    return Math.min(this.staticSdf(x, y, z), this.movingSdf(x, y, z, time));
  }

  /** Signed distance to what does not move; Infinity in an empty world. */
  staticSdf(x: number, y: number, z: number): number {
    this.hitPlane = -1;
    this.hitMover = -1;
    let best = Infinity;
    for (let i = 0; i < this.planes.length; i++) {
      const { normal: n, offset } = this.planes[i]!;
      const d = n[0] * x + n[1] * y + n[2] * z - offset;
      if (d < best) {
        best = d;
        this.hitPlane = i;
      }
    }
    best = this.bvh.distance(x, y, z, best);
    this.hitPrimitive = this.bvh.hit;
    return best;
  }

  /** The static primitive nearest in the last {@link staticSdf}: its index, or −1 − index of a half space. */
  get nearest(): number {
    return this.hitPrimitive >= 0 ? this.hitPrimitive : -1 - this.hitPlane;
  }

  /** Signed distance to the moving objects at `time`; Infinity where there are none. */
  movingSdf(x: number, y: number, z: number, time: number): number {
    this.moveTo(time);
    let best = Infinity;
    for (let m = 0; m < this.movers.length; m++) {
      const { set, radius, at } = this.movers[m]!;
      const px = x - at[0]!;
      const py = y - at[1]!;
      const pz = z - at[2]!;
      if (Math.sqrt(px * px + py * py + pz * pz) - radius >= best) continue;
      for (let i = 0; i < set.count; i++) {
        const d = set.distance(i, at[4]! * px + at[5]! * py, at[4]! * py - at[5]! * px, pz);
        if (d < best) {
          best = d;
          this.hitMover = m;
          this.hitPrimitive = i;
        }
      }
    }
    return best;
  }

  /** Gradient of {@link sdf}, a unit vector except where two surfaces are equally near; returns the distance. */
  gradient(x: number, y: number, z: number, time: number, out: Float64Array): number {
    const fixed = this.staticGradient(x, y, z, out);
    const moving = this.movingSdf(x, y, z, time);
    if (moving >= fixed) return fixed;
    this.moverGradient(this.movers[this.hitMover]!, this.hitPrimitive, x, y, z, out);
    return moving;
  }

  /** Gradient of {@link staticSdf}; returns the distance. */
  staticGradient(x: number, y: number, z: number, out: Float64Array): number {
    const d = this.staticSdf(x, y, z);
    if (this.hitPrimitive >= 0) this.statics.gradient(this.hitPrimitive, x, y, z, out);
    else if (this.hitPlane >= 0) out.set(this.planes[this.hitPlane]!.normal);
    else out.fill(0);
    return d;
  }

  private moverGradient(mover: Mover, i: number, x: number, y: number, z: number, out: Float64Array): void {
    const { set, at } = mover;
    const [px, py, c, s] = [x - at[0]!, y - at[1]!, at[4]!, at[5]!];
    set.gradient(i, c * px + s * py, c * py - s * px, z - at[2]!, this.scratch);
    out[0] = c * this.scratch[0]! - s * this.scratch[1]!;
    out[1] = s * this.scratch[0]! + c * this.scratch[1]!;
    out[2] = this.scratch[2]!;
  }

  /** Places the moving objects; a whole column of beams shares one instant, so this rarely does work. */
  private moveTo(time: number): void {
    if (time === this.moverTime) return;
    this.moverTime = time;
    for (const { object, at } of this.movers) {
      object.place(time, at);
      at[4] = Math.cos(at[3]!);
      at[5] = Math.sin(at[3]!);
    }
  }
}
