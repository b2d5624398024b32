import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Body } from '../body.js';
import type { Scene } from '../looks/scene.js';
import { castImage, emptyHits, rowPoses, type Hits } from './cast.js';

const TILE = 8;
/** With more solids than this in a tile the rays go through the whole world. */
const FEW = 12;
const FARTHEST = 60;

/**
 * Renders linear radiance: one exact ray through each pixel's centre at mid-exposure, then `samples` more, spread over
 * the pixel and over the exposure, each from the pose of its own instant. Those are cast against the solids that the
 * first rays found within reach of the tile: motion within an exposure brings no others, slivers apart.
 *
 * @example
 * const painter = new ColorRenderer(scene, model.color);
 * const linear = painter.render(body, mount, 1.5, { readout: 0.02, exposure: 0.01, samples: 4 });
 */
export class ColorRenderer {
  private readonly hits: Hits;
  private readonly linear: Float32Array;
  private readonly light = new Float64Array(3);
  private readonly albedo = new Float64Array(3);
  private readonly normal = new Float64Array(3);
  private readonly lastNormal = new Float64Array(3);
  private readonly list = new Int32Array(FEW);
  private readonly stamps: Int32Array;
  private stamp = 0;
  private lastId = -1;

  constructor(
    private readonly scene: Scene,
    private readonly camera: CameraIntrinsics,
  ) {
    this.hits = emptyHits(camera);
    this.linear = new Float32Array(3 * camera.width * camera.height);
    this.stamps = new Int32Array(scene.world.statics.count);
  }

  /**
   * @param time of the middle row's mid-exposure, seconds.
   * @returns 3 numbers a pixel, row by row; valid until the next call.
   */
  render(
    body: Body,
    mount: Pose,
    time: number,
    how: { readonly readout: number; readonly exposure: number; readonly samples: number },
  ): Float32Array {
    const { camera, scene, hits } = this;
    const { height } = camera;
    const middle = rowPoses(body, mount, height, time, how.readout);
    castImage(scene.world, camera, middle, FARTHEST, hits);
    const S = how.samples;
    const poses = Array.from({ length: S }, (_, s) =>
      how.exposure === 0
        ? middle
        : rowPoses(body, mount, height, time + ((s + 0.5) / S - 0.5) * how.exposure, how.readout),
    );
    const reach = 1 + Math.ceil(this.motion(poses[0]!, poses[S - 1]!));
    for (let v0 = 0; v0 < height; v0 += TILE)
      for (let u0 = 0; u0 < camera.width; u0 += TILE) this.tile(u0, v0, poses, this.gather(u0, v0, reach));
    return this.linear;
  }

  /** How far a pixel moves within the exposure at most, pixels: half of it either way. */
  private motion(first: Float64Array, last: Float64Array): number {
    const { camera, hits } = this;
    let nearest = Infinity;
    for (let i = 0; i < hits.z.length; i += 7) if (hits.z[i]! < nearest) nearest = hits.z[i]!;
    let most = 0;
    for (const v of [0, camera.height >> 1, camera.height - 1]) {
      const o = 12 * v;
      let trace = 0;
      for (const k of [0, 1, 2, 4, 5, 6, 8, 9, 10]) trace += first[o + k]! * last[o + k]!;
      const turn = Math.acos(Math.min(1, Math.max(-1, (trace - 1) / 2)));
      const step = Math.hypot(
        first[o + 3]! - last[o + 3]!,
        first[o + 7]! - last[o + 7]!,
        first[o + 11]! - last[o + 11]!,
      );
      most = Math.max(most, turn + step / Math.max(nearest, 0.1));
    }
    return (most * camera.fx) / 2;
  }

