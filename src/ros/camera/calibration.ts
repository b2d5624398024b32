import { FeltmapError } from '../../geometry/errors.js';
import { type CameraInfo, decodeCameraInfo } from '../../messages/images.js';
import { intrinsicsFromCameraInfo, isRectified } from '../../sensors/camera/camera-info.js';
import type { CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { ThrottledLog } from '../throttle.js';
import { sentence } from '../trigger.js';

/** What is known of one camera. */
export interface Calibration {
  /** Frame that camera_info names. */
  readonly frameId: string;
  readonly camera: CameraIntrinsics;
}

/**
 * The camera_info of one image topic: decoded with every message, made anew only when it has changed.
 *
 * @example
 * const calibration = new CalibrationIntake('rgbd/camera_info', '/camera/depth/image_rect_raw', log);
 * calibration.add(bytes);
 * const { camera } = calibration.newest ?? {};
 */
export class CalibrationIntake {
  #newest: Calibration | undefined;
  #key = '';

  /** @param images full name of the image topic: says whether its images are rectified */
  constructor(
    private readonly topic: string,
    private readonly images: string,
    private readonly log: ThrottledLog,
  ) {}

  /** Undefined until one has come that can be used. */
  get newest(): Calibration | undefined {
    return this.#newest;
  }

  /** Takes a message (CDR). @returns whether the camera is another one now */
  add(bytes: Uint8Array): boolean {
    try {
      const info = decodeCameraInfo(bytes);
      const key = keyOf(info);
      if (key === this.#key) return false;
      this.#key = key;
      const rectified = isRectified(this.images.replace(/\/compressed(Depth)?$/, ''));
      this.#newest = { frameId: info.frameId, camera: intrinsicsFromCameraInfo(info, rectified) };
      return true;
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      this.#newest = undefined;
      this.log.log('warn', `camera_info ${this.topic}`, `${this.topic}: ${sentence(error)}`);
      return true;
    }
  }
}

function keyOf({
  frameId,
  width,
  height,
  distortionModel,
  d,
  k,
  p,
  binningX,
  binningY,
  roi,
}: CameraInfo): string {
  const size = [width, height, binningX, binningY, roi.x, roi.y, roi.width, roi.height];
  return [frameId, distortionModel, ...size, ...d, ...k, ...p].join(' ');
}
