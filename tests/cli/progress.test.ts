import { EventEmitter } from 'node:events';
import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../src/cli/describe-error.js';
import { EXIT, exitCodeOf, StageError } from '../../src/cli/exit-codes.js';
import { catchInterrupt } from '../../src/cli/interrupt.js';
import { formatCount, formatProgress, formatSeconds, Progress } from '../../src/cli/progress.js';
import { FeltmapError, type ErrorCode } from '../../src/geometry/errors.js';

const info = {
  scans: 50,
  total: 200,
  elapsed: 5,
  state: 'tracking',
  distance: 12.34,
  triangles: 98_765,
} as const;

describe('formatProgress', () => {
  it('shows share, rate, ETA, state, distance and triangles', () => {
    expect(formatProgress(info)).toBe(
      '[#####...............] 50/200  10.0 scans/s  ETA 15 s  tracking  12.3 m  98.8 k triangles',
    );
  });

  it('does without a total, a rate or more scans than announced', () => {
    expect(formatProgress({ ...info, total: undefined })).toMatch(/^50 scans {2}10\.0 scans\/s {2}tracking/);
    expect(formatProgress({ ...info, elapsed: 0 })).not.toMatch(/ETA|NaN|Infinity/);
    expect(formatProgress({ ...info, scans: 300 })).toMatch(/^\[#{20}\] 300\/200 .*ETA 0 s/);
  });

  it('fits the terminal', () => {
    for (const columns of [30, 60, 100]) expect(formatProgress(info, columns).length).toBeLessThan(columns);
  });

  it('writes durations and counts for people', () => {
    expect([4.4, 65, 3599.6, 7800].map(formatSeconds)).toEqual([
      '4 s',
      '1 min 05 s',
      '1 h 00 min',
      '2 h 10 min',
    ]);
    expect([7, 999, 1000, 12_345, 999_949, 999_950, 4_560_000].map(formatCount)).toEqual([
      '7',
      '999',
      '1.0 k',
      '12.3 k',
      '999.9 k',
      '1.00 M',
      '4.56 M',
    ]);
  });
});

describe('Progress', () => {
  function record(mode: 'bar' | 'lines' | 'none') {
    const out: string[] = [];
    let time = 0;
    const progress = new Progress(mode, { write: (text) => out.push(text), columns: 80 }, () => time);
    return { out, progress, at: (ms: number) => (time = ms) };
  }

  it('rewrites one line on a terminal, ten times a second at most', () => {
    const { out, progress, at } = record('bar');
    for (let ms = 0; ms < 1000; ms += 10) {
      at(ms);
      progress.update(info);
    }
    expect(out).toHaveLength(10);
    expect(out.every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true);
    progress.note('hello');
    expect(out.slice(10)).toEqual(['\n', 'hello\n']);
  });

  it('writes plain lines every five seconds elsewhere, without control characters', () => {
    const { out, progress, at } = record('lines');
    for (let ms = 0; ms < 12_000; ms += 100) {
      at(ms);
      progress.update(info);
    }
    progress.finish(info);
    expect(out).toHaveLength(4);
    for (const text of out) expect(text).toMatch(/^[^\x00-\x09\x0b-\x1f]*\n$/);
  });

  it('is silent when told', () => {
    const { out, progress } = record('none');
    progress.update(info);
    progress.note('x');
    progress.finish(info);
    expect(out).toEqual([]);
  });
});

describe('catchInterrupt', () => {
  it('asks to stop at the first signal and leaves at the second', () => {
    const signals = new EventEmitter();
    const exits: number[] = [];
    let announced = 0;
    const interrupt = catchInterrupt(
      () => announced++,
      signals,
      (code) => exits.push(code),
    );
    expect(interrupt.signal.aborted).toBe(false);
    signals.emit('SIGINT');
    expect(interrupt.signal.aborted).toBe(true);
    expect([announced, exits]).toEqual([1, []]);
    signals.emit('SIGINT');
    expect([announced, exits]).toEqual([1, [130]]);
    interrupt.dispose();
    const left = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => signals.listenerCount(name));
    expect(left).toEqual([0, 0, 0]);
  });

  it.each(['SIGTERM', 'SIGHUP'])('takes %s as Ctrl-C', (name) => {
    const signals = new EventEmitter();
    const interrupt = catchInterrupt(() => undefined, signals);
    signals.emit(name);
    expect(interrupt.signal.aborted).toBe(true);
    interrupt.dispose();
  });
});

describe('exit codes', () => {
  it.each<[ErrorCode, number]>([
    ['bad-input', EXIT.input],
    ['not-found', EXIT.input],
    ['unsupported', EXIT.input],
    ['ambiguous', EXIT.usage],
    ['bad-config', EXIT.usage],
    ['out-of-memory', EXIT.internal],
    ['io', EXIT.output],
  ])('%s is %i', (code, exit) => {
    expect(exitCodeOf(new FeltmapError(code, 'x'))).toBe(exit);
  });

  it('follows the stage for system errors, but a missing choice stays the user’s', () => {
    const system = Object.assign(new Error('x'), { code: 'EIO', syscall: 'read' });
    expect(exitCodeOf(new StageError('input', system))).toBe(EXIT.input);
    expect(exitCodeOf(new StageError('output', new TypeError('a fault of ours')))).toBe(EXIT.internal);
    expect(exitCodeOf(new StageError('output', new FeltmapError('io', 'x')))).toBe(EXIT.output);
    expect(exitCodeOf(new StageError('input', new FeltmapError('io', 'x')))).toBe(EXIT.input);
    expect(exitCodeOf(new StageError('input', new FeltmapError('ambiguous', 'x')))).toBe(EXIT.usage);
    expect(exitCodeOf(new TypeError('x'))).toBe(EXIT.internal);
  });
});

describe('describeError', () => {
  it('is one line without the home directory', () => {
    const error = new FeltmapError('bad-input', `${homedir()}/a.bag is cut off;\n  repair it.`);
    expect(describeError(error)).toBe('~/a.bag is cut off; repair it.');
  });

  it('translates system errors and asks to report faults', () => {
    const full = Object.assign(new Error('ENOSPC: x'), { code: 'ENOSPC', path: 'out/mesh.ply' });
    expect(describeError(new StageError('output', full))).toMatch(/disk is full.*out\/mesh\.ply/);
    expect(describeError(new TypeError('x is undefined'))).toMatch(
      /^Internal error: x is undefined\. .*--debug/,
    );
  });
});
