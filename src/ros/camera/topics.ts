import { sensorKinds } from '../../config/sensors.js';
import { ROS_TYPES } from '../../messages/types.js';
import type { ParameterStore } from '../parameter-check.js';
import { PRESETS } from './presets.js';

/** What a topic of a camera brings. */
export type CameraInput = 'depth' | 'color' | 'info' | 'colorInfo' | 'points' | 'image' | 'imageInfo';

/** A topic that a camera is read from. */
export interface CameraTopic {
  readonly input: CameraInput;
  /** As it is subscribed to; remappings apply. */
  readonly name: string;
  /** Type of the messages. */
  readonly type: string;
}

/** A camera of the parameters. */
export interface CameraTopics {
  /** For people. */
  readonly name: string;
  readonly topics: readonly CameraTopic[];
}

/** Value of `color_topic` that leaves colour out. */
const NO_COLOR = 'none';
/** Name in `color_cameras` that stands for none. */
const NO_COLOR_CAMERA = 'none';
/** What a map can be made without. */
const OPTIONAL: ReadonlySet<CameraInput> = new Set(['color', 'colorInfo', 'image', 'imageInfo']);
/** Inputs that bring images. */
const IMAGES: ReadonlySet<CameraInput> = new Set(['depth', 'color', 'image']);

/** Whether a camera's input brings images, raw or compressed. */
export const isImageInput = (input: CameraInput): boolean => IMAGES.has(input);

/**
 * The cameras that the parameters name, the leading one first: those with depth where the map is made with them, then those that colour what
 * LiDARs map.
 */
export function camerasOf(p: ParameterStore): CameraTopics[] {
  const kinds = sensorKinds(p.config);
  const deep = kinds.includes('rgbd') ? p.strings('rgbd_cameras') : [];
  const colour = kinds.includes('lidar')
    ? p.strings('color_cameras').filter((name) => name !== NO_COLOR_CAMERA)
    : [];
  return [
    ...deep.map((name) => ({ name, topics: topicsOf(p, name) })),
    ...colour.map((name) => ({ name, topics: colorTopicsOf(name) })),
  ];
}

function colorTopicsOf(camera: string): CameraTopic[] {
  return [
    { input: 'image', name: `${camera}/image`, type: ROS_TYPES.image },
    { input: 'imageInfo', name: `${camera}/camera_info`, type: ROS_TYPES.cameraInfo },
  ];
}

function topicsOf(p: ParameterStore, camera: string): CameraTopic[] {
  const preset = PRESETS[p.string('preset') as keyof typeof PRESETS] as (typeof PRESETS)['zed'] | undefined;
  const input = p.string('rgbd_input');
  const named = (parameter: string, fromPreset: string | undefined, own: string): string =>
    p.string(parameter) || (fromPreset ?? `${camera}/${own}`);
  if (input === 'points') {
    const name = named('points_topic', undefined, 'points');
    return [{ input: 'points', name, type: ROS_TYPES.pointCloud2 }];
  }
  const image = (input_: 'depth' | 'color', name: string): CameraTopic => {
    const full = input === 'compressed' ? transported(name, input_) : name;
    return { input: input_, name: full, type: imageType(full) };
  };
  const infos = (input_: 'info' | 'colorInfo', name: string): CameraTopic => ({
    input: input_,
    name,
    type: ROS_TYPES.cameraInfo,
  });
  const depth = [
    image('depth', named('depth_topic', preset?.depth, 'depth')),
    infos('info', named('camera_info_topic', preset?.info, 'camera_info')),
  ];
  if (p.string('color_topic') === NO_COLOR) return depth;
  return [
    ...depth,
    image('color', named('color_topic', preset?.color, 'color')),
    infos('colorInfo', named('color_camera_info_topic', preset?.colorInfo, 'color_camera_info')),
  ];
}

/** What image_transport appends, where it is not there yet. */
function transported(name: string, input: 'depth' | 'color'): string {
  if (isTransported(name)) return name;
  return `${name}/${input === 'depth' ? 'compressedDepth' : 'compressed'}`;
}

function isTransported(name: string): boolean {
  return /\/compressed(Depth)?$/.test(name);
}

/** The type of an image topic by its name. */
function imageType(name: string): string {
  return isTransported(name) ? ROS_TYPES.compressedImage : ROS_TYPES.image;
}

/**
 * The type with which an image topic is subscribed to: that of those who publish it already, else what its name says.
 *
 * @param full name of the topic after remapping
 * @param published types of its publishers
 */
export function chosenType(full: string, published: readonly string[]): string {
  const images = new Set(
    published.filter((type) => type === ROS_TYPES.image || type === ROS_TYPES.compressedImage),
  );
  return images.size === 1 ? [...images][0]! : imageType(full);
}

/** Topics without which a camera can be used, though in grey or with the intrinsics of depth. */
export function optionalTopics(cameras: readonly CameraTopics[]): ReadonlySet<string> {
  const all = cameras.flatMap(({ topics }) => topics);
  const names = (ofColor: boolean): string[] =>
    all.filter(({ input }) => OPTIONAL.has(input) === ofColor).map(({ name }) => name);
  // One camera_info may be that of both.
  const needed = new Set(names(false));
  return new Set(names(true).filter((name) => !needed.has(name)));
}
