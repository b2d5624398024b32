import type { ViewerSink } from '../../viewer/server/source.js';
import type { UpdateCamera } from './view-update.js';

const JPEG_QUALITY = 80;

/** Shows where a camera is at once, and what it saw as soon as the picture is packed. */
export async function showCamera(sink: ViewerSink, submap: number, camera: UpdateCamera): Promise<void> {
  const { stream = 0, stampNs, width, height, fovX, fovY, T_odom_camera: pose } = camera;
  sink.camera({ stream, submap, stampNs, pose, fovX, fovY });
  sink.image({ stream, stampNs, width, height, jpeg: await encodeJpeg(camera) });
}

/** On a thread of the library's own; loaded with the first picture, since runs without a camera need none. */
async function encodeJpeg({ rgb, width, height }: UpdateCamera): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}
