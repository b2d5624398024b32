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

export { sleep };
