import { expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { type PointCloud2, PointType } from '../../../src/messages/pointcloud2.js';
import { PointTimer } from '../../../src/sensors/lidar/point-timer.js';
import { scanFromPointCloud2 } from '../../../src/sensors/lidar/pointcloud2.js';

const STAMP = 1_700_000_000_000_000_000n;

/** Points within 80 m with times (s) and rings, as written in one byte order and told as another. */
function cloud(written: 'big' | 'little', told: 'big' | 'little', type: 'f32' | 'f64'): PointCloud2 {
  const random = new Random(`${written} ${type}`);
  const [size, count] = [type === 'f32' ? 4 : 8, 600];
  const pointStep = 3 * size + 8;
  const data = new Uint8Array(count * pointStep);
  const view = new DataView(data.buffer);
  const little = written === 'little';
  for (let i = 0; i < count; i++) {
    const at = i * pointStep;
    for (let k = 0; k < 3; k++) {
      // Some have no return.
      const v = i % 5 === 0 ? NaN : i % 7 === 0 ? 0 : random.range(-80, 80);
      if (size === 4) view.setFloat32(at + 4 * k, v, little);
      else view.setFloat64(at + 8 * k, v, little);
    }
    view.setFloat32(at + 3 * size, (0.1 * i) / count, little);
    view.setUint16(at + 3 * size + 4, i % 16, little);
  }
  const datatype = size === 4 ? PointType.FLOAT32 : PointType.FLOAT64;
  const fields = [
    ...['x', 'y', 'z'].map((name, k) => ({ name, offset: k * size, datatype, count: 1 })),
    { name: 'time', offset: 3 * size, datatype: PointType.FLOAT32, count: 1 },
    { name: 'ring', offset: 3 * size + 4, datatype: PointType.UINT16, count: 1 },
  ];
  const layout = { height: 1, width: count, fields, pointStep, rowStep: count * pointStep };
  return { stampNs: STAMP, frameId: 'lidar', ...layout, bigEndian: told === 'big', data, isDense: false };
}

it('reads a cloud whose byte order is told falsely as it was written, and says so once', () => {
  for (const type of ['f32', 'f64'] as const)
    for (const written of ['big', 'little'] as const) {
      const right = scanFromPointCloud2(cloud(written, written, type));
      expect(right.falseByteOrder).toBeUndefined();
      const told = written === 'big' ? 'little' : 'big';
      const scan = scanFromPointCloud2(cloud(written, told, type));
      expect(scan).toEqual({ ...right, falseByteOrder: true });
      expect(scan.rings!.slice(0, 3)).toEqual(Uint16Array.of(0, 1, 2));
      const timer = new PointTimer();
      for (let i = 0; i < 3; i++) timer.complete(scan);
      expect(timer.notes).toEqual([
        expect.stringMatching(/^the flag is_bigendian .* is false.*\(in all scans\)$/),
      ]);
    }
});

it('believes what is told where both orders or neither can be true', () => {
  // Multiples of a number that reads the same backwards are lengths either way.
  const bits = new DataView(new ArrayBuffer(4));
  bits.setUint32(0, 0x40404040);
  const palindrome = bits.getFloat32(0);
  for (const [value, bigEndian] of [
    [palindrome, true],
    [palindrome, false],
    [0, true],
    [NaN, true],
    [1e20, true],
  ] as const) {
    const one = cloud('big', bigEndian ? 'big' : 'little', 'f32');
    const data = new Uint8Array(one.data.length);
    const view = new DataView(data.buffer);
    for (let at = 0; at < data.length; at += one.pointStep)
      for (let k = 0; k < 3; k++) view.setFloat32(at + 4 * k, value);
    expect(scanFromPointCloud2({ ...one, data }).falseByteOrder).toBeUndefined();
  }
});
