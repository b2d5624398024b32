import { describe, expect, it } from 'vitest';
import { timesFromOrder } from '../../../src/sensors/lidar/order-times.js';
import { PointTimer } from '../../../src/sensors/lidar/point-timer.js';
import { relativeTimes, type TimeColumn } from '../../../src/sensors/lidar/point-times.js';
import type { LidarScan } from '../../../src/sensors/lidar/scan.js';

const STAMP = 1_700_000_000_100_000_000n;
const U32: TimeColumn = { isFloat: false, wrapsAt: 2 ** 32 };
const F64: TimeColumn = { isFloat: true, wrapsAt: 0 };
const N = 2000;
/** True time of each point, s from the stamp. */
const TRUTH = Array.from({ length: N }, (_, i) => (0.1 * i) / N);
const SOMEWHERE = new Float32Array(3 * N).fill(1);

const read = (raw: readonly number[], column: TimeColumn, positions = SOMEWHERE, stampNs = STAMP) =>
  relativeTimes(Float64Array.from(raw), column, positions, stampNs);

/** Largest error of the times that are there, and how many are NaN. */
function compare(times: Float32Array | undefined, truth: readonly number[]): { error: number; nan: number } {
  let [error, nan] = [0, 0];
  truth.forEach((t, i) => {
    const got = times![i]!;
    if (got !== got) nan++;
    else error = Math.max(error, Math.abs(got - t));
  });
  return { error, nan };
}

describe('outliers among point times', () => {
  it('absurd values of a few points do not cost the others theirs', () => {
    for (const absurd of [4.2e9, 0, 1e18, NaN, Infinity, -7e8]) {
      for (const every of [1000, 100, 5]) {
        const raw = TRUTH.map((t, i) => (i % every === 3 ? absurd : 5e9 + t * 1e9));
        const bad = raw.filter((t) => t === absurd || t !== t).length;
        const { times, issues } = read(raw, F64);
        expect(issues).toEqual([{ kind: 'outliers', points: bad }]);
        const { error, nan } = compare(times, TRUTH);
        expect(nan).toBe(bad);
        expect(error).toBeLessThan(1e-6);
      }
    }
  });

  it('outliers that would make a sweep in another unit do not choose the unit', () => {
    // Milliseconds, with points at 100 000: seen as a whole that is a sweep of 0.1 s in µs.
    const { times, issues } = read(
      TRUTH.map((t, i) => (i % 100 === 50 ? 1e5 : t * 1e3)),
      { isFloat: true, wrapsAt: 0 },
    );
    expect(issues).toEqual([{ kind: 'outliers', points: N / 100 }]);
    expect(compare(times, TRUTH).error).toBeLessThan(1e-6);
  });

  it('a sector with a few points far away in the sweep is whole', () => {
    const truth = TRUTH.map((_, i) => (i < 1980 ? 0.04 + (0.01 * i) / N : (0.1 * i) / N));
    const { times, issues } = read(
      truth.map((t) => t * 1e9),
      U32,
    );
    expect(issues).toEqual([]);
    expect(compare(times, truth)).toEqual({ error: expect.closeTo(0, 6), nan: 0 });
  });

  it('unsigned times that ran below zero are negative', () => {
    const truth = TRUTH.map((t) => t - 0.003);
    const raw = truth.map((t) => (t < 0 ? Math.round(2 ** 32 + t * 1e9) : Math.round(t * 1e9)));
    const { times, issues } = read(raw, U32);
    expect(issues).toEqual([{ kind: 'underflow', points: truth.filter((t) => t < 0).length }]);
    expect(compare(times, truth)).toEqual({ error: expect.closeTo(0, 6), nan: 0 });
  });

  it('points without a measurement may hold anything, and are not counted', () => {
    const positions = SOMEWHERE.slice();
    for (let i = 0; i < N; i += 3) positions.fill(i % 2 === 0 ? 0 : NaN, 3 * i, 3 * i + 3);
    const raw = TRUTH.map((t, i) => (i % 3 === 0 ? 0 : Number(STAMP) * 1e-9 + t));
    const { times, issues } = read(raw, F64, positions);
    expect(issues).toEqual([]);
    TRUTH.forEach((t, i) => expect(times![i]).toBeCloseTo(i % 3 === 0 ? 0 : t, 5));
  });
});

describe('columns that hold no times', () => {
  it('say what they hold', () => {
    const issue = (raw: readonly number[]) => read(raw, F64).issues;
    expect(issue(TRUTH.map(() => 0))).toEqual([{ kind: 'constant', value: 0 }]);
    expect(issue(TRUTH.map((_, i) => (i % 50 === 7 ? 1e6 * i : 0)))).toEqual([
      { kind: 'constant', value: 0 },
    ]);
    expect(issue(TRUTH.map(() => 12.5))).toEqual([{ kind: 'constant', value: 12.5 }]);
    expect(issue(TRUTH.map(() => NaN))).toEqual([{ kind: 'not-finite' }]);
    expect(issue(TRUTH.map((_, i) => 1e13 * i))).toEqual([
      { kind: 'no-sweep', first: 0, last: 1e13 * (N - 1) },
    ]);
    expect(read([], F64).issues).toEqual([]);
  });
});

