import { describe, expect, it } from 'vitest';
import { LostError, SyncCaller } from '../../src/compute/synchronous-call.js';

const url = new URL('./deaf-thread.mjs', import.meta.url);

describe('calls to the thread with the device', () => {
  it('that are not answered end with a reason, and those after them at once', async () => {
    const caller = new SyncCaller(url, {}, 300);
    await caller.ready;
    expect(caller.call('hello')).toBe('hello');
    expect(caller.alive).toBe(true);
    const begin = performance.now();
    expect(() => caller.call('deaf')).toThrow(/^no answer to deaf in 0.3 s$/);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(caller.alive).toBe(false);
    // A late answer must not be taken for that of another call.
    const again = performance.now();
    expect(() => caller.call('hello')).toThrow(LostError);
    expect(performance.now() - again).toBeLessThan(200);
    await caller.close();
  });

  it('are not waited for when the thread cannot start', async () => {
    const caller = new SyncCaller(url, { broken: true });
    await expect(caller.ready).rejects.toThrow('a module is missing');
    await caller.close();
  });

  it('fail when the thread ends', async () => {
    const caller = new SyncCaller(url, {}, 20_000);
    await caller.ready;
    expect(() => caller.call('end')).toThrow(LostError);
    await caller.close();
  });
});
