import { describe, expect, it } from 'vitest';
import { StampedScans } from '../../src/bags/stamped-scans.js';
import { Random } from '../../src/geometry/random.js';
import { steadyNs } from '../../src/sensors/clock-shift.js';
import type { LidarScan } from '../../src/sensors/lidar/scan.js';
import { StampNotes } from '../../src/sensors/stamp-notes.js';
import { Stamps, type StampOptions } from '../../src/sensors/stamps.js';

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));
const START = 1_700_000_000;
type Message = readonly [stamp: number, received?: number | undefined, fingerprint?: number | undefined];

/** Verdicts in short: stamps (s after START) that are used, with what became of them. */
function judge(messages: readonly Message[], options: StampOptions = {}): string[] {
  const stamps = new Stamps(options);
  return messages.map(([stamp, received, fingerprint]) => {
    const verdict = stamps.check({
      source: 'lidar',
      stampNs: stamp === 0 ? 0n : ns(START + stamp),
      receivedNs: received === undefined ? undefined : ns(START + received),
      fingerprint,
    });
    if (verdict.kind === 'drop') return verdict.why;
    const used = Number(verdict.stampNs - ns(START)) * 1e-9;
    const shift = verdict.kind === 'restart' ? 0 : Number(verdict.clockShiftNs) * 1e-9;
    return `${verdict.kind} ${used.toFixed(4)} ${(used - shift).toFixed(4)}`;
  });
}

/** Clouds every 0.1 s from 1 s on, received 3–13 ms later; `change` gives their stamps. */
function regular(n: number, change: (stamp: number, i: number) => number = (s) => s): Message[] {
  const random = new Random(5);
  return Array.from({ length: n }, (_, i) => {
    const t = 1 + 0.1 * i;
    return [change(t, i), t + 0.003 + 0.01 * random.next(), i];
  });
}

/** Times on the steady clock that were made of them, s after START; NaN: not used. */
const steady = (messages: readonly Message[], options: StampOptions = {}): number[] =>
  judge(messages, options).map((text) => Number(text.split(' ')[2] ?? NaN));

describe('fine stamps', () => {
  it('stay as they are, with gaps, with scans held up on their way, and without times of arrival', () => {
    const gaps = regular(40).filter((_, i) => ![7, 8, 9, 20].includes(i));
    const heldUp = regular(40).map(([s, r], i): Message => [s, i > 14 && i < 18 ? 2.81 + i * 1e-4 : r]);
    for (const messages of [gaps, heldUp, gaps.map(([s]): Message => [s])])
      expect(judge(messages)).toEqual(messages.map(([s]) => `ok ${s.toFixed(4)} ${s.toFixed(4)}`));
  });

  it('of a recording that is played fast, slowly or with times of its own', () => {
    const gaps = regular(40).filter((_, i) => ![7, 8, 9, 20].includes(i));
    for (const rate of [0, 0.1, 3, 50]) {
      const messages = gaps.map(([s, r, f]): Message => [s, 5 + r! * rate, f]);
      expect(judge(messages).filter((text) => !text.startsWith('ok'))).toEqual([]);
    }
  });

  it('key frames minutes apart', () => {
    const messages = Array.from({ length: 9 }, (_, i): Message => [1 + 100 * i]);
    expect(judge(messages).filter((text) => !text.startsWith('ok'))).toEqual([]);
  });

  it('two sources with clocks of their own do not disturb each other', () => {
    const stamps = new Stamps();
    for (let i = 0; i < 20; i++) {
      const receivedNs = ns(START + 0.1 * i);
      for (const [source, offset] of [
        ['front', 0],
        ['rear', -500],
      ] as const)
        expect(stamps.check({ source, stampNs: ns(START + offset + 0.1 * i), receivedNs }).kind).toBe('ok');
    }
  });
});

describe('clocks that are set', () => {
  it('motion goes on across steps ahead and back, small and large', () => {
    for (const by of [0.3, -0.3, 0.8, -0.8, 5, -10, 3600, -1e6]) {
      const messages = regular(30, (s, i) => (i < 12 ? s : s + by));
      const times = steady(messages);
      const used = times.filter((t) => t === t);
      expect(used.length).toBeGreaterThanOrEqual(27);
      times.forEach((t, i) => t === t && expect(Math.abs(t - (1 + 0.1 * i))).toBeLessThan(0.03));
      expect(judge(messages).filter((text) => text.startsWith('step'))).toHaveLength(1);
    }
  });

  it('back without times of arrival: one period passes for each cloud', () => {
    const messages = regular(30, (s, i) => (i < 12 ? s : s - 10)).map(([s]): Message => [s]);
    steady(messages).forEach((t, i) => t === t && expect(t).toBeCloseTo(1 + 0.1 * i, 2));
  });
});

