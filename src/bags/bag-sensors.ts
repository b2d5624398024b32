import type { SensorSet } from '../config/sensor-sets.js';
import { sensorSetOf, type SensorKind } from '../config/sensors.js';
import { FeltmapError } from '../geometry/errors.js';
import type { TouchInput } from '../images/decode-touch.js';
import { frameName } from '../messages/tf-buffer.js';
import { bagScanSource, isCloud, isPackets } from './bag-source.js';
import { colorBagSource, colorCamerasOf } from './camera/color-bag.js';
import { cameraOfBag } from './camera/rig-of-bag.js';
import { rgbdBagSource, type WantedCamera } from './camera/rgbd-bag.js';
import { chooseCamera, imageTopics, NO_DEPTH, type ImageTopic } from './camera/topics.js';
import { staticTransforms } from './imu-topic.js';
import type { BodyFrame } from './frames.js';
import { jointSource, noJointBody, type JointSide } from './joint-source.js';
import { withPointTimes } from './point-times.js';
import { openBag } from './reader.js';
import { bodyOf, withNote, type ScanSource, type ScanSourceOptions } from './scan-source.js';
import { another, colorsOf, namesOf, orClosed, withOthers } from './several-sensors.js';
import { isTouchName, touchTopics, type TouchTopic } from './tactile/topics.js';
import { touchBagSource, type TouchPlacing } from './tactile/touch-bag.js';
import type { BagReader } from './types.js';

/**
 * The sensors of a bag as one stream: those that are asked for, else all that it holds and that its transforms connect.
 *
 * @throws FeltmapError not-found for what is asked for and missing, ambiguous where there are several of a kind
 */
export async function bagSource(
  bag: BagReader,
  path: string,
  options: ScanSourceOptions,
): Promise<ScanSource> {
  const { sensor } = options;
  const asked = sensor?.split('+') as SensorKind[] | undefined;
  const touch = !asked || asked.includes('touch') ? await touchOf(bag, path, options) : [];
  if (asked?.includes('touch') && touch.length === 0)
    throw new FeltmapError(
      'not-found',
      `${path} has no topic of a tactile sensor (names with tactile, touch, gelsight or digit); name it with --touch`,
    );
  const others = sensor === undefined ? await sensorOf(bag, options) : withoutTouch(asked!);
  if (others === undefined) {
    if (touch.length > 0)
      return touchBagSource(bag, path, touch, {
        ...readingOf(options),
        ...placingOf(options),
        ...(options.base !== undefined && { body: { frame: frameName(options.base) } }),
      });
    if (!bag.topics().some((t) => isCloud(t) || isPackets(t))) await refuseImages(bag, path);
    return withPointTimes(await bagScanSource(bag, path, options), options); // says what is missing
  }
  const { source, body } = await seen(bag, path, others, options);
  if (touch.length === 0) return source;
  return orClosed(source, () => withTouch(path, { source, body }, touch, options));
}

/** @throws FeltmapError not-found where a bag has images, but none of depth */
async function refuseImages(bag: BagReader, path: string): Promise<void> {
  const images = await imageTopics(bag);
  if (images.length > 0)
    throw new FeltmapError(
      'not-found',
      `${path} has neither clouds of points (PointCloud2, CustomMsg of Livox) nor depth images (16UC1, 32FC1 or compressedDepth); ` +
        `image topics: ${images.map(({ name, encoding }) => `${name} (${encoding.slice(0, 40)})`).join(', ')}; record the topic of the LiDAR or of the camera's depth`,
    );
}

const withoutTouch = (kinds: readonly SensorKind[]): SensorSet | undefined =>
  sensorSetOf(kinds.filter((kind) => kind !== 'touch'));

/** Tactile topics: those whose messages can be read, unless they are asked for. */
async function touchOf(bag: BagReader, path: string, options: ScanSourceOptions): Promise<TouchTopic[]> {
  const { touch: wanted, touchPitch = 0, touchCalibrated = false } = options;
  const order: TouchInput[] = [
    ...(touchPitch > 0 ? (['depth'] as const) : []),
    ...(touchCalibrated ? (['image'] as const) : []),
    'points',
  ];
  return touchTopics(bag, path, { ...(wanted && { wanted }), order });
}

