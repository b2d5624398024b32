import { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { Simulation } from '../simulate.js';
import { outdoorScene } from '../worlds/outdoor-look.js';
import type { Scene } from '../looks/scene.js';
import { ColorRenderer } from './color-image.js';
import { develop, exposureGains } from './exposure.js';

/** KITTI's left colour camera after rectification (Geiger et al. 2013): pixels, focal length, centre. */
const KITTI = { width: 1242, height: 375, f: 721.5, cx: 609.6, cy: 172.9 };
/** T_lidar_optical: 27 cm ahead of the LiDAR, 8 cm below and 6 cm to its left; looks along x. */
const MOUNT: Pose = Float64Array.of(0, 0, 1, 0.27, -1, 0, 0, 0.06, 0, -1, 0, -0.08);
/** Rays a pixel; seconds that the shutter is open. */
const SAMPLES = 2;
const EXPOSURE = 0.002;

/**
 * A colour camera on the same carrier as a simulated LiDAR, with the geometry of KITTI's: it takes an image in the middle of each
 * sweep, when the LiDAR looks ahead. Global shutter, a little motion blur, automatic exposure, noise of photons and of reading.
 *
 * @example
 * const camera = new CarCamera(simulate({ world: 'street', seed: 1 }), { width: 621 });
 * const rgb = camera.image(0); // at camera.stampNs(0), from camera.mount on the LiDAR
 */
export class CarCamera {
  readonly camera: CameraIntrinsics;
  /** T_lidar_optical. */
  readonly mount: Pose = MOUNT;
  readonly scene: Scene;
  readonly #renderer: ColorRenderer;
  #gains: Float64Array | undefined;

  /** @param width columns; the field of view stays */
  constructor(
    private readonly simulation: Simulation,
    { width = KITTI.width }: { readonly width?: number } = {},
  ) {
    const k = width / KITTI.width;
    const centre = (c: number): number => (c + 0.5) * k - 0.5;
    this.camera = {
      ...{ width, height: Math.round(KITTI.height * k), fx: KITTI.f * k, fy: KITTI.f * k },
      ...{ cx: centre(KITTI.cx), cy: centre(KITTI.cy), distortion: 'none', coefficients: [] },
    };
    this.scene = outdoorScene(simulation.world);
    this.#renderer = new ColorRenderer(this.scene, this.camera);
  }

  stampNs(k: number): bigint {
    const { startNs, model } = this.simulation;
    return startNs + BigInt(Math.round(((k + 0.5) / model.rate) * 1e9));
  }

  /** Image of sweep k: sRGB, 3 bytes a pixel. */
  image(k: number): Uint8Array {
    const { trajectory } = this.simulation;
    const linear = this.#renderer.render(trajectory, this.mount, this.#time(k), {
      readout: 0,
      exposure: EXPOSURE,
      samples: SAMPLES,
    });
    return develop(linear, this.gain(k), new Random(this.simulation.options.seed ?? 0).fork(`colour ${k}`));
  }

  /** What the radiance of image k is multiplied by. */
  gain(k: number): number {
    const { scanCount, trajectory, model } = this.simulation;
    const times = Array.from({ length: scanCount }, (_, i) => this.#time(i));
    this.#gains ??= exposureGains(this.scene, this.camera, trajectory, this.mount, times, model.rate);
    return this.#gains[k]!;
  }

  /** T_odom_optical of image k. */
  pose(k: number): Pose {
    const { simulation } = this;
    return compose(
      simulation.odomFromWorld(),
      compose(simulation.trajectory.pose(this.#time(k)), this.mount),
    );
  }

  #time(k: number): number {
    return this.simulation.sweepStart(k) + 0.5 / this.simulation.model.rate;
  }
}
