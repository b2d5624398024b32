import { describe, expect, it } from 'vitest';
import { decodeDepthMessage } from '../../../src/images/decode-message.js';
import { encodeCompressedImage } from '../../../src/messages/images.js';
import { ROS_TYPES } from '../../../src/messages/types.js';
import type { DepthImage } from '../../../src/sensors/camera/frame.js';
import { decodeRvl } from '../../../src/sensors/camera/rvl.js';
import { random } from '../../bags/helpers.js';
import { png16 } from '../../images/helpers.js';

/** RVL after Wilson 2017, in the plainest form: for the tests only. */
function encodeRvl(words: Uint16Array): Uint8Array {
  const nibbles: number[] = [];
  const number = (value: number): void => {
    do {
      const digit = value & 7;
      value >>>= 3;
      nibbles.push(value > 0 ? digit | 8 : digit);
    } while (value > 0);
  };
  let previous = 0;
  for (let at = 0; at < words.length;) {
    let zeros = 0;
    while (at + zeros < words.length && words[at + zeros] === 0) zeros++;
    at += zeros;
    let run = 0;
    while (at + run < words.length && words[at + run] !== 0) run++;
    number(zeros);
    number(run);
    for (const end = at + run; at < end; at++) {
      const delta = words[at]! - previous;
      number((delta << 1) ^ (delta >> 31));
      previous = words[at]!;
    }
  }
  const out = new DataView(new ArrayBuffer(4 * Math.ceil(nibbles.length / 8)));
  for (let i = 0; i < out.byteLength; i += 4) {
    let word = 0;
    for (let k = 0; k < 8; k++) word = (word << 4) | (nibbles[2 * i + k] ?? 0);
    out.setUint32(i, word >>> 0, true);
  }
  return new Uint8Array(out.buffer);
}

describe('decodeRvl', () => {
  it('a vector made by hand', () => {
    // 2 zeros, run of 3: +10 (zigzag 20 = 4 + 2·8: 1100 0010), −1 (zigzag 1), +5 (zigzag 10 = 2 + 1·8: 1010 0001); 1 zero, run of 0.
    // Nibbles 2 3 C 2 1 A 1 1 | 0: the words 0x23C21A11 and 0x00000000, low byte first.
    const bytes = Uint8Array.of(0x11, 0x1a, 0xc2, 0x23, 0, 0, 0, 0);
    expect(decodeRvl(bytes, 3, 2)).toEqual(Uint16Array.of(0, 0, 10, 9, 14, 0));
  });

  it('gives back what was encoded, whatever it is', () => {
    const r = random(3);
    for (let round = 0; round < 60; round++) {
      const width = 1 + Math.floor(r() * 40);
      const height = 1 + Math.floor(r() * 30);
      const holes = r();
      let z = 800;
      const words = Uint16Array.from({ length: width * height }, () => {
        z =
          r() < 0.05 ? Math.floor(r() * 65536) : Math.max(1, Math.min(65535, z + Math.floor(21 * r()) - 10));
        return r() < holes ? 0 : z;
      });
      expect(decodeRvl(encodeRvl(words), width, height)).toEqual(words);
    }
  });

  it('data of the wrong length or size is refused', () => {
    const words = Uint16Array.from({ length: 64 * 48 }, (_, i) => 500 + ((i * 37) % 100));
    const bytes = encodeRvl(words);
    for (const length of [0, 3, 4, 100, bytes.length - 8])
      expect(() => decodeRvl(bytes.subarray(0, length), 64, 48)).toThrow(/RVL of 64×48 .* is damaged/);
    expect(() => decodeRvl(bytes, 32, 48)).toThrow(/is damaged/);
    expect(() => decodeRvl(bytes, 65, 48)).toThrow(/is damaged/);
    expect(() => decodeRvl(new Uint8Array(4000), 64, 48)).toThrow(/is damaged/);
    expect(() => decodeRvl(bytes, 0xffffffff, 0xffffffff)).toThrow(/claims/);
  });

  it('noise never throws anything else', () => {
    const r = random(9);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(r() * 80) }, () => Math.floor(r() * 256));
      try {
        expect(decodeRvl(bytes, 9, 7)).toHaveLength(63);
      } catch (error) {
        expect(error).toMatchObject({ name: 'FeltmapError' });
      }
    }
  });
});

