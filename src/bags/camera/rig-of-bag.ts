import { FeltmapError } from '../../geometry/errors.js';
import { compose, identity, type Pose } from '../../geometry/se3.js';
import { frameName, type TfBuffer } from '../../messages/tf-buffer.js';
import { intrinsicsFromCameraInfo, isRectified, isRegisteredName } from '../../sensors/camera/camera-info.js';
import { CAMERA_ON_BODY, type CameraIntrinsics } from '../../sensors/camera/frame.js';
import type { FrameSetup } from '../../sensors/camera/frame-builder.js';
import { BASE, type BodyFrame } from '../frames.js';
import { staticTransforms } from '../imu-topic.js';
import type { BagReader } from '../types.js';
import { cameraInfoOf, type CameraTopics, type ImageTopic } from './topics.js';

/** A camera of a bag with its calibration. */
export interface BagCamera {
  readonly setup: FrameSetup & { readonly mount: Pose };
  /** Frame in which tf knows the body, and T_body_frame. */
  readonly body: { readonly frame: string; readonly T_body_frame: Pose };
  /** How colour and depth lie to each other, for people; absent without colour. */
  readonly registration?: string;
  readonly notes: readonly string[];
}

/**
 * Intrinsics from camera_info, the place of colour to depth and of depth on the body from tf_static.
 *
 * @param base frame of the body that is wanted; else {@link BASE}, where tf connects it
 * @param on the body of another sensor, instead
 * @throws FeltmapError not-found without camera_info for depth, or where tf does not connect the wanted body; bad-input or unsupported for one that cannot be used
 */
export async function cameraOfBag(
  bag: BagReader,
  path: string,
  topics: CameraTopics,
  base?: string,
  on?: BodyFrame,
): Promise<BagCamera> {
  const { depth, color } = topics;
  const tf = await staticTransforms(bag);
  const notes = [...topics.notes, ...tf.staticChanges];
  const [depthInfo, colorInfo] = [await cameraInfoOf(bag, depth), color && (await cameraInfoOf(bag, color))];
  const sameFrame = color !== undefined && frameName(color.frameId) === frameName(depth.frameId);
  const registered =
    sameFrame ||
    (depthInfo && colorInfo && frameName(depthInfo.info.frameId) === frameName(colorInfo.info.frameId)) ===
      true;
  // Depth that is registered to colour has the intrinsics of colour.
  const info = depthInfo ?? (registered ? colorInfo : undefined);
  if (!info)
    throw new FeltmapError(
      'not-found',
      `${path}: there is no camera_info for ${depth.name}; record the topic camera_info beside it`,
    );
  const camera = intrinsicsOf(info.info, depth, info.topic);
  const mount = on ? mountOn(tf, depth, on) : mountOf(tf, depth, base);
  if (mount.note !== undefined) notes.push(mount.note);
  const setup: FrameSetup & { mount: Pose } = { name: depth.name, camera, mount: mount.T_body_depth };
  const found = { body: mount.body, notes };
  if (!color) return { setup, ...found };

  let colorCamera: CameraIntrinsics | undefined;
  if (!colorInfo && !registered)
    notes.push(
      `${color.name}: there is no camera_info for it: depth is used without colour; record camera_info`,
    );
  else {
    try {
      colorCamera = colorInfo ? intrinsicsOf(colorInfo.info, color, colorInfo.topic) : camera;
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      notes.push(`${error.message}: depth is used without colour`);
    }
  }
  if (!colorCamera) return { setup, ...found };
  const { T_depth_color, text, note } = placeOfColor(tf, depth, color, registered);
  if (note !== undefined) notes.push(note);
  return {
    setup: { ...setup, color: { name: color.name, camera: colorCamera, T_depth_color } },
    registration: text,
    ...found,
  };
}

/** @throws FeltmapError bad-input or unsupported for a calibration that cannot be used */
export function intrinsicsOf(
  info: Parameters<typeof intrinsicsFromCameraInfo>[0],
  image: ImageTopic,
  topic: string,
): CameraIntrinsics {
  try {
    return intrinsicsFromCameraInfo(info, isRectified(image.base));
  } catch (error) {
    if (!(error instanceof FeltmapError)) throw error;
    throw new FeltmapError(error.code, `${topic}: ${error.message}`, { cause: error });
  }
}

