import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { World } from '../world.js';

/** Side of a tile, pixels. */
export const TILE = 8;

/**
 * Casts an image's rays tile by tile: the solids that a tile's pyramid of rays can meet are found once, sorted by how
 * near they begin, and each ray tries only those. Exact, and two to three times faster than a tree for every ray. Worlds
 * with half spaces or moving objects go through {@link World.raycast}.
 *
 * @example
 * const caster = new TileCaster(world, camera);
 * caster.begin([poses]); // T_world_optical of every row
 * caster.tile(0, 0);
 * const t = caster.cast(ox, oy, oz, dx, dy, dz, 60); // for rays of that tile
 * console.log(caster.id);
 */
export class TileCaster {
  /** What the last ray met: a static primitive, or −1 − index of a half space. */
  id = -1;
  private poses: readonly Float64Array[] = [];
  private readonly plain: boolean;
  /** Primitives by how near their bounds are to the camera, and that distance, for the present row of tiles. */
  private readonly order: number[];
  private readonly nearness: Float64Array;
  private readonly list: Int32Array;
  private readonly from: Float64Array;
  private count = 0;
  private row = -1;
  /** Of the present row of tiles: how far origins lie apart (metres), how far pixels move. */
  private slack = 0;
  private reach = 0;
  private readonly sides = new Float64Array(15);

  constructor(
    private readonly world: World,
    private readonly camera: CameraIntrinsics,
  ) {
    const n = world.statics.count;
    this.plain = world.planes.length === 0 && world.movingCount === 0;
    this.order = Array.from({ length: n }, (_, i) => i);
    this.nearness = new Float64Array(n);
    this.list = new Int32Array(n);
    this.from = new Float64Array(n);
  }

  /** @param poses one or more instants, each with T_world_optical of every row (12 numbers a row). */
  begin(poses: readonly Float64Array[]): void {
    this.poses = poses;
    this.row = -1;
    this.world.forget();
  }

  /** Prepares for the rays of the tile that begins at (u0, v0), half a pixel around it included. */
  tile(u0: number, v0: number): void {
    if (!this.plain) return;
    if (v0 !== this.row) this.rowOfTiles(v0);
    const { world, sides, order, nearness, slack } = this;
    const { bounds } = world.statics;
    this.pyramid(u0, v0);
    this.count = 0;
    const T = this.reference;
    const o = 12 * Math.min(v0 + TILE / 2, this.camera.height - 1);
    const [ox, oy, oz] = [T[o + 3]!, T[o + 7]!, T[o + 11]!];
    for (let k = 0; k < order.length; k++) {
      const p = order[k]!;
      const b = 6 * p;
      let out = false;
      for (let s = 0; s < 15; s += 3) {
        const nx = sides[s]!;
        const ny = sides[s + 1]!;
        const nz = sides[s + 2]!;
        // The corner of the bounds that lies furthest inside this side.
        const x = (nx > 0 ? bounds[b + 3]! : bounds[b]!) - ox;
        const y = (ny > 0 ? bounds[b + 4]! : bounds[b + 1]!) - oy;
        const z = (nz > 0 ? bounds[b + 5]! : bounds[b + 2]!) - oz;
        if (nx * x + ny * y + nz * z < -slack) {
          out = true;
          break;
        }
      }
      if (out) continue;
      this.list[this.count] = p;
      this.from[this.count++] = nearness[p]! - slack;
    }
  }

  /** Range along the unit ray, Infinity if there is nothing within tMax; sets {@link id}. */
  cast(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, tMax: number): number {
    if (!this.plain) {
      const t = this.world.raycast(ox, oy, oz, dx, dy, dz, tMax, 0);
      this.id = this.world.nearest;
      return t;
    }
    const { list, from, count } = this;
    const { statics } = this.world;
    let best = tMax;
    let id = -1;
    for (let k = 0; k < count && from[k]! < best; k++) {
      const p = list[k]!;
      const t = statics.intersect(p, ox, oy, oz, dx, dy, dz, best);
      if (t < best) {
        best = t;
        id = p;
      }
    }
    this.id = id;
    return id < 0 ? Infinity : best;
  }

  private get reference(): Float64Array {
    return this.poses[this.poses.length >> 1]!;
  }

  /** How much the poses of a row of tiles differ, and the order of the solids seen from there. */
  private rowOfTiles(v0: number): void {
    this.row = v0;
    const { height, fx } = this.camera;
    const T = this.reference;
    const o = 12 * Math.min(v0 + TILE / 2, height - 1);
    let [slack, angle] = [0, 0];
    for (const P of this.poses) {
      for (const v of [v0, Math.min(v0 + TILE, height) - 1]) {
        const q = 12 * v;
        slack = Math.max(
          slack,
          Math.hypot(P[q + 3]! - T[o + 3]!, P[q + 7]! - T[o + 7]!, P[q + 11]! - T[o + 11]!),
        );
        let square = 0; // |R_p − R_t|² = 8 sin²(angle / 2)
        for (const k of [0, 1, 2, 4, 5, 6, 8, 9, 10]) square += (P[q + k]! - T[o + k]!) ** 2;
        angle = Math.max(angle, Math.sqrt(square / 2));
      }
    }
    this.slack = 1.1 * slack + 1e-6;
    this.reach = 1 + 2.2 * angle * fx; // off the axis a turn moves pixels by up to 1 / cos² more
    const { bounds } = this.world.statics;
    for (let i = 0; i < this.nearness.length; i++) {
      let square = 0;
      for (let k = 0; k < 3; k++) {
        const x = T[o + 3 + 4 * k]!;
        square += Math.max(bounds[6 * i + k]! - x, 0, x - bounds[6 * i + 3 + k]!) ** 2;
      }
      this.nearness[i] = Math.sqrt(square);
    }
    this.order.sort((a, b) => this.nearness[a]! - this.nearness[b]! || a - b);
  }

  /** Inward normals, in the world, of the tile's four sides and of the plane through the camera. */
  private pyramid(u0: number, v0: number): void {
    const { fx, fy, cx, cy, height } = this.camera;
    const { reach } = this;
    const T = this.reference;
    const o = 12 * Math.min(v0 + TILE / 2, height - 1);
    const left = (u0 - reach - cx) / fx;
    const right = (u0 + TILE - 1 + reach - cx) / fx;
    const top = (v0 - reach - cy) / fy;
    const bottom = (v0 + TILE - 1 + reach - cy) / fy;
    this.side(0, T, o, 1, 0, -left);
    this.side(3, T, o, -1, 0, right);
    this.side(6, T, o, 0, 1, -top);
    this.side(9, T, o, 0, -1, bottom);
    this.side(12, T, o, 0, 0, 1);
  }

  private side(at: number, T: Float64Array, o: number, x: number, y: number, z: number): void {
    const n = 1 / Math.sqrt(x * x + y * y + z * z);
    for (let r = 0; r < 3; r++) {
      this.sides[at + r] = (T[o + 4 * r]! * x + T[o + 4 * r + 1]! * y + T[o + 4 * r + 2]! * z) * n;
    }
  }
}
