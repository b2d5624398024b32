import type { Random } from '../../geometry/random.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Body } from '../body.js';
import { luminance } from '../looks/material.js';
import { toSrgb, type Scene } from '../looks/scene.js';
import { compose, type Pose } from '../../geometry/se3.js';

/** Mean luminance that the automatic exposure aims at, linear. */
const AIM = 0.2;
/** How much of the wanted gain the first frames have: a camera that has just been switched on. */
const START = [0.04, 0.12, 0.3, 0.55, 0.8];
/** Share of the way (of the logarithm) that the gain goes in 1/30 s. */
const PACE = 0.12;
const [COLUMNS, ROWS] = [16, 12];

/**
 * Gain of every frame: the image's mean luminance is brought to a fifth of white, slowly; the first five frames are
 * dark.
 *
 * @param times of the frames, seconds.
 */
export function exposureGains(
  scene: Scene,
  camera: CameraIntrinsics,
  body: Body,
  mount: Pose,
  times: readonly number[],
  rate: number,
): Float64Array {
  const pace = 1 - (1 - PACE) ** (30 / rate);
  let level = Number.NaN;
  return Float64Array.from(times, (time, k) => {
    const wanted = Math.log(AIM / Math.max(meter(scene, camera, compose(body.pose(time), mount)), 1e-3));
    level = Number.isNaN(level) ? wanted : level + pace * (wanted - level);
    return Math.min(4, Math.max(0.25, Math.exp(level))) * (START[k] ?? 1);
  });
}

/** Mean luminance over a coarse grid; what is brighter than white counts as white. */
function meter(scene: Scene, camera: CameraIntrinsics, T: Pose): number {
  const color = new Float64Array(3);
  let sum = 0;
  for (let j = 0; j < ROWS; j++) {
    for (let i = 0; i < COLUMNS; i++) {
      const a = ((camera.width * (i + 0.5)) / COLUMNS - camera.cx) / camera.fx;
      const b = ((camera.height * (j + 0.5)) / ROWS - camera.cy) / camera.fy;
      const n = 1 / Math.sqrt(a * a + b * b + 1);
      const d = [0, 4, 8].map((r) => (T[r]! * a + T[r + 1]! * b + T[r + 2]!) * n);
      const t = scene.world.raycast(T[3]!, T[7]!, T[11]!, d[0]!, d[1]!, d[2]!, 60, 0);
      if (t === Infinity) continue;
      scene.radiance(scene.world.nearest, T[3]! + t * d[0]!, T[7]! + t * d[1]!, T[11]! + t * d[2]!, color);
      sum += Math.min(1, luminance(color[0]!, color[1]!, color[2]!));
    }
  }
  return sum / (COLUMNS * ROWS);
}

/** Photon noise: variance per unit of signal at gain 1; and read noise, standard deviation at gain 1. */
const SHOT = 1.2e-4;
const READ = 0.002;
const STEPS = 8192;
const CURVE = Uint8Array.from({ length: STEPS + 1 }, (_, i) => Math.round(toSrgb(i / STEPS)));

/** Develops linear radiance to sRGB bytes: gain, noise of photons and read-out, clipping, the sRGB curve. */
export function develop(linear: Float32Array, gain: number, noise: Random | undefined): Uint8Array {
  const out = new Uint8Array(linear.length);
  const read = (READ * gain) ** 2;
  const shot = SHOT * gain;
  for (let i = 0; i < linear.length; i++) {
    let v = linear[i]! * gain;
    if (noise) v += Math.sqrt(read + shot * v) * noise.normal();
    out[i] = CURVE[v <= 0 ? 0 : v >= 1 ? STEPS : Math.round(v * STEPS)]!;
  }
  return out;
}
