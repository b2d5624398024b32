import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as soon as `condition` holds; rejects with `what` after `timeoutMs`. */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`waited ${timeoutMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(20);
  }
}

/** Waits until at least `count` have come and for `quietMs` no more do: what was sent before is through then. */
export async function settled(
  what: string,
  list: ArrayLike<unknown>,
  count: number,
  quietMs = 1000,
): Promise<void> {
  const missing = (): string => `${count} ${what}; ${list.length} have come`;
  await until(missing, () => list.length >= count, 40_000);
  let [length, since] = [list.length, performance.now()];
  await until(`the end of ${what}`, () => {
    if (list.length !== length) [length, since] = [list.length, performance.now()];
    return performance.now() - since > quietMs;
  });
}

export { sleep };
