import { describe, expect, it } from 'vitest';
import { FeltmapError } from '../../../src/geometry/errors.js';
import {
  type PointCloud2,
  type PointField,
  decodePointCloud2,
  encodePointCloud2,
} from '../../../src/messages/pointcloud2.js';
import { scanFromPointCloud2 } from '../../../src/sensors/lidar/pointcloud2.js';
import type { LidarScan, ScanStorage } from '../../../src/sensors/lidar/scan.js';
import { pointCloud2FromScan } from '../../../src/sensors/lidar/to-pointcloud2.js';

const STAMP = 1_700_000_000_123_456_789n;
const SIZES = [0, 1, 1, 2, 2, 4, 4, 4, 8];
const TYPES: Record<string, number> = { i8: 1, u8: 2, i16: 3, u16: 4, i32: 5, u32: 6, f32: 7, f64: 8 };

/** A seeded generator (mulberry32), uniform in [0, 1). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Options {
  bigEndian?: boolean;
  height?: number;
  padding?: number;
  rowPadding?: number;
  /** Puts the data at an address that is no multiple of four. */
  misaligned?: boolean;
}

/** A cloud from columns `name:type` in the given order. */
function cloud(columns: Record<string, ArrayLike<number>>, options: Options = {}): PointCloud2 {
  const { bigEndian = false, height = 1, padding = 0, rowPadding = 0 } = options;
  const fields: PointField[] = [];
  let step = 0;
  for (const key of Object.keys(columns)) {
    const [name, type] = key.split(':') as [string, string];
    fields.push({ name, offset: step, datatype: TYPES[type]!, count: 1 });
    step += SIZES[TYPES[type]!]!;
  }
  const pointStep = step + padding;
  const count = Object.values(columns)[0]!.length;
  const width = count / height;
  const rowStep = width * pointStep + rowPadding;
  const shift = options.misaligned ? 1 : 0;
  const data = new Uint8Array(new ArrayBuffer(height * rowStep + shift), shift);
  const view = new DataView(data.buffer, shift);
  Object.values(columns).forEach((values, c) => {
    const { offset, datatype } = fields[c]!;
    for (let i = 0; i < count; i++) {
      const at = Math.floor(i / width) * rowStep + (i % width) * pointStep + offset;
      const v = values[i]!;
      if (datatype === 1) view.setInt8(at, v);
      else if (datatype === 2) view.setUint8(at, v);
      else if (datatype === 3) view.setInt16(at, v, !bigEndian);
      else if (datatype === 4) view.setUint16(at, v, !bigEndian);
      else if (datatype === 5) view.setInt32(at, v, !bigEndian);
      else if (datatype === 6) view.setUint32(at, v, !bigEndian);
      else if (datatype === 7) view.setFloat32(at, v, !bigEndian);
      else view.setFloat64(at, v, !bigEndian);
    }
  });
  const shape = { height, width, fields, bigEndian, pointStep, rowStep, data, isDense: true };
  return { stampNs: STAMP, frameId: 'lidar', ...shape };
}

const X = [1.5, -2.25, 3, 4];
const Y = [0.5, 0.25, -7, 8];
const Z = [-1, 2, 0.125, 9];
const XYZ = { 'x:f32': X, 'y:f32': Y, 'z:f32': Z };
const interleaved = (x = X, y = Y, z = Z): Float32Array =>
  Float32Array.from(x.flatMap((v, i) => [v, y[i]!, z[i]!]));