describe('sweeps far from the stamp', () => {
  it('start at the stamp, and say so', () => {
    for (const away of [0.1, 0.4, 1.7, -0.5]) {
      const { times, issues } = read(
        TRUTH.map((t) => (t + away) * 1e3),
        F64,
      );
      expect(issues).toEqual([{ kind: 'far', seconds: expect.closeTo(away, 6) }]);
      expect(compare(times, TRUTH).error).toBeLessThan(1e-6);
    }
  });

  it('a stamp at the start, the middle, the end or on arrival belongs to the sweep', () => {
    for (const shift of [0, -0.05, -0.1, -0.14, 0.02]) {
      const truth = TRUTH.map((t) => t + shift);
      const { times, issues } = read(
        truth.map((t) => t * 1e3),
        F64,
      );
      expect(issues).toEqual([]);
      expect(compare(times, truth).error).toBeLessThan(1e-6);
    }
  });

  it('absolute times tell the first, whatever the stamp is', () => {
    const seconds = read(
      TRUTH.map((t) => 1_700_000_000.25 + t),
      F64,
      SOMEWHERE,
      0n,
    );
    expect(Number(seconds.firstNs! - 1_700_000_000_250_000_000n)).toBeLessThan(1000);
    const nanoseconds = read(
      TRUTH.map((t) => 1.7e18 + Math.round(t * 1e9)),
      F64,
      SOMEWHERE,
      0n,
    );
    expect(nanoseconds.firstNs).toBe(1_700_000_000_000_000_000n);
    expect(compare(nanoseconds.times, TRUTH).error).toBeLessThan(1e-6);
    expect(read(TRUTH, F64).firstNs).toBeUndefined();
  });
});

/** A turn of `rings` lasers in `columns` steps from `start` on; sign +1: counter-clockwise. */
function turn(columns: number, rings: number, start: number, sign: number, ringMajor: boolean): LidarScan {
  const count = columns * rings;
  const positions = new Float32Array(3 * count);
  const ringOf = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const [r, c] = ringMajor ? [Math.floor(i / columns), i % columns] : [i % rings, Math.floor(i / rings)];
    const azimuth = start + (sign * 2 * Math.PI * (c + 0.1 * Math.sin(3 * r))) / columns;
    positions.set([9 * Math.cos(azimuth), 9 * Math.sin(azimuth), r / 10], 3 * i);
    ringOf[i] = r;
  }
  return { stampNs: STAMP, frameId: 'lidar', count, positions, rings: ringOf, timing: 'none' };
}

describe('times from the order of points', () => {
  const [columns, rings] = [120, 6];

  it('whatever the start, the direction and the order', () => {
    for (const start of [0, 1.2, -3.1, Math.PI])
      for (const sign of [1, -1])
        for (const ringMajor of [true, false]) {
          const scan = turn(columns, rings, start, sign, ringMajor);
          // A tenth of the columns measured nothing.
          for (let i = 0; i < scan.count; i++) if (i % 10 === 4) scan.positions.fill(0, 3 * i, 3 * i + 2);
          const times = timesFromOrder(scan, 0.2)!;
          for (let i = 0; i < scan.count; i++) {
            if (i % 10 === 4) continue;
            const column = ringMajor ? i % columns : Math.floor(i / rings);
            expect(Math.abs(times[i]! - (0.2 * column) / columns)).toBeLessThan(0.2 / columns);
          }
        }
  });

  it('rows of an organised cloud are lasers', () => {
    const { stampNs, frameId, count, positions, timing } = turn(columns, rings, 2, -1, true);
    const scan = { stampNs, frameId, count, positions, timing };
    const times = timesFromOrder({ ...scan, height: rings, width: columns }, 0.1)!;
    expect(times[columns - 1]).toBeCloseTo(0.1, 2);
    expect(timesFromOrder(scan, 0.1)).toBeUndefined();
  });

  it('no times where the points do not run around once', () => {
    const { count, positions, ...rest } = turn(columns, rings, 0, 1, false);
    const half = count / 2;
    expect(timesFromOrder({ ...rest, count: half, positions }, 0.1)).toBeUndefined();
    const shuffled = positions.slice();
    for (let i = 0; i < count; i++) {
      const j = (i * 7919) % count;
      shuffled.copyWithin(3 * i, 3 * j, 3 * j + 3);
    }
    expect(timesFromOrder({ ...rest, count, positions: shuffled }, 0.1)).toBeUndefined();
  });
});

