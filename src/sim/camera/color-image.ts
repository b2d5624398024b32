import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Body } from '../body.js';
import type { Scene } from '../looks/scene.js';
import { rowPoses } from './cast.js';
import { TILE, TileCaster } from './tile-caster.js';

const FARTHEST = 60;

/**
 * Renders linear radiance: `samples` exact rays a pixel, spread over the pixel and over the exposure, each from the
 * pose of its own row and instant.
 *
 * @example
 * const painter = new ColorRenderer(scene, model.color);
 * const linear = painter.render(body, mount, 1.5, { readout: 0.02, exposure: 0.01, samples: 4 });
 */
export class ColorRenderer {
  private readonly caster: TileCaster;
  private readonly linear: Float32Array;
  private readonly light = new Float64Array(3);
  private readonly albedo = new Float64Array(3);
  private readonly normal = new Float64Array(3);
  private readonly lastNormal = new Float64Array(3);
  private lastId = -1;

  constructor(
    private readonly scene: Scene,
    private readonly camera: CameraIntrinsics,
  ) {
    this.caster = new TileCaster(scene.world, camera);
    this.linear = new Float32Array(3 * camera.width * camera.height);
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
    const { camera, caster } = this;
    const S = how.samples;
    const poses =
      how.exposure === 0
        ? new Array<Float64Array>(S).fill(rowPoses(body, mount, camera.height, time, how.readout))
        : Array.from({ length: S }, (_, s) =>
            rowPoses(body, mount, camera.height, time + ((s + 0.5) / S - 0.5) * how.exposure, how.readout),
          );
    caster.begin(poses);
    for (let v0 = 0; v0 < camera.height; v0 += TILE) {
      for (let u0 = 0; u0 < camera.width; u0 += TILE) {
        caster.tile(u0, v0);
        this.tile(u0, v0, poses);
      }
    }
    return this.linear;
  }

  private tile(u0: number, v0: number, poses: readonly Float64Array[]): void {
    const { width, height, fx, fy, cx, cy } = this.camera;
    const { caster, scene, linear, light, albedo } = this;
    const S = poses.length;
    const u1 = Math.min(u0 + TILE, width);
    const v1 = Math.min(v0 + TILE, height);
    for (let v = v0; v < v1; v++) {
      const o = 12 * v;
      for (let u = u0; u < u1; u++) {
        let r = 0;
        let g = 0;
        let b = 0;
        this.lastId = -1;
        for (let s = 0; s < S; s++) {
          // A rotated grid over the pixel: each sample in a column and a row of its own.
          const du = (s + 0.5) / S - 0.5;
          const dv = (((2 * s) % S) + (2 * s >= S ? 1 : 0) + 0.5) / S - 0.5;
          const ax = (u + du - cx) / fx;
          const ay = (v + dv - cy) / fy;
          const n = 1 / Math.sqrt(ax * ax + ay * ay + 1);
          const T = poses[s]!;
          const dx = (T[o]! * ax + T[o + 1]! * ay + T[o + 2]!) * n;
          const dy = (T[o + 4]! * ax + T[o + 5]! * ay + T[o + 6]!) * n;
          const dz = (T[o + 8]! * ax + T[o + 9]! * ay + T[o + 10]!) * n;
          const ox = T[o + 3]!;
          const oy = T[o + 7]!;
          const oz = T[o + 11]!;
          const t = caster.cast(ox, oy, oz, dx, dy, dz, FARTHEST);
          if (t === Infinity) continue;
          const { id } = caster;
          this.shade(id, ox + t * dx, oy + t * dy, oz + t * dz);
          r += albedo[0]! * light[0]!;
          g += albedo[1]! * light[1]!;
          b += albedo[2]! * light[2]!;
          const glow = id >= 0 ? scene.material(id)?.emission : undefined;
          if (glow !== undefined) {
            r += glow[0];
            g += glow[1];
            b += glow[2];
          }
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
