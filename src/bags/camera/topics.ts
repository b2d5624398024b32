import { FeltmapError } from '../../geometry/errors.js';
import { readHeader } from '../../messages/header.js';
import { type CameraInfo, decodeCameraInfo } from '../../messages/images.js';
import { frameName } from '../../messages/tf-buffer.js';
import { ROS_TYPES } from '../../messages/types.js';
import { WireReader } from '../../messages/wire.js';
import { isRectified, isRegisteredName } from '../../sensors/camera/camera-info.js';
import { isCompressedDepth } from '../../sensors/camera/compressed-depth.js';
import { isColorEncoding } from '../../sensors/camera/decode-color.js';
import { isDepthEncoding } from '../../sensors/camera/decode-depth.js';
import { isTouchName } from '../tactile/topics.js';
import type { BagMessage, BagReader, TopicInfo } from '../types.js';

/** Values of the options that leave colour or depth out. */
export const NO_COLOR = 'none';
export const NO_DEPTH = 'none';

/** An image topic by its first message. */
export interface ImageTopic {
  readonly name: string;
  readonly type: string;
  readonly count?: number;
  /** Without what image_transport appends. */
  readonly base: string;
  readonly frameId: string;
  /** Encoding of an Image, format of a CompressedImage. */
  readonly encoding: string;
  readonly kind: 'depth' | 'color' | 'infrared' | 'tactile' | 'other';
}

/** The images that make up a depth camera, and what there is to say about the choice. */
export interface CameraTopics {
  readonly depth: ImageTopic;
  readonly color?: ImageTopic;
  readonly notes: readonly string[];
}

const IMAGE_TYPES: readonly string[] = [ROS_TYPES.image, ROS_TYPES.compressedImage];
const DEPTH_NAME = /depth/i;
const COLOR_NAME = /(^|[/_])(colou?r|rgb|bgr)/i;
const INFRARED_NAME = /infra|(^|[/_])ir\d?([/_]|$)/i;

/** All image topics of a bag that have messages which can be read. */
export async function imageTopics(bag: BagReader): Promise<ImageTopic[]> {
  const found: ImageTopic[] = [];
  for (const topic of bag.topics()) {
    if (!IMAGE_TYPES.includes(topic.type) || topic.count === 0) continue;
    const first = await firstOf(bag, topic, look);
    if (first) found.push({ ...first, kind: kindOf(topic, first.encoding) });
  }
  return found;
}

/**
 * The depth and colour topics of a bag's camera: those that are wanted, else by type, encoding and name. Images as they
 * are are preferred to the same ones compressed, depth that is registered to colour to that which is not.
 *
 * @throws FeltmapError not-found for a wanted topic that is missing or of another kind, or without any depth; ambiguous
 */
export function chooseCamera(
  path: string,
  images: readonly ImageTopic[],
  wanted: { readonly depth?: string; readonly color?: string } = {},
): CameraTopics {
  const notes: string[] = [];
  const depth = chooseDepth(path, images, wanted.depth, notes);
  if (wanted.color === NO_COLOR) return { depth, notes };
  const color = chooseColor(path, images, depth, wanted.color);
  return { depth, ...(color && { color }), notes };
}

function chooseDepth(
  path: string,
  images: readonly ImageTopic[],
  wanted: string | undefined,
  notes: string[],
): ImageTopic {
  if (wanted !== undefined) return named(path, images, wanted, 'depth');
  const depths = uncompressed(images.filter((t) => t.kind === 'depth'));
  if (depths.length === 0)
    throw new FeltmapError(
      'not-found',
      `${path} has no depth images (16UC1, 32FC1 or compressedDepth); image topics: ${list(images)}; record the camera's depth topic`,
    );
  if (depths.length === 1) return depths[0]!;
  const registered = depths.filter((t) => isRegisteredName(t.name));
  const left = registered.length > 0 ? registered : depths;
  if (new Set(left.map((t) => folder(t.base))).size > 1)
    throw new FeltmapError(
      'ambiguous',
      `${path} has several depth topics: ${list(left)}; choose with --depth, several cameras of one body with commas between`,
    );
  // Several forms of one camera's depth: rectified before raw, millimetres before metres made of them.
  const rank = (t: ImageTopic): number => (/rect/.test(t.name) ? 0 : 2) + (t.encoding === '16UC1' ? 0 : 1);
  const best = [...left].sort((a, b) => rank(a) - rank(b))[0]!;
  const others = depths.filter((t) => t !== best);
  notes.push(`depth is taken from ${best.name}, not from ${list(others)}; --depth chooses another topic`);
  return best;
}

function chooseColor(
  path: string,
  images: readonly ImageTopic[],
  depth: ImageTopic,
  wanted: string | undefined,
): ImageTopic | undefined {
  if (wanted !== undefined) return named(path, images, wanted, 'color');
  const colors = uncompressed(images.filter((t) => t.kind === 'color'));
  const score = (t: ImageTopic): number =>
    (frameName(t.frameId) === frameName(depth.frameId) ? 100 : 0) +
    10 * sharedSegments(t.base, depth.base) +
    (isGrey(t) ? 0 : 4) +
    (/rect/.test(t.name) ? 1 : 0);
  const scores = colors.map(score);
  const most = Math.max(...scores);
  const best = colors.filter((_, i) => scores[i] === most);
  if (best.length > 1 && new Set(best.map((t) => folder(t.base))).size > 1)
    throw new FeltmapError(
      'ambiguous',
      `${path} has several colour topics: ${list(best)}; choose one with --color, or --color ${NO_COLOR}`,
    );
  return best[0];
}

