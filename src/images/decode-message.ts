import { FeltmapError } from '../geometry/errors.js';
import { decodeCompressedImage, decodeImage } from '../messages/images.js';
import { ROS_TYPES } from '../messages/types.js';
import type { Encoding } from '../messages/wire.js';
import { depthOfWords, depthPayload, rvlWords } from '../sensors/camera/compressed-depth.js';
import { colorFromImage } from '../sensors/camera/decode-color.js';
import { depthFromImage } from '../sensors/camera/decode-depth.js';
import type { ColorImage, DepthImage } from '../sensors/camera/frame.js';
import { readColor, readWords } from './pictures.js';

/** An image as it came, not decoded yet. */
export interface ImageMessage {
  readonly topic: string;
  /** sensor_msgs/msg/Image or sensor_msgs/msg/CompressedImage. */
  readonly type: string;
  readonly data: Uint8Array;
  readonly encoding: Encoding;
}

/**
 * The picture of an Image or CompressedImage message; JPEG and PNG off the main thread.
 *
 * @throws FeltmapError bad-input for what is damaged, unsupported for unknown encodings
 */
export async function decodeColorMessage({ topic, type, data, encoding }: ImageMessage): Promise<ColorImage> {
  if (type === ROS_TYPES.image) return colorFromImage(decodeImage(data, encoding));
  if (type === ROS_TYPES.compressedImage)
    return readColor(decodeCompressedImage(data, encoding).data, `An image of ${topic}`);
  throw notAnImage(topic, type);
}

/**
 * The depth of an Image, or of a CompressedImage by compressedDepth (PNG or RVL); PNG off the main thread.
 *
 * @throws FeltmapError bad-input for what is damaged, unsupported for unknown encodings
 */
export async function decodeDepthMessage({ topic, type, data, encoding }: ImageMessage): Promise<DepthImage> {
  if (type === ROS_TYPES.image) return depthFromImage(decodeImage(data, encoding));
  if (type !== ROS_TYPES.compressedImage) throw notAnImage(topic, type);
  const { codec, bytes, quantisation } = depthPayload(decodeCompressedImage(data, encoding));
  const words = codec === 'rvl' ? rvlWords(bytes) : await readWords(bytes, `A depth image of ${topic}`);
  return depthOfWords(words, quantisation);
}

function notAnImage(topic: string, type: string): FeltmapError {
  return new FeltmapError('unsupported', `${topic} is a ${type}, no image; choose an image topic`);
}
