import { decodePointCloud2 } from '../messages/pointcloud2.js';
import { FeltmapError } from '../geometry/errors.js';
import { touchFromCloud, type ContactCloudOptions } from '../sensors/tactile/contact-cloud.js';
import { touchFromDepth } from '../sensors/tactile/depth-image.js';
import type { GelImage, Touch } from '../sensors/tactile/touch.js';
import { decodeColorMessage, decodeDepthMessage, type ImageMessage } from './decode-message.js';

/** What a topic of a tactile sensor brings: pictures of its gel, images of depths in metres, or points of contact. */
export const TOUCH_INPUTS = ['image', 'depth', 'points'] as const;
export type TouchInput = (typeof TOUCH_INPUTS)[number];

export interface TouchReading extends ContactCloudOptions {
  /** From one pixel to the next of depth images (m). */
  readonly pitch?: number;
}

/**
 * What a message of a tactile sensor says; pictures in JPEG or PNG are decoded off the main thread.
 *
 * @param header of the message, as it is used
 * @throws FeltmapError bad-input for what is damaged, unsupported for unknown encodings, bad-config for depths without a pitch
 */
export async function decodeTouchMessage(
  input: TouchInput,
  message: ImageMessage,
  { stampNs, frameId }: { readonly stampNs: bigint; readonly frameId: string },
  { pitch = 0, ...how }: TouchReading = {},
): Promise<Touch | GelImage> {
  if (input === 'points') {
    const { data, encoding } = message;
    return { ...touchFromCloud(decodePointCloud2(data, encoding), how), stampNs, frameId };
  }
  if (input === 'image')
    return { kind: 'gel-image', stampNs, frameId, image: await decodeColorMessage(message) };
  if (!(pitch > 0))
    throw new FeltmapError(
      'bad-config',
      `Depth images on ${message.topic} need the size of a pixel on the gel: give touch.pitch in metres (such as 0.00006), or a calibration.`,
    );
  const { width, height, data: raw, scale } = await decodeDepthMessage(message);
  const data = Float32Array.from(raw, (value) => value * scale);
  return touchFromDepth({ stampNs, frameId, width, height, data, pitch });
}
