import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics, ColorImage } from '../../sensors/camera/frame.js';
import { shrink } from './shrink.js';
import type { UpdateCamera } from './view-update.js';

/**
 * A colour image as the viewer shows it: made small by whole factors, each pixel the mean of those it stands for.
 *
 * @param camera what took the image; its lens is left out of the angles of view
 * @param T_odom_camera pose of the colour camera at the stamp
 * @param stream number of its picture stream in the viewer, where there are several cameras
 */
export function cameraPicture(
  image: ColorImage,
  camera: CameraIntrinsics,
  T_odom_camera: Pose,
  stampNs: bigint,
  stream = 0,
): UpdateCamera {
  const { width, height, data: rgb } = shrink(image);
  const fovX = 2 * Math.atan(camera.width / (2 * camera.fx));
  const fovY = 2 * Math.atan(camera.height / (2 * camera.fy));
  return { stream, stampNs, width, height, rgb, fovX, fovY, T_odom_camera: T_odom_camera.slice() };
}