describe('compressedDepth', () => {
  const W = 12;
  const H = 5;
  const words = Uint16Array.from({ length: W * H }, (_, i) => (i % 7 === 0 ? 0 : 900 + 13 * i));

  function message(format: string, payload: Uint8Array, [a, b] = [0, 0], header = 12): Promise<DepthImage> {
    const data = new Uint8Array(header + payload.length);
    if (header >= 12) {
      const view = new DataView(data.buffer);
      view.setFloat32(4, a!, true);
      view.setFloat32(8, b!, true);
    }
    data.set(payload, header);
    const bytes = encodeCompressedImage({ stampNs: 5n, frameId: 'c', format, data });
    return decodeDepthMessage({
      topic: '/depth',
      type: ROS_TYPES.compressedImage,
      data: bytes,
      encoding: 'cdr',
    });
  }
  const sized = (rvl: Uint8Array, width = W, height = H): Uint8Array =>
    new Uint8Array([...new Uint8Array(Uint32Array.of(width, height).buffer), ...rvl]);

  it('16UC1 by PNG and RVL, with and without the name of the codec', async () => {
    const png = await png16(words, W, H);
    for (const depth of [
      await message('16UC1; compressedDepth png', png),
      await message('16UC1; compressedDepth', png),
      await message('16UC1; compressedDepth rvl', sized(encodeRvl(words))),
      await message('16UC1; png compressed ', png, [0, 0], 0),
    ])
      expect(depth).toEqual({ width: W, height: H, data: words, scale: 0.001 });
  });

  it('32FC1: depth = a / (value − b), 0 is unknown', async () => {
    const [a, b] = [5000, 1 - 5000 / 10]; // compressed_depth_image_transport: up to 10 m
    for (const payload of [
      ['32FC1; compressedDepth png', await png16(words, W, H)],
      ['32FC1; compressedDepth rvl', sized(encodeRvl(words))],
    ] as const) {
      const { data, scale } = await message(payload[0], payload[1], [a, b]);
      expect(scale).toBe(1);
      words.forEach((value, i) =>
        value === 0 ? expect(data[i]).toBeNaN() : expect(data[i]).toBeCloseTo(a / (value - b), 5),
      );
    }
    await expect(message('32FC1; compressedDepth png', await png16(words, W, H), [0, 0])).rejects.toThrow(
      /quantisation 0, 0/,
    );
  });

  it('is refused in one sentence where it is damaged', async () => {
    const png = await png16(words, W, H);
    const rvl = encodeRvl(words);
    const cases: [string, Uint8Array, RegExp][] = [
      ['16UC1; compressedDepth png', png.subarray(0, 40), /of \/depth cannot be decoded/],
      ['16UC1; compressedDepth png', new Uint8Array(40), /holds no PNG/],
      ['16UC1; compressedDepth png', new Uint8Array(0), /12 bytes, but its header alone takes 12/],
      ['16UC1; compressedDepth rvl', new Uint8Array(5), /ends within its size/],
      ['16UC1; compressedDepth rvl', sized(rvl.subarray(0, 8)), /RVL of 12×5 .* damaged/],
      ['16UC1; compressedDepth rvl', sized(rvl, 0xffffffff, 2), /claims 4294967295×2/],
      ['rgb8; jpeg compressed bgr8', Uint8Array.of(0xff, 0xd8, 0xff), /does not keep depth/],
    ];
    for (const [format, payload, text] of cases)
      await expect(message(format, payload)).rejects.toMatchObject({
        name: 'FeltmapError',
        message: expect.stringMatching(text) as string,
      });
  });
});
