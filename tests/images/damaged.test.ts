import { expect, it } from 'vitest';
import { decodeColorMessage, decodeDepthMessage } from '../../src/images/decode-message.js';
import { encodeCompressedImage, encodeImage } from '../../src/messages/images.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { colorMessage, depthMessage } from '../bags/camera/helpers.js';
import { random } from '../bags/helpers.js';
import { picture, png16 } from './helpers.js';

it('whatever becomes of the bytes of a message: an image, or one sentence', async () => {
  const r = random(11);
  const [W, H] = [24, 16];
  const noise = Uint8Array.from({ length: 3 * W * H }, () => Math.floor(256 * r()));
  const words = Uint16Array.from({ length: W * H }, () => Math.floor(9000 * r()));
  const packed = (format: string, data: Uint8Array) =>
    encodeCompressedImage({ stampNs: 1n, frameId: 'c', format, data });
  const whole = [
    [ROS_TYPES.image, encodeImage(colorMessage(1n)), decodeColorMessage],
    [ROS_TYPES.image, encodeImage(depthMessage(1n)), decodeDepthMessage],
    [ROS_TYPES.compressedImage, packed('jpeg', await picture(noise, W, H, 'jpeg')), decodeColorMessage],
    [ROS_TYPES.compressedImage, packed('png', await picture(noise, W, H)), decodeColorMessage],
    [
      ROS_TYPES.compressedImage,
      packed(
        '16UC1; compressedDepth png',
        new Uint8Array([...new Uint8Array(12), ...(await png16(words, W, H))]),
      ),
      decodeDepthMessage,
    ],
  ] as const;
  let refused = 0;
  for (const [type, bytes, decode] of whole) {
    for (let round = 0; round < 80; round++) {
      const data = bytes.slice(0, r() < 0.3 ? Math.floor(r() * bytes.length) : bytes.length);
      for (let k = Math.floor(4 * r()); k >= 0 && data.length > 0; k--)
        data[Math.floor(r() ** 2 * data.length)] = Math.floor(256 * r());
      try {
        const image = await decode({ topic: '/image', type, data, encoding: 'cdr' });
        const channels = decode === decodeColorMessage ? 3 : 1;
        expect(image.data).toHaveLength(channels * image.width * image.height);
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ name: 'FeltmapError' });
        expect((error as Error).message.split('\n')).toHaveLength(1);
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});
