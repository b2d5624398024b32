import type { ViewerSink } from '../../viewer/server/source.js';
import { encodeJpeg } from './jpeg.js';
import type { UpdateCamera } from './view-update.js';

/** Shows where a camera is at once, and what it saw as soon as the picture is packed. */
export async function showCamera(sink: ViewerSink, submap: number, camera: UpdateCamera): Promise<void> {
  const { stream = 0, stampNs, width, height, rgb, fovX, fovY, T_odom_camera: pose } = camera;
  sink.camera({ stream, submap, stampNs, pose, fovX, fovY });
  sink.image({ stream, stampNs, width, height, jpeg: await encodeJpeg({ width, height, data: rgb }) });
}