const placingOf = ({ touchFrames, transformGap }: ScanSourceOptions): Omit<TouchPlacing, 'body'> => ({
  ...(touchFrames && { frames: touchFrames }),
  ...(transformGap !== undefined && { longestGap: transformGap }),
});

const readingOf = ({ touchPitch = 0 }: ScanSourceOptions): { readonly pitch: number } => ({
  pitch: touchPitch,
});

/** Which sensors of a bag are used beside tactile ones, none: undefined; a camera's own clouds are none of a LiDAR. */
async function sensorOf(
  bag: BagReader,
  { topic, depth, color }: ScanSourceOptions,
): Promise<SensorSet | 'either' | undefined> {
  if (depth !== undefined && depth !== NO_DEPTH) return 'rgbd';
  const depths = await depthTopics(bag, depth);
  const clouds = bag.topics().filter((t) => isCloud(t) && t.count !== 0 && !isTouchName(t.name));
  if (color !== undefined && (depths.length > 0 || clouds.length === 0)) return 'rgbd';
  if (topic !== undefined) return 'lidar';
  if (depths.length === 0) return clouds.length === 0 ? undefined : 'lidar';
  return clouds.every(({ name }) => /depth/i.test(name)) ? 'rgbd' : 'either';
}

/** Depth images that may be used. */
async function depthTopics(bag: BagReader, wanted?: string): Promise<ImageTopic[]> {
  return wanted === NO_DEPTH ? [] : (await imageTopics(bag)).filter(({ kind }) => kind === 'depth');
}

/** A source with the body that its poses are of; that is read only where something else is placed on it. */
interface OnBody {
  readonly source: ScanSource;
  readonly body: () => Promise<BodyFrame>;
}

/** LiDAR and camera of a bag. */
async function seen(
  bag: BagReader,
  path: string,
  sensor: SensorSet | 'either',
  options: ScanSourceOptions,
): Promise<OnBody> {
  if (sensor === 'rgbd') return camerasOf(bag, path, options);
  const lidar = await lidarsOf(bag, path, options);
  return orClosed(lidar, () => besideLidar(bag, path, sensor, lidar, options));
}

/** What else there is beside LiDARs. */
async function besideLidar(
  bag: BagReader,
  path: string,
  sensor: SensorSet | 'either',
  lidar: ScanSource,
  options: ScanSourceOptions,
): Promise<OnBody> {
  if (sensor === 'lidar+rgbd') return withCamera(bag, path, lidar, options);
  let source = lidar;
  let note: string | undefined;
  if ((await depthTopics(bag, options.depth)).length === 0)
    source = await withPictures(bag, path, lidar, options);
  else if (sensor === 'either') {
    const both = await withCamera(bag, path, lidar, options).catch(reasonOf);
    if (typeof both !== 'string') return both;
    note = `has a depth camera as well, which is not used: ${both}`;
  }
  const body = async (): Promise<BodyFrame> => ({ frame: bodyOf(source) });
  return { source: note === undefined ? source : withNote(source, `${path} ${note}`), body };
}

/** Why sensors cannot be used together. @throws what is no FeltmapError */
function reasonOf(error: unknown): string {
  if (error instanceof FeltmapError) return error.message;
  throw error;
}

/** The LiDARs of a bag that are asked for, on the body of the first. */
async function lidarsOf(bag: BagReader, path: string, options: ScanSourceOptions): Promise<ScanSource> {
  const [topic, ...others] = namesOf(options.topic);
  const leading = { ...options, ...(topic !== undefined && { topic }) };
  const lead = withPointTimes(await bagScanSource(bag, path, leading), options);
  const base = bodyOf(lead);
  return withOthers(
    lead,
    others.map(
      (name) => () =>
        another(path, async (again) =>
          withPointTimes(await bagScanSource(again, path, { topic: name, base, imu: 'none' }), options),
        ),
    ),
  );
}