describe('stamps that are not those of a clock that was set', () => {
  /** What each message was told as, and how far (s) its time is from the right one. */
  const outcome = (messages: readonly Message[]) => {
    const verdicts = judge(messages);
    const off = steady(messages).map((t, i) => Math.abs(t - (1 + 0.1 * i)));
    return { kinds: verdicts.map((text) => text.split(' ')[0]), off };
  };

  it('one that is an outlier: the clock goes on as before, and that one is told', () => {
    for (const by of [0.08, 0.15, 0.3]) {
      const { kinds, off } = outcome(regular(30, (s, i) => (i === 14 ? s + by : s)));
      expect(kinds.filter((kind) => kind !== 'ok')).toEqual(['outlier']);
      expect(Math.max(...off)).toBeLessThan(0.02);
    }
  });

  it('two that are swapped: one is out of order, and the clock was not set', () => {
    const { kinds, off } = outcome(regular(30, (s, i) => (i === 14 ? s + 0.1 : i === 15 ? s - 0.1 : s)));
    expect(kinds.filter((kind) => kind !== 'ok')).toEqual(['out-of-order', 'outlier']);
    expect(Math.max(...off.filter((v) => v === v))).toBeLessThan(0.02);
  });

  it('stamps that scatter about the right ones', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = new Random(seed);
      const { kinds } = outcome(regular(200, (s) => s + 0.08 * (random.next() - 0.5)));
      // Before it is known how they scatter one may seem to be an outlier.
      expect(kinds.slice(12).filter((kind) => kind !== 'ok')).toEqual([]);
      expect(kinds).not.toContain('step');
    }
  });

  it('are told as what they are', () => {
    const notes = new StampNotes();
    notes.add('/a', { kind: 'outlier', stampNs: ns(12), clockShiftNs: 0n, seconds: 0.25 });
    expect(notes.list).toEqual([
      '/a: the stamp of one cloud before 12.000 s is 0.250 s ahead of when it came and of the clouds around it: it is taken for when it came',
    ]);
  });
});

describe('stamps that are none', () => {
  it('one zero is repaired by the time of arrival', () => {
    const messages = regular(20, (s, i) => (i === 12 ? 0 : s));
    const verdicts = judge(messages);
    expect(verdicts[12]).toMatch(/^repaired/);
    expect(steady(messages)[12]).toBeCloseTo(2.2, 1);
    expect(verdicts.filter((text) => text.startsWith('ok'))).toHaveLength(19);
  });

  it('one zero that nothing tells the time of is left out', () => {
    const messages = regular(20, (s, i) => (i === 12 ? 0 : s)).map(([s]): Message => [s]);
    expect(judge(messages)[12]).toBe('unset');
  });

  it('all zero: times of arrival, or of the points where they carry any', () => {
    const verdicts = judge(regular(10, () => 0));
    expect(verdicts[0]).toBe('unset'); // might be a simulated clock
    expect(verdicts.slice(1).every((text) => text.startsWith('repaired'))).toBe(true);
    const stamps = new Stamps();
    for (let i = 0; i < 5; i++) {
      const firstPointNs = () => ns(START + 0.1 * i);
      expect(stamps.check({ source: 'a', stampNs: 0n, receivedNs: ns(77 + i), firstPointNs })).toMatchObject({
        kind: 'repaired',
        from: 'points',
        stampNs: firstPointNs(),
      });
    }
  });

  it('a clock that stands still is told from a cloud that was sent twice', () => {
    const stuck = regular(20, (s, i) => (i >= 10 && i < 14 ? 2 : s));
    steady(stuck).forEach((t, i) => expect(Math.abs(t - (1 + 0.1 * i))).toBeLessThan(0.03));
    const twice = regular(12).flatMap(([s, r]): Message[] => [
      [s, r],
      [s, r! + 0.004],
    ]);
    const later = regular(12).flatMap(([s, r, f]): Message[] => [
      [s, r, f],
      [s, r! + 0.08, f],
    ]);
    expect(judge(later).filter((text) => text === 'duplicate')).toHaveLength(12);
    expect(judge(twice).filter((text) => text === 'duplicate')).toHaveLength(12);
  });
});

describe('clouds that are left out', () => {
  it('stray ones from the past, and late ones that come in one go', () => {
    const stray = regular(20, (s, i) => (i % 6 === 5 ? s - 20 : s));
    expect(judge(stray).filter((text) => text === 'out-of-order')).toHaveLength(3);
    const late = regular(20);
    const burst = [1, 2, 3, 4].map((k): Message => [1.4 + k / 100, 2.905 + k / 1e3]);
    const verdicts = judge([...late, ...burst, [3, 3.005]]);
    expect(verdicts.slice(20)).toEqual(Array(4).fill('out-of-order').concat('ok 3.0000 3.0000'));
  });

  it('a recording that repeats itself: left out of a recording, a restart on a robot', () => {
    const twice = [...regular(20), ...regular(20).map(([s, r, f]): Message => [s, r! + 2, f])];
    expect(judge(twice).slice(20)).toEqual([...Array(19).fill('repeats'), 'repeats']);
    const live = judge(twice, { restarts: true });
    expect(live.slice(20, 22)).toEqual(['out-of-order', 'out-of-order']);
    expect(live[22]).toMatch(/^restart 1\.20/);
    expect(live.slice(23).every((text) => text.startsWith('ok'))).toBe(true);
  });

  it('whatever comes, the steady clock of one source only goes forward', () => {
    const random = new Random(11);
    for (let run = 0; run < 200; run++) {
      let [offset, before] = [0, -Infinity];
      const messages = regular(60, (s) => {
        if (random.next() < 0.1) offset += 20 * (random.next() - 0.5);
        return random.next() < 0.05 ? 0 : s + offset;
      });
      for (const t of steady(messages)) {
        if (t !== t) continue;
        expect(t).toBeGreaterThan(before);
        before = t;
      }
    }
  });
});

