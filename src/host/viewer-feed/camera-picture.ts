import type { Pose } from '../../geometry/se3.js';
import type { CameraIntrinsics, ColorImage } from '../../sensors/camera/frame.js';
import type { UpdateCamera } from './view-update.js';

/** Pixels across at most. */
const MAX_WIDTH = 160;

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
  const factor = Math.max(1, Math.ceil(image.width / MAX_WIDTH));
  // What is left over at the right and below is cut off.
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const [across, down] = [Math.min(factor, image.width), Math.min(factor, image.height)];
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < down; j++) {
          const row = 3 * ((y * factor + j) * image.width + x * factor) + c;
          for (let i = 0; i < across; i++) sum += image.data[row + 3 * i]!;
        }
        rgb[3 * (y * width + x) + c] = Math.round(sum / (across * down));
      }
  const fovX = 2 * Math.atan(camera.width / (2 * camera.fx));
  const fovY = 2 * Math.atan(camera.height / (2 * camera.fy));
  return { stream, stampNs, width, height, rgb, fovX, fovY, T_odom_camera: T_odom_camera.slice() };
}
