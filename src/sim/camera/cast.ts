import { compose, type Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Body } from '../body.js';
import type { World } from '../world.js';

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
export function rowDelay(v: number, height: number, readout: number): number {
  return height > 1 ? (v / (height - 1) - 0.5) * readout : 0;
}

/** Casts one exact ray through the centre of every pixel. */
export function castImage(
  world: World,
  camera: CameraIntrinsics,
  poses: Float64Array,
  farthest: number,
  hits: Hits = emptyHits(camera),
): Hits {
  const { width, height, fx, fy, cx, cy } = camera;
  const { z, id } = hits;
  world.forget();
  for (let v = 0; v < height; v++) {
    const o = 12 * v;
    const b = (v - cy) / fy;
    for (let u = 0; u < width; u++) {
      const a = (u - cx) / fx;
      const n = Math.sqrt(a * a + b * b + 1);
      const x = a / n;
      const y = b / n;
      const w = 1 / n;
      const t = world.raycast(
        poses[o + 3]!,
        poses[o + 7]!,
        poses[o + 11]!,
        poses[o]! * x + poses[o + 1]! * y + poses[o + 2]! * w,
        poses[o + 4]! * x + poses[o + 5]! * y + poses[o + 6]! * w,
        poses[o + 8]! * x + poses[o + 9]! * y + poses[o + 10]! * w,
        farthest,
        0,
      );
      z[v * width + u] = t * w;
      id[v * width + u] = world.nearest;
    }
  }
  return hits;
}

export function emptyHits({ width, height }: CameraIntrinsics): Hits {
  return { z: new Float64Array(width * height), id: new Int32Array(width * height) };
}