describe('layouts', () => {
  const layouts: [string, PointCloud2][] = [
    ['plain', cloud(XYZ)],
    [
      'another order with fields between',
      cloud({ 'z:f32': Z, 'rgb:u32': X, 'x:f32': X, 'a:u8': X, 'y:f32': Y }),
    ],
    ['padded points', cloud(XYZ, { padding: 20 })],
    ['odd point size', cloud(XYZ, { padding: 3 })],
    ['big-endian', cloud(XYZ, { bigEndian: true })],
    ['misaligned data', cloud(XYZ, { misaligned: true })],
    ['float64', cloud({ 'x:f64': X, 'y:f64': Y, 'z:f64': Z })],
    ['big-endian float64', cloud({ 'x:f64': X, 'y:f64': Y, 'z:f64': Z }, { bigEndian: true })],
    ['mixed types', cloud({ 'x:f32': X, 'y:f64': Y, 'z:f32': Z })],
    ['upper-case names', cloud({ 'X:f32': X, 'Y:f32': Y, 'Z:f32': Z })],
  ];
  for (const [name, input] of layouts) {
    it(name, () => {
      const scan = scanFromPointCloud2(input);
      expect(scan.positions).toEqual(interleaved());
      expect([scan.count, scan.timing, scan.frameId, scan.stampNs]).toEqual([4, 'none', 'lidar', STAMP]);
      expect(scan.times ?? scan.intensities ?? scan.rings ?? scan.height).toBeUndefined();
    });
  }

  it('every integer type', () => {
    for (const type of ['i8', 'u8', 'i16', 'u16', 'i32', 'u32']) {
      const values = type.startsWith('u') ? [1, 2, 100, 200] : [1, -2, 100, -128];
      for (const bigEndian of [false, true]) {
        const scan = scanFromPointCloud2(
          cloud({ [`x:${type}`]: values, 'y:f32': Y, [`z:${type}`]: values }, { bigEndian }),
        );
        expect(scan.positions).toEqual(interleaved(values, Y, values));
      }
    }
  });

  it('organised clouds with padded rows', () => {
    const scan = scanFromPointCloud2(cloud(XYZ, { height: 2, rowPadding: 8, padding: 4 }));
    expect(scan.positions).toEqual(interleaved());
    expect([scan.height, scan.width]).toEqual([2, 2]);
  });

  it('rows padded by a number that is no multiple of four', () => {
    const scan = scanFromPointCloud2(cloud(XYZ, { height: 2, rowPadding: 3 }));
    expect(scan.positions).toEqual(interleaved());
  });

  it('a wrong row step in a cloud of one row does no harm', () => {
    expect(scanFromPointCloud2({ ...cloud(XYZ), rowStep: 0 }).positions).toEqual(interleaved());
    expect(scanFromPointCloud2({ ...cloud(XYZ), rowStep: 7 }).positions).toEqual(interleaved());
  });

  it('keeps NaN and infinities', () => {
    const x = [NaN, Infinity, -Infinity, 1];
    const { positions } = scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': x }));
    expect([0, 3, 6, 9].map((i) => positions[i])).toEqual(x);
  });

  it('an empty cloud is an empty scan', () => {
    const empty = { ...cloud(XYZ), width: 0, data: new Uint8Array(0) };
    expect(scanFromPointCloud2(empty).count).toBe(0);
  });

  it('intensity and ring under their names', () => {
    for (const [i, r] of [
      ['intensity:f32', 'ring:u16'],
      ['reflectivity:u16', 'channel:u8'],
      ['intensity:u8', 'line:u8'],
    ] as const) {
      const scan = scanFromPointCloud2(cloud({ ...XYZ, [i]: [1, 2, 3, 4], [r]: [0, 1, 62, 63] }));
      expect(scan.intensities).toEqual(Float32Array.of(1, 2, 3, 4));
      expect(scan.rings).toEqual(Uint16Array.of(0, 1, 62, 63));
    }
  });
});

