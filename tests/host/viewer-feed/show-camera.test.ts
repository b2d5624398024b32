import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { showCamera } from '../../../src/host/viewer-feed/show-camera.js';
import { exp } from '../../../src/geometry/se3.js';
import type { ViewerCamera, ViewerSink } from '../../../src/viewer/server/source.js';

describe('showing a camera', () => {
  it('says where it is at once, and shows its picture as a small JPEG', async () => {
    const [width, height] = [48, 32];
    const rgb = new Uint8Array(3 * width * height);
    // Left half red, right half green.
    for (let i = 0; i < width * height; i++) rgb[3 * i + (i % width < width / 2 ? 0 : 1)] = 220;
    const cameras: ViewerCamera[] = [];
    const images: { jpeg: Uint8Array; width: number; height: number; stream: number }[] = [];
    const sink = {
      camera: (camera: ViewerCamera) => cameras.push(camera),
      image: (image: (typeof images)[0]) => images.push(image),
    } as unknown as ViewerSink;
    const pose = exp([1, 2, 3, 0.1, 0.2, 0.3]);
    const camera = { stampNs: 7n, width, height, rgb, fovX: 1, fovY: 0.7, T_odom_camera: pose };
    const shown = showCamera(sink, 2, camera);
    expect(cameras).toEqual([{ stream: 0, submap: 2, stampNs: 7n, pose, fovX: 1, fovY: 0.7 }]);
    await shown;
    expect(images[0]).toMatchObject({ stream: 0, stampNs: 7n, width, height });
    expect(images[0]!.jpeg.length).toBeLessThan(rgb.length / 2);
    const { data, info } = await sharp(images[0]!.jpeg).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width, height, channels: 3 });
    const at = (x: number): number[] => [...data.subarray(3 * (16 * width + x), 3 * (16 * width + x) + 3)];
    expect(at(5)[0]! - at(5)[1]!).toBeGreaterThan(180);
    expect(at(43)[1]! - at(43)[0]!).toBeGreaterThan(180);
  });
});