describe('StampedScans', () => {
  const scan = (seconds: number, frameId = 'lidar'): LidarScan => ({
    stampNs: seconds === 0 ? 0n : ns(START + seconds),
    frameId,
    count: 0,
    positions: new Float32Array(0),
    timing: 'none',
  });
  const run = (messages: readonly Message[], startsAtZero = false) => {
    const stamped = new StampedScans('/points', startsAtZero);
    const used = messages.flatMap(([s, r]) => stamped.take(scan(s), r === undefined ? r : ns(START + r)));
    return { used: [...used, ...stamped.end()], notes: stamped.notes };
  };

  it('loses no scan at a step back, and tells it once', () => {
    const { used, notes } = run(regular(30, (s, i) => (i < 12 ? s : s - 10)));
    expect(used).toHaveLength(30);
    used.forEach((one, i) => expect(Number(steadyNs(one) - ns(START)) * 1e-9).toBeCloseTo(1 + 0.1 * i, 1));
    expect(Number(used[29]!.stampNs - ns(START)) * 1e-9).toBeCloseTo(-6.1, 6);
    expect(notes).toEqual([expect.stringMatching(/^\/points: the stamps step back by 10\.0\d\d s/)]);
  });

  it('a first stamp of zero is a time where the clock starts there, else repaired', () => {
    const clock = new StampedScans('/points');
    const first = { ...scan(1), stampNs: 0n };
    expect(clock.take(first, 5n)).toEqual([]);
    const second = { ...scan(1), stampNs: ns(0.1) };
    expect(clock.take(second, ns(0.1) + 5n)).toEqual([first, second]);
    expect(clock.notes).toEqual([]);
    const { used, notes } = run(regular(5, (s, i) => (i === 0 ? 0 : s)));
    expect(used).toHaveLength(5);
    expect(Number(used[0]!.stampNs - ns(START)) * 1e-9).toBeCloseTo(1, 1);
    expect(notes).toEqual([expect.stringMatching(/no stamp \(0\).*time at which it came/)]);
    expect(new StampedScans('/points', true).take(first)).toEqual([first]);
  });

  it('a first cloud from another time is carried over', () => {
    for (const off of [-3600, -86_400, 3600]) {
      const { used, notes } = run(regular(20, (s, i) => (i === 0 ? s + off : s)));
      const times = used.map((scan) => Number(steadyNs(scan) - steadyNs(used[0]!)) * 1e-9);
      expect(used).toHaveLength(20);
      times.forEach((t, i) => expect(t).toBeCloseTo(0.1 * i, 1));
      expect(notes[0]).toMatch(/a clock was set/);
    }
    // A pause in the recording is none.
    const paused = regular(20).map(([s, r, f], i): Message =>
      i === 0 ? [s - 3600, r! - 3600, f] : [s, r, f],
    );
    expect(run(paused).notes).toEqual([]);
  });

  it('tells what it leaves out', () => {
    const { used, notes } = run([...regular(20), ...regular(20).map(([s, r]): Message => [s, r! + 2])]);
    expect(used).toHaveLength(20);
    expect(notes[0]).toMatch(/stamp that was there before.*dropped \(20 times/);
  });
});

describe('messages that are sent twice and stamped anew', () => {
  /** Each cloud again `later` (s), with content of its own or the same. */
  const twice = (later: number, other: number): Message[] =>
    regular(20).flatMap(([s, r, f]): Message[] => [
      [s, r, f],
      [s + later, r! + later, f! + other],
    ]);

  it('are dropped the second time', () => {
    const verdicts = judge(twice(0.001, 0));
    expect(verdicts.filter((v) => v === 'same-content')).toHaveLength(20);
    expect(verdicts.filter((v) => v.startsWith('ok'))).toHaveLength(20);
  });

  it('are used where they differ, or come at the pace of a sensor', () => {
    for (const messages of [twice(0.001, 1000), twice(0.05, 0)])
      expect(judge(messages).filter((v) => v === 'same-content')).toEqual([]);
  });
});

describe('StampNotes', () => {
  it('has one sentence for each kind and source', () => {
    const notes = new StampNotes();
    for (let i = 0; i < 3; i++) notes.add('/a', { kind: 'drop', why: 'duplicate' });
    notes.add('/b', { kind: 'step', stampNs: ns(12), clockShiftNs: 0n, seconds: 0.25 });
    notes.add('/b', { kind: 'ok', stampNs: ns(12), clockShiftNs: 0n });
    expect(notes.list).toEqual([
      '/a: a cloud has the stamp of the cloud before it and is dropped (3 times, this was the first)',
      expect.stringMatching(/^\/b: the stamps step ahead by 0\.250 s at 12\.000 s/),
    ]);
  });
});