describe('storage', () => {
  const storage = (points: number): ScanStorage => ({
    positions: new Float32Array(3 * points).fill(9),
    times: new Float32Array(points).fill(9),
    rings: new Uint16Array(points).fill(9),
  });
  const input = cloud({ ...XYZ, 'time:f32': [0, 0.02, 0.05, 0.1], 'ring:u16': [0, 1, 2, 3] });

  it('takes the columns, as they would be alone', () => {
    for (const points of [4, 7]) {
      const into = storage(points);
      const scan = scanFromPointCloud2(input, into);
      expect(scan).toEqual(scanFromPointCloud2(input));
      expect(scan.positions.buffer).toBe(into.positions.buffer);
      expect(scan.times!.buffer).toBe(into.times.buffer);
      expect(scan.rings!.buffer).toBe(into.rings.buffer);
      const again = scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': [NaN, 1, 2, 3] }), into);
      expect(again).toEqual(scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': [NaN, 1, 2, 3] })));
    }
  });

  it('is left alone by a scan that does not fit', () => {
    const into = storage(3);
    expect(scanFromPointCloud2(input, into)).toEqual(scanFromPointCloud2(input));
    expect(into).toEqual(storage(3));
  });
});

describe('point times', () => {
  const seconds = [0, 0.025, 0.05, 0.0999];
  const stamp = Number(STAMP) / 1e9;
  const near = (scan: LidarScan, expected: number[], digits: number): void => {
    expect(scan.timing).toBe('field');
    expected.forEach((t, i) => expect(scan.times![i]).toBeCloseTo(t, digits));
  };
  const cases: [string, string, number[], number[], number][] = [
    ['Ouster: ns from the stamp', 't:u32', seconds.map((t) => t * 1e9), seconds, 7],
    [
      'Velodyne: s before the stamp',
      'time:f32',
      seconds.map((t) => t - 0.0999),
      seconds.map((t) => t - 0.0999),
      7,
    ],
    ['Hesai: absolute s', 'timestamp:f64', seconds.map((t) => stamp + t), seconds, 5],
    [
      'absolute s before the stamp',
      'timestamp:f64',
      seconds.map((t) => stamp - 0.1 + t),
      seconds.map((t) => t - 0.1),
      5,
    ],
    ['Livox: absolute ns', 'timestamp:f64', seconds.map((t) => Number(STAMP) + t * 1e9), seconds, 5],
    ['Livox: ns offset', 'offset_time:u32', seconds.map((t) => t * 1e9), seconds, 7],
    ['µs', 'time_offset:u32', seconds.map((t) => t * 1e6), seconds, 5],
    ['ms', 'time:f32', seconds.map((t) => t * 1e3), seconds, 6],
    ['another clock, s', 'timestamp:f64', seconds.map((t) => 1234.5 + t), seconds, 6],
    ['another clock, ns', 't:u32', seconds.map((t) => 4e9 + t * 1e9), seconds, 6],
    ['a sector of 1 ms in s', 'time:f32', [0, 0.0002, 0.0005, 0.001], [0, 0.0002, 0.0005, 0.001], 7],
    ['a sector of 1 ms in ns', 't:u32', [0, 2e5, 5e5, 1e6], [0, 0.0002, 0.0005, 0.001], 7],
    ['an upper-case name', 'Timestamp:f64', seconds.map((t) => stamp + t), seconds, 5],
  ];
  for (const [name, column, raw, expected, digits] of cases) {
    it(name, () => near(scanFromPointCloud2(cloud({ ...XYZ, [column]: raw })), expected, digits));
  }

  it('invalid points with absurd times do not spoil the unit', () => {
    const raw = seconds.map((t) => stamp + t);
    raw[1] = 0;
    const x = [1, NaN, 3, 4];
    const scan = scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': x, 'timestamp:f64': raw }));
    near(scan, [0, 0, 0.05, 0.0999], 5);
  });

  it('an invalid point with an absurd time gets time 0, whatever the type', () => {
    for (const type of ['f32', 'f64'])
      for (const absurd of [1e6, -1e6, NaN, Infinity]) {
        const raw = [0.05, absurd, -0.05, 0];
        const scan = scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': [1, NaN, 3, 4], [`time:${type}`]: raw }));
        near(scan, [0.05, 0, -0.05, 0], 7);
      }
  });

  it('a field without times does not hide another one that has them', () => {
    const beside = { 'time:f64': [0, 0, 0, 0], 'timestamp:f64': seconds.map((t) => stamp + t) };
    const scan = scanFromPointCloud2(cloud({ ...XYZ, ...beside }));
    near(scan, seconds, 5);
    expect(scan.timeIssues).toBeUndefined();
    const neither = scanFromPointCloud2(cloud({ ...XYZ, 't:u32': [0, 0, 0, 0], 'time:f32': [3, 3, 3, 3] }));
    expect(neither.timeIssues?.field).toBe('t');
  });

  it('a cloud in which nothing was measured lacks no times', () => {
    for (const type of ['f32', 'f64']) {
      const x = [NaN, NaN, NaN, NaN];
      const raw = [0, 0, NaN, 7];
      const scan = scanFromPointCloud2(cloud({ ...XYZ, 'x:f32': x, [`time:${type}`]: raw }));
      near(scan, [0, 0, 0, 0], 9);
      expect(scan.timeIssues).toBeUndefined();
    }
  });

  it('columns without any time in them are no times', () => {
    for (const raw of [
      [0, 0, 0, 0],
      [NaN, NaN, NaN, NaN],
      [1, 2e9, 3e12, 4e15],
    ]) {
      const scan = scanFromPointCloud2(cloud({ ...XYZ, 'time:f64': raw }));
      expect(scan.timing).toBe('none');
      expect(scan.times).toBeUndefined();
    }
  });
});

describe('round trip', () => {
  it('scan → PointCloud2 → scan, negative times included', () => {
    const r = random(7);
    const count = 500;
    const scan: LidarScan = {
      stampNs: STAMP,
      frameId: 'lidar',
      count,
      positions: Float32Array.from({ length: 3 * count }, () => r() * 100 - 50),
      times: Float32Array.from({ length: count }, (_, i) => -0.05 + (0.1 * i) / count),
      intensities: Float32Array.from({ length: count }, () => Math.floor(r() * 256)),
      rings: Uint16Array.from({ length: count }, () => Math.floor(r() * 128)),
      timing: 'field',
    };
    for (const compact of [false, true]) {
      const message = encodePointCloud2(pointCloud2FromScan(scan, { compact }));
      expect(scanFromPointCloud2(decodePointCloud2(message))).toEqual(scan);
    }
  });
});

describe('hostile clouds', () => {
  const refuse = (change: Partial<PointCloud2>): void =>
    expect(() => scanFromPointCloud2({ ...cloud(XYZ), ...change })).toThrow(FeltmapError);

  it('wrong sizes are refused', () => {
    refuse({ width: 5 });
    refuse({ height: 2 });
    refuse({ pointStep: 0 });
    refuse({ pointStep: 8 });
    refuse({ width: 0xffffffff, height: 0xffffffff });
    refuse({ height: 2, width: 2, rowStep: 4 });
    refuse({ data: new Uint8Array(47) });
  });

  it('wrong fields are refused, with their names', () => {
    const [x, y, z] = cloud(XYZ).fields as [PointField, PointField, PointField];
    refuse({ fields: [] });
    refuse({ fields: [x, y] });
    refuse({ fields: [x, y, { ...z, datatype: 0 }] });
    refuse({ fields: [x, y, { ...z, datatype: 9 }] });
    refuse({ fields: [x, y, { ...z, offset: 9 }] });
    refuse({ fields: [x, y, { ...z, offset: 0xfffffffc }] });
    expect(() => scanFromPointCloud2({ ...cloud(XYZ), fields: [x, y] })).toThrow(
      /no field 'z' \(fields: x, y\)/,
    );
  });

  it('20 000 random mutations give a scan or a FeltmapError, nothing else', () => {
    const r = random(42);
    const base = encodePointCloud2(
      cloud({
        ...XYZ,
        'time:f32': [0, 0.03, 0.06, 0.1],
        'intensity:u8': X.map(Math.abs),
        'ring:u16': [0, 1, 2, 3],
      }),
    );
    let accepted = 0;
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const end = r() < 0.2 ? Math.floor(r() * base.length) : base.length;
      const bytes = base.slice(0, end);
      for (let k = Math.floor(r() * 4); k > 0; k--) {
        // Mostly the header and the fields: that is where the traps are.
        const at = Math.floor(r() * Math.min(bytes.length, r() < 0.8 ? 230 : Infinity));
        if (bytes.length > 0) bytes[at] = r() < 0.3 ? 255 : Math.floor(r() * 256);
      }
      try {
        const scan = scanFromPointCloud2(decodePointCloud2(bytes));
        expect(scan.positions.length).toBe(3 * scan.count);
        accepted++;
      } catch (error) {
        if (!(error instanceof FeltmapError)) throw error;
        refused++;
      }
    }
    expect(accepted).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('speed', () => {
  it('decodes 120 000 points with time and ring in a few milliseconds', () => {
    const n = 120_000;
    const column = Float32Array.from({ length: n }, (_, i) => i / n);
    const bytes = encodePointCloud2(
      cloud({ 'x:f32': column, 'y:f32': column, 'z:f32': column, 'i:f32': column, 'time:f32': column }),
    );
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      scanFromPointCloud2(decodePointCloud2(bytes));
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    // About 2–3 ms on a development machine; the bound leaves room for a busy one.
    expect(times[5]).toBeLessThan(15);
  });
});
