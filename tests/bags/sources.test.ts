import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bagScanSource } from '../../src/bags/bag-source.js';
import type { BagReader } from '../../src/bags/types.js';
import { parseScanFile } from '../../src/bags/folder-source.js';
import { McapBagWriter } from '../../src/bags/mcap-writer.js';
import { openScanSource } from '../../src/bags/source.js';
import { parseDateTime, parseSeconds } from '../../src/bags/timestamps.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { exp, identity } from '../../src/geometry/se3.js';
import { encodeTFMessage } from '../../src/messages/poses.js';
import { KITTI_HDL64 } from '../../src/sensors/lidar/azimuth-times.js';
import { encodePointCloud2 } from '../../src/messages/pointcloud2.js';
import { ROS_TYPES } from '../../src/messages/types.js';
import { isImuBatch } from '../../src/sensors/measurement.js';
import { pointCloud2FromScan } from '../../src/sensors/lidar/to-pointcloud2.js';
import { writeHostile } from '../../bench/lib/hostile.mjs';
import { collect, fixture, random, scratchFolder, smallScan } from './helpers.js';

const folder = scratchFolder();

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A ring of `n` points as KITTI stores them, with reflectance 0.5. */
function kittiScan(n: number): Uint8Array {
  const values: number[] = [];
  for (let i = 0; i < n; i++) {
    const a = (2 * Math.PI * (i + 0.5)) / n;
    values.push(5 * Math.cos(a), 5 * Math.sin(a), -1, 0.5);
  }
  return new Uint8Array(Float32Array.from(values).buffer);
}

describe('KITTI folders', () => {
  it('raw: stamps from dates, times from azimuth', async () => {
    for (let i = 0; i < 3; i++) write(`raw/velodyne_points/data/000000000${i}.bin`, kittiScan(100 + i));
    write(
      'raw/velodyne_points/timestamps.txt',
      '2011-09-26 13:04:32.349659964\n2011-09-26 13:04:32.459792166\n2011-09-26 13:04:32.559701953\n',
    );
    for (const path of ['raw', 'raw/velodyne_points', 'raw/velodyne_points/data']) {
      const source = await openScanSource(join(folder, path));
      expect(source.description).toMatch(/KITTI raw/);
      const scans = await collect(source.scans());
      expect(scans.map((s) => s.count)).toEqual([100, 101, 102]);
      expect(scans[0]!.stampNs).toBe(1_317_042_272_349_659_964n);
      expect(scans[0]!.timing).toBe('azimuth');
      // The first point looks forward and a little to the left: shortly before the stamp of a clockwise sweep.
      expect(scans[0]!.times![0]).toBeCloseTo(-0.0005, 6);
      expect(scans[0]!.intensities![0]).toBe(0.5);
      expect((await collect(source.scans({ startS: 0.1, durationS: 0.1 }))).map((s) => s.count)).toEqual([
        101,
      ]);
      await source.close();
    }
  });

  it('odometry: stamps from seconds; damaged scans are skipped with a warning', async () => {
    for (let i = 0; i < 3; i++)
      write(`odo/velodyne/00000${i}.bin`, i === 1 ? new Uint8Array(17) : kittiScan(50));
    write('odo/times.txt', '0.000000e+00\n1.037259e-01\n2.074518e-01\n');
    const source = await openScanSource(join(folder, 'odo'));
    expect((await collect(source.scans())).map((s) => s.stampNs)).toEqual([0n, 207_451_800n]);
    expect(source.warnings).toEqual([
      expect.stringMatching(/KITTI odometry.*compensated.*not deskewed/),
      expect.stringMatching(/scan skipped: .*000001\.bin has 17 bytes/),
    ]);
  });

  it('odometry: compensated sweeps have no times, unless they are to be deskewed always', async () => {
    write('plainodo/velodyne/000000.bin', kittiScan(50));
    write('plainodo/times.txt', '0.0\n');
    const path = join(folder, 'plainodo');
    const [scan] = await collect((await openScanSource(path)).scans());
    expect([scan!.timing, scan!.times]).toEqual(['none', undefined]);
    const always = await openScanSource(path, { deskewAlways: true });
    const [swept] = await collect(always.scans());
    expect(swept!.timing).toBe('azimuth');
    expect(swept!.times![0]).toBeCloseTo(-0.001, 6);
    expect(always.warnings).toEqual([]);
  });

  it('a line of nonsense among the stamps is named', async () => {
    write('bad/velodyne/0.bin', kittiScan(5));
    write('bad/times.txt', '0.1\nyesterday\n');
    await expect(openScanSource(join(folder, 'bad'))).rejects.toThrow(/times\.txt, line 2: 'yesterday'/);
  });
});

