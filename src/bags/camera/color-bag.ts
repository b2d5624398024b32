import { FeltmapError } from '../../geometry/errors.js';
import { decodeColorMessage } from '../../images/decode-message.js';
import { frameName } from '../../messages/tf-buffer.js';
import { ColorFrameBuilder, type ColorSetup } from '../../sensors/camera/color-frame-builder.js';
import type { ColorFrame } from '../../sensors/camera/frame.js';
import { staticTransforms } from '../imu-topic.js';
import type { PictureSource } from '../joint-source.js';
import { lookAhead } from '../look-ahead.js';
import type { ScanRange } from '../scan-source.js';
import type { StampedMessages } from '../stamped-messages.js';
import type { BagReader } from '../types.js';
import { rawImage, stampedImages, type RawImage } from './raw-image.js';
import { intrinsicsOf } from './rig-of-bag.js';
import { cameraInfoOf, chooseColors, type ImageTopic } from './topics.js';

/** A colour camera of a bag that can be used: its images, and where it is on the body. */
export interface ColorCamera extends ColorSetup {
  readonly image: ImageTopic;
}

/** How far before its beginning and after its end a range is read: stamps and log times differ. */
const SLACK_NS = 10_000_000_000n;

/**
 * The colour cameras of a bag that fixed transforms connect with a body, and why others are not used.
 *
 * @param body frame of the body
 * @throws FeltmapError not-found for a wanted topic that is missing, holds no colours, or cannot be used
 */
export async function colorCamerasOf(
  bag: BagReader,
  path: string,
  body: string,
  { images, wanted }: { readonly images: readonly ImageTopic[]; readonly wanted?: readonly string[] },
): Promise<{ readonly cameras: readonly ColorCamera[]; readonly notes: readonly string[] }> {
  const tf = await staticTransforms(bag);
  const cameras: ColorCamera[] = [];
  const notes: string[] = [];
  for (const image of chooseColors(path, images, wanted)) {
    const { name, frameId } = image;
    const camera = await cameraOf(bag, image);
    const found = tf.lookup(body, frameId, 0n);
    if (typeof camera !== 'string' && found.ok) {
      cameras.push({ name, image, camera, mount: found.pose });
      continue;
    }
    const why =
      typeof camera === 'string'
        ? camera
        : `there is no fixed transform from '${body}' to '${frameName(frameId)}'; record /tf_static`;
    const text = `${name} does not colour the map: ${why}`;
    if (wanted && wanted.length > 0) throw new FeltmapError('not-found', `${path}: ${text}`);
    notes.push(text);
  }
  return { cameras, notes };
}

/** Its intrinsics, or why there are none. */
async function cameraOf(bag: BagReader, image: ImageTopic): Promise<ColorSetup['camera'] | string> {
  const info = await cameraInfoOf(bag, image);
  if (!info) return 'there is no camera_info for it; record the topic camera_info beside it';
  try {
    return intrinsicsOf(info.info, image, info.topic);
  } catch (error) {
    if (error instanceof FeltmapError) return error.message;
    throw error;
  }
}

/** The images of colour cameras, in the order in which they were recorded. */
export function colorBagSource(bag: BagReader, cameras: readonly ColorCamera[]): PictureSource {
  const byTopic = (): Map<string, { builder: ColorFrameBuilder; stamped: StampedMessages<RawImage> }> =>
    new Map(
      cameras.map((camera) => [
        camera.name,
        { builder: new ColorFrameBuilder(camera), stamped: stampedImages(camera.name) },
      ]),
    );
  let parts = byTopic();
  let unread = 0;

  async function* raws(range: ScanRange | undefined): AsyncGenerator<RawImage> {
    const topics = [...parts.keys()];
    for await (const message of bag.messages({ topics, ...(await boundsOf(bag, topics, range)) })) {
      const raw = rawImage(message);
      if (raw) yield* parts.get(raw.topic)!.stamped.take(raw, message.logTimeNs);
      else unread++;
    }
    for (const { stamped } of parts.values()) yield* stamped.end();
  }

  async function* measurements(range?: ScanRange): AsyncGenerator<ColorFrame> {
    parts = byTopic();
    unread = 0;
    const build = ({ stampNs, clockShiftNs, frameId, ...raw }: RawImage): Promise<ColorFrame | undefined> =>
      parts.get(raw.topic)!.builder.build({
        stampNs,
        ...(clockShiftNs !== undefined && { clockShiftNs }),
        frameId,
        color: () => decodeColorMessage(raw),
      });
    for await (const frame of lookAhead(raws(range), build)) if (frame) yield frame;
  }

  return {
    description: `colours from ${cameras.map(({ name }) => name).join(', ')}`,
    get warnings() {
      const lost = `${unread} colour image message(s) skipped, as their header cannot be read`;
      return [
        ...bag.warnings,
        ...(unread === 0 ? [] : [lost]),
        ...[...parts.values()].flatMap(({ builder, stamped }) => [...builder.notes, ...stamped.notes]),
      ];
    },
    measurements,
    close: () => bag.close(),
  };
}

/** Log times of a range, generously: what it is relative to is not known here. */
async function boundsOf(
  bag: BagReader,
  topics: readonly string[],
  { startS = 0, durationS = Infinity }: ScanRange = {},
): Promise<{ startNs?: bigint; endNs?: bigint }> {
  if (startS === 0 && durationS === Infinity) return {};
  for await (const { logTimeNs } of bag.messages({ topics })) {
    const startNs = logTimeNs + BigInt(Math.round(startS * 1e9)) - SLACK_NS;
    if (durationS === Infinity) return { startNs };
    return { startNs, endNs: startNs + BigInt(Math.round(durationS * 1e9)) + 2n * SLACK_NS };
  }
  return {};
}
