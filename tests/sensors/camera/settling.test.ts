import { describe, expect, it } from 'vitest';
import { Settling } from '../../../src/sensors/camera/settling.js';

describe('settling of the exposure', () => {
  const run = (means: readonly number[], settling = new Settling()): boolean[] =>
    means.map((mean) => settling.isSettled('camera', mean));

  it('is over with a first image that is bright', () => {
    expect(run([110, 60, 200])).toEqual([true, true, true]);
  });

  it('waits until a camera that starts dark changes no more', () => {
    expect(run([19, 37, 61, 82, 98, 109, 110, 60])).toEqual([
      false, false, false, false, false, false, true, true,
    ]); // prettier-ignore
  });

  it('does not wait for light in a dark room', () => {
    expect(run([20, 20.5, 21])).toEqual([false, true, true]);
  });

  it('does not wait for ever', () => {
    const flicker = Array.from({ length: 32 }, (_, i) => (i % 2 ? 20 : 40));
    expect(run(flicker).indexOf(true)).toBe(30);
  });

  it('knows cameras apart', () => {
    const settling = new Settling();
    expect(settling.isSettled('left', 110)).toBe(true);
    expect(settling.isSettled('right', 19)).toBe(false);
  });
});