describe('folders of scans', () => {
  const points = [
    [1, 2, 3, 7],
    [-4.5, 5.25, 6, 8],
    [0.125, -1, 2, 9],
  ];
  const xyz = Float32Array.from(points.flatMap((p) => p.slice(0, 3)));
  const header = (kind: string): string =>
    '# .PCD v0.7\nVERSION 0.7\nFIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH 3\nHEIGHT 1\n' +
    `VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 3\nDATA ${kind}\n`;
  const bytes = (text: string, data: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.concat([Buffer.from(text), data])); // no Buffer: its slice() is a view
  const aos = new Uint8Array(Float32Array.from(points.flat()).buffer);
  const soa = new Uint8Array(Float32Array.from([0, 1, 2, 3].flatMap((c) => points.map((p) => p[c]!))).buffer);
  // LZF with literals only: runs of up to 32 bytes after a control byte of their length − 1.
  const lzf = Buffer.concat([
    Buffer.from(Uint32Array.of(soa.length + 2, soa.length).buffer),
    Uint8Array.of(31),
    soa.subarray(0, 32),
    Uint8Array.of(soa.length - 33),
    soa.subarray(32),
  ]);
  const ply = (format: string, type = 'float'): string =>
    `ply\nformat ${format} 1.0\ncomment test\nelement vertex 3\nproperty ${type} x\nproperty ${type} y\nproperty ${type} z\n` +
    `property ${type} scalar_Intensity\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n`;
  const text = points.map((p) => p.join(' ')).join('\n') + '\n';
  const big = Buffer.alloc(48);
  points.flat().forEach((v, i) => big.writeFloatBE(v, 4 * i));
  const doubles = new Uint8Array(Float64Array.from(points.flat()).buffer);

  const files: Record<string, Uint8Array> = {
    'ascii.pcd': bytes(header('ascii'), Buffer.from(text)),
    'binary.pcd': bytes(header('binary'), aos),
    'compressed.pcd': bytes(header('binary_compressed'), lzf),
    'ascii.ply': bytes(ply('ascii'), Buffer.from(text)),
    'little.ply': bytes(ply('binary_little_endian'), aos),
    'big.ply': bytes(ply('binary_big_endian'), big),
    'double.ply': bytes(ply('binary_little_endian', 'double'), doubles),
  };
  it('that claim more than they hold take no memory for it', () => {
    const many = header('ascii').replace('COUNT 1 1 1 1', 'COUNT 1 1 1 4000000000');
    expect(() => parseScanFile(bytes(many, Buffer.from(text)), 'a.pcd', 0n)).toThrow(
      /more than 10000 values/,
    );
    const points = header('binary').replace('POINTS 3', 'POINTS 4000000000');
    expect(() => parseScanFile(bytes(points, aos), 'a.pcd', 0n)).toThrow(/need more than/);
    const packed = new Uint8Array(1 << 20);
    new DataView(packed.buffer).setUint32(0, packed.length - 8, true);
    new DataView(packed.buffer).setUint32(4, 250 << 20, true);
    const compressed = bytes(header('binary_compressed'), packed);
    expect(() => parseScanFile(compressed, 'a.pcd', 0n)).toThrow(/compressed sizes do not fit/);
  });

  for (const [name, content] of Object.entries(files)) {
    it(name, () => {
      const scan = parseScanFile(content, name, 5n);
      expect(scan.positions).toEqual(xyz);
      expect(scan.intensities).toEqual(Float32Array.of(7, 8, 9));
      expect([scan.count, scan.stampNs, scan.timing]).toEqual([3, 5n, 'none']);
    });

    it(`${name}: cut or mutated, a scan or a FeltmapError`, () => {
      const r = random(3);
      for (let i = 0; i < 1500; i++) {
        const copy = content.slice(0, i < content.length ? i : content.length);
        if (i >= content.length) copy[Math.floor(r() * copy.length)] = Math.floor(r() * 256);
        try {
          const scan = parseScanFile(copy, name, 0n);
          expect(scan.positions.length).toBe(3 * scan.count);
        } catch (error) {
          if (!(error instanceof FeltmapError)) throw error;
        }
      }
      expect(() => parseScanFile(content.subarray(0, content.length - 12), name, 0n)).toThrow(FeltmapError);
    });
  }

  it('integers of eight bytes are times, too', () => {
    for (const type of ['U', 'I']) {
      const head = `VERSION 0.7\nFIELDS x y z t\nSIZE 4 4 4 8\nTYPE F F F ${type}\nCOUNT 1 1 1 1\nWIDTH 3\nHEIGHT 1\nPOINTS 3\nDATA binary\n`;
      const data = Buffer.alloc(60);
      [0, 1, 2].forEach((i) => {
        data.writeFloatLE(1 + i, 20 * i);
        data.writeBigUInt64LE(1_700_000_000_000_000_000n + BigInt(i) * 50_000_000n, 20 * i + 12);
      });
      const { times, timing } = parseScanFile(bytes(head, data), 'a.pcd', 1_700_000_000_000_000_000n);
      expect(timing).toBe('field');
      [0, 0.05, 0.1].forEach((t, i) => expect(times![i]).toBeCloseTo(t, 6));
    }
  });

  it('LZF back references', () => {
    // 12 zero bytes: one literal, then a reference of length 11 to one byte back.
    const zeros = Buffer.concat([
      Buffer.from(Uint32Array.of(5, 12).buffer),
      Uint8Array.of(0, 0, 7 << 5, 11 - 9, 0),
    ]);
    const one = header('binary_compressed').replace('FIELDS x y z intensity', 'FIELDS x y z')
      .replace('SIZE 4 4 4 4', 'SIZE 4 4 4').replace('TYPE F F F F', 'TYPE F F F').replace('COUNT 1 1 1 1', 'COUNT 1 1 1')
      .replace('WIDTH 3', 'WIDTH 1').replace('POINTS 3', 'POINTS 1'); // prettier-ignore
    expect([...parseScanFile(bytes(one, zeros), 'a.pcd', 0n).positions]).toEqual([0, 0, 0]);
  });

  it('stamps from names, or 10 Hz and a warning', async () => {
    write('named/1583836591.182590976.pcd', files['binary.pcd']!);
    write('named/1583836591.282590976.pcd', files['ascii.pcd']!);
    const named = await openScanSource(join(folder, 'named'));
    expect((await collect(named.scans())).map((s) => s.stampNs)).toEqual([
      1_583_836_591_182_590_976n,
      1_583_836_591_282_590_976n,
    ]);
    write('plain/000000.ply', files['ascii.ply']!);
    write('plain/000001.ply', files['big.ply']!);
    const plain = await openScanSource(join(folder, 'plain'));
    expect((await collect(plain.scans())).map((s) => s.stampNs)).toEqual([0n, 100_000_000n]);
    expect(plain.warnings.join('\n')).toMatch(/10 Hz/);
    expect(plain.warnings.join('\n')).toMatch(/no point times/);
  });

  it('a given spin fills in the times', async () => {
    const source = await openScanSource(join(folder, 'plain'), { spin: KITTI_HDL64 });
    const [scan] = await collect(source.scans());
    expect(scan!.timing).toBe('azimuth');
    expect(scan!.times![0]).toBeCloseTo(-(Math.atan2(2, 1) / (2 * Math.PI)) * 0.1, 6);
  });
});