/**
 * The images that colour what another sensor maps: the wanted topics, else those of all colour cameras; grey ones only where there are
 * no others.
 *
 * @throws FeltmapError not-found for a wanted topic that is missing or holds no colours
 */
export function chooseColors(
  path: string,
  images: readonly ImageTopic[],
  wanted: readonly string[] = [],
): readonly ImageTopic[] {
  if (wanted[0] === NO_COLOR) return [];
  if (wanted.length > 0) return wanted.map((name) => named(path, images, name, 'color'));
  const colors = uncompressed(images.filter((t) => t.kind === 'color'));
  const red = colors.filter((t) => !isGrey(t));
  const left = red.length > 0 ? red : colors;
  // Of several forms of one camera's images, the rectified one.
  return left.filter(
    (t) => isRectified(t.base) || !left.some((u) => isRectified(u.base) && u.frameId === t.frameId),
  );
}

const isGrey = ({ encoding }: ImageTopic): boolean => /^(mono|8UC1)/.test(encoding);

function named(
  path: string,
  images: readonly ImageTopic[],
  wanted: string,
  kind: 'depth' | 'color',
): ImageTopic {
  const found = images.find((t) => t.name === wanted);
  const fits = found && (kind === 'depth' ? found.kind !== 'color' : found.kind !== 'depth');
  if (fits) return found;
  const all = list(images.filter((t) => t.kind === kind));
  const what = kind === 'depth' ? 'depth' : 'colour';
  throw new FeltmapError(
    'not-found',
    found
      ? `${path}: ${wanted} holds images of ${found.encoding}, no ${what}; ${what} topics: ${all}`
      : `${path} has no image topic ${wanted}; ${what} topics: ${all}`,
  );
}

/**
 * The calibration that goes with images: on the topic camera_info beside them, else the one of their frame.
 *
 * @returns undefined where there is none
 */
export async function cameraInfoOf(
  bag: BagReader,
  image: ImageTopic,
): Promise<{ readonly topic: string; readonly info: CameraInfo } | undefined> {
  const infos = bag.topics().filter((t) => t.type === ROS_TYPES.cameraInfo && t.count !== 0);
  const read = (topic: TopicInfo): Promise<CameraInfo | undefined> =>
    firstOf(bag, topic, (message) => decodeCameraInfo(message.data, message.encoding));
  for (const name of [`${folder(image.base)}/camera_info`, `${image.base}/camera_info`]) {
    const topic = infos.find((t) => t.name === name);
    const info = topic && (await read(topic));
    if (info) return { topic: topic.name, info };
  }
  for (const topic of infos) {
    const info = await read(topic);
    if (info && frameName(info.frameId) === frameName(image.frameId)) return { topic: topic.name, info };
  }
  return undefined;
}

/** Encoding or format, and frame, of an image message, without its pixels. */
function look(message: BagMessage): Omit<ImageTopic, 'kind'> {
  const { topic: name, type } = message;
  const reader = new WireReader(message.data, message.encoding, type);
  const { frameId } = readHeader(reader);
  if (type === ROS_TYPES.image) {
    reader.uint32();
    reader.uint32();
  }
  const base = name.replace(/\/(compressedDepth|compressed|theora|zstd|raw)$/, '');
  return { name, type, base, frameId, encoding: reader.string() };
}

function kindOf({ name, type }: TopicInfo, encoding: string): ImageTopic['kind'] {
  if (isTouchName(name)) return 'tactile';
  const looksDeep = DEPTH_NAME.test(name) && !COLOR_NAME.test(name);
  if (type === ROS_TYPES.compressedImage) {
    if (isCompressedDepth(encoding) || name.endsWith('/compressedDepth')) return 'depth';
    if (/^(16UC1|mono16|32FC1)/.test(encoding)) return DEPTH_NAME.test(name) ? 'depth' : 'other';
    if (INFRARED_NAME.test(name)) return 'infrared';
    return looksDeep ? 'other' : 'color';
  }
  if (INFRARED_NAME.test(name)) return 'infrared';
  if (isDepthEncoding(encoding)) return 'depth';
  if (encoding === 'mono16' && DEPTH_NAME.test(name)) return 'depth';
  return isColorEncoding(encoding) && !looksDeep ? 'color' : 'other';
}

/** The first message of a topic that can be read; undefined without one among the first few. */
async function firstOf<T>(
  bag: BagReader,
  topic: TopicInfo,
  read: (message: BagMessage) => T,
): Promise<(T & { count?: number }) | undefined> {
  let tries = 10;
  for await (const message of bag.messages({ topics: [topic.name] })) {
    try {
      return { ...read(message), ...(topic.count !== undefined && { count: topic.count }) };
    } catch (error) {
      if (!(error instanceof FeltmapError)) throw error;
      if (--tries === 0) break;
    }
  }
  return undefined;
}

/** Without those that are there uncompressed as well. */
function uncompressed(images: readonly ImageTopic[]): ImageTopic[] {
  return images.filter(
    (t) => t.type === ROS_TYPES.image || !images.some((u) => u.type === ROS_TYPES.image && u.base === t.base),
  );
}

function sharedSegments(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  const differs = left.findIndex((segment, i) => segment !== right[i]);
  return (differs === -1 ? left.length : differs) - 1;
}

function folder(topic: string): string {
  return topic.slice(0, topic.lastIndexOf('/'));
}

function list(images: readonly ImageTopic[]): string {
  return images.map((t) => `${t.name}${t.count === undefined ? '' : ` (${t.count})`}`).join(', ') || 'none';
}
