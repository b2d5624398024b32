import { describe, expect, it } from 'vitest';
import { FeltmapError } from '../../../src/geometry/errors.js';
import { Random } from '../../../src/geometry/random.js';
import { decodeLivoxCloud, isLivoxCloud } from '../../../src/messages/livox.js';
import { rosTypeName } from '../../../src/messages/types.js';
import { limitPoints } from '../../../src/sensors/lidar/limit-points.js';
import { scanFromPointCloud2 } from '../../../src/sensors/lidar/pointcloud2.js';
import { areRings } from '../../../src/sensors/lidar/rings.js';

const STAMP = 1_700_000_000_500_000_000n;

/** CustomMsg as its definition says, byte by byte. */
function customMessage(points: number, encoding: 'cdr' | 'ros1', stampNs = STAMP): Uint8Array {
  const bytes: number[] = encoding === 'cdr' ? [0, 1, 0, 0] : [0, 0, 0, 0]; // encapsulation, or ROS 1's seq
  const start = 4;
  const push = (size: number, value: number | bigint, kind: 'u' | 'f' = 'u'): void => {
    if (encoding === 'cdr') while ((bytes.length - start) % size !== 0) bytes.push(0);
    const view = new DataView(new ArrayBuffer(8));
    if (kind === 'f') view.setFloat32(0, Number(value), true);
    else view.setBigUint64(0, BigInt(value), true);
    for (let i = 0; i < size; i++) bytes.push(view.getUint8(i));
  };
  push(4, stampNs / 1_000_000_000n);
  push(4, stampNs % 1_000_000_000n);
  const frame = encoding === 'cdr' ? 'livox\0' : 'livox';
  push(4, frame.length);
  for (const c of frame) bytes.push(c.charCodeAt(0));
  push(8, STAMP);
  push(4, points);
  for (let i = 0; i < 4; i++) push(1, i);
  push(4, points);
  for (let i = 0; i < points; i++) {
    push(4, i * 10_000);
    for (const v of [i, -i, 0.5]) push(4, v, 'f');
    for (const v of [i % 256, 16, i % 4]) push(1, v);
  }
  return Uint8Array.from(bytes);
}

describe('CustomMsg of the Livox drivers', () => {
  it('is a cloud with times, in ROS 2 and ROS 1 form', () => {
    for (const encoding of ['cdr', 'ros1'] as const) {
      const cloud = decodeLivoxCloud(customMessage(1000, encoding), encoding);
      const scan = scanFromPointCloud2(cloud);
      expect([scan.count, scan.frameId, scan.stampNs, scan.timing]).toEqual([1000, 'livox', STAMP, 'field']);
      expect([...scan.positions.subarray(3 * 999)]).toEqual([999, -999, 0.5]);
      expect(scan.times![999]).toBeCloseTo(0.00999, 8);
      expect(scan.intensities![300]).toBe(44);
    }
  });

  it('takes the timebase where the header has no stamp', () => {
    expect(decodeLivoxCloud(customMessage(3, 'cdr', 0n)).stampNs).toBe(STAMP);
  });

  it('under the names of its drivers', () => {
    for (const name of ['livox_ros_driver/CustomMsg', 'livox_ros_driver2/msg/CustomMsg'])
      expect(isLivoxCloud(rosTypeName(name))).toBe(true);
    expect(isLivoxCloud('sensor_msgs/msg/PointCloud2')).toBe(false);
  });

  it('cut anywhere: an error that says so', () => {
    const whole = customMessage(20, 'cdr');
    for (let n = 4; n < whole.length; n += 7)
      expect(() => decodeLivoxCloud(whole.subarray(0, n))).toThrow(FeltmapError);
    expect(decodeLivoxCloud(customMessage(0, 'cdr')).width).toBe(0);
  });
});

describe('laser numbers', () => {
  const N = 12_000;
  const points = (direction: (i: number) => readonly [azimuth: number, elevation: number]): Float32Array => {
    const random = new Random(3);
    const out = new Float32Array(3 * N);
    for (let i = 0; i < N; i++) {
      const [a, e] = direction(i);
      const r = 2 + 30 * random.next();
      out.set([r * Math.cos(a) * Math.cos(e), r * Math.sin(a) * Math.cos(e), r * Math.sin(e)], 3 * i);
    }
    return out;
  };

  it('of a spinning sensor are rings, level and tilted', () => {
    const rings = Uint16Array.from({ length: N }, (_, i) => i % 16);
    const level = points((i) => [(2 * Math.PI * i) / N, ((i % 16) - 8) / 30]);
    expect(areRings(level, rings, N)).toBe(true);
    const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
    const tilted = level.slice();
    for (let k = 0; k < 3 * N; k += 3) {
      tilted[k] = c * level[k]! + s * level[k + 2]!;
      tilted[k + 2] = -s * level[k]! + c * level[k + 2]!;
    }
    expect(areRings(tilted, rings, N)).toBe(true);
  });

  it('of rosettes are none', () => {
    const lines = Uint16Array.from({ length: N }, (_, i) => i % 4);
    const rosette = points((i) => [0.618 * i, 0.4 + 0.5 * Math.sin(0.037 * i + 0.1 * (i % 4))]);
    expect(areRings(rosette, lines, N)).toBe(false);
    expect(areRings(rosette, lines, 100)).toBe(true); // too few to tell
  });
});

describe('limitPoints', () => {
  it('keeps what belongs to a point together, spread over the scan', () => {
    const count = 1000;
    const scan = {
      stampNs: STAMP,
      frameId: 'lidar',
      count,
      positions: Float32Array.from({ length: 3 * count }, (_, k) => Math.floor(k / 3)),
      times: Float32Array.from({ length: count }, (_, i) => i / 1e4),
      rings: Uint16Array.from({ length: count }, (_, i) => i),
      height: 10,
      width: 100,
      timing: 'field',
    } as const;
    const less = limitPoints(scan, 300);
    expect([less.count, less.positions.length, less.height]).toEqual([300, 900, undefined]);
    for (let i = 0; i < 300; i++) {
      const from = less.positions[3 * i]!;
      expect(Math.abs(from - (i * count) / 300)).toBeLessThan(1);
      expect([less.rings![i], less.times![i]]).toEqual([from, Math.fround(from / 1e4)]);
    }
  });
});
