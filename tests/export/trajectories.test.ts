import { describe, expect, it } from 'vitest';
import { uniform } from '../../src/eval/sampling.js';
import { formatKitti, parseKitti } from '../../src/export/kitti.js';
import { formatSeconds, formatTum, parseSeconds, parseTum } from '../../src/export/tum.js';
import { FeltmapError } from '../../src/geometry/errors.js';
import { exp, type Pose } from '../../src/geometry/se3.js';

function randomPoses(n: number): Pose[] {
  const random = uniform(21);
  return Array.from({ length: n }, () =>
    exp(Array.from({ length: 6 }, (_, k) => (k < 3 ? 400 : 6) * (random() - 0.5))),
  );
}

describe('stamps', () => {
  it('keep every nanosecond', () => {
    for (const ns of [0n, 1n, 999_999_999n, 1_317_042_272_349_660_001n, -1n, -1_500_000_000n]) {
      expect(parseSeconds(formatSeconds(ns))).toBe(ns);
    }
    expect(formatSeconds(1_317_042_272_349_660_001n)).toBe('1317042272.349660001');
    expect(formatSeconds(-1n)).toBe('-0.000000001');
  });
  it('are read from what other programs write', () => {
    expect(parseSeconds('1317042272.349660')).toBe(1_317_042_272_349_660_000n);
    expect(parseSeconds('12')).toBe(12_000_000_000n);
    expect(parseSeconds('1.5e3')).toBe(1_500_000_000_000n);
    expect(parseSeconds('-1.5e0')).toBe(-1_500_000_000n);
    for (const word of ['', 'x', 'NaN', '1e400', 'Infinity']) expect(parseSeconds(word)).toBeUndefined();
  });
});

describe('TUM', () => {
  it('round-trips random poses to a nanometre and a nanoradian', () => {
    const poses = randomPoses(200);
    const stampsNs = poses.map((_, i) => 1_317_042_272_349_660_001n + BigInt(i) * 99_999_999n);
    const back = parseTum(formatTum({ stampsNs, poses }));
    expect(back.stampsNs).toEqual(stampsNs);
    back.poses.forEach((T, i) => T.forEach((v, k) => expect(Math.abs(v - poses[i]![k]!)).toBeLessThan(4e-9)));
  });
  it('reads comments, commas and quaternions that are not normalised', () => {
    const t = parseTum('# head\n1.5, 1 2 3 0 0 0 2 # tail\n\n2 0 0 0 0 0 -3 0\r\n');
    expect(t.stampsNs).toEqual([1_500_000_000n, 2_000_000_000n]);
    expect([...t.poses[0]!]).toEqual([1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3]);
    expect([...t.poses[1]!].map((v) => v + 0)).toEqual([-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0]);
  });
  it.each(['1 2 3', '1 0 0 0 0 0 0 0', 'a 0 0 0 0 0 0 1', '1 0 0 NaN 0 0 0 1'])(
    'names the line of "%s"',
    (line) => {
      expect(() => parseTum(`0 0 0 0 0 0 0 1\n${line}\n`, 'a.tum')).toThrow(/a\.tum, line 2/);
      expect(() => parseTum('# nothing')).toThrow(FeltmapError);
    },
  );
});

describe('KITTI', () => {
  it('round-trips random poses', () => {
    const poses = randomPoses(200);
    const text = formatKitti(poses);
    expect(text.split('\n')[0]).toMatch(/^(-?\d\.\d{9}e[+-]\d\d ){11}-?\d\.\d{9}e[+-]\d\d$/);
    parseKitti(text).forEach((T, i) =>
      T.forEach((v, k) => expect(Math.abs(v - poses[i]![k]!)).toBeLessThan(k % 4 === 3 ? 1e-7 : 3e-9)),
    );
  });
  it.each(['1 0 0 0', '1 0 0 0 0 1 0 0 0 0 1 x', '1 0 0 0 0 1 0 0 0 0 -1 0', '2 0 0 0 0 1 0 0 0 0 1 0'])(
    'names the line of "%s"',
    (line) => {
      expect(() => parseKitti(`1 0 0 0 0 1 0 0 0 0 1 0\n${line}`, 'p.txt')).toThrow(/p\.txt, line 2/);
      expect(() => parseKitti('\n')).toThrow(/no poses/);
    },
  );
});