/** On the body's frame where tf connects them, else the camera is the body. @throws where a wanted body is not connected */
function mountOf(
  tf: TfBuffer,
  depth: ImageTopic,
  wanted?: string,
): { T_body_depth: Pose; body: BagCamera['body']; note?: string } {
  const base = wanted ?? BASE;
  const camera = frameName(depth.frameId);
  const itself = { T_body_depth: CAMERA_ON_BODY, body: { frame: camera, T_body_frame: CAMERA_ON_BODY } };
  // Axes of a camera are optical: whoever wants its poses wants them with those of a body.
  if (frameName(base) === camera || (wanted === undefined && !tf.has(base))) return itself;
  const found = tf.lookup(base, camera, 0n);
  if (found.ok)
    return {
      T_body_depth: found.pose,
      body: { frame: frameName(base), T_body_frame: identity() },
      ...(looksUpByMistake(camera, found.pose) && { note: notOptical(depth, base) }),
    };
  const text = `${depth.name}: there is no fixed transform from '${base}' to it (${found.reason})`;
  if (wanted === undefined) return { ...itself, note: `${text}: the camera is the body; record /tf_static` };
  throw new FeltmapError(
    'not-found',
    `${text}; record /tf_static, or ask for poses of '${camera}' (--base-frame)`,
  );
}

/** cos 10°. */
const ALONG = 0.985;

/**
 * Whether a camera would look straight up and its images stand on their side, as those do whose frame has the axes of a body
 * (x forward, z up) in the place of optical ones (z forward, y down: REP 103).
 */
function looksUpByMistake(frame: string, T_body_camera: Pose): boolean {
  return !/optical/i.test(frame) && T_body_camera[10]! > ALONG;
}

function notOptical(depth: ImageTopic, base: string): string {
  return (
    `${depth.name}: by tf its frame '${frameName(depth.frameId)}' looks straight up from '${base}': images have x to the right, y down and z ` +
    `forward (REP 103), so poses of '${base}' are turned by a quarter if the camera looks forward; publish its images in an optical frame, ` +
    `or ask for poses of the camera (--base-frame ${frameName(depth.frameId)})`
  );
}

function placeOfColor(
  tf: TfBuffer,
  depth: ImageTopic,
  color: ImageTopic,
  registered: boolean,
): { T_depth_color: Pose; text: string; note?: string } {
  if (registered || isRegisteredName(depth.name))
    return { T_depth_color: identity(), text: 'depth is registered to colour' };
  const found = tf.lookup(depth.frameId, color.frameId, 0n);
  if (found.ok) {
    const [x, y, z] = [3, 7, 11].map((i) => (found.pose[i]! * 1e3).toFixed(0));
    return {
      T_depth_color: found.pose,
      text: `depth is not registered to colour; tf_static: colour at (${x}, ${y}, ${z}) mm in the depth camera`,
    };
  }
  const note =
    `${depth.name}: there is no transform from '${frameName(depth.frameId)}' to '${frameName(color.frameId)}' of ` +
    `${color.name} (${found.reason}): both are taken for one camera; record /tf_static, or depth registered to colour`;
  return { T_depth_color: identity(), text: 'it is not known where colour lies to depth', note };
}

/** On a body that is known by another frame than its own. @throws FeltmapError not-found where tf does not connect them */
function mountOn(
  tf: TfBuffer,
  depth: ImageTopic,
  { frame, T_body_frame = identity() }: BodyFrame,
): { T_body_depth: Pose; body: BagCamera['body']; note?: string } {
  const found = tf.lookup(frame, depth.frameId, 0n);
  if (found.ok) return { T_body_depth: compose(T_body_frame, found.pose), body: { frame, T_body_frame } };
  throw new FeltmapError(
    'not-found',
    `${depth.name}: there is no fixed transform from '${frame}' to '${frameName(depth.frameId)}' (${found.reason}); record /tf_static`,
  );
}

/** T_body_x of a reading whose place is known in the frame of the body. */
export function onBody(body: BagCamera['body'], T_frame_x: Pose): Pose {
  return compose(body.T_body_frame, T_frame_x);
}