describe('stamps', () => {
  it('of text, to the last digit', () => {
    expect(parseSeconds('1317042272.349659964')).toBe(1_317_042_272_349_659_964n);
    expect(parseSeconds('-0.5')).toBe(-500_000_000n);
    expect(parseSeconds('1.037259e-01')).toBe(103_725_900n);
    expect(parseSeconds('x')).toBeUndefined();
    expect(parseSeconds('')).toBeUndefined();
    expect(parseDateTime('1970-01-01 00:00:01.5')).toBe(1_500_000_000n);
    expect(parseDateTime('2011-13-26 13:04:32')).toBeUndefined();
  });
});

describe('scans of bags', () => {
  it('several clouds: asks for a topic and lists them', async () => {
    const path = join(folder, 'two.mcap');
    const writer = await McapBagWriter.create(path);
    await writer.writeScan('/front', smallScan(0n));
    await writer.writeScan('/rear', smallScan(10n));
    await writer.writeScan('/rear', smallScan(100_000_010n));
    await writer.close();
    await expect(openScanSource(path)).rejects.toThrow(
      expect.objectContaining({
        code: 'ambiguous',
        message: expect.stringMatching(/\/front \(1\), \/rear \(2\).*--topic/) as string,
      }),
    );
    const rear = await openScanSource(path, { topic: '/rear' });
    expect((await collect(rear.scans())).length).toBe(2);
    await rear.close();
    await expect(openScanSource(path, { topic: '/side' })).rejects.toThrow(/no topic \/side.*\/front/);
  });

  it('damaged messages are skipped, counted and explained', async () => {
    const path = join(folder, 'bad.mcap');
    const writer = await McapBagWriter.create(path);
    await writer.writeScan('/points', smallScan(1n));
    await writer.writeRaw('/points', ROS_TYPES.pointCloud2, 2n, Uint8Array.of(0, 1, 0, 0, 1, 2));
    await writer.writeRaw('/points', ROS_TYPES.pointCloud2, 3n, new Uint8Array(0));
    await writer.writeScan('/points', smallScan(100_000_001n));
    await writer.close();
    const source = await openScanSource(path);
    expect((await collect(source.scans())).map((s) => s.stampNs)).toEqual([1n, 100_000_001n]);
    expect(source.warnings).toEqual([
      expect.stringMatching(/\/points: 2 message\(s\) skipped, the first because: .*ends/),
    ]);
    await source.close();
  });

  it('a bag without clouds says what it holds', async () => {
    const path = join(folder, 'none.mcap');
    const writer = await McapBagWriter.create(path);
    await writer.writeTransforms([]);
    await writer.close();
    await expect(openScanSource(path)).rejects.toThrow(/no PointCloud2 messages \(types in it: tf2_msgs/);
  });

  it('a bag of raw packets says what makes clouds of them', async () => {
    const type = 'velodyne_msgs/msg/VelodyneScan';
    const bag = { topics: () => [{ name: '/velodyne_packets', type, count: 4 }] } as unknown as BagReader;
    await expect(bagScanSource(bag, 'packets.mcap')).rejects.toThrow(
      /raw packets \(\/velodyne_packets \(4\)\).*through the driver/,
    );
  });

  it('a topic of clouds of which none can be read says why', async () => {
    const path = await writeHostile(folder, 'zstd, frame claims 100 GB.mcap');
    await expect(openScanSource(path)).rejects.toThrow(
      /no scan on \/points can be read: .*: the chunk at byte \d+ /,
    );
  });

  it('IMU and point times of a ROS 1 bag', async () => {
    const source = await openScanSource(fixture('ros1/lz4.bag'));
    expect([source.sensorFrame, source.topic, source.scanCount]).toEqual(['lidar', '/points', 10]);
    expect((await collect(source.scans({ startS: 0.25, durationS: 0.3 }))).length).toBe(3);
    const batches = (await collect(source.measurements())).filter(isImuBatch);
    expect(batches.reduce((sum, batch) => sum + batch.stampsNs.length, 0)).toBe(9); // one more comes after the last scan
    await source.close();
  });
});

describe('part of a bag', () => {
  it('is chosen by stamps although the log times are of another clock', async () => {
    const path = join(folder, 'clock.mcap');
    const writer = await McapBagWriter.create(path, { chunkSize: 5000 });
    for (let i = 0; i < 60; i++) {
      const data = encodePointCloud2(pointCloud2FromScan(smallScan(BigInt(i) * 1_000_000_000n)));
      await writer.writeRaw('/points', ROS_TYPES.pointCloud2, 10n ** 18n + BigInt(i) * 1_000_000_000n, data);
    }
    await writer.close();
    const source = await openScanSource(path);
    const part = await collect(source.scans({ startS: 30, durationS: 5 }));
    expect(part.map((s) => Number(s.stampNs / 1_000_000_000n))).toEqual([30, 31, 32, 33, 34]);
    expect((await collect(source.scans({ startS: 55 }))).length).toBe(5);
    expect((await collect(source.scans())).length).toBe(60);
    await source.close();
  });
});

describe('time that goes back', () => {
  it('loses no scan unless a part is asked for', async () => {
    const path = join(folder, 'back.mcap');
    const writer = await McapBagWriter.create(path);
    for (const [i, s] of [50, 51, 1, 2].entries()) {
      const data = encodePointCloud2(pointCloud2FromScan(smallScan(BigInt(s) * 1_000_000_000n)));
      await writer.writeRaw('/points', ROS_TYPES.pointCloud2, BigInt(i + 100) * 1_000_000_000n, data);
    }
    await writer.close();
    const source = await openScanSource(path);
    expect((await collect(source.scans())).map((s) => Number(s.stampNs / 1_000_000_000n))).toEqual([
      50, 51, 1, 2,
    ]);
    await source.close();
  });
});

describe('two LiDARs in one topic', () => {
  const record = async (name: string, mounted: boolean): Promise<string> => {
    const path = join(folder, name);
    const writer = await McapBagWriter.create(path);
    if (mounted) {
      const transform = exp([1, 2, 3, 0, 0, 0]);
      const tf = encodeTFMessage([{ stampNs: 1n, frameId: 'front', childFrameId: 'rear', transform }]);
      await writer.writeRaw('/tf_static', ROS_TYPES.tf, 1n, tf);
    }
    for (let i = 0; i < 6; i++) {
      const stampNs = BigInt(i + 1) * 50_000_000n;
      const scan = { ...smallScan(stampNs), frameId: i % 2 === 0 ? 'front' : 'rear' };
      await writer.writeRaw(
        '/points',
        ROS_TYPES.pointCloud2,
        stampNs,
        encodePointCloud2(pointCloud2FromScan(scan)),
      );
    }
    await writer.close();
    return path;
  };

  it('are mounted by the fixed transforms', async () => {
    const source = await openScanSource(await record('mounted.mcap', true));
    const scans = await collect(source.scans());
    expect(scans.map((scan) => scan.frameId)).toEqual(['front', 'rear', 'front', 'rear', 'front', 'rear']);
    expect(scans[1]!.mount![3]).toBeCloseTo(1, 9);
    expect(scans[2]!.mount).toEqual(identity());
    expect(source.warnings.filter((text) => text.includes('rear'))).toEqual([]);
  });

  it('without them the second is left out, and both are named', async () => {
    const source = await openScanSource(await record('unmounted.mcap', false));
    expect((await collect(source.scans())).map((scan) => scan.frameId)).toEqual(['front', 'front', 'front']);
    expect(source.warnings[0]).toMatch(/'front' and of 'rear'.*not used \(3\)/);
  });
});