describe('PointTimer', () => {
  const zero = { field: 't', issues: [{ kind: 'constant', value: 0 }] } as const;

  it('rebuilds times of a field that is all zero, with the period of the stamps', () => {
    const timer = new PointTimer();
    const scans = [0, 1, 3].map((i) => ({
      ...turn(100, 4, 1, 1, false),
      stampNs: STAMP + BigInt(i) * 200_000_000n,
      timeIssues: zero,
    }));
    const done = scans.map((scan) => timer.complete(scan));
    expect(done.map((scan) => scan.timing)).toEqual(['azimuth', 'azimuth', 'azimuth']);
    const ends = done.map(({ times }) => Math.max(...times!));
    expect(ends[1]).toBeCloseTo(0.198, 2);
    expect(ends[2]).toBeCloseTo(0.198, 2); // one scan is missing before it
    expect(timer.notes).toEqual([
      expect.stringMatching(/^the point times \(field 't'\) are all zero \(in all scans\).*rebuilt/),
    ]);
  });

  it('leaves scans as they are that have no field for times, and says so once', () => {
    const timer = new PointTimer();
    const scan = turn(100, 4, 1, 1, false);
    for (let i = 0; i < 3; i++) expect(timer.complete(scan)).toBe(scan);
    expect(timer.notes).toHaveLength(1);
    expect(timer.notes[0]).toMatch(/seems to spin.*no point times.*not undone/);
  });

  it('blames no times of scans of a few points: a covered sensor has no more', () => {
    const timer = new PointTimer();
    const few = { ...turn(100, 4, 1, 1, false), count: 2, timeIssues: zero };
    expect(timer.complete(few)).toBe(few);
    expect(timer.notes).toEqual([]);
  });

  it('counts scans and points', () => {
    const timer = new PointTimer();
    const scan = { ...turn(100, 4, 1, 1, false), times: new Float32Array(400), timing: 'field' } as const;
    timer.complete(scan);
    const outliers = { field: 'time', issues: [{ kind: 'outliers', points: 7 }] } as const;
    for (let i = 0; i < 2; i++) timer.complete({ ...scan, timeIssues: outliers });
    expect(timer.notes).toEqual([expect.stringMatching(/'time'.*left out \(in 2 of 3 scans, 14 points/)]);
  });
});

describe('times that are something else', () => {
  /** Once around, so that every time has a direction of its own. */
  const around = Float32Array.from({ length: 3 * N }, (_, k) => {
    const azimuth = (2 * Math.PI * Math.floor(k / 3)) / N;
    return [9 * Math.cos(azimuth), 9 * Math.sin(azimuth), 1][k % 3]!;
  });

  it('ages that fall to zero count back from the stamp', () => {
    const { times, issues } = read(
      TRUTH.map((_, i) => 0.1 - (0.1 * (i + 1)) / N),
      F64,
      around,
    );
    expect(issues).toEqual([{ kind: 'ages', seconds: expect.closeTo(0.1, 3) }]);
    // The newest point, the last, is of the stamp.
    TRUTH.forEach((_, i) => expect(times![i]).toBeCloseTo(-0.1 + (0.1 * (i + 1)) / N, 6));
  });

  it('offsets laser by laser, falling along each, and those before the stamp stay', () => {
    const falling = TRUTH.map((_, i) => 0.1 - (0.1 * ((i % 500) + 1)) / 500);
    for (const offsets of [falling, TRUTH.map((t) => t - 0.1), TRUTH.map((t) => -t)]) {
      const { times, issues } = read(offsets, F64, around);
      expect(issues).toEqual([]);
      expect(compare(times, offsets).error).toBeLessThan(1e-6);
    }
  });

  it('points left at zero all around are left out, and too many of them leave no sweep', () => {
    const some = read(
      TRUTH.map((t, i) => (i % 3 === 1 ? 0 : t)),
      F64,
      around,
    );
    expect(some.issues).toEqual([{ kind: 'unfilled', points: 668, share: 668 / N }]);
    TRUTH.forEach((t, i) => {
      if (i % 3 === 1 || i === 0) expect(some.times![i]).toBeNaN();
      else expect(some.times![i]).toBeCloseTo(t, 6);
    });
    const most = read(
      TRUTH.map((t, i) => (i % 3 === 1 ? t : 0)),
      F64,
      around,
    );
    expect(most.times).toBeUndefined();
    expect(most.issues).toEqual([{ kind: 'unfilled', points: 1333, share: 1333 / N }]);
  });

  it('many points of one instant in one direction keep time 0', () => {
    const truth = TRUTH.map((t, i) => (i < 0.18 * N ? 0 : t));
    const sector = around.map((v, k) => (k < 3 * 0.18 * N ? around[k % 3]! : v));
    expect(read(truth, F64, sector).issues).toEqual([]);
  });

  it('numbers of points are named, not scaled', () => {
    const { times, issues } = read(
      TRUTH.map((_, i) => i),
      U32,
      around,
    );
    expect(times).toBeUndefined();
    expect(issues).toEqual([{ kind: 'numbers', first: 0, last: N - 1 }]);
  });
});
