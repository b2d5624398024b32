import { compose, type Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Body } from '../body.js';
import { TILE, type TileCaster } from './tile-caster.js';

/** What the rays through an image's pixels met first. */
export interface Hits {
  /** Distance along the optical axis, metres; Infinity where nothing was met. */
  readonly z: Float64Array;
  /** Static primitive, or −1 − index of a half space. */
  readonly id: Int32Array;
}

/**
 * T_world_optical of every row (12 numbers each) of an image whose middle row is taken at `time`: rows are read one
 * after the other over `readout` seconds.
 */
export function rowPoses(
  body: Body,
  mount: Pose,
  height: number,
  time: number,
  readout: number,
): Float64Array {
  const out = new Float64Array(12 * height);
  const whole = readout === 0 ? compose(body.pose(time), mount) : undefined;
  for (let v = 0; v < height; v++) {
    out.set(whole ?? compose(body.pose(time + rowDelay(v, height, readout)), mount), 12 * v);
  }
  return out;
}

/** Seconds after the image's stamp (its middle) at which row v is read. */
function rowDelay(v: number, height: number, readout: number): number {
  return height > 1 ? (v / (height - 1) - 0.5) * readout : 0;
}

/** Casts one exact ray through the centre of every pixel, within `farthest` metres. */
export function castImage(
  caster: TileCaster,
  camera: CameraIntrinsics,
  poses: Float64Array,
  farthest: number,
  hits: Hits = emptyHits(camera),
): Hits {
  const { width, height, fx, fy, cx, cy } = camera;
  const { z, id } = hits;
  caster.begin([poses]);
  for (let v0 = 0; v0 < height; v0 += TILE) {
    for (let u0 = 0; u0 < width; u0 += TILE) {
      caster.tile(u0, v0);
      const u1 = Math.min(u0 + TILE, width);
      for (let v = v0; v < v0 + TILE && v < height; v++) {
        const o = 12 * v;
        const b = (v - cy) / fy;
        for (let u = u0; u < u1; u++) {
          const a = (u - cx) / fx;
          const w = 1 / Math.sqrt(a * a + b * b + 1);
          const t = caster.cast(
            poses[o + 3]!,
            poses[o + 7]!,
            poses[o + 11]!,
            (poses[o]! * a + poses[o + 1]! * b + poses[o + 2]!) * w,
            (poses[o + 4]! * a + poses[o + 5]! * b + poses[o + 6]!) * w,
            (poses[o + 8]! * a + poses[o + 9]! * b + poses[o + 10]!) * w,
            farthest,
          );
          z[v * width + u] = t * w;
          id[v * width + u] = caster.id;
        }
      }
    }
  }
  return hits;
}

export function emptyHits({ width, height }: CameraIntrinsics): Hits {
  return { z: new Float64Array(width * height), id: new Int32Array(width * height) };
}
