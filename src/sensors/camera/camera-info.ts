import { FeltmapError } from '../../geometry/errors.js';
import type { CameraInfo } from '../../messages/images.js';
import type { CameraIntrinsics, DistortionModel } from './frame.js';

/** Names of models as drivers write them, in lower case without blanks and underscores. */
const MODELS = new Map<string, DistortionModel>([
  ['', 'plumb_bob'],
  ['none', 'none'],
  ['plumbbob', 'plumb_bob'],
  ['brownconrady', 'plumb_bob'],
  ['modifiedbrownconrady', 'plumb_bob'],
  ['radtan', 'plumb_bob'],
  ['radialtangential', 'plumb_bob'],
  ['opencv', 'plumb_bob'],
  ['pinhole', 'plumb_bob'],
  ['rationalpolynomial', 'rational_polynomial'],
  ['equidistant', 'equidistant'],
  ['fisheye', 'equidistant'],
  ['opencvfisheye', 'equidistant'],
  ['kannalabrandt4', 'equidistant'],
  ['kannalabrandt8', 'equidistant'],
]);
/** Coefficients that a model has at most. */
const MOST: Readonly<Record<DistortionModel, number>> = {
  none: 0,
  plumb_bob: 5,
  rational_polynomial: 8,
  equidistant: 4,
};

/** @param topic of images: a part of its name is rect, rectified or image_rect where they are rectified */
export function isRectified(topic: string): boolean {
  return /(^|[/_])(image_)?rect(ified)?([/_]|$)/.test(topic);
}

/** Whether depth images of this topic lie in the colour image's pixels, by the names that drivers use. */
export function isRegisteredName(topic: string): boolean {
  return /aligned_depth|depth_registered|registered_depth|depth_to_(rgb|colou?r)/i.test(topic);
}

/**
 * The pinhole of a sensor_msgs/CameraInfo for its images as they come: cut to the region of interest, and binned. For
 * rectified images P holds, and there is no distortion.
 *
 * @throws FeltmapError bad-input for a camera that is not calibrated; unsupported for distortion of an unknown model
 */
export function intrinsicsFromCameraInfo(info: CameraInfo, rectified = false): CameraIntrinsics {
  const { p, k, roi } = info;
  const fromP = rectified && p[0]! > 0 && p[5]! > 0;
  const [fx, fy, cx, cy] = fromP ? [p[0]!, p[5]!, p[2]!, p[6]!] : [k[0]!, k[4]!, k[2]!, k[5]!];
  const where = `camera_info${info.frameId ? ` of '${info.frameId}'` : ''}`;
  if (!(fx > 0 && fy > 0 && [fx, fy, cx, cy].every(Number.isFinite)))
    throw new FeltmapError(
      'bad-input',
      `${where} has the focal lengths ${fx} and ${fy}: the camera is not calibrated; calibrate it or set its camera_info`,
    );
  if (info.width === 0 || info.height === 0)
    throw new FeltmapError(
      'bad-input',
      `${where} is for images of ${info.width}×${info.height} pixels; set its size`,
    );
  const [binX, binY] = [Math.max(1, info.binningX), Math.max(1, info.binningY)];
  const cut = roi.width > 0 && roi.height > 0;
  const model = rectified ? 'none' : distortionModel(info, where);
  return {
    width: Math.floor((cut ? roi.width : info.width) / binX),
    height: Math.floor((cut ? roi.height : info.height) / binY),
    fx: fx / binX,
    fy: fy / binY,
    // Pixel centres lie at whole numbers: the corner of the first pixel is at −½, whatever its size.
    cx: (cx - (cut ? roi.x : 0) + 0.5) / binX - 0.5,
    cy: (cy - (cut ? roi.y : 0) + 0.5) / binY - 0.5,
    distortion: model,
    coefficients: model === 'none' ? [] : Array.from(info.d).slice(0, MOST[model]),
  };
}

function distortionModel(info: CameraInfo, where: string): DistortionModel {
  if (info.d.every((d) => d === 0)) return 'none';
  const model = MODELS.get(info.distortionModel.toLowerCase().replace(/[\s_-]/g, ''));
  const finite = info.d.every(Number.isFinite);
  // Eight coefficients under the name of the model with five, as some drivers write them.
  const named = model === 'plumb_bob' && info.d.length >= 8 ? 'rational_polynomial' : model;
  // Four for a thin prism and two for a tilted sensor may follow, which bend rays where they are not zero.
  if (named !== undefined && finite && info.d.subarray(MOST[named]).every((d) => d === 0)) return named;
  throw new FeltmapError(
    'unsupported',
    `${where} has the distortion model '${info.distortionModel.slice(0, 40)}' with ${info.d.length} coefficients; ` +
      'plumb_bob, rational_polynomial and equidistant are known: use the rectified images',
  );
}

/** A principal point this far along both width and height is that of images of another size, … */
const AMID = { from: 0.3, to: 0.7 } as const;
/** … where it is as far along both, by this share: what is cut out of an image rarely is. */
const ALIKE = 0.15;

/** How many times larger than so many pixels the images are that the intrinsics are for, by their principal point; 1 where it fits. */
function timesLarger({ cx, cy }: CameraIntrinsics, width: number, height: number): number {
  const [across, down] = [(cx + 0.5) / width, (cy + 0.5) / height];
  const off = (along: number): boolean => along > AMID.to || (along > 0 && along < AMID.from);
  return off(across) && off(down) && Math.abs(across / down - 1) < ALIKE ? across + down : 1;
}

/**
 * Intrinsics for an image of another size of the same view.
 *
 * @param what names the image in the error
 * @throws FeltmapError bad-input where the shape differs, so that no scale fits, or where they are those of other images
 */
export function fitIntrinsics(
  camera: CameraIntrinsics,
  width: number,
  height: number,
  what: string,
): CameraIntrinsics {
  if (camera.cx === 0 && camera.cy === 0)
    throw new FeltmapError(
      'bad-input',
      `${what} has intrinsics without a principal point (cx and cy are 0); give it, near the middle of the image`,
    );
  const times = timesLarger(camera, camera.width, camera.height);
  // Those of these images, beside the size of others.
  if (times !== 1 && timesLarger(camera, width, height) === 1) return { ...camera, width, height };
  if (times !== 1)
    throw new FeltmapError(
      'bad-input',
      `${what} has ${width}×${height} pixels, but its intrinsics have the principal point (${camera.cx.toFixed(0)}, ${camera.cy.toFixed(0)}): ` +
        `they are those of images ${times.toPrecision(2)} times as large; scale fx, fy, cx and cy to this image`,
    );
  if (camera.width === width && camera.height === height) return camera;
  const [sx, sy] = [width / camera.width, height / camera.height];
  if (Math.abs(sx / sy - 1) > 0.01)
    throw new FeltmapError(
      'bad-input',
      `${what} has ${width}×${height} pixels, but its intrinsics are for ${camera.width}×${camera.height}; ` +
        'give those of this image',
    );
  return {
    ...camera,
    width,
    height,
    fx: camera.fx * sx,
    fy: camera.fy * sy,
    cx: (camera.cx + 0.5) * sx - 0.5,
    cy: (camera.cy + 0.5) * sy - 0.5,
  };
}
