import { describe, expect, it } from 'vitest';
import { ReplayPace } from '../../src/cli/replay-pace.js';

const never = new AbortController().signal;
const ms = (value: number): bigint => BigInt(value) * 1_000_000n;

/** Whether a promise settles within so many milliseconds. */
async function settles(promise: Promise<void>, within: number): Promise<boolean> {
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), within));
  return (await Promise.race([promise, late])) !== 'late';
}

describe('ReplayPace', () => {
  it('lets everything go at once when no speed is set', async () => {
    const pace = new ReplayPace();
    for (let i = 0; i < 100; i++) expect(await settles(pace.ready(ms(1000 * i), never), 50)).toBe(true);
  });

  it('holds scans back while paused, until resumed', async () => {
    const pace = new ReplayPace();
    pace.pause();
    const ready = pace.ready(0n, never);
    expect(await settles(ready, 60)).toBe(false);
    pace.resume();
    expect(await settles(ready, 60)).toBe(true);
  });

  it('lets go when the run is interrupted during a pause', async () => {
    const pace = new ReplayPace();
    const stop = new AbortController();
    pace.pause();
    const ready = pace.ready(0n, stop.signal);
    stop.abort();
    expect(await settles(ready, 60)).toBe(true);
  });

  it('keeps the speed: at 4 times a second of recording takes a quarter', async () => {
    const pace = new ReplayPace();
    pace.setSpeed(4);
    const start = performance.now();
    for (let i = 0; i <= 10; i++) await pace.ready(ms(100 * i), never);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(240);
    expect(took).toBeLessThan(2000); // a busy machine is late, never early
  });

  it('a new speed counts from now on, also for a scan that waits', async () => {
    const pace = new ReplayPace();
    pace.setSpeed(0.001);
    await pace.ready(0n, never);
    const ready = pace.ready(ms(1000), never);
    expect(await settles(ready, 60)).toBe(false);
    pace.setSpeed(0);
    expect(await settles(ready, 60)).toBe(true);
  });

  it('does not hurry to make up for a time when the machine was too slow', async () => {
    let now = 0;
    const pace = new ReplayPace(() => now);
    pace.setSpeed(1);
    await pace.ready(0n, never);
    now = 10_000; // the scan after 100 ms comes ten seconds late
    await pace.ready(ms(100), never);
    expect(await settles(pace.ready(ms(200), never), 40)).toBe(false);
    now = 10_101;
    expect(await settles(pace.ready(ms(200), never), 500)).toBe(true);
  });
});