/** The depth cameras of a bag that are asked for, on the body of the first. */
async function camerasOf(bag: BagReader, path: string, options: ScanSourceOptions): Promise<OnBody> {
  const [first, ...others] = camerasAskedFor(options);
  const lead = await rgbdBagSource(bag, path, { ...options, ...first! });
  const body = async (): Promise<BodyFrame> =>
    (await cameraOfBag(bag, path, chooseCamera(path, await imageTopics(bag), first), options.base)).body;
  return { source: await withOthers(lead, await beside(path, others, body)), body };
}

/** Further depth cameras on a body; their IMUs are not read. */
async function beside(
  path: string,
  cameras: readonly WantedCamera[],
  body: () => Promise<BodyFrame>,
): Promise<(() => Promise<ScanSource>)[]> {
  if (cameras.length === 0) return [];
  const on = await body();
  return cameras.map(
    (camera) => () =>
      another(path, (again) => rgbdBagSource(again, path, { ...camera, imu: 'none', body: on })),
  );
}

/** Depth topics with their colours; one that is found by itself where none is asked for. */
function camerasAskedFor({ depth, color }: ScanSourceOptions): readonly WantedCamera[] {
  const depths = namesOf(depth);
  return colorsOf(depths, color).map((colors, i) => ({
    ...(depths[i] !== undefined && { depth: depths[i] }),
    ...(colors !== undefined && { color: colors }),
  }));
}

/** The LiDAR of a bag with its depth cameras, on one body. */
async function withCamera(
  bag: BagReader,
  path: string,
  lidar: ScanSource,
  options: ScanSourceOptions,
): Promise<OnBody> {
  const [first, ...others] = camerasAskedFor(options);
  const depth = chooseCamera(path, await imageTopics(bag), first).depth.frameId;
  const base = bodyOf(lidar);
  // Clouds in the camera's own frame are made of its images, and optical axes are none of a body.
  const connected = base !== frameName(depth) && (await staticTransforms(bag)).lookup(base, depth, 0n).ok;
  if (!connected) throw noJointBody(path, lidar.sensorFrame, depth);
  const body = async (): Promise<BodyFrame> => ({ frame: base });
  const lead = await another(path, (again) => rgbdBagSource(again, path, { ...first, imu: 'none', base }));
  const cameras = await orClosed(lead, async () => withOthers(lead, await beside(path, others, body)));
  const sides = [
    { source: cameras, counted: true },
    { source: lidar, counted: true },
  ];
  return { source: jointSource('lidar+rgbd', lidar, sides), body };
}

/** With the images of colour cameras that are placed on the same body. */
async function withPictures(
  bag: BagReader,
  path: string,
  lidar: ScanSource,
  { color }: ScanSourceOptions,
): Promise<ScanSource> {
  const images = await imageTopics(bag);
  const { cameras, notes } = await colorCamerasOf(bag, path, bodyOf(lidar), {
    images,
    wanted: namesOf(color),
  });
  const noted = notes.reduce(withNote, lidar);
  if (cameras.length === 0) return noted;
  const pictures = colorBagSource(await openBag(path), cameras);
  return jointSource('lidar', noted, [
    { source: pictures, counted: false, along: true },
    { source: noted, counted: true },
  ]);
}

/** With the touches of the same bag, where its sensors are placed on the same body. */
async function withTouch(
  path: string,
  { source, body: bodyOf }: OnBody,
  topics: readonly TouchTopic[],
  options: ScanSourceOptions,
): Promise<ScanSource> {
  const body = await bodyOf();
  const touches = await another(path, (again) =>
    touchBagSource(again, path, topics, { ...readingOf(options), ...placingOf(options), body }),
  );
  const sides: JointSide[] = [
    { source, counted: true },
    { source: touches, counted: false },
  ];
  const set = sensorSetOf([...(source.sensor.split('+') as SensorKind[]), 'touch'])!;
  return jointSource(set, source, sides);
}
