import { decodePointCloud2, encodePointCloud2 } from '../../src/messages/pointcloud2.js';

/** A copy of a serialised cloud, its points changed in place by `change` (x, y, z), and perhaps in another frame. */
export function mapCloud(
  message: Buffer,
  change: (point: [number, number, number]) => void,
  frameId?: string,
): Buffer {
  const cloud = decodePointCloud2(message);
  const data = new Uint8Array(cloud.data); // slice() of a Buffer would be a view
  const view = new DataView(data.buffer);
  const offsets = ['x', 'y', 'z'].map((name) => cloud.fields.find((field) => field.name === name)!.offset);
  const point: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < cloud.width * cloud.height * cloud.pointStep; at += cloud.pointStep) {
    for (let k = 0; k < 3; k++) point[k] = view.getFloat32(at + offsets[k]!, true);
    change(point);
    for (let k = 0; k < 3; k++) view.setFloat32(at + offsets[k]!, point[k]!, true);
  }
  const bytes = encodePointCloud2({ ...cloud, data, frameId: frameId ?? cloud.frameId });
  // rclnodejs publishes views of larger buffers wrongly: memory of its own.
  const own = Buffer.from(new ArrayBuffer(bytes.length));
  own.set(bytes);
  return own;
}