  /** Collects the solids seen within `reach` pixels of a tile into the list; −1: too many, or half spaces. */
  private gather(u0: number, v0: number, reach: number): number {
    const { width, height } = this.camera;
    const { id } = this.hits;
    const mark = ++this.stamp;
    let n = 0;
    const [ua, ub] = [Math.max(0, u0 - reach), Math.min(width, u0 + TILE + reach)];
    const [va, vb] = [Math.max(0, v0 - reach), Math.min(height, v0 + TILE + reach)];
    for (let v = va; v < vb; v++) {
      let last = -1;
      for (let i = v * width + ua, end = v * width + ub; i < end; i++) {
        const k = id[i]!;
        if (k === last) continue;
        last = k;
        if (k < 0) return -1;
        if (this.stamps[k] === mark) continue;
        this.stamps[k] = mark;
        if (n === FEW) return -1;
        this.list[n++] = k;
      }
    }
    return n;
  }

  private tile(u0: number, v0: number, poses: readonly Float64Array[], few: number): void {
    const { width, height, fx, fy, cx, cy } = this.camera;
    const { linear, light, albedo } = this;
    const { statics } = this.scene.world;
    const S = poses.length;
    const u1 = Math.min(u0 + TILE, width);
    const v1 = Math.min(v0 + TILE, height);
    for (let v = v0; v < v1; v++) {
      const o = 12 * v;
      for (let u = u0; u < u1; u++) {
        let [r, g, b] = [0, 0, 0];
        this.lastId = -1;
        for (let s = 0; s < S; s++) {
          // A rotated grid over the pixel: each sample in a column and a row of its own.
          const du = S === 1 ? 0 : (s + 0.5) / S - 0.5;
          const dv = S === 1 ? 0 : (((s * 2 + (2 * s >= S ? 1 : 0)) % S) + 0.5) / S - 0.5;
          const ax = (u + du - cx) / fx;
          const ay = (v + dv - cy) / fy;
          const n = 1 / Math.sqrt(ax * ax + ay * ay + 1);
          const T = poses[s]!;
          const dx = (T[o]! * ax + T[o + 1]! * ay + T[o + 2]!) * n;
          const dy = (T[o + 4]! * ax + T[o + 5]! * ay + T[o + 6]!) * n;
          const dz = (T[o + 8]! * ax + T[o + 9]! * ay + T[o + 10]!) * n;
          const [ox, oy, oz] = [T[o + 3]!, T[o + 7]!, T[o + 11]!];
          let best = FARTHEST;
          let id = -1;
          let met = false;
          for (let k = 0; k < few; k++) {
            const p = this.list[k]!;
            const t = statics.intersect(p, ox, oy, oz, dx, dy, dz, best);
            if (t < best) [best, id, met] = [t, p, true];
          }
          if (!met) {
            best = this.scene.world.raycast(ox, oy, oz, dx, dy, dz, FARTHEST, 0);
            if (best === Infinity) continue;
            id = this.scene.world.nearest;
          }
          const [x, y, z] = [ox + best * dx, oy + best * dy, oz + best * dz];
          this.shade(id, x, y, z);
          r += albedo[0]! * light[0]!;
          g += albedo[1]! * light[1]!;
          b += albedo[2]! * light[2]!;
          const glow = id >= 0 ? this.scene.material(id)?.emission : undefined;
          if (glow) [r, g, b] = [r + glow[0], g + glow[1], b + glow[2]];
        }
        const at = 3 * (v * width + u);
        linear[at] = r / S;
        linear[at + 1] = g / S;
        linear[at + 2] = b / S;
      }
    }
  }

  /** Albedo of a hit, and its light: within a pixel that of the first hit on the same face stands for the others. */
  private shade(id: number, x: number, y: number, z: number): void {
    const { scene, normal, lastNormal } = this;
    scene.normalOf(id, x, y, z, normal);
    const alike =
      id === this.lastId &&
      normal[0]! * lastNormal[0]! + normal[1]! * lastNormal[1]! + normal[2]! * lastNormal[2]! > 0.999;
    if (!alike) {
      scene.light.at(x, y, z, normal[0]!, normal[1]!, normal[2]!, this.light);
      lastNormal.set(normal);
      this.lastId = id;
    }
    scene.albedo(id, x, y, z, this.albedo);
  }
}
