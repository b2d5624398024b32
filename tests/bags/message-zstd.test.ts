import { beforeAll, describe, expect, it } from 'vitest';
import { compressZstd, loadCompression } from '../../src/bags/compression.js';
import { isZstdFrame, unpackFrame } from '../../src/bags/message-zstd.js';
import { Random } from '../../src/geometry/random.js';

const random = new Random('frames');
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.int(256));

describe('messages compressed one by one', () => {
  beforeAll(loadCompression);

  it.each([0, 1, 1000, 400_000])('come back as they were: %d bytes', (length) => {
    for (const data of [noise(length), new Uint8Array(length)]) {
      const frame = compressZstd(data, 3);
      expect(isZstdFrame(frame)).toBe(true);
      expect(Buffer.compare(unpackFrame(frame)!, data)).toBe(0);
    }
  });

  it('are told from those that are not: CDR begins with its encapsulation, ROS 1 with a count', () => {
    expect(isZstdFrame(Uint8Array.of(0, 1, 0, 0, 7))).toBe(false);
    expect(isZstdFrame(Uint8Array.of(0x28, 0xb5))).toBe(false);
    expect(isZstdFrame(new Uint8Array(0))).toBe(false);
  });

  it('are nothing when they are cut off, spoiled, or larger than any message', () => {
    const frame = compressZstd(noise(50_000), 3);
    expect(unpackFrame(frame.subarray(0, 30_000))).toBeUndefined();
    expect(unpackFrame(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3))).toBeUndefined();
    const bomb = compressZstd(new Uint8Array(3_000_000), 3);
    expect(bomb.length).toBeLessThan(1000);
    expect(unpackFrame(bomb, 1_000_000)).toBeUndefined();
    expect(unpackFrame(bomb, 3_000_000)?.length).toBe(3_000_000);
  });
});
