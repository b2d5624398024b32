import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

const folder = new URL('../fixtures/ros/messages/', import.meta.url);

/** A message as a real rmw sent it. */
export const bytes = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`${name}.cdr`, folder)));

/** What it holds. */
export function json<T>(name: string): T {
  return (JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as { message: T }).message;
}

/** Cyclone's own padding may go without harm: messages are cut by more than it. */
export function expectEveryCutRefused(name: string, decode: (bytes: Uint8Array) => unknown): void {
  const whole = bytes(name);
  for (let n = 0; n < whole.length - 4; n++) {
    expect(() => decode(whole.subarray(0, n)), `${n} bytes`).toThrow(
      expect.objectContaining({ name: 'FeltmapError' }),
    );
  }
}
