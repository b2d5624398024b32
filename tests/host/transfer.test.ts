import { describe, expect, it } from 'vitest';
import { copied, handOver } from '../../src/host/transfer.js';

describe('handOver', () => {
  it('moves arrays that own their buffer and copies parts of larger ones', () => {
    const big = Float32Array.from({ length: 1200 }, (_, i) => i);
    const times = new Float32Array(300).fill(0.5);
    const { message, transfers } = handOver({ positions: big.subarray(3, 303), times, stampNs: 5n });
    expect([...message.positions.subarray(0, 3)]).toEqual([3, 4, 5]);
    expect(message.positions.buffer.byteLength).toBe(1200);
    expect(message.times.buffer).toBe(times.buffer);
    expect(transfers).toHaveLength(2);
    structuredClone(message, { transfer: transfers });
    expect(times.byteLength).toBe(0); // gone without a copy
    expect(big.length).toBe(1200);
  });

  it('copies short arrays, which other messages may hold as well', () => {
    const pose = Float64Array.of(1, 2, 3);
    const first = handOver({ pose });
    structuredClone(first.message, { transfer: first.transfers });
    expect([...handOver({ pose }).message.pose]).toEqual([1, 2, 3]);
  });

  it('throws for an array that was handed over before', () => {
    const data = new Float32Array(300);
    structuredClone(data, { transfer: [data.buffer] });
    expect(() => handOver({ data })).toThrow();
  });

  it('names a buffer once when two arrays are views of all of it', () => {
    const buffer = new ArrayBuffer(1200);
    const both = { positions: new Float32Array(buffer), intensities: new Float32Array(buffer) };
    expect(handOver(both).transfers).toEqual([buffer]);
  });

  it('reaches into objects, lists and maps, and finds bare buffers', () => {
    const data = new ArrayBuffer(4);
    const filled = (v: number): Uint8Array => new Uint8Array(2000).fill(v);
    const files = new Map([['a', filled(1)]]);
    const { message, transfers } = handOver({
      reply: { files, list: [filled(2)], data },
      none: undefined,
    });
    expect(transfers).toHaveLength(3);
    expect(message).toEqual({ reply: { files, list: [filled(2)], data }, none: undefined });
  });

  it('copies what lies in shared memory or in the pool of Buffers', () => {
    const shared = new Float64Array(new SharedArrayBuffer(16), 8, 1).fill(3);
    const pooled = Buffer.from('abc');
    const { message } = handOver({ shared, pooled });
    shared.fill(4);
    pooled.fill(0);
    expect(message.shared.buffer).toBeInstanceOf(ArrayBuffer);
    expect([...message.shared, ...message.pooled]).toEqual([3, 97, 98, 99]);
  });
});

describe('copied', () => {
  it('is equal and has no memory in common', () => {
    const event = { type: 'pose', index: 3, pose: Float64Array.of(1, 2), points: [Uint16Array.of(7)] };
    const copy = copied(event);
    expect(copy).toEqual(event);
    event.pose.fill(0);
    event.points[0]!.fill(0);
    expect([copy.pose[1], copy.points[0]![0]]).toEqual([2, 7]);
  });
});
